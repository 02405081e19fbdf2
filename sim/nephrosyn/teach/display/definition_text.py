"""A definition set in words for the reader of one case: the thresholds of the patient's age, in the units displayed."""

from __future__ import annotations

import re

from nephrosyn import vocabulary
from nephrosyn.criteria import DefinitionSet
from nephrosyn.criteria.definition.in_words import in_words, value
from nephrosyn.teach.display import units as scales
from nephrosyn.teach.display.spelling import sentence, spoken
from nephrosyn.teach.model import UnitSystem

LEFT_OUT = ("course flags", "calcineurin resistance", "multidrug resistance")
"""Parts that name no category."""
BOTH = re.compile(r"(?P<child>off|none|[\d.]+(?: [^\s,;()]+)?|[\w+]+) \(adults (?P<adult>[^)]*)\)")


def paragraphs(definition: DefinitionSet, units: UnitSystem, *, child: bool) -> tuple[str, ...]:
    """Return what a set asks, a paragraph for each part.

    Parameters
    ----------
    definition : DefinitionSet
        The set.
    units : {"conventional", "si"}
        In which units.
    child : bool
        Whether the patient counts as a child.
    """
    told = [(one.clause, one.sentence) for one in in_words(definition) if one.clause not in LEFT_OUT]
    told = [
        (clause, f"{text} {_maintenance(definition)}".strip() if clause == "steroid" else text) for clause, text in told
    ]
    shown = [_labelled(clause, of_age(in_units(text, units), child)) for clause, text in told]
    return (*shown, OTHERWISE, f"Urine readings more than {value(definition.urine.max_gap)} apart may hide a relapse.")


OTHERWISE = (
    "If none is met but one cannot be judged, the category is undetermined. If all can be judged and none is met, it "
    "is infrequently relapsing where a relapse is seen, otherwise non-relapsing."
)
OWN_LABEL = ("urine", "partial remission", "verdict")
"""Parts whose sentences begin with what they are about."""


def _labelled(clause: str, text: str) -> str:
    return text if clause in OWN_LABEL else f"{clause_name(clause)}: {text}"


def _maintenance(definition: DefinitionSet) -> str:
    """Return the maintenance dose in words, where the set speaks of one."""
    steroid = definition.steroid
    amounts = [value(one) for one in (steroid.maintenance_per_kg, steroid.maintenance)]
    amounts = [text for text in amounts if text != "off"]
    if definition.dependence.rule.of(child=False) != "raise_clears" or not amounts:
        return ""
    return f"The maintenance dose is the lowest of {', '.join(amounts)}."


def clause_name(name: str) -> str:
    """Return a clause in words, with a capital."""
    return sentence(vocabulary.CLAUSE_NAMES.get(name) or spoken(name))


def of_age(text: str, child: bool) -> str:
    """Return a text with the values of one age only; what is off at that age goes.

    Examples
    --------
    >>> of_age("lowest of 2 mg/kg/day (adults 1 mg/kg/day), 60 mg/m2/day (adults off), 60 mg/day.", child=False)
    'lowest of 1 mg/kg/day, 60 mg/day.'
    >>> of_age("The dose is the lowest of 0.2 mg/kg/day (adults off), 10 mg/day.", child=False)
    'The dose is 10 mg/day.'
    """
    text = BOTH.sub(lambda found: found["child" if child else "adult"], text)
    text = re.sub(r"(, off\b|\boff, )", "", text)
    return re.sub(r"\bthe lowest of ([\d.]+ [^\s,;]+?)(?=[.;]|$)", r"\1", text)  # of one there is no lowest


def in_units(text: str, units: UnitSystem) -> str:
    """Return a text with its ratios and albumins in other units.

    Examples
    --------
    >>> in_units("UPCR at most 0.2 mg/mg (adults 0.3 mg/mg), albumin of at least 3 g/dL", "si")
    'UPCR at most 23 mg/mmol (adults 34 mg/mmol), albumin of at least 30 g/L'
    """
    if units == "conventional":
        return text
    for analyte, unit in (("upcr", "mg/mg"), ("albumin", "g/dL")):
        text = re.sub(
            rf"(\d+(?:\.\d+)?) {unit}\b",
            lambda found, name=analyte: f"{scales.shown(name, float(found[1]), units)} {scales.unit_of(name, units)}",  # type: ignore[misc]
            text,
        )
    return text
