"""Prints what r4pm counts in an OCEL file: object-centric arcs and variants. Run in the environment that holds it.

    python tests/metrics/_arcs_by_r4pm.py LOG.xml
"""

from __future__ import annotations

import json
import sys

import r4pm
from r4pm import bindings


def told(file: str) -> dict[str, dict[str, object]]:
    """For each type of object its arcs with their counts, and how many variants its objects follow."""
    log = bindings.slim_link_ocel(r4pm.import_item("OCEL", file))
    found = {}
    for otype in bindings.locel_get_ob_types(log):
        arcs = {f"{a}>{b}": n for (a, b), n in bindings.get_dfg_of_object_type(log, otype)}
        ways = [n for steps, n in bindings.get_variants_of_object_type(log, otype) if steps]
        if ways:
            found[otype] = {"arcs": arcs, "variants": len(ways), "objects": sum(ways)}
    return found


if __name__ == "__main__":
    print(json.dumps(told(sys.argv[1]), sort_keys=True))
