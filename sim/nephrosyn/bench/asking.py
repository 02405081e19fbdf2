"""Makes classifiers ready and asks each of them under every condition."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import polars as pl

from nephrosyn.bench.classifiers.definition_sets import SetClassifier
from nephrosyn.bench.classifiers.external import GAVE_UP
from nephrosyn.bench.classifiers.protocol import (
    Classifier,
    NotReadyError,
    ReadyClassifier,
    Setup,
    ShownRecord,
    checked_answers,
)
from nephrosyn.bench.classifiers.registry import find_all
from nephrosyn.bench.perturbations import PERTURBATIONS
from nephrosyn.bench.score.conditions import CLEAN, Condition, Reference, Shift, shifts
from nephrosyn.bench.task import FAILED, Task
from nephrosyn.errors import BenchError
from nephrosyn.runs.run import Progress


def selected_classifiers(task: Task, names: Sequence[str]) -> list[Classifier]:
    """Return the classifiers, the definition set of the task first."""
    definition_set = SetClassifier(task.definition)
    others = []
    for classifier in find_all(names):
        if classifier.name != definition_set.name:
            others.append(classifier)
        elif not isinstance(classifier, SetClassifier):
            raise BenchError(
                [f"--classifier: {classifier.name} is the definition set asked about; choose another name"]
            )
    return [definition_set, *others]


def prepare(
    selected: Sequence[Classifier], setup: Setup, stack: ExitStack, progress: Progress
) -> tuple[dict[str, ReadyClassifier], dict[str, str]]:
    """Return the classifiers that are ready, closed with the stack, and why others are not."""
    ready: dict[str, ReadyClassifier] = {}
    not_ready: dict[str, str] = {}
    for done, classifier in enumerate(selected):
        progress("prepare", done, len(selected))
        try:
            with setup.training.read_by(classifier.name):
                ready[classifier.name] = classifier.ready(setup)
        except NotReadyError as error:
            not_ready[classifier.name] = f"could not be fitted: {error}"
            continue
        stack.callback(ready[classifier.name].close)
    return ready, not_ready


def ask_all(
    observed: Mapping[str, pl.DataFrame],
    reference: Reference,
    ready: Mapping[str, ReadyClassifier],
    requested: Sequence[Condition],
    seed: int,
    folder: Path,
    progress: Progress,
    also: Callable[[Shift, ShownRecord | None], None] | None = None,
) -> pl.DataFrame:
    """Return the answers of classifiers under every condition, as in `Answers.frame`.

    Parameters
    ----------
    observed : mapping of str to polars.DataFrame
        The unperturbed record.
    reference : Reference
        The right answers.
    ready : mapping of str to ReadyClassifier
        The classifiers by name.
    requested : sequence of Condition
        The conditions, the unperturbed record first.
    seed : int
        Seed of the perturbations.
    folder : Path
        Folder for the tables that classifiers read in other processes.
    progress : callable
        Called with (stage, done, total).
    also : callable, optional
        Called with each condition and its record, None where that is the unperturbed one.
    """
    task = reference.task
    clean: dict[str, pl.DataFrame] = {}
    frames = []
    for done, shift in enumerate(shifts(observed, reference, requested, seed)):
        progress("ask", done, len(requested))
        shown = None if shift.tables is None else ShownRecord(shift.tables, folder / f"condition-{done}")
        for name, classifier in ready.items():
            # A condition without tables shows the unperturbed record again, and has the same answers.
            given = clean[name] if shown is None else checked_answers(classifier.answer(shown), shown.people, task)
            if shift.condition.perturbation == CLEAN:
                clean[name] = given
            frames.append(with_reference(given, shift, name, clean[name], tuple(ready)))
        if also is not None:
            also(shift, shown)
        if shown is not None:
            shutil.rmtree(folder / f"condition-{done}", ignore_errors=True)
    progress("ask", len(requested), len(requested))
    frame = pl.concat(frames)
    empty = [name for name in frame.columns if name.startswith("p_") and frame[name].null_count() == frame.height]
    return frame.drop(empty) if len(empty) == len(task.classes) else frame


def failed_always(frame: pl.DataFrame) -> dict[str, str]:
    """Return the classifiers that failed on every answer, with the most frequent reason.

    Answers that were not waited for after several time-outs do not count as a reason.
    """
    reasons = {}
    for name, part in frame.partition_by("classifier", as_dict=True, maintain_order=True).items():
        if (part["predicted"].cast(pl.String) == FAILED).all():
            faults = part.filter(pl.col("fault") != GAVE_UP)["fault"].value_counts()
            faults = faults.sort("count", "fault", descending=[True, False])
            more = f", and {faults.height - 1} more" if faults.height > 1 else ""
            reasons[str(name[0])] = f"failed on every answer: {faults['fault'][0]}{more}"
    return reasons


def with_reference(
    given: pl.DataFrame, shift: Shift, name: str, clean: pl.DataFrame, names: Sequence[str]
) -> pl.DataFrame:
    """Return a classifier's answers under one condition with the right answers and those on the unperturbed record."""
    condition = shift.condition
    before = clean.select("patient", clean=pl.col("predicted"))
    rows = shift.reference.join(given.drop("replicate"), on="patient", how="inner", maintain_order="left")
    rows = rows.join(before, on="patient", how="left", maintain_order="left")
    probabilities = [column for column in given.columns if column.startswith("p_")]
    return rows.select(
        classifier=pl.lit(name, dtype=pl.Enum(tuple(names))),
        perturbation=pl.lit(condition.perturbation, dtype=pl.Enum((CLEAN, *PERTURBATIONS))),
        severity=pl.lit(condition.severity, dtype=pl.Int8),
        replicate=pl.lit(condition.replicate, dtype=pl.Int16),
        patient="patient",
        reference="reference",
        predicted="predicted",
        clean="clean",
        fault="fault",
        **{column: pl.col(column).cast(pl.Float32) for column in probabilities},
    )
