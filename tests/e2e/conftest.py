"""Makes tests/peers importable for the browser tests, as `front_bench` does for itself when run alone."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))
