"""What the facts mean: decided rules, aggregates, and the figures that views show.

May import `data` and nothing else of ours. A module without a leading underscore defines `METRIC`
(see `_contract.Metric`) and is found by itself. A rule is not code: it is a few lines of YAML in packs/.
"""
