"""Deciding rules: the YAML language, its typed tree, and the SQL that decides every touched object at once.

`rules` reads packs, `condition` parses conditions, `deadline` durations; `templates` says what each template takes and
`known` refuses names that nobody knows. `compile` turns rules into rows and numbered conditions, `decide` runs the
statements of metrics/sql/ over them, and `walk` decides what can only be decided step by step. What the words mean to
the author of a rule stands in metrics/packs/README.md; what a verdict means in the docstring of `decide`.
"""
