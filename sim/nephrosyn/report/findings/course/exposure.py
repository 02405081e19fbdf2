"""Drugs with their cumulative doses, and adverse events and other conditions with their rates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.statistics.counted_values import CountedValues
from nephrosyn.statistics.proportions import Share, wilson
from nephrosyn.vocabulary import AGENTS

FROM_THE_START = "contraindication"
"""Kind of the conditions that are present at onset: they are found, and have no rate."""


@dataclass(frozen=True)
class DrugUse:
    """A drug: patients ever on it, and the quartiles of their cumulative dose in mg per kg."""

    drug: str
    share: Share
    low: float
    median: float
    high: float


@dataclass(frozen=True)
class AdverseEvent:
    """A condition, or all of a kind (``name`` empty): patients who had it, times noted, and years of follow-up."""

    kind: str
    name: str
    share: Share
    times: int
    years: float

    @property
    def per_100_years(self) -> float | None:
        """Times noted per 100 patient-years; None for conditions present at onset, or without follow-up."""
        return None if self.kind == FROM_THE_START or self.years <= 0 else 100 * self.times / self.years


@dataclass(frozen=True)
class Treatment:
    """Drugs in the order of the vocabulary, and conditions by kind and by name."""

    uses: list[DrugUse]
    kinds: list[AdverseEvent]
    names: list[AdverseEvent]
    years: float = 0.0

    @property
    def agents(self) -> bool:
        """True if any patient was given another drug against the disease than steroid."""
        return any(use.drug in AGENTS for use in self.uses)


def prescribed_mg_per_kg() -> pl.Expr:
    """Return the prescribed amount of a row of ``doses``: of a single dose, or of an interval by its mean per day.

    Returns
    -------
    polars.Expr
        mg per kg of the dosing weight.
    """
    days = pl.col("last_days") - pl.col("first_days") + 1
    mg = pl.when(pl.col("schedule") == "single").then("dose_mg").otherwise(pl.col("mean_mg_per_day") * days)
    return (mg / pl.col("dosing_weight_kg")).fill_null(0.0)


@dataclass(frozen=True)
class Exposure:
    """Counts of a part of a cohort.

    Attributes
    ----------
    patients : int
        Number of patients.
    doses : dict of str to CountedValues
        Cumulative dose of each patient ever on a drug, in mg per kg.
    noted : dict of (str, str) to (int, int)
        Patients who had a condition, and times noted, by kind and name; all of a kind under an empty name.
    years : float
        Years of follow-up.
    """

    patients: int
    doses: dict[str, CountedValues]
    noted: dict[tuple[str, str], tuple[int, int]]
    years: float


def find(tables: Mapping[str, pl.DataFrame]) -> Treatment:
    """Return drugs and conditions over the whole course, including the time after loss to follow-up.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables of a cohort, with the truth.

    Returns
    -------
    Treatment
        Shares of all patients.
    """
    return from_counts(count(tables))


def count(tables: Mapping[str, pl.DataFrame]) -> Exposure:
    """Count drugs and conditions; counts of parts of a cohort are added by `added`."""
    years = float(tables["truth/follow_up"]["end_days"].sum()) / vocabulary.DAYS_PER_YEAR
    noted = tables["truth/conditions"].select(*PATIENT_KEY, pl.col("kind", "condition").cast(pl.String))
    counts = {}
    for kind in vocabulary.CONDITION_KINDS:
        of_kind = noted.filter(kind=kind)
        there = set(of_kind["condition"].unique())
        names = [name for name in vocabulary.CONDITIONS if name in there]
        for name in ("", *names) if names else ():
            rows = of_kind.filter(condition=name) if name else of_kind
            counts[kind, name] = rows.select(PATIENT_KEY).n_unique(), rows.height
    return Exposure(tables["patients"].height, _doses(tables["truth/doses"]), counts, years)


def added(parts: Sequence[Exposure]) -> Exposure:
    """Return the counts of a cohort from those of its parts."""
    doses, noted = dict[str, list[CountedValues]](), dict[tuple[str, str], list[tuple[int, int]]]()
    for part in parts:
        for drug, values in part.doses.items():
            doses.setdefault(drug, []).append(values)
        for key, counts in part.noted.items():
            noted.setdefault(key, []).append(counts)
    return Exposure(
        sum(part.patients for part in parts),
        {drug: CountedValues.together(values) for drug, values in doses.items()},
        {key: (sum(n for n, _ in counts), sum(times for _, times in counts)) for key, counts in noted.items()},
        math.fsum(part.years for part in parts),
    )


def from_counts(counts: Exposure) -> Treatment:
    """Return drugs and conditions from the counts of a cohort."""
    places = {name: place for place, name in enumerate(("", *vocabulary.CONDITIONS))}
    order = sorted(counts.noted, key=lambda key: (vocabulary.CONDITION_KINDS.index(key[0]), places[key[1]]))
    events = [
        AdverseEvent(*key, wilson(counts.noted[key][0], counts.patients), counts.noted[key][1], counts.years)
        for key in order
    ]
    return Treatment(
        [_use(drug, counts) for drug in vocabulary.DRUGS if drug in counts.doses],
        [event for event in events if not event.name],
        [event for event in events if event.name],
        counts.years,
    )


def _doses(doses: pl.DataFrame) -> dict[str, CountedValues]:
    amounts = doses.select(*PATIENT_KEY, pl.col("drug").cast(pl.String), amount=prescribed_mg_per_kg())
    sums = amounts.group_by("drug", *PATIENT_KEY, maintain_order=True).agg(pl.col("amount").sum())
    return {str(drug): CountedValues.of(part["amount"].to_numpy()) for (drug,), part in sums.group_by("drug")}


def _use(drug: str, counts: Exposure) -> DrugUse:
    doses = counts.doses[drug]
    return DrugUse(drug, wilson(doses.total, counts.patients), *(doses.quantile(level) for level in (0.25, 0.5, 0.75)))
