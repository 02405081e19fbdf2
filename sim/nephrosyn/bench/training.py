"""Another cohort of the same scenario, drawn with a different seed, for classifiers that learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property

import polars as pl

from nephrosyn.bench.features.extract import COLUMNS, before, features, with_values
from nephrosyn.bench.score.conditions import Condition, Reference, Shift, shifts
from nephrosyn.bench.simulated_cohort import cohort
from nephrosyn.bench.task import ABSTAINED, Task
from nephrosyn.criteria import DefinitionSet
from nephrosyn.errors import MOST_SEED
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.scenario import Scenario

PATIENTS = 2000
"""Default size of the training cohort; assumed: about a hundred patients in every class of the baseline scenario."""
SEED_STEP = 1_000_003
"""Added to the seed of the run; a large prime, so that training and test patients differ."""
NOBODY = "nobody in the training cohort has a right answer"
"""Why a classifier that learns cannot be fitted there."""


class Training:
    """A training cohort with the right answers, simulated when first used.

    Parameters
    ----------
    scenario : Scenario
        The scenario of the run.
    seed : int
        The seed of the run, from which that of the training cohort is derived.
    task : Task
        The question.
    patients : int
        Number of patients.
    """

    def __init__(self, scenario: Scenario, seed: int, task: Task, patients: int = PATIENTS) -> None:
        self._scenario, self._task, self.patients = scenario, task, patients
        self.seed = (seed + SEED_STEP) % (MOST_SEED + 1)

    _reader: str | None = None

    @cached_property
    def readers(self) -> list[str]:
        """The classifiers that read the cohort while they were made ready: those that learn."""
        return []

    @contextmanager
    def read_by(self, classifier: str) -> Iterator[None]:
        """Note a classifier in `readers` if it reads the cohort in the meantime."""
        self._reader = classifier
        try:
            yield
        finally:
            self._reader = None

    def _note_reader(self) -> None:
        if self._reader is not None and self._reader not in self.readers:
            self.readers.append(self._reader)

    @cached_property
    def whole(self) -> Mapping[str, pl.DataFrame]:
        """Observed tables to the end of follow-up, and the truth."""
        return cohort(self._scenario, self.patients, self.seed)

    @cached_property
    def _seen(self) -> Mapping[str, pl.DataFrame]:
        return before(self.whole, self._task.until_days)

    @cached_property
    def _answers(self) -> pl.DataFrame:
        return with_answer(self._task.classify(self.whole, "complete"))

    @cached_property
    def _wide(self) -> pl.DataFrame:
        return features(self._seen)

    @property
    def tables(self) -> Mapping[str, pl.DataFrame]:
        """Observed tables, as far as classifiers see them."""
        self._note_reader()
        return self._seen

    @property
    def answers(self) -> pl.DataFrame:
        """`replicate`, `patient` and `answer` of everybody who has a right answer."""
        self._note_reader()
        return self._answers

    @property
    def columns(self) -> list[str]:
        """The features that have a value in some patient; many estimators refuse entirely missing ones."""
        return with_values(self.features.select(COLUMNS))

    @property
    def features(self) -> pl.DataFrame:
        """The features of the patients in `answers`, with `answer` as the last column."""
        self._note_reader()
        return self._answers.join(self._wide, on=PATIENT_KEY, how="left", maintain_order="left").select(
            *self._wide.columns, pl.col("answer").cast(pl.String)
        )

    def perturbed(
        self, requested: Sequence[Condition], other_set: DefinitionSet, seed: int
    ) -> Iterator[tuple[Condition, Training]]:
        """Yield the same cohort under one condition after the other.

        Errors of labels and shifts of the cohort change the answers that are learnt, or who is learnt from.

        Parameters
        ----------
        requested : sequence of Condition
            The conditions.
        other_set : DefinitionSet
            The definition set of another clinic, for ``definition_shift``.
        seed : int
            Seed of the perturbations of the tested records; those of the training cohort have one of their own.
        """
        reference = Reference(self._task, self.whole, other_set, stored=False)
        for shift in shifts(self._seen, reference, requested, (seed + SEED_STEP) % (MOST_SEED + 1)):
            yield shift.condition, ChangedTraining(self, shift)

    def with_labels_of_the_record(self) -> Training:
        """Return the same cohort with the labels of the observed record, from which a study of real records learns."""
        answers = self._task.classify(self.whole, "observed").rename({"answer": "reference"})
        return ChangedTraining(self, Shift(Condition("", 0, 0), None, answers))


class ChangedTraining(Training):
    """A training cohort with another record or other answers.

    Parameters
    ----------
    cohort : Training
        The cohort as it was simulated.
    shift : Shift
        Its record and answers.
    """

    def __init__(self, cohort: Training, shift: Shift) -> None:
        super().__init__(cohort._scenario, 0, cohort._task, cohort.patients)
        self.seed = cohort.seed
        self._cohort, self._shift = cohort, shift

    @cached_property
    def whole(self) -> Mapping[str, pl.DataFrame]:
        """Observed tables to the end of follow-up, and the truth, as they were simulated."""
        return self._cohort.whole

    @cached_property
    def _seen(self) -> Mapping[str, pl.DataFrame]:
        return self._cohort._seen if self._shift.tables is None else self._shift.tables

    @cached_property
    def _answers(self) -> pl.DataFrame:
        reference = self._shift.reference.select("patient", answer="reference")
        replicate = pl.lit(0, self._seen["patients"].schema["replicate"])
        return with_answer(reference.select(replicate=replicate, patient="patient", answer="answer"))

    @cached_property
    def _wide(self) -> pl.DataFrame:
        return self._cohort._wide if self._shift.tables is None else features(self._shift.tables)


def with_answer(classified: pl.DataFrame) -> pl.DataFrame:
    """Return `replicate`, `patient` and `answer` of the patients who have a right answer."""
    return classified.select(*PATIENT_KEY, "answer").filter(pl.col("answer") != ABSTAINED)
