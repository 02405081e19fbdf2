"""What became of each patient of a run, by what its tables hold: one number a patient and outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from nephrosyn.comparison.care.pairing import Side
from nephrosyn.report.findings.course.exposure import prescribed_mg_per_kg
from nephrosyn.report.findings.verdicts.eligibility import INSIDE
from nephrosyn.report.text import plain
from nephrosyn.vocabulary import DAYS_PER_YEAR

Floats = npt.NDArray[np.float64]
Unit = Literal["per year", "mg/kg", "mg/kg per year", "share"]

PHASES = ("complete_remission", "partial_remission", "relapse")
NO_HARM = ("end_of_study", "dropout")
BEFORE_CARE = "contraindication"
"""Kind of the conditions a patient brings along: care finds them, it does not cause them."""


@dataclass(frozen=True)
class Outcome:
    """What is compared.

    Attributes
    ----------
    name : str
        Column name, with its unit.
    title : str
        In words.
    group : str
        Where it stands in a table: ``disease``, ``treatment``, ``harms`` or ``verdict``.
    unit : str
        Of its values.
    yes_no : bool
        Whether a patient has it or not; its mean is then a share.
    better : {"less", "more"}
        Which side is the patient's good.
    """

    name: str
    title: str
    group: Literal["disease", "treatment", "harms", "verdict"]
    unit: Unit
    yes_no: bool = False
    better: Literal["less", "more"] = "less"


Measured = Iterator[tuple[Outcome, Floats]]


@dataclass(frozen=True)
class Words:
    """What occurs in any of the runs, so that all are asked the same: what a run does not have counts 0."""

    drugs: tuple[str, ...]
    conditions: tuple[tuple[str, str], ...]
    ends: tuple[str, ...]

    @classmethod
    def of(cls, sides: Sequence[Side]) -> Words:
        """Collect drugs, conditions (kind and name) and ways a course ends, in the order of their vocabularies."""
        drugs = pl.concat([side.tables["truth/doses"].select("drug") for side in sides])
        noted = pl.concat([side.tables["truth/conditions"].select("kind", "condition") for side in sides])
        ends = pl.concat([side.tables["truth/follow_up"].select("reason") for side in sides])
        return cls(
            tuple(drugs["drug"].unique().sort().cast(pl.String)),
            tuple((kind, name) for kind, name in noted.unique().sort("kind", "condition").iter_rows()),
            tuple(reason for reason in ends["reason"].unique().sort().cast(pl.String) if reason not in NO_HARM),
        )


class Course:
    """The true courses of a run: rows of its tables counted by patient.

    A patient's place is ``replicate * patients + patient``. Sums run in the order of the rows, so that equal rows
    give equal sums, to the bit.
    """

    def __init__(self, side: Side) -> None:
        self.side = side

    def table(self, name: str, *words: str) -> pl.DataFrame:
        """A table with its words as plain text."""
        return self.side.tables[name].with_columns(pl.col(words).cast(pl.String))

    def place(self, rows: pl.DataFrame) -> npt.NDArray[np.int64]:
        """Place of the patient of each row."""
        replicate, patient = (rows[key].cast(pl.Int64).to_numpy() for key in ("replicate", "patient"))
        return np.asarray(replicate * self.side.patients + patient)

    def total(self, rows: pl.DataFrame, weights: Floats | None = None) -> Floats:
        """Count, or sum, of each patient's rows."""
        return np.bincount(self.place(rows), weights, self.side.size).astype(np.float64)

    @cached_property
    def end_days(self) -> Floats:
        """Last time of each course; an event later on its last day still belongs to it."""
        ends = self.side.tables["truth/follow_up"]
        found = np.zeros(self.side.size)
        found[self.place(ends)] = ends["end_days"].to_numpy()
        events = self.side.tables["truth/events"]
        np.maximum.at(found, self.place(events), events["time_days"].to_numpy())
        return found

    def per_year(self, amounts: Floats) -> Floats:
        """Amounts over the years of each course; nan for a course of no length."""
        return _over(amounts, self.end_days / DAYS_PER_YEAR)


def _over(above: Floats, below: Floats) -> Floats:
    found: Floats = np.divide(above, below, out=np.full(len(below), np.nan), where=below > 0)
    return found


def measure(side: Side, words: Words, criteria: str, view: str) -> dict[Outcome, Floats]:
    """Return every outcome of every patient of a run.

    Parameters
    ----------
    side : Side
        The run.
    words : Words
        What occurs in any of the runs compared.
    criteria, view : str
        Definition set and record of the verdicts.

    Returns
    -------
    dict of Outcome to ndarray of float64, shape (patients,)
        In the unit of the outcome; 0 or 1 where it is yes or no, nan where it cannot be said.
    """
    course = Course(side)
    return dict(
        [
            *_disease(course),
            *_treatment(course, words.drugs),
            *_harms(course, words.conditions, words.ends),
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
    """Days in complete remission: from reaching it to the next change of phase, or to the end."""
    turns = events.filter(pl.col("event").is_in(PHASES))
    turns = turns.sort("replicate", "patient", "time_days", maintain_order=True)
    place, start = course.place(turns), turns["time_days"].to_numpy()
    until = course.end_days[place]
    goes_on = np.flatnonzero(place[1:] == place[:-1])
    until[goes_on] = start[goes_on + 1]
    inside = turns["event"].to_numpy() == "complete_remission"
    return np.bincount(place[inside], (until - start)[inside], course.side.size).astype(np.float64)


def _treatment(course: Course, drugs: Sequence[str]) -> Measured:
    doses = course.table("truth/doses", "drug", "schedule").with_columns(mg_per_kg=prescribed_mg_per_kg())
    for drug in drugs:
        rows = doses.filter(drug=drug)
        amount = course.total(rows, rows["mg_per_kg"].to_numpy())
        yield Outcome(f"{drug}_mg_per_kg", plain(drug), "treatment", "mg/kg"), amount
        yearly = Outcome(f"{drug}_mg_per_kg_per_year", plain(drug), "treatment", "mg/kg per year")
        yield yearly, course.per_year(amount)


def _harms(course: Course, conditions: Sequence[tuple[str, str]], ends: Sequence[str]) -> Measured:
    noted = course.table("truth/conditions", "kind", "condition")
    caused = [(kind, name) for kind, name in conditions if kind != BEFORE_CARE]
    for kind in dict.fromkeys(kind for kind, _ in caused):
        names = [name for other, name in caused if other == kind]
        counts = course.total(noted.filter(kind=kind))
        yield Outcome(f"{kind}_per_year", f"{plain(kind)}, times noted", "harms", "per year"), course.per_year(counts)
        yield _ever(kind, plain(kind), counts)
        for name in names if names != [kind] else []:
            counts = course.total(noted.filter(kind=kind, condition=name))
            yield _ever(f"{kind}_{name}", f"{plain(kind)}: {plain(name)}", counts)
    last = course.table("truth/follow_up", "reason")
    for reason in ends:
        yield _ever(reason, plain(reason), course.total(last.filter(reason=reason)))


def _ever(name: str, title: str, counts: Floats) -> tuple[Outcome, Floats]:
    return Outcome(name, title, "harms", "share", yes_no=True), (counts > 0).astype(np.float64)


def labels_of(course: Course, criteria: str, view: str) -> pl.DataFrame:
    """Return the verdicts of a definition set on one record, in the order of places."""
    labels = course.table("labels", "category").filter(criteria=criteria, view=view)
    return labels.sort("replicate", "patient")


def _verdict(course: Course, criteria: str, view: str) -> Measured:
    labels = labels_of(course, criteria, view)
    verdicts, outside = labels["refractory"], ~labels.select(INSIDE).to_series().to_numpy()
    known = verdicts.cast(pl.Float64)
    named = {
        "refractory": ("refractory (not judged: no)", known.fill_null(0.0)),
        "refractory_if_judged": ("refractory, judged in both", known.fill_null(float("nan"))),
        "not_judged": ("could not be judged", verdicts.is_null().cast(pl.Float64)),
    }
    for name, (title, values) in named.items():
        yield Outcome(name, title, "verdict", "share", yes_no=True), np.where(outside, np.nan, values.to_numpy())


def categories(course: Course, criteria: str, view: str) -> pl.Series:
    """Return the category of each patient, in the order of places; null for those outside the definition set."""
    labels = labels_of(course, criteria, view)
    return labels.select(pl.when(INSIDE).then(pl.col("category")).alias("category")).to_series()
