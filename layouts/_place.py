"""Where the activities of a process map stand: Graphviz draws, but the order from top to bottom is ours.

Left to itself dot puts everything around a hub side by side, wider than any screen. So the activities are put in the
order that turns the fewest steps upwards (the greedy order of Eades, Lin and Smyth), a few to a row, and dot only
routes the arcs.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from threading import Lock
from typing import Any

from data.vocabulary import label as activity_label
from metrics.process import Arc

_KEPT = 200
_placed: OrderedDict[tuple[int, tuple[str, ...]], dict[str, Any]] = OrderedDict()
_lock = Lock()


def place(arcs: Sequence[Arc], columns: int) -> dict[str, Any] | None:
    """Nodes and arcs in pixels, y downwards; None without Graphviz. Computed once for each topology."""
    key = (columns, tuple(sorted(arc.key for arc in arcs)))
    with _lock:
        if key in _placed:
            return _placed[key]
    dot = shutil.which("dot")
    if dot is None:
        return None
    done = subprocess.run([dot, "-Tjson0"], input=_source(arcs, columns), capture_output=True, text=True, timeout=20,
                          check=True)
    topology = blake2b(repr(key).encode(), digest_size=8).hexdigest()
    found = _read(json.loads(done.stdout)) | {"topology": topology}
    with _lock:
        _placed[key] = found
        while len(_placed) > _KEPT:
            _placed.popitem(last=False)
    return found


def in_order(arcs: Sequence[Arc]) -> list[str]:
    """The activities from first to last, so that steps upwards weigh as little as the greedy order allows."""
    rest = {name for arc in arcs for name in (arc.source, arc.target) if name}
    first: list[str] = []
    last: list[str] = []
    while rest:
        weight = {name: [0, 0] for name in rest}
        for arc in arcs:
            if arc.source != arc.target and arc.target in rest and (arc.source in rest or not arc.source):
                weight[arc.target][0] += arc.n
            if arc.source != arc.target and arc.source in rest and (arc.target in rest or not arc.target):
                weight[arc.source][1] += arc.n
        sinks = [name for name, (_, out) in weight.items() if not out]
        if sinks:
            # A step that leads nowhere any more comes last; the rarest at the very end.
            name = min(sinks, key=lambda n: (weight[n][0], n))
            last.insert(0, name)
        else:
            name = max(weight, key=lambda n: (weight[n][1] - weight[n][0], n))
            first.append(name)
        rest.remove(name)
    return first + last


def rows_of(arcs: Sequence[Arc], columns: int) -> list[list[str]]:
    """The order broken into rows: a new row where a heavy step leads on from the row, or where it is full."""
    most = max((arc.n for arc in arcs), default=1)
    heavy = {(arc.source, arc.target) for arc in arcs if arc.n >= 0.06 * most}
    rows: list[list[str]] = []
    for name in in_order(arcs):
        if rows and len(rows[-1]) < columns and not any((other, name) in heavy for other in rows[-1]):
            rows[-1].append(name)
        else:
            rows.append([name])
    return rows


def _source(arcs: Sequence[Arc], columns: int) -> str:
    """The graph in dot's language; names are quoted as JSON, which dot reads alike."""
    rows = rows_of(arcs, columns)
    level = {name: place for place, row in enumerate(rows) for name in row}
    lines = ["digraph { rankdir=TB; nodesep=0.3; ranksep=0.36; margin=0; splines=true; "
             "node [shape=box, height=0.33, fixedsize=true]; edge [fontsize=10];"]
    for row in rows:
        marks = [f"{_quoted(name)} [width={max(0.9, 0.088 * len(activity_label(name)) + 0.75):.2f}];" for name in row]
        lines.append("{ rank=same; " + " ".join(marks) + " }")
    lines += [f"{_quoted(above[0])} -> {_quoted(below[0])} [style=invis, weight=4];"
              for above, below in zip(rows, rows[1:], strict=False)]
    for mark, side in (("start", "source"), ("end", "target")):
        if any(getattr(arc, side) == "" for arc in arcs):
            lines.append(f'"{mark}" [shape=circle, width=0.22, height=0.22];')
    most = max(arc.n for arc in arcs)
    for arc in sorted(arcs, key=lambda a: (-a.n, a.key)):
        leads_down = level.get(arc.source, -1) < level.get(arc.target, len(rows))
        hints = f"weight={1 + round(9 * arc.n / most)}" if leads_down else "constraint=false"
        tail, head = _quoted(arc.source, "start"), _quoted(arc.target, "end")
        lines.append(f'{tail} -> {head} [label="00000", {hints}, id={json.dumps(arc.key)}];')
    return "\n".join([*lines, "}"])


def _quoted(name: str, empty: str = "") -> str:
    return json.dumps("n:" + name if name else empty, ensure_ascii=False)


def _read(graph: dict[str, Any]) -> dict[str, Any]:
    _, _, width, height = (float(x) for x in graph["bb"].split(","))

    def point(text: str) -> list[float]:
        x, y = text.split(",")[-2:]
        return [round(float(x), 1), round(height - float(y), 1)]

    nodes = []
    for thing in graph["objects"]:
        name = thing["name"]
        if "pos" not in thing:
            continue
        activity = name[2:] if name.startswith("n:") else ""
        nodes.append({"key": activity or name, "label": activity_label(activity) if activity else "",
                      "at": point(thing["pos"]), "w": round(72 * float(thing["width"]), 1)})
    edges = []
    for edge in graph.get("edges", ()):
        if "id" not in edge:
            continue
        parts = edge["pos"].split(" ")
        tip = next((point(p) for p in parts if p.startswith("e,")), None)
        edges.append({"key": edge["id"], "path": [point(p) for p in parts if not p.startswith(("e,", "s,"))],
                      "tip": tip, "text": point(edge["lp"]) if "lp" in edge else None})
    return {"width": round(width, 1), "height": round(height, 1), "nodes": nodes, "edges": edges}
