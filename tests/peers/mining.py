"""Two public tools of process mining, pm4py and r4pm, that tell what they read in a log of ours.

They live in an environment of their own and are only ever run as programs: pm4py is under the AGPL and no part of
the product.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HERE = Path("~/.cache/frontview-tests/pm4py").expanduser()
PYTHON = HERE / "bin" / "python"
PACKAGES = ("pm4py==2.7.23.11", "r4pm==0.6.2", "polars==2.1.0", "pyarrow==26.0.1")
_PM4PY_OCEL = """
import sys, json, pm4py, warnings
from pm4py.objects.ocel.importer.jsonocel.variants import ocel20_standard
warnings.simplefilter("ignore")
# Its own reader: left to itself it hands JSON to r4pm.
log = {"json": ocel20_standard.apply, "sqlite": pm4py.read_ocel2_sqlite}[sys.argv[2]](sys.argv[1])
print(json.dumps([len(log.events), len(log.objects), len(log.relations), len(log.o2o)]))
"""
_PM4PY_XES = """
import sys, json, pm4py, warnings
warnings.simplefilter("ignore")
log = pm4py.read_xes(sys.argv[1])
print(json.dumps([len(log), log["case:concept:name"].nunique()]))
"""
_R4PM_OCEL = """
import sys, json, r4pm
log = r4pm.df.import_ocel(sys.argv[1])
print(json.dumps([len(log["events"]), len(log["objects"]), len(log["relations"]), len(log["o2o"])]))
"""


def missing() -> str:
    """What is not there and how to get it; empty when all is."""
    there = all(list(HERE.glob(f"lib/*/site-packages/{name.partition('==')[0]}")) for name in PACKAGES)
    if PYTHON.exists() and there:
        return ""
    return "pm4py and r4pm are not installed: run python tests/peers/install.py mining"


def install() -> None:
    """Both into an environment of their own."""
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(HERE)], check=True, timeout=300)
    subprocess.run([str(PYTHON), "-m", "pip", "install", "-q", *PACKAGES], check=True, timeout=1200)


def ocel(tool: str, file: Path, kind: str) -> list[int]:
    """How many events, objects, relations and links `tool` (pm4py or r4pm) reads; kind is json or sqlite."""
    return _told(_PM4PY_OCEL if tool == "pm4py" else _R4PM_OCEL, file, kind)


def xes(file: Path) -> list[int]:
    """How many events and cases pm4py reads."""
    return _told(_PM4PY_XES, file, "xes")


def _told(program: str, file: Path, kind: str) -> list[int]:
    done = subprocess.run([str(PYTHON), "-c", program, str(file), kind], capture_output=True, text=True,
                          timeout=300, check=False, cwd=file.parent)
    if done.returncode:
        raise AssertionError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])
