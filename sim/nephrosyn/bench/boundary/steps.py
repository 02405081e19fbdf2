"""Every threshold of a definition set moved by one step, down and up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from nephrosyn.criteria import DefinitionSet
from nephrosyn.vocabulary import DIPSTICK_BANDS

STEPS = {
    "years": 1.0,
    "weeks": 1,
    "days": 1,
    "relapses": 1,
    "readings": 1,
    "classes": 1,
    "fraction": 0.05,
    "mg/mg": 0.1,
    "g/dL": 0.1,
    "mg/day": 1.0,
    "mg/dose": 1.0,
    "mg/kg/day": 0.1,
    "mg/kg/dose": 0.1,
    "mg/m2/day": 5.0,
    "mg/m2/dose": 5.0,
}
"""The step of each unit: one day, week or relapse, or the last figure in which guidelines give a quantity; assumed."""
BAND = "dipstick band"
AGES = ("value", "children", "adults")
DECIMALS = 6


@dataclass(frozen=True)
class MovedSet:
    """A definition set with one threshold moved.

    Attributes
    ----------
    threshold : str
        Key of the threshold, as ``resistance.course``.
    direction : {"lower", "higher"}
        Where it was moved.
    definition : DefinitionSet
        The set with the moved threshold.
    """

    threshold: str
    direction: str
    definition: DefinitionSet


def moved_sets(definition: DefinitionSet) -> list[MovedSet]:
    """Return the set with one threshold moved by one step, for every threshold and direction that stays valid.

    Parameters
    ----------
    definition : DefinitionSet
        The set.

    Examples
    --------
    >>> from nephrosyn.criteria import load
    >>> [moved.direction for moved in moved_sets(load("source")) if moved.threshold == "resistance.course"]
    ['lower', 'higher']
    """
    return list(_moved(definition))


def _moved(definition: DefinitionSet) -> Iterator[MovedSet]:
    places = list(_thresholds(definition.model_dump(exclude_none=True)))
    for place in places:
        for direction, sign in (("lower", -1), ("higher", 1)):
            content = definition.model_dump(exclude_none=True)
            threshold = content
            for key in place:
                threshold = threshold[key]
            if not _move(threshold, sign):
                continue
            content["name"] = f"{'-'.join(place)}-{direction}".replace("_", "-")[:60]
            try:
                moved = DefinitionSet.model_validate(content)
            except ValidationError:
                continue
            yield MovedSet(".".join(place), direction, moved)


def _thresholds(content: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if not isinstance(content, dict):
        return
    if "unit" in content:
        if content["unit"] in STEPS or content["unit"] == BAND:
            yield place
        return
    for key, value in content.items():
        yield from _thresholds(value, (*place, key))


def _move(threshold: dict[str, Any], sign: int) -> bool:
    """Move a threshold in place, for children and adults alike; return whether there was a number to move."""
    before = [threshold.get(age) for age in AGES]
    for age in AGES:
        value = threshold.get(age)
        if threshold["unit"] == BAND and value in DIPSTICK_BANDS:
            place = DIPSTICK_BANDS.index(value) + sign
            threshold[age] = DIPSTICK_BANDS[min(max(place, 0), len(DIPSTICK_BANDS) - 1)]
        elif isinstance(value, int | float) and not isinstance(value, bool):
            threshold[age] = _stepped(value, STEPS[threshold["unit"]], sign)
    return before != [threshold.get(age) for age in AGES]


def _stepped(value: float, step: float, sign: int) -> float:
    moved = round(value + sign * step, DECIMALS)
    return max(int(moved), 0) if isinstance(value, int) else max(moved, 0.0)
