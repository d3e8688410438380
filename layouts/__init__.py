"""Who sees what: one module for each page, none of which knows SQL.

May import `metrics` and `data`. A module without a leading underscore defines `VIEW`
(see `_contract.View`) and is found by itself. Modules with one are plumbing shared by the pages.
"""
