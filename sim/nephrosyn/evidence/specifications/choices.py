"""The choices of a specification curve: their levels, and the patients, sets and denominators that each stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from nephrosyn.criteria import DefinitionSet
from nephrosyn.vocabulary import LESIONS, VIEWS

ADULT_FROM_YEARS = 18
"""Age at onset from which a patient is an adult, as in the definition sets."""
PRIMARY = ("minimal_change", "fsgs", "mesangial_proliferative")
"""Lesions of primary podocyte disease; what "refractory nephrotic syndrome" means where membranous disease is apart."""
UNKNOWN_LESION = "unknown"
"""Patients without a biopsy, whose disease is taken for primary, as is usual in children."""
DENOMINATORS = ("all", "determined", "treated")
"""All patients; those who could be classified; those whose response to steroid could be classified."""
LESION_GROUPS: Mapping[str, tuple[str, ...]] = {
    "any": (*LESIONS, UNKNOWN_LESION),
    "without_membranous": (*(name for name in LESIONS if name != "membranous"), UNKNOWN_LESION),
    "primary": (*PRIMARY, UNKNOWN_LESION),
}
"""Lesions of the patients who are counted."""
AGE_GROUPS: Mapping[str, tuple[bool, ...]] = {"all": (True, False), "children": (True,), "adults": (False,)}
"""Ages of the patients who are counted: whether children, adults or both."""
COUNTED, NOT_COUNTED = "counted", "not_counted"
PARTIAL = (NOT_COUNTED, COUNTED)
"""Whether partial remission counts as a response to treatment."""
RESPONSE_SECTIONS = {"resistance": "course", "persistence": "length"}
"""Sections of a definition set that name the response they accept, and the key that switches each off."""
CHANGED = "changed for the specification curve"


@dataclass(frozen=True)
class Reading:
    """A definition set with partial remission counted as response or not.

    Attributes
    ----------
    criteria : str
        Name of the set.
    partial_remission : str or None
        A level of `PARTIAL`; None if the set does not classify the response to treatment.
    as_published : bool
        Whether this is the set unchanged.
    definition : DefinitionSet
        The set with the response of this reading.
    """

    criteria: str
    partial_remission: str | None
    as_published: bool
    definition: DefinitionSet


def readings(definition: DefinitionSet) -> list[Reading]:
    """Return a definition set with partial remission not counted as response, and counted.

    The changed set differs in `resistance.response` and `persistence.response` only. Where the set counts partial
    remission or a lesser response, it is itself the reading that counts it.

    Parameters
    ----------
    definition : DefinitionSet
        The set.

    Returns
    -------
    list of Reading
        Two; only one for a set that does not define partial remission, or does not classify the response.

    Examples
    --------
    >>> from nephrosyn import criteria
    >>> [(r.partial_remission, r.as_published) for r in readings(criteria.load("jsn-2014-adults"))]
    [('not_counted', False), ('counted', True)]
    >>> len(readings(criteria.load("iskdc")))
    1
    """
    sections = list(_response_sections(definition))
    if not sections:
        return [Reading(definition.name, None, True, definition)]
    possible = [NOT_COUNTED, COUNTED] if _defines_partial(definition) else [NOT_COUNTED]
    return [_reading(definition, sections, level) for level in possible]


def _response_sections(definition: DefinitionSet) -> Iterator[str]:
    for section, switch in RESPONSE_SECTIONS.items():
        weeks = getattr(getattr(definition, section), switch)
        if any(weeks.of(child) != "off" for child in (True, False)):
            yield section


def _defines_partial(definition: DefinitionSet) -> bool:
    return all(definition.partial.upcr_below.of(child) != "off" for child in (True, False))


def _reading(definition: DefinitionSet, sections: Sequence[str], level: str) -> Reading:
    content: dict[str, Any] = definition.model_dump()
    for section in sections:
        response = getattr(definition, section).response
        content[section]["response"] |= {"value": None, "citation": CHANGED} | {
            age: _response(response.of(child), level) for age, child in (("children", True), ("adults", False))
        }
    same = all(
        content[section]["response"]["children" if child else "adults"]
        == getattr(definition, section).response.of(child)
        for section in sections
        for child in (True, False)
    )
    return Reading(definition.name, level, same, DefinitionSet.model_validate(content))


def _response(response: str, level: str) -> str:
    """Return the response that a clause accepts, if partial remission is counted or not."""
    if level == NOT_COUNTED:
        return "complete"
    return "partial" if response == "complete" else response


@dataclass(frozen=True)
class Choice:
    """A choice.

    Attributes
    ----------
    column : str
        Its column in the table.
    title : str
        Its title.
    levels : mapping
        Titles of its levels.
    longest : bool
        Whether the other levels are compared with the last one, not the first.
    """

    column: str
    title: str
    levels: Mapping[Any, str]
    longest: bool = False

    @property
    def reference(self) -> Any:
        """The level that the others are compared with."""
        levels = list(self.levels)
        return levels[-1] if self.longest else levels[0]


def choices(sets: Sequence[str], years: Sequence[float]) -> list[Choice]:
    """Return all choices with the titles of their levels, in the order of the table.

    Parameters
    ----------
    sets : sequence of str
        Names of the definition sets.
    years : sequence of float, years
        Lengths of follow-up.
    """
    return [
        Choice("ages", "ages", {"all": "all ages", "children": "children", "adults": "adults"}),
        Choice(
            "lesions",
            "lesions",
            {
                "any": "any lesion",
                "without_membranous": "without membranous nephropathy",
                "primary": "minimal change, FSGS, mesangial",
            },
        ),
        Choice("criteria", "definition set", {name: name for name in sets}),
        Choice(
            "partial_remission",
            "partial remission",
            {NOT_COUNTED: "is no response", COUNTED: "counts as response"},
        ),
        Choice(
            "follow_up_years",
            "follow-up",
            {year: f"{year:g} year{'' if year == 1 else 's'}" for year in years},
            longest=True,
        ),
        Choice("view", "record", {view: f"{view} record" for view in reversed(VIEWS)}),
        Choice(
            "denominator",
            "denominator",
            {
                "all": "all patients",
                "determined": "those who could be judged",
                "treated": "those given adequate steroid",
            },
        ),
    ]


def age_and_lesion(people: pl.DataFrame) -> pl.DataFrame:
    """Return for each patient whether a child, and the lesion as far as a biopsy showed it.

    Parameters
    ----------
    people : polars.DataFrame
        The table of patients.

    Returns
    -------
    polars.DataFrame
        `replicate`, `patient`, `child`, `known_lesion`.
    """
    return people.select(
        "replicate",
        "patient",
        child=pl.col("age_at_onset_years") < ADULT_FROM_YEARS,
        known_lesion=pl.col("lesion").cast(pl.String).fill_null(UNKNOWN_LESION),
    )
