"""A definition set in words for one case: the thresholds for the patient's age, in the displayed units."""

from __future__ import annotations

import re

from nephrosyn import vocabulary
from nephrosyn.criteria import DefinitionSet
from nephrosyn.criteria.definition.in_words import in_words, lowest, value
from nephrosyn.teach.display import units as scales
from nephrosyn.teach.display.record_tables import Frames
from nephrosyn.teach.display.spelling import sentence
from nephrosyn.teach.model import UnitSystem

LEFT_OUT = ("course flags", "calcineurin resistance", "multidrug resistance")
"""Parts that do not decide the category."""
AMOUNT = r"\boff\b|[\d.]+ [^\s,;()]*[^\s,;().]"
LOWEST = re.compile(rf"the lowe(?:r|st) of (?:{AMOUNT})(?:(?:, | and )(?:{AMOUNT}))*")
BOTH = re.compile(r"(?P<child>off|none|[\d.]+(?: [^\s,;()]+)?|[\w+]+) \(adults (?P<adult>[^)]*)\)")


def paragraphs(definition: DefinitionSet, units: UnitSystem, *, child: bool) -> tuple[str, ...]:
    """Return a definition set in words, one paragraph for each part.

    Parameters
    ----------
    definition : DefinitionSet
        The set.
    units : {"conventional", "si"}
        System of units.
    child : bool
        Whether the thresholds for children apply.
    """
    parts = [(part.clause, part.sentence) for part in in_words(definition) if part.clause not in LEFT_OUT]
    parts = [
        (clause, f"{text} {_maintenance(definition)}".strip() if clause == "steroid" else text)
        for clause, text in parts
    ]
    shown = [_labelled(clause, of_age(in_units(text, units), child)) for clause, text in parts]
    return (*shown, OTHERWISE, f"Urine readings more than {value(definition.urine.max_gap)} apart may hide a relapse.")


OTHERWISE = (
    "If no clause is met but at least one cannot be judged, the category is undetermined. If all can be judged and "
    "none is met, it is infrequently relapsing after at least one relapse, otherwise non-relapsing."
)
SELF_EXPLANATORY = ("urine", "partial remission", "verdict")
"""Parts whose sentences need no label."""


def _labelled(clause: str, text: str) -> str:
    return text if clause in SELF_EXPLANATORY else f"{clause_name(clause)}: {text}"


def _maintenance(definition: DefinitionSet) -> str:
    """Return the maintenance dose in words; empty if the set does not use one."""
    steroid = definition.steroid
    amounts = [value(threshold) for threshold in (steroid.maintenance_per_kg, steroid.maintenance)]
    amounts = [text for text in amounts if text != "off"]
    if definition.dependence.rule.of(child=False) != "raise_clears" or not amounts:
        return ""
    return f"The maintenance dose is {lowest(amounts)}."


def is_child(frames: Frames, definition: DefinitionSet) -> bool:
    """Whether a definition set applies its thresholds for children to a patient."""
    return bool(frames["patients"]["age_at_onset_years"][0] < definition.population.adult_from.of(True))


def clause_name(name: str) -> str:
    """Return the name of a clause, with a capital."""
    return sentence(vocabulary.clause_name(name))


def of_age(text: str, child: bool) -> str:
    """Return a text with the values for one age group only, without thresholds that are off at that age.

    Examples
    --------
    >>> of_age("the lowest of 2 mg/kg/day (adults 1 mg/kg/day), 60 mg/m2/day (adults off) and 60 mg/day.", child=False)
    'the lower of 1 mg/kg/day and 60 mg/day.'
    >>> of_age("The dose is the lower of 0.2 mg/kg/day (adults off) and 10 mg/day.", child=False)
    'The dose is 10 mg/day.'
    """
    text = BOTH.sub(lambda match: match["child" if child else "adult"], text)
    return LOWEST.sub(lambda match: lowest([part for part in re.findall(AMOUNT, match[0]) if part != "off"]), text)


def in_units(text: str, units: UnitSystem) -> str:
    """Return a text with its protein/creatinine ratios and albumins in a system of units.

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
            lambda match, name=analyte: (
                f"{scales.displayed_value(name, float(match[1]), units)} {scales.unit_of(name, units)}"
            ),  # type: ignore[misc]
            text,
        )
    return text
