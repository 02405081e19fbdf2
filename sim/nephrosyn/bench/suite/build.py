"""Builds the cohorts of a suite in memory, and the records and right answers of its tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

import polars as pl

from nephrosyn import criteria
from nephrosyn.bench.features.extract import before, features
from nephrosyn.bench.opened_run import OTHER_SETS, Run
from nephrosyn.bench.score.conditions import CLEAN, Condition, Reference, shifts
from nephrosyn.bench.score.subgroups import groups
from nephrosyn.bench.simulated_cohort import cohort
from nephrosyn.bench.suite.definition import Definition, Split
from nephrosyn.bench.suite.digests import columns_of, content_digest, table_digest
from nephrosyn.bench.task import ABSTAINED, Task
from nephrosyn.bench.training import Training
from nephrosyn.record.schema import OBSERVED, PATIENT_KEY
from nephrosyn.scenario import load

Tables = Mapping[str, pl.DataFrame]


def tables_of(split: Split) -> dict[str, pl.DataFrame]:
    """Simulate the cohort of a split: observed tables and the truth."""
    return cohort(load(split.scenario, list(split.overrides)).scenario, split.patients, split.seed)


class TrainingSplit(Training):
    """The train split of a task, as classifiers that learn take it.

    Parameters
    ----------
    shown : mapping of str to polars.DataFrame
        The observed tables, cut to the days that the task shows.
    answers : polars.DataFrame
        `replicate`, `patient` and `answer` of everybody who has a right answer.
    split : Split
        The split.
    """

    def __init__(self, shown: Tables, answers: pl.DataFrame, split: Split) -> None:
        self._shown, self._right = shown, answers
        self.patients, self.seed = split.patients, split.seed
        self.readers, self._reader = [], None

    @cached_property
    def tables(self) -> Tables:
        """The observed tables."""
        return self._shown

    @cached_property
    def answers(self) -> pl.DataFrame:
        """`replicate`, `patient` and `answer` of everybody who has a right answer."""
        return self._right

    @cached_property
    def features(self) -> pl.DataFrame:
        """The features of the patients in `answers`, with `answer` as the last column."""
        wide = features(self.tables)
        rows = self.answers.join(wide, on=PATIENT_KEY, how="left", maintain_order="left")
        return rows.select(*wide.columns, pl.col("answer").cast(pl.String))


class BuiltSuite:
    """The cohorts of a suite, each simulated when first used.

    Parameters
    ----------
    definition : Definition
        The suite.
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self._tables: dict[str, dict[str, pl.DataFrame]] = {}

    def tables(self, split: str) -> dict[str, pl.DataFrame]:
        """Return observed tables and truth of a split."""
        if split not in self._tables:
            self._tables[split] = tables_of(self.definition.splits[split])
        return self._tables[split]

    def shown(self, task: str, split: str) -> dict[str, pl.DataFrame]:
        """Return the unperturbed record that classifiers see: the observed tables up to the last day of the task."""
        return before(self.tables(split), self.definition.tasks[task].until_days)

    def answers(self, task: str, split: str) -> pl.DataFrame:
        """Return the right answers: `replicate`, `patient`, `applies` and `answer`."""
        return self.definition.tasks[task].question().classify(self.tables(split), "complete")

    def training(self, task: str) -> TrainingSplit:
        """Return the train split of a task."""
        name = self.definition.tasks[task].train
        answers = self.answers(task, name).drop("applies").filter(pl.col("answer") != ABSTAINED)
        return TrainingSplit(self.shown(task, name), answers, self.definition.splits[name])

    def run(self, task: str, split: str) -> Run:
        """Return a split of a task as the bench takes it."""
        question = self.definition.tasks[task].question()
        tables = self.tables(split)
        reference = Reference(question, tables, criteria.load(_alternative(question)), stored=False)
        manifest = {"scenario": {"name": self.definition.splits[split].scenario}}
        traits = tables["truth/traits"].select("patient", "response")
        slices = groups(tables, question, reference.frame)
        observed = question.answers(question.labels(tables, "observed", stored=False))
        return Run(
            folder=Path(split),
            criteria=question.definition.name,
            manifest=manifest,
            task=question,
            observed=self.shown(task, split),
            reference=reference,
            observed_labels=observed.select("patient", reference="answer"),
            groups=slices,
            traits=traits,
        )

    def digests_of_split(self, split: str) -> dict[str, dict[str, str]]:
        """Return the digests of the columns of every observed table of a split, by name."""
        tables = self.tables(split)
        return {f"{split}/{name}": columns_of(tables[name]) for name in OBSERVED}

    def digests_of_answers(self, task: str, split: str) -> dict[str, dict[str, str]]:
        """Return the digests of the columns of the right answers, by name."""
        return {f"{task}/{split}/answers": columns_of(self.answers(task, split))}


def _alternative(question: Task) -> str:
    """Return the definition set of another clinic, which only perturbations of labels would use."""
    return next(name for name in OTHER_SETS if name != question.definition.name)


def name_of(condition: Condition) -> str:
    """Return a condition as it stands in names of digests and files.

    Examples
    --------
    >>> name_of(Condition("upcr_noise", 3, 0))
    'upcr_noise/severity-3/replicate-0'
    """
    return f"{condition.perturbation}/severity-{condition.severity}/replicate-{condition.replicate}"


def digests_of_records(
    run: Run, task: str, split: str, requested: list[Condition], seed: int
) -> Iterator[tuple[str, str]]:
    """Yield the digest of every table that a perturbation changes, by name."""
    clean: dict[str, pl.DataFrame] = {}
    for shift in shifts(run.observed, run.reference, requested, seed):
        if shift.tables is None:
            continue
        if shift.condition.perturbation == CLEAN:
            clean = shift.tables
        for name, frame in shift.tables.items():
            if shift.condition.perturbation == CLEAN or frame is not clean[name]:
                yield f"{task}/{split}/{name_of(shift.condition)}/{name}", content_digest(frame)


def rolled_up(columns: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the digest of each table from those of its columns."""
    return {name: table_digest(of_table) for name, of_table in columns.items()}
