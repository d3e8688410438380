"""What all benches share: where the project is, the machine they ran on, quantiles, a table, and the JSON file."""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
OUT = Path(__file__).parent / "out"
# A bench is run as a file of its own, so that it finds the project only if it is told where that is.
sys.path.insert(0, str(ROOT))

_BYTES_AN_EVENT = 450
"""On disk while a world is built: the world itself, the store, and what DuckDB spills."""


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    models = (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name"))
    model = next(models, platform.processor())
    return {"at": datetime.now(UTC).isoformat(timespec="seconds"), "cpu": model, "cores": os.cpu_count(),
            "memory_gb": round(_memory("MemTotal") / 1e9, 1), "load": [round(one, 1) for one in os.getloadavg()],
            "system": f"{platform.system()} {platform.release()}", "python": platform.python_version()}


def _lines(file: str) -> Sequence[str]:
    path = Path(file)
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else ()


def _memory(word: str) -> int:
    """Bytes that /proc/meminfo tells under a word; 0 where there is no such file."""
    return next((int(line.split()[1]) * 1024 for line in _lines("/proc/meminfo") if line.startswith(word + ":")), 0)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def spread(values: Sequence[float], digits: int = 1) -> dict[str, float]:
    """Least, median, 95th percentile and maximum; the least tells most where others use the machine too."""
    if not values:
        return dict.fromkeys(("min", "p50", "p95", "max"), float("nan"))
    found = {"min": min(values), "p50": statistics.median(values), "p95": quantile(values, 0.95),
             "max": max(values)}
    return {name: round(value, digits) for name, value in found.items()}


def process_use(pid: int) -> tuple[float, float]:
    """CPU seconds that a process has used and the megabytes it holds; nan where /proc is not there."""
    stat, status = _lines(f"/proc/{pid}/stat"), _lines(f"/proc/{pid}/status")
    if not stat or not status:
        return float("nan"), float("nan")
    fields = stat[0].rpartition(")")[2].split()
    held = next((int(line.split()[1]) for line in status if line.startswith("VmRSS:")), 0)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), held / 1024


def table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """Print rows under headings; `columns` is key -> heading. Numbers to the right."""
    cells = [[_cell(row.get(key)) for key in columns] for row in rows]
    widths = [max([len(head), *(len(line[at]) for line in cells)]) for at, head in enumerate(columns.values())]
    right = [any(isinstance(row.get(key), int | float) for row in rows) for key in columns]
    for line in ([*columns.values()], *cells):
        print("  ".join(text.rjust(width) if is_right else text.ljust(width)
                        for text, width, is_right in zip(line, widths, right, strict=True)).rstrip())


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}" if abs(value) >= 1 else f"{value:.2f}"
    return "" if value is None else str(value)


def save(name: str, found: Mapping[str, Any], file: Path | None = None) -> None:
    """Write what was found as JSON, with the machine, and say where."""
    path = file or OUT / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": machine(), **found}, indent=2, default=str), encoding="utf-8")
    print(f"\nas JSON: {path}")


@contextmanager
def room(n_events: float, folder: Path | None) -> Iterator[Path]:
    """A folder for a database of so many events, gone afterwards; ends the program where space is lacking."""
    with tempfile.TemporaryDirectory(prefix="frontview-bench-", dir=folder) as name:
        free, wanted = shutil.disk_usage(name).free, int(n_events * _BYTES_AN_EVENT) + 200_000_000
        if free < wanted:
            sys.exit(f"{n_events:,.0f} events need about {wanted / 1e9:.1f} GB, {name} has {free / 1e9:.1f} free; "
                     "name a folder with more: --folder")
        memory, needed = _memory("MemAvailable"), 600_000_000 + n_events * 150
        if memory and memory < needed:
            sys.exit(f"{n_events:,.0f} events want about {needed / 1e9:.1f} GB of memory, {memory / 1e9:.1f} are "
                     "free; take fewer: --events")
        yield Path(name)
