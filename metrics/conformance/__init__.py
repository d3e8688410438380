"""Deciding rules: the YAML language, its typed tree, and the SQL that decides every touched object at once.

`condition` parses and compiles conditions, `rules` reads packs, `deadline` durations, `decide` runs the statements
of metrics/sql/. What a verdict means is in the docstring of `decide`.
"""
