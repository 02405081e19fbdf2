"""Scenarios: everything a simulation depends on, read from TOML and checked, with the source of every number.

`load` reads a scenario and all it extends. Names are imported on first use, so that listing the shipped scenarios does
not import the schema.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nephrosyn.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from nephrosyn.scenario.describe import rows
    from nephrosyn.scenario.files.catalogue import shipped, titles
    from nephrosyn.scenario.files.digest import digest_of
    from nephrosyn.scenario.loading import Resolved, load
    from nephrosyn.scenario.schema.distributions import mean, quantiles, quantiles_between
    from nephrosyn.scenario.schema.json_schema import json_schema
    from nephrosyn.scenario.schema.scenario import Scenario

__all__ = [
    "Problem",
    "Resolved",
    "Scenario",
    "ScenarioError",
    "digest_of",
    "json_schema",
    "load",
    "mean",
    "quantiles",
    "quantiles_between",
    "rows",
    "shipped",
    "titles",
]

_HOMES = {
    "describe": ("rows",),
    "files.digest": ("digest_of",),
    "schema.distributions": ("mean", "quantiles", "quantiles_between"),
    "files.catalogue": ("shipped", "titles"),
    "schema.json_schema": ("json_schema",),
    "loading": ("Resolved", "load"),
    "schema.scenario": ("Scenario",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
