"""The simulator against the published figures: validate, calibrate, and which assumption moves the answer.

The names below are loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nephrosyn.evidence.errors import RefusalError
    from nephrosyn.evidence.validation.comparison import Row, Validation, validate

__all__ = ["RefusalError", "Row", "Validation", "validate"]

_HOMES = {"comparison": ("Row", "Validation", "validate"), "!nephrosyn.evidence.errors": ("RefusalError",)}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
