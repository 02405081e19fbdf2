"""Predictions at landmarks: on given days, or at every visit, from the record before, about the label of a later day.

The rules are those of landmarking [1]_ [2]_. At a landmark only patients who are still followed are asked about. Those
who have met the definition before are *decided*: they are counted apart. All others are *at risk*. Answers about
patients at risk are learnt from training patients at risk at the same landmark, answers about the decided from all who
are followed.

References
----------
.. [1] Anderson JR, Cain KC, Gelber RD. Analysis of survival by tumor response. J Clin Oncol 1983;1:710-719.
.. [2] van Houwelingen HC. Dynamic prediction by landmarking in event history analysis. Scand J Stat 2007;34:70-85.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from nephrosyn.bench.classifiers.protocol import (
    Classifier,
    NotReadyError,
    ReadyClassifier,
    Setup,
    ShownRecord,
    checked_answers,
)
from nephrosyn.bench.features.extract import before_each
from nephrosyn.bench.opened_run import Run
from nephrosyn.bench.score.conditions import Condition, Shift
from nephrosyn.bench.training import ChangedTraining
from nephrosyn.errors import wrong_count
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.runs.run import Progress

DAY, VISIT = "day", "visit"
FEWEST_AT_VISIT = 20
"""Visits by number are asked about as long as this many patients have had that many; assumed: fewer tell nothing."""


@dataclass(frozen=True)
class Landmark:
    """A day, or the visit of a number.

    Attributes
    ----------
    kind : {"day", "visit"}
        Whether it is a day, the same for all patients, or a visit.
    number : int
        The day, or the number of the visit, from 1.
    """

    kind: str
    number: int

    def days(self, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
        """Return `replicate`, `patient` and `until_days`, the first day not seen, of patients followed on that day."""
        ends = tables["follow_up"].select(*PATIENT_KEY, "end_days")
        if self.kind == DAY:
            return ends.filter(pl.col("end_days") >= self.number).select(
                *PATIENT_KEY, until_days=pl.lit(self.number, pl.Int32)
            )
        days = kept_visits(tables).filter(pl.col("number") == self.number)
        return days.select(*PATIENT_KEY, until_days=pl.col("actual_days") + 1)


def kept_visits(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return `replicate`, `patient`, `actual_days` and `number` from 1 of the visits that took place."""
    attended = tables["visits"].filter(~pl.col("missed")).drop_nulls("actual_days")
    days = attended.select(*PATIENT_KEY, "actual_days").unique().sort(*PATIENT_KEY, "actual_days")
    return days.with_columns(number=pl.int_range(1, pl.len() + 1).over(PATIENT_KEY))


def landmarks(days: Sequence[int], tables: Mapping[str, pl.DataFrame], *, visits: bool) -> list[Landmark]:
    """Return the landmarks: days in order, and visits as long as enough patients have had them."""
    listed = [Landmark(DAY, day) for day in sorted(set(days))]
    if visits:
        sizes = kept_visits(tables).group_by("number").len().sort("number")
        listed += [Landmark(VISIT, number) for number, size in sizes.rows() if size >= FEWEST_AT_VISIT]
    return listed


def wrong_landmarks(days: Sequence[int], run: Run, last_day: int, *, visits: bool) -> list[str]:
    """Return what is wrong with the days of landmarks.

    Parameters
    ----------
    days : sequence of int, days
        The days.
    run : Run
        The run.
    last_day : int, days
        The day of the right answer, or the length of follow-up.
    visits : bool
        Whether every visit is a landmark.
    """
    problems = [problem for day in days for problem in wrong_count("--at-days", day, 1, last_day)]
    if (days or visits) and run.task.until_days is not None:
        option = "--at-days" if days else "--at-visits"
        problems.append(f"{option}: not together with --until-days, which is a landmark itself")
    return problems


@dataclass(frozen=True, repr=False)
class OverTime:
    """Answers at landmarks.

    Attributes
    ----------
    frame : polars.DataFrame
        `classifier`, `kind`, `number`, `patient`, `until_days` (the first day not seen), `first_met_days` (day on which
        the definition is met by the complete record; null if it is not by the day of the right answer), `decided`
        (whether that is before `until_days`), `reference`, `predicted`, and `p_` columns.
    without : dict of (str, str) to str
        Classifier and landmark at which it could not be fitted, and the reason.
    """

    frame: pl.DataFrame
    without: dict[tuple[str, str], str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Return the number of answers."""
        return f"<{self.frame.height:,} answers over time>"


def ask_over_time(
    run: Run,
    listed: Sequence[Landmark],
    ready: Mapping[str, ReadyClassifier],
    learners: Sequence[Classifier],
    setup: Setup,
    folder: Path,
    progress: Progress,
) -> OverTime:
    """Ask every classifier at every landmark.

    Parameters
    ----------
    run : Run
        The run.
    listed : sequence of Landmark
        The landmarks.
    ready : mapping of str to ReadyClassifier
        The classifiers by name.
    learners : sequence of Classifier
        Those that learn; they are fitted anew at each landmark.
    setup : Setup
        The task and the training cohort.
    folder : Path
        Folder for the tables that classifiers read in other processes.
    progress : callable
        Called with (stage, done, total).
    """
    names = {learner.name for learner in learners}
    fixed = {name: classifier for name, classifier in ready.items() if name not in names}
    frames: list[pl.DataFrame] = []
    without: dict[tuple[str, str], str] = {}
    for done, landmark in enumerate(listed):
        progress("landmarks", done, len(listed))
        days = landmark.days(run.observed)
        if days.is_empty():
            continue
        shown = ShownRecord(before_each(run.observed, days), folder / f"landmark-{done}")
        people = _status(days, run.reference.tables["labels"]).join(
            run.reference.frame.select("patient", "reference"), on="patient"
        )
        for name, classifier in fixed.items():
            frames.append(_rows(name, landmark, classifier, shown, people, setup))
        for decided, training in _trainings(landmark, setup) if learners else ():
            part = people.filter(pl.col("decided") == decided)
            for learner in learners:
                try:
                    frames.append(_learnt(learner, landmark, training, shown, part, setup))
                except NotReadyError as error:
                    group = "decided" if decided else "at risk"
                    without[learner.name, f"{landmark.kind} {landmark.number}, {group}"] = str(error)
        shutil.rmtree(folder / f"landmark-{done}", ignore_errors=True)
    progress("landmarks", len(listed), len(listed))
    return OverTime(pl.concat(frames) if frames else pl.DataFrame(), without)


def _status(days: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Return the patients of a landmark with the day on which the definition is met, and whether that is before."""
    met = labels.select("patient", "first_met_days")
    decided = (pl.col("first_met_days") < pl.col("until_days")).fill_null(value=False)
    return days.join(met, on="patient", how="left", maintain_order="left").with_columns(decided=decided)


def _trainings(landmark: Landmark, setup: Setup) -> Iterator[tuple[bool, ChangedTraining]]:
    """Yield whether patients asked about are decided, and the training cohort at a landmark for their answers.

    Answers about patients at risk are learnt from patients at risk, those about decided ones from all who are followed.
    """
    cohort = setup.training
    days = _status(landmark.days(cohort.whole), setup.task.labels(cohort.whole, "complete"))
    for decided, people in ((False, days.filter(~pl.col("decided"))), (True, days)):
        answers = cohort.answers.join(people.select("patient"), on="patient", how="semi")
        reference = answers.rename({"answer": "reference"})
        record = before_each(cohort.whole, people)
        yield decided, ChangedTraining(cohort, Shift(Condition(landmark.kind, 0, 0), record, reference))


def _learnt(
    learner: Classifier,
    landmark: Landmark,
    training: ChangedTraining,
    shown: ShownRecord,
    people: pl.DataFrame,
    setup: Setup,
) -> pl.DataFrame:
    """Return the answers of a classifier that has learnt from the training cohort at a landmark."""
    fitted = learner.ready(Setup(setup.task, training, setup.seconds))
    try:
        return _rows(learner.name, landmark, fitted, shown, people, setup)
    finally:
        fitted.close()


def _rows(
    name: str, landmark: Landmark, ready: ReadyClassifier, shown: ShownRecord, people: pl.DataFrame, setup: Setup
) -> pl.DataFrame:
    given = checked_answers(ready.answer(shown), shown.people, setup.task)
    rows = people.join(given.drop("replicate"), on="patient", maintain_order="left")
    return rows.select(
        classifier=pl.lit(name),
        kind=pl.lit(landmark.kind),
        number=pl.lit(landmark.number, pl.Int32),
        patient="patient",
        until_days="until_days",
        first_met_days="first_met_days",
        decided="decided",
        reference="reference",
        predicted="predicted",
        **{column: pl.col(column) for column in given.columns if column.startswith("p_")},
    )
