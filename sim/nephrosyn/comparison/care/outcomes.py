"""Outcomes of each patient of a run, from its tables: one number for each patient and outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from nephrosyn.comparison.care.pairing import Side
from nephrosyn.report.findings.course.exposure import FROM_THE_START, prescribed_mg_per_kg
from nephrosyn.report.findings.verdicts.eligibility import INSIDE
from nephrosyn.vocabulary import DAYS_PER_YEAR, plain_name

Floats = npt.NDArray[np.float64]
Unit = Literal["per year", "mg/kg", "mg/kg per year", "share"]

PHASES = ("complete_remission", "partial_remission", "relapse")
NOT_ADVERSE = ("end_of_study", "dropout")


@dataclass(frozen=True)
class Outcome:
    """An outcome that is compared.

    Attributes
    ----------
    name : str
        Column name, with its unit.
    title : str
        Title in words.
    group : str
        Its group in tables: ``disease``, ``treatment``, ``adverse_events`` or ``verdict``.
    unit : str
        Unit of its values.
    yes_no : bool
        True if a patient has it or not; its mean is then a share.
    better : {"less", "more"}
        Direction that is better for the patient.
    """

    name: str
    title: str
    group: Literal["disease", "treatment", "adverse_events", "verdict"]
    unit: Unit
    yes_no: bool = False
    better: Literal["less", "more"] = "less"

    @property
    def is_rate(self) -> bool:
        """Whether its mean is over the time of all patients: a sum of events over a sum of years."""
        return self.unit.endswith("per year")


Measured = Iterator[tuple[Outcome, Floats]]


@dataclass(frozen=True)
class Vocabulary:
    """Drugs, conditions and ends of follow-up that occur in any of the runs; where a run lacks one, it counts as 0."""

    drugs: tuple[str, ...]
    conditions: tuple[tuple[str, str], ...]
    ends: tuple[str, ...]

    @classmethod
    def of(cls, sides: Sequence[Side]) -> Vocabulary:
        """Collect drugs, conditions (kind and name) and ends of follow-up, in the order of the vocabulary."""
        drugs = pl.concat([side.tables["truth/doses"].select("drug") for side in sides])
        noted = pl.concat([side.tables["truth/conditions"].select("kind", "condition") for side in sides])
        ends = pl.concat([side.tables["truth/follow_up"].select("reason") for side in sides])
        return cls(
            tuple(drugs["drug"].unique().sort().cast(pl.String)),
            tuple((kind, name) for kind, name in noted.unique().sort("kind", "condition").iter_rows()),
            tuple(reason for reason in ends["reason"].unique().sort().cast(pl.String) if reason not in NOT_ADVERSE),
        )


class Course:
    """The true courses of a run: rows of its tables counted by patient.

    A patient's place is ``replicate * patients + patient``. Sums run in the order of the rows, so that equal rows
    give bitwise equal sums.
    """

    def __init__(self, side: Side) -> None:
        self.side = side

    def table(self, name: str, *words: str) -> pl.DataFrame:
        """Return a table with categorical columns as strings."""
        return self.side.tables[name].with_columns(pl.col(words).cast(pl.String))

    def place(self, rows: pl.DataFrame) -> npt.NDArray[np.int64]:
        """Return the place of the patient of each row."""
        replicate, patient = (rows[key].cast(pl.Int64).to_numpy() for key in ("replicate", "patient"))
        return np.asarray(replicate * self.side.patients + patient)

    def total(self, rows: pl.DataFrame, weights: Floats | None = None) -> Floats:
        """Return the count, or weighted sum, of each patient's rows."""
        return np.bincount(self.place(rows), weights, self.side.size).astype(np.float64)

    @cached_property
    def end_days(self) -> Floats:
        """Last time of each course; an event later on its last day is included."""
        ends = self.side.tables["truth/follow_up"]
        last_days = np.zeros(self.side.size)
        last_days[self.place(ends)] = ends["end_days"].to_numpy()
        events = self.side.tables["truth/events"]
        np.maximum.at(last_days, self.place(events), events["time_days"].to_numpy())
        return last_days

    @cached_property
    def years(self) -> Floats:
        """Length of each course in years."""
        return np.asarray(self.end_days / DAYS_PER_YEAR)

    def per_year(self, amounts: Floats) -> Floats:
        """Return amounts per year of each course; nan for a course of length 0."""
        return _over(amounts, self.years)


def _over(numerators: Floats, denominators: Floats) -> Floats:
    ratios: Floats = np.divide(numerators, denominators, out=np.full(len(denominators), np.nan), where=denominators > 0)
    return ratios


def measure(side: Side, vocabulary: Vocabulary, criteria: str, view: str) -> dict[Outcome, Floats]:
    """Return every outcome of every patient of a run.

    Parameters
    ----------
    side : Side
        The run.
    vocabulary : Vocabulary
        Drugs, conditions and ends that occur in any of the runs compared.
    criteria, view : str
        Definition set and record of the verdicts.

    Returns
    -------
    dict of Outcome to ndarray of float64, shape (patients,)
        In the unit of the outcome; 0 or 1 for yes/no outcomes, nan if unknown.
    """
    course = Course(side)
    return dict(
        [
            *_disease(course),
            *_treatment(course, vocabulary.drugs),
            *_adverse_events(course, vocabulary.conditions, vocabulary.ends),
            *_verdict(course, criteria, view),
        ]
    )


def _disease(course: Course) -> Measured:
    events = course.table("truth/events", "event")
    relapses = course.total(events.filter(event="relapse"))
    yield Outcome("relapses_per_year", "relapses", "disease", "per year"), course.per_year(relapses)
    title = "time in complete remission"
    share = _over(_remission_days(course, events), course.end_days)
    yield Outcome("complete_remission_fraction", title, "disease", "share", better="more"), share


def _remission_days(course: Course, events: pl.DataFrame) -> Floats:
    """Return the days in complete remission: from reaching it to the next change of phase, or to the end."""
    changes = events.filter(pl.col("event").is_in(PHASES))
    changes = changes.sort("replicate", "patient", "time_days", maintain_order=True)
    place, start = course.place(changes), changes["time_days"].to_numpy()
    until = course.end_days[place]
    goes_on = np.flatnonzero(place[1:] == place[:-1])
    until[goes_on] = start[goes_on + 1]
    inside = changes["event"].to_numpy() == "complete_remission"
    return np.bincount(place[inside], (until - start)[inside], course.side.size).astype(np.float64)


def _treatment(course: Course, drugs: Sequence[str]) -> Measured:
    doses = course.table("truth/doses", "drug", "schedule").with_columns(mg_per_kg=prescribed_mg_per_kg())
    for drug in drugs:
        rows = doses.filter(drug=drug)
        amount = course.total(rows, rows["mg_per_kg"].to_numpy())
        yield Outcome(f"{drug}_mg_per_kg", plain_name(drug), "treatment", "mg/kg"), amount
        yearly = Outcome(f"{drug}_mg_per_kg_per_year", plain_name(drug), "treatment", "mg/kg per year")
        yield yearly, course.per_year(amount)


def _adverse_events(course: Course, conditions: Sequence[tuple[str, str]], ends: Sequence[str]) -> Measured:
    noted = course.table("truth/conditions", "kind", "condition")
    caused = [(kind, name) for kind, name in conditions if kind not in (FROM_THE_START, "cause_of_death")]
    for kind in dict.fromkeys(kind for kind, _ in caused):
        names = [name for kind_of_name, name in caused if kind_of_name == kind]
        counts = course.total(noted.filter(kind=kind))
        yield (
            Outcome(f"{kind}_per_year", f"{plain_name(kind)}, times noted", "adverse_events", "per year"),
            course.per_year(counts),
        )
        yield _ever(kind, plain_name(kind), counts)
        for name in names if names != [kind] else []:
            counts = course.total(noted.filter(kind=kind, condition=name))
            yield _ever(f"{kind}_{name}", f"{plain_name(kind)}: {plain_name(name)}", counts)
    last = course.table("truth/follow_up", "reason")
    for reason in ends:
        yield _ever(reason, plain_name(reason), course.total(last.filter(reason=reason)))


def _ever(name: str, title: str, counts: Floats) -> tuple[Outcome, Floats]:
    return Outcome(name, title, "adverse_events", "share", yes_no=True), (counts > 0).astype(np.float64)


def labels_of(course: Course, criteria: str, view: str) -> pl.DataFrame:
    """Return the verdicts of a definition set on one record, in the order of places."""
    labels = course.table("labels", "category").filter(criteria=criteria, view=view)
    return labels.sort("replicate", "patient")


def _verdict(course: Course, criteria: str, view: str) -> Measured:
    labels = labels_of(course, criteria, view)
    verdicts, outside = labels["refractory"], ~labels.select(INSIDE).to_series().to_numpy()
    known = verdicts.cast(pl.Float64)
    named = {
        "refractory": ("refractory (undetermined: no)", known.fill_null(0.0)),
        "refractory_if_judged": ("refractory, determined in both", known.fill_null(float("nan"))),
        "not_judged": ("undetermined", verdicts.is_null().cast(pl.Float64)),
    }
    for name, (title, values) in named.items():
        yield Outcome(name, title, "verdict", "share", yes_no=True), np.where(outside, np.nan, values.to_numpy())


def categories(course: Course, criteria: str, view: str) -> pl.Series:
    """Return the category of each patient, in the order of places; null for patients outside the definition set."""
    labels = labels_of(course, criteria, view)
    return labels.select(pl.when(INSIDE).then(pl.col("category")).alias("category")).to_series()
