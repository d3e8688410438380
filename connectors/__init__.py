"""Who brings facts in: one module for each kind of source system. `ls` is the catalogue.

May import `data` and nothing else of ours. A module without a leading underscore defines `CONNECTOR`
(see `_contract.Connector`) and is found by itself. To add one: write the file and its test under
tests/connectors/, against the real system where it can be had; the contract tests run over it unasked.
"""
