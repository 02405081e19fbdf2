"""The data dictionary of the wide features: name, unit, source table and meaning of each column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nephrosyn import vocabulary

CLEAR_UPCR_MG_PER_MG = 0.3
"""Ratios below it count as clear (KDIGO 2021, adults; a feature, not a criterion)."""
HEAVY_UPCR_MG_PER_MG = 2.0
"""Ratios of at least this count as nephrotic (KDIGO 2021, children; a feature, not a criterion)."""
HEAVY_BANDS = ("3+", "4+")
COURSE_GAP_DAYS = 14
"""Courses of steroid are more than this many days apart; assumed: no taper has a pause of two weeks."""

CHEMISTRY = ("albumin", "cholesterol", "creatinine")


@dataclass(frozen=True)
class Feature:
    """One column of the features.

    Attributes
    ----------
    name : str
        Column, with its unit.
    unit : str
        In words; ``0 or 1`` for yes or no, ``count`` for counts.
    table : str
        The observed table it comes from.
    meaning : str
        What it is, and its value where nothing was recorded.
    otherwise : {"nothing", "zero", "followed"}
        Value where nothing was recorded: missing; 0, as for all counts and amounts; or the length of the record, as for
        a day that has not come by its end.
    """

    name: str
    unit: str
    table: str
    meaning: str
    otherwise: Literal["nothing", "zero", "followed"] = "nothing"


def unit_suffix(analyte: str) -> str:
    """Return the unit of an analyte as it stands in column names.

    Examples
    --------
    >>> unit_suffix("albumin")
    'g_per_dl'
    """
    return vocabulary.UNITS[analyte].replace("/", "_per_").lower()


def _urine() -> list[Feature]:
    return [
        Feature("upcr_count", "count", "readings", "results of the urine protein/creatinine ratio"),
        Feature("upcr_first_mg_per_mg", "mg/mg", "readings", "the first ratio"),
        Feature("upcr_last_mg_per_mg", "mg/mg", "readings", "the latest ratio"),
        Feature("upcr_median_mg_per_mg", "mg/mg", "readings", "the middle one of all ratios"),
        Feature("upcr_min_mg_per_mg", "mg/mg", "readings", "the lowest ratio"),
        Feature("upcr_max_mg_per_mg", "mg/mg", "readings", "the highest ratio"),
        Feature("upcr_clear_fraction", "fraction", "readings", f"share of ratios below {CLEAR_UPCR_MG_PER_MG} mg/mg"),
        Feature(
            "upcr_first_clear_days",
            "days",
            "readings",
            f"day of the first ratio below {CLEAR_UPCR_MG_PER_MG}; the end of the record where none was below",
        ),
        Feature("upcr_rises", "count", "readings", f"times a ratio from {HEAVY_UPCR_MG_PER_MG} on follows one below"),
        Feature("dipstick_count", "count", "readings", "dipsticks read in the clinic"),
        Feature("dipstick_heavy_fraction", "fraction", "readings", "share of clinic dipsticks of 3+ or 4+"),
        Feature("diary_days", "days", "diary", "days with a home dipstick", "zero"),
        Feature("diary_heavy_fraction", "fraction", "diary", "share of home dipsticks of 3+ or 4+"),
        Feature("diary_heavy_runs", "count", "diary", "runs of at least 3 days of 3+ or 4+ at home"),
    ]  # fmt: skip


def _treatment() -> list[Feature]:
    steroid = [
        Feature("prednisone_days", "days", "doses", "days covered by prednisone", "zero"),
        Feature("prednisone_mg_per_kg", "mg/kg", "doses", "cumulative prednisone by weight", "zero"),
        Feature("prednisone_max_mg_per_kg_per_day", "mg/kg/day", "doses", "highest mean daily dose of a run", "zero"),
        Feature("prednisone_last_mg_per_kg_per_day", "mg/kg/day", "doses", "mean daily dose of the latest run", "zero"),
        Feature(
            "prednisone_since_days",
            "days",
            "doses",
            "days since the latest dose; the length of the record where there was none",
            "followed",
        ),
        Feature("prednisone_courses", "count", "doses", f"courses more than {COURSE_GAP_DAYS} days apart"),
        Feature("prednisone_raises", "count", "doses", "runs with a higher dose than the one before"),
    ]
    return steroid + [
        Feature(f"{drug}_days", "days", "doses", f"days covered by {drug}", "zero") for drug in vocabulary.AGENTS
    ]


def _others() -> list[Feature]:
    chemistry = [
        Feature(f"{name}_{which}_{unit_suffix(name)}", vocabulary.UNITS[name], "readings", f"the {word} {name}")
        for name in CHEMISTRY
        for which, word in (("first", "first"), ("last", "latest"), ("min", "lowest"), ("max", "highest"))
    ]
    noted = [
        Feature(f"{kind}_noted", "count", "conditions", f"{vocabulary.KIND_NAMES[kind]}: times noted")
        for kind in vocabulary.CONDITION_KINDS
    ]
    return [*chemistry, *noted, Feature("steroid_reduced", "count", "conditions", "steroid withheld, cut or stopped")]


def _patient() -> list[Feature]:
    lesions = [Feature(f"lesion_{name}", "0 or 1", "patients", f"biopsy showed {name}") for name in vocabulary.LESIONS]
    return [
        Feature("age_at_onset_years", "years", "patients", "age at onset"),
        Feature("female", "0 or 1", "patients", "recorded as female"),
        Feature("weight_kg", "kg", "patients", "weight at presentation"),
        Feature("height_cm", "cm", "patients", "height at presentation"),
        Feature("biopsied", "0 or 1", "patients", "a biopsy was done"),
        *lesions,
        Feature("visits_kept", "count", "visits", "visits that were kept"),
        Feature("visits_missed", "count", "visits", "visits that were planned and missed"),
        Feature("unscheduled_visits", "count", "visits", "visits between the planned ones"),
        Feature("followed_days", "days", "follow_up", "end of the record, or the day up to which it is read"),
    ]


FEATURES: tuple[Feature, ...] = (*_patient(), *_urine(), *_treatment(), *_others())
"""All features in the order of the columns."""


def dictionary_text() -> str:
    """Return the data dictionary as lines of text.

    Examples
    --------
    >>> dictionary_text().splitlines()[0]
    'age_at_onset_years (years, from patients): age at onset'
    """
    endings = {"zero": "; 0 without any", "followed": "", "nothing": ""}
    return "\n".join(
        f"{feature.name} ({feature.unit}, from {feature.table}): {feature.meaning}"
        f"{endings['zero' if feature.unit == 'count' else feature.otherwise]}"
        for feature in FEATURES
    )
