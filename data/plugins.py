"""Finds the modules of a folder by themselves, so that adding one is adding a file."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any

from data.errors import OurFault


def discover(package: ModuleType, constant: str) -> dict[str, Any]:
    """Every public module's constant (`CONNECTOR`, `METRIC`, `VIEW`) by its id, in order of module names.

    Raises OurFault when a public module lacks the constant or two of them share an id.
    """
    found: dict[str, Any] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda i: i.name):
        if info.name.startswith("_") or info.ispkg:
            continue
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        unit = getattr(module, constant, None)
        if unit is None:
            raise OurFault(f"{module.__name__} defines no {constant}")
        if unit.id in found:
            raise OurFault(f"{constant} id {unit.id!r} is defined twice, again in {module.__name__}")
        found[unit.id] = unit
    return found
