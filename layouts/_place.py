"""Where the activities of a process map stand: Graphviz draws, but the order from top to bottom is ours.

Left to itself dot puts everything around a hub side by side, wider than any screen. So the activities are put in
the order in which a case likely comes to them, a few to a row, and dot only routes the arcs.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from hashlib import blake2b
from heapq import heappop, heappush
from itertools import pairwise
from math import inf, log
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
    done = subprocess.run(
        [dot, "-Tjson0"], input=_source(arcs, columns), capture_output=True, text=True, timeout=20, check=True
    )
    topology = blake2b(repr(key).encode(), digest_size=8).hexdigest()
    found = _read(json.loads(done.stdout)) | {"topology": topology}
    with _lock:
        _placed[key] = found
        while len(_placed) > _KEPT:
            _placed.popitem(last=False)
    return found


def in_order(arcs: Sequence[Arc]) -> list[str]:
    """The activities from first to last: by the likeliest way to them from the start of a case.

    A step costs one and the more the less likely it is; what mostly ends a case comes last.
    """
    leaving: dict[str, int] = defaultdict(int)
    for arc in arcs:
        leaving[arc.source] += arc.n
    ending = {arc.source for arc in arcs if arc.target == "" and 2 * arc.n > leaving[arc.source]}
    far: dict[str, float] = {"": 0.0}
    queue: list[tuple[float, str]] = [(0.0, "")]
    while queue:
        distance, name = heappop(queue)
        for arc in arcs:
            reach = distance + 1 - log(arc.n / leaving[arc.source])
            if arc.source == name and arc.target and reach < far.get(arc.target, inf):
                far[arc.target] = reach
                heappush(queue, (reach, arc.target))
    everyone = {name for arc in arcs for name in (arc.source, arc.target) if name}
    return sorted(everyone, key=lambda name: (name in ending, far.get(name, inf), name))


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
    lines = [
        "digraph { rankdir=TB; nodesep=0.14; ranksep=0.5; margin=0; splines=true; "
        "node [shape=box, height=0.33, fixedsize=true]; edge [fontsize=10];"
    ]
    for row in rows:
        marks = [f"{_quoted(name)} [width={(7.1 * len(activity_label(name)) + 62) / 72:.2f}];" for name in row]
        lines.append("{ rank=same; " + " ".join(marks) + " }")
    lines += [
        f"{_quoted(above[0])} -> {_quoted(below[0])} [style=invis, weight=4];" for above, below in pairwise(rows)
    ]
    for mark, side in (("start", "source"), ("end", "target")):
        if any(getattr(arc, side) == "" for arc in arcs):
            lines.append(f'"{mark}" [shape=circle, width=0.22, height=0.22];')
    most = max(arc.n for arc in arcs)
    for arc in sorted(arcs, key=lambda a: (-a.n, a.key)):
        # Every arc is given to dot as one that leads down; those that really lead up are drawn backwards.
        ends = (_quoted(arc.source, "start"), _quoted(arc.target, "end"))
        leads_up = level.get(arc.source, -1) > level.get(arc.target, len(rows))
        tail, head = reversed(ends) if leads_up else ends
        hints = f"weight={1 + round(9 * arc.n / most)}" + (", dir=back" if leads_up else "")
        lines.append(f"{tail} -> {head} [{hints}, id={json.dumps(arc.key)}];")
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
        nodes.append(
            {
                "key": activity or name,
                "label": activity_label(activity) if activity else "",
                "at": point(thing["pos"]),
                "w": round(72 * float(thing["width"]), 1),
            }
        )
    edges = []
    for edge in graph.get("edges", ()):
        if "id" not in edge:
            continue
        parts = edge["pos"].split(" ")
        path = [point(p) for p in parts if not p.startswith(("e,", "s,"))]
        back = next((point(p) for p in parts if p.startswith("s,")), None)
        tip = back or next((point(p) for p in parts if p.startswith("e,")), None)
        edges.append({"key": edge["id"], "path": path[::-1] if back else path, "tip": tip})
    return {"width": round(width, 1), "height": round(height, 1), "nodes": nodes, "edges": edges}
