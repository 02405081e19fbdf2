"""What a reader of the page can change in a definition set: thresholds with a few values each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from nephrosyn.criteria.definition.compiled import order, rules
from nephrosyn.criteria.definition.definition import DefinitionSet
from nephrosyn.criteria.definition.in_words import value as value_in_words
from nephrosyn.explore.changes import Change, differences
from nephrosyn.explore.model_inputs import encoded

if TYPE_CHECKING:
    from numpy.typing import NDArray

OFF = "off"
GROUPS = ("urine_group", "steroid_group")
"""Fields by which sets share work; a set that is judged alone shares none."""


@dataclass(frozen=True)
class Offer:
    """A threshold with the values that are offered.

    Attributes
    ----------
    path : str
        Its key in a definition set.
    label : str
        What it is called.
    values : sequence
        The values, besides that of the set.
    """

    path: str
    label: str
    values: Sequence[Any]


OFFERS = (
    Offer("resistance.course", "Resistant after", (4, 6, 8, 12, 16, 20, 24)),
    Offer("dependence.relapses", "Dependent from", (1, 2, 3)),
    Offer("frequent.six_months.count", "Frequent: in six months", (2, 3, 4)),
    Offer("frequent.six_months.window", "Which six months", ("first", "sliding", "blocks")),
    Offer("frequent.twelve_months.count", "Frequent: in twelve months", (2, 3, 4, 5, 6)),
    Offer("frequent.twelve_months.window", "Which twelve months", ("first", "sliding", "blocks")),
    Offer("frequent.anchor", "Windows begin at", ("remission", "presentation", "course_end")),
    Offer("urine.remission_upcr", "Remission up to", (0.1, 0.2, 0.3, 0.5)),
    Offer("urine.relapse_upcr", "Relapse from", (1.0, 2.0, 3.0, 3.5)),
    Offer("urine.clinic_readings", "A relapse needs", (1, 2, 3)),
)


def offered(definition: DefinitionSet) -> list[tuple[Offer, list[Any], int]]:
    """Return the thresholds that a set has, with the values offered and the place of its own, which may be in parts.

    The own value is None where it differs between children and adults.
    """
    offers = []
    for offer in OFFERS:
        threshold = _threshold(definition, offer.path)
        if threshold is None or OFF in (threshold.of(child=True), threshold.of(child=False)):
            continue
        child, adult = threshold.of(child=True), threshold.of(child=False)
        if child != adult:
            values, _base = [None, *offer.values], 0
        else:
            values = [*offer.values, *([adult] if adult not in offer.values else [])]
            if not isinstance(adult, str):
                values.sort()
            values.index(adult)
        values = [value for value in values if value in (None, adult) or with_value(definition, offer, value)]
        if len(values) > 1:
            offers.append((offer, values, values.index(None if child != adult else adult)))
    return offers


def edits(definition: DefinitionSet, offer: Offer, value: Any) -> dict[str, Any]:
    """Return the keys of a set that a value changes, with their values.

    Courses in a relapse are as long as the first if they were, and what is partial at their end is judged again as much
    later as before.

    Examples
    --------
    >>> from nephrosyn.criteria import load
    >>> edits(load("ipna-2022"), OFFERS[0], 8)
    {'resistance.course': 8, 'resistance.relapse_course': 8, 'resistance.confirmation': 10}
    """
    changed = {offer.path: value}
    if offer.path != "resistance.course":
        return changed
    resistance = definition.resistance
    course, in_relapse, confirmation = (resistance.course, resistance.relapse_course, resistance.confirmation)
    if in_relapse.of(False) == course.of(False):
        changed["resistance.relapse_course"] = value
    if confirmation.of(False) != OFF:
        changed["resistance.confirmation"] = confirmation.of(False) + value - course.of(False)
    return changed


def with_value(definition: DefinitionSet, offer: Offer, value: Any) -> DefinitionSet | None:
    """Return a definition set with one threshold changed for everybody; None if it would contradict another."""
    content = definition.model_dump(exclude_none=True)
    for path, new in edits(definition, offer, value).items():
        *sections, key = path.split(".")
        table = content
        for section in sections:
            table = table[section]
        unit = table[key]["unit"]
        table[key] = {"value": new, "unit": unit, "grade": "G", "citation": "assumed: chosen by the reader"}
    try:
        return DefinitionSet.model_validate(content)
    except ValidationError:
        return None


def label_of(definition: DefinitionSet, offer: Offer, value: Any) -> str:
    """Return the text of a value."""
    threshold = _threshold(definition, offer.path)
    assert threshold is not None
    if value is None:
        return value_in_words(threshold)
    text = f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")
    if threshold.unit == "name":
        return text
    return f"{text} {threshold.unit.removesuffix('s') if value == 1 else threshold.unit}"


def engine_of(definition: DefinitionSet) -> dict[str, Any]:
    """Return the rules of a set that is judged alone, and the changes of each threshold, for the page's model."""
    base = _rules(definition)
    changes: dict[str, list[list[Change]]] = {}
    for offer, values, place in offered(definition):
        changes[offer.path] = [
            []
            if k == place
            else list(differences({"rules": base}, {"rules": _rules(_changed(definition, offer, value))}))
            for k, value in enumerate(values)
        ]
    return {"name": definition.name, "rules": encoded(base), "order": encoded(order(base)), "changes": changes}


def _changed(definition: DefinitionSet, offer: Offer, value: Any) -> DefinitionSet:
    changed = with_value(definition, offer, value)
    assert changed is not None
    return changed


def _rules(definition: DefinitionSet) -> NDArray[Any]:
    numbers = np.array(np.asarray(rules([definition])))
    for group in GROUPS:
        numbers[group] = (0, 1)
    return numbers


def unit_of(definition: DefinitionSet, path: str) -> str:
    """Return the unit of a threshold."""
    return str(_threshold(definition, path).unit)


def _threshold(definition: DefinitionSet, path: str) -> Any:
    here: Any = definition
    for key in path.split("."):
        here = getattr(here, key, None)
        if here is None:
            return None
    return here
