"""Drugs with their cumulative doses, and adverse events and other conditions with their rates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.record.schema import PATIENT_KEY
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
    patients = tables["patients"].height
    years = float(tables["truth/follow_up"]["end_days"].sum()) / vocabulary.DAYS_PER_YEAR
    noted = tables["truth/conditions"].select(*PATIENT_KEY, pl.col("kind", "condition").cast(pl.String))
    kinds = {kind: names for kind in vocabulary.CONDITION_KINDS if (names := _names(noted, kind))}
    return Treatment(
        [_use(rows, drug, patients) for drug, rows in _by_drug(tables["truth/doses"])],
        [_adverse_event(noted, kind, "", patients, years) for kind in kinds],
        [_adverse_event(noted, kind, name, patients, years) for kind, names in kinds.items() for name in names],
        years,
    )


def combine(parts: Sequence[Treatment], patients: int, first: Treatment) -> Treatment:
    """Return drugs and conditions of a cohort from those of its parts.

    Parameters
    ----------
    parts : sequence of Treatment
        One for each part.
    patients : int
        Number of patients in all parts.
    first : Treatment
        Treatment of the first patients, for the quartiles of doses, which do not add up.
    """
    quartiles = {use.drug: (use.low, use.median, use.high) for part in (*parts, first) for use in part.uses}
    users: Counter[str] = Counter()
    for use in (use for part in parts for use in part.uses):
        users[use.drug] += use.share.count
    uses = [
        DrugUse(drug, wilson(users[drug], patients), *quartiles[drug]) for drug in vocabulary.DRUGS if drug in users
    ]
    # the years of every part count, also of parts without the condition
    years = sum(part.years for part in parts)
    kinds = _added([part.kinds for part in parts], patients, years)
    return Treatment(uses, kinds, _added([part.names for part in parts], patients, years), years)


def _added(parts: Sequence[Sequence[AdverseEvent]], patients: int, years: float) -> list[AdverseEvent]:
    by_name: dict[tuple[str, str], list[AdverseEvent]] = {}
    for event in (event for part in parts for event in part):
        by_name.setdefault((event.kind, event.name), []).append(event)
    places = {name: place for place, name in enumerate(("", *vocabulary.CONDITIONS))}
    order = sorted(by_name, key=lambda key: (vocabulary.CONDITION_KINDS.index(key[0]), places[key[1]]))
    return [
        AdverseEvent(
            *key, wilson(sum(h.share.count for h in by_name[key]), patients), sum(h.times for h in by_name[key]), years
        )
        for key in order
    ]


def _by_drug(doses: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    amounts = doses.select(*PATIENT_KEY, pl.col("drug").cast(pl.String), amount=prescribed_mg_per_kg())
    sums = amounts.group_by("drug", *PATIENT_KEY, maintain_order=True).agg(pl.col("amount").sum())
    return [(drug, part) for drug in vocabulary.DRUGS if (part := sums.filter(drug=drug)).height]


def _use(sums: pl.DataFrame, drug: str, patients: int) -> DrugUse:
    low, median, high = (sums["amount"].quantile(level, "linear") or 0.0 for level in (0.25, 0.5, 0.75))
    return DrugUse(drug, wilson(sums.height, patients), low, median, high)


def _names(noted: pl.DataFrame, kind: str) -> list[str]:
    there = set(noted.filter(kind=kind)["condition"])
    return [name for name in vocabulary.CONDITIONS if name in there]


def _adverse_event(noted: pl.DataFrame, kind: str, name: str, patients: int, years: float) -> AdverseEvent:
    rows = noted.filter(kind=kind) if not name else noted.filter(kind=kind, condition=name)
    return AdverseEvent(kind, name, wilson(rows.select(PATIENT_KEY).n_unique(), patients), rows.height, years)
