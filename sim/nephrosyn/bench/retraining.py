"""Classifiers that learn from a perturbed training cohort, asked about the unperturbed and the perturbed record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from nephrosyn.bench.score.conditions import CLEAN, CLEAN_RECORD, Condition, Reference, Shift
from nephrosyn.bench.training import Training

OBSERVED_LABELS = "observed_labels"
"""Learning from the labels of the observed record, as a study of real records does."""
UNPERTURBED, PERTURBED = "unperturbed", "perturbed"


@dataclass(frozen=True, repr=False)
class Retrained:
    """Answers of classifiers that learnt from a perturbed training cohort.

    Attributes
    ----------
    learners : tuple of str
        The classifiers that learn.
    others : tuple of str
        Those that do not, for which there is nothing to compare.
    frame : polars.DataFrame
        `classifier`, `perturbation`, `severity` and `replicate` of the training cohort, `tested` (``unperturbed`` or
        ``perturbed``), `patient`, `reference`, `predicted`.
    without : dict of (str, str) to str
        Classifier and condition in which it could not be fitted, and the reason.
    """

    learners: tuple[str, ...]
    others: tuple[str, ...]
    frame: pl.DataFrame
    without: dict[tuple[str, str], str]

    def __repr__(self) -> str:
        """Return the learners."""
        return f"<Retrained {', '.join(self.learners) or 'none'}: {self.frame.height:,} answers>"


@dataclass
class Retraining:
    """Fits the learners anew for each condition of a bench while it asks about that condition.

    Attributes
    ----------
    learners : list of Classifier
        The classifiers that learn.
    setup : Setup
        The task and the training cohort as it was simulated.
    reference : Reference
        The right answers of the tested patients.
    observed_labels : polars.DataFrame
        `patient` and `reference`: the labels of the observed record of the tested patients.
    requested : sequence of Condition
        The conditions, in the order in which they come.
    seed : int
        Seed of the perturbations.
    folder : Path
        Folder for the tables that classifiers read in other processes.
    """

    learners: list[Classifier]
    setup: Setup
    reference: Reference
    observed_labels: pl.DataFrame
    requested: Sequence[Condition]
    seed: int
    folder: Path
    without: dict[tuple[str, str], str] = field(default_factory=dict)
    _frames: list[pl.DataFrame] = field(default_factory=list)
    _clean: ShownRecord | None = None
    _trainings: Iterator[tuple[Condition, Training]] | None = None

    def __call__(self, shift: Shift, shown: ShownRecord | None) -> None:
        """Ask about one condition; the unperturbed record must come first."""
        if shift.condition.perturbation == CLEAN:
            assert shift.tables is not None
            self._clean = ShownRecord(shift.tables, self.folder / "unperturbed")
            self._trainings = self.setup.training.perturbed(
                [condition for condition in self.requested if condition != CLEAN_RECORD],
                self.reference.other_set,
                self.seed,
            )
            observed = Condition(OBSERVED_LABELS, 0, 0)
            training = self.setup.training.with_labels_of_the_record()
            self._ask(Shift(observed, None, self.observed_labels), training, None)
            return
        assert self._trainings is not None
        condition, training = next(self._trainings)
        assert condition == shift.condition
        self._ask(shift, training, shown)

    def _ask(self, shift: Shift, training: Training, shown: ShownRecord | None) -> None:
        right = self.reference.frame.select("patient", "reference")
        setup = Setup(self.setup.task, training, self.setup.seconds)
        condition = shift.condition
        for classifier in self.learners:
            try:
                ready = classifier.ready(setup)
            except NotReadyError as error:
                self.without[classifier.name, f"{condition.perturbation} {condition.severity}"] = str(error)
                continue
            try:
                answers = [
                    checked_answers(ready.answer(record), record.people, setup.task) for record in self._both(shown)
                ]
            finally:
                ready.close()
            # A condition without tables shows the unperturbed record again.
            for tested, given, reference in (
                (UNPERTURBED, answers[0], right),
                (PERTURBED, answers[-1], shift.reference),
            ):
                self._frames.append(_rows(classifier.name, condition, tested, given, reference))

    def _answer(self, ready: ReadyClassifier, record: ShownRecord) -> pl.DataFrame:
        return checked_answers(ready.answer(record), record.people, self.setup.task)

    def _both(self, shown: ShownRecord | None) -> list[ShownRecord]:
        assert self._clean is not None
        return [self._clean] if shown is None else [self._clean, shown]

    def finished(self, names: Sequence[str]) -> Retrained:
        """Return all answers.

        Parameters
        ----------
        names : sequence of str
            Every classifier of the bench that was asked.
        """
        learners = tuple(classifier.name for classifier in self.learners)
        others = tuple(name for name in names if name not in learners)
        frame = pl.concat(self._frames) if self._frames else pl.DataFrame(schema=SCHEMA)
        return Retrained(learners, others, frame, self.without)


SCHEMA = {
    "classifier": pl.String,
    "perturbation": pl.String,
    "severity": pl.Int8,
    "replicate": pl.Int16,
    "tested": pl.String,
    "patient": pl.Int32,
    "reference": pl.String,
    "predicted": pl.String,
}
"""Columns of the answers of `Retrained`."""


def _rows(name: str, condition: Condition, tested: str, given: pl.DataFrame, reference: pl.DataFrame) -> pl.DataFrame:
    rows = reference.select("patient", "reference").join(given.select("patient", "predicted"), on="patient")
    return rows.select(
        classifier=pl.lit(name),
        perturbation=pl.lit(condition.perturbation),
        severity=pl.lit(condition.severity),
        replicate=pl.lit(condition.replicate),
        tested=pl.lit(tested),
        patient="patient",
        reference="reference",
        predicted="predicted",
    ).cast(SCHEMA)  # type: ignore[arg-type]
