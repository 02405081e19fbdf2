"""Checked scenarios as plain values, from which a worker reads them without pydantic and without checking them again.

`as_plain` writes a scenario as values for JSON that tell tables of the schema, which have attributes, from tables whose
keys are names. `from_plain` makes objects of them that the model reads like the scenario itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from nephrosyn.scenario.schema.scenario import Scenario

ATTRIBUTES, KEYS = "attributes", "keys"
NOT_SIMULATED = ("sources", "uncertainty")
"""Tables of a scenario that say where its numbers come from."""


def as_plain(scenario: Scenario) -> dict[str, Any]:
    """Write what is simulated of a scenario as plain values for JSON.

    Parameters
    ----------
    scenario : Scenario
        A checked scenario.

    Returns
    -------
    dict
        For `from_plain`.

    Examples
    --------
    >>> from nephrosyn.scenario import load
    >>> baseline = load("baseline").scenario
    >>> from_plain(as_plain(baseline)).population.accrual_days == baseline.population.accrual_days
    True
    """
    values = {name: _plain(value) for name, value in scenario if name not in NOT_SIMULATED}
    return {ATTRIBUTES: values}


def _plain(value: Any) -> Any:
    from pydantic import BaseModel

    from nephrosyn.scenario.schema.units import Distribution

    if isinstance(value, Distribution):
        return {ATTRIBUTES: {"dist": value.dist, "parameters": {KEYS: value.parameters}}}
    if isinstance(value, BaseModel):
        return {ATTRIBUTES: {name: _plain(item) for name, item in value}}
    if isinstance(value, Mapping):
        return {KEYS: {name: _plain(item) for name, item in value.items()}}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def from_plain(values: Mapping[str, Any]) -> Scenario:
    """Return the scenario that was written as plain values.

    Parameters
    ----------
    values : mapping
        From `as_plain`.

    Returns
    -------
    Scenario
        An object with the same attributes; it cannot be validated, changed or written.
    """
    return cast("Scenario", _read(values))


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return [_read(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if KEYS in value:
        return {name: _read(item) for name, item in value[KEYS].items()}
    return SimpleNamespace(**{name: _read(item) for name, item in value[ATTRIBUTES].items()})
