"""Asks classifiers about every split and condition of a suite, task by task in several processes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.bench.classifiers.external import ExternalClassifier
from nephrosyn.bench.classifiers.protocol import Classifier, ReadyClassifier, Setup, ShownRecord
from nephrosyn.bench.output.results import Bench, finish
from nephrosyn.bench.run import (
    DEFAULT_TIME_LIMIT_SECONDS,
    Answers,
    Run,
    ask_all,
    failed_always,
    prepare,
    selected_classifiers,
)
from nephrosyn.bench.suite.build import BuiltSuite, digests_of_records, rolled_up
from nephrosyn.bench.suite.definition import Definition
from nephrosyn.bench.suite.scores import Evaluation, evaluated
from nephrosyn.runs.run import Progress, cores, silent


@dataclass(frozen=True)
class TaskResult:
    """What classifiers answered in one task, scored.

    Attributes
    ----------
    task : str
        The task.
    digests : dict of str to str
        Digests of the tables that the answers are about, by name.
    columns : dict of str to dict
        Digests of the columns of tables that are not perturbed, by name.
    evaluations : dict of str to dict of str to Evaluation
        The scores by classifier and split.
    without_score : dict of str to str
        Classifiers that gave no answer, and why.
    seconds : dict of str to float, s
        Time that each classifier took to be fitted and to answer. The features of a record are computed once, for the
        first classifier that uses them.
    files : dict of str to str
        Digests of the files that users' own classifiers were read from, by name.
    """

    task: str
    digests: dict[str, str]
    columns: dict[str, dict[str, str]]
    evaluations: dict[str, dict[str, Evaluation]] = field(default_factory=dict)
    without_score: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


class Timed:
    """A classifier that counts the time it takes.

    Parameters
    ----------
    classifier : Classifier
        The classifier.
    seconds : dict of str to float, s
        Where the time is added, by name.
    """

    def __init__(self, classifier: Classifier, seconds: dict[str, float]) -> None:
        self._classifier, self._seconds = classifier, seconds
        self._ready: ReadyClassifier | None = None

    @property
    def name(self) -> str:
        """Name in every output."""
        return self._classifier.name

    @property
    def sha256(self) -> str | None:
        """Digest of the file of a user's own classifier, once it is ready."""
        return self._classifier.sha256 if isinstance(self._classifier, ExternalClassifier) else None

    @contextmanager
    def _counted(self) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._seconds[self.name] = self._seconds.get(self.name, 0.0) + time.perf_counter() - start

    def ready(self, setup: Setup) -> ReadyClassifier:
        """Fit or start the classifier."""
        with self._counted():
            self._ready = self._classifier.ready(setup)
        return self

    def answer(self, shown: ShownRecord) -> pl.DataFrame:
        """Return its answers."""
        assert self._ready is not None
        with self._counted():
            return self._ready.answer(shown)

    def close(self) -> None:
        """Release its resources."""
        if self._ready is not None:
            self._ready.close()


@dataclass(frozen=True)
class Evaluator:
    """Builds the tasks of a suite and asks classifiers about them. All fields can be sent to another process.

    The definition set of a task is always asked first.

    Attributes
    ----------
    content : dict
        The definition of the suite.
    classifiers : tuple of str
        As for `classifiers.registry.find`.
    seconds : float, s
        Time limit of one answer of a user's own classifier.
    build_only : bool
        Build the tables and ask nobody.
    """

    content: dict[str, Any]
    classifiers: tuple[str, ...] = ()
    seconds: float = DEFAULT_TIME_LIMIT_SECONDS
    build_only: bool = False

    def result(self, task: str) -> TaskResult:
        """Build a task and, unless it is only built, ask the classifiers."""
        return self.build(task) if self.build_only else self.evaluate(task)

    @cached_property
    def _definition(self) -> Definition:
        return Definition.model_validate(self.content)

    def build(self, task: str) -> TaskResult:
        """Build a task without asking anybody."""
        suite = BuiltSuite(self._definition)
        columns = digests_of_task(suite, task)
        perturbed: dict[str, str] = {}
        for split in self._definition.tasks[task].scored_splits:
            perturbed |= _digests_of_records(suite.run(task, split), suite, task, split)
        return TaskResult(task, {**rolled_up(columns), **perturbed}, columns)

    def evaluate(self, task: str) -> TaskResult:
        """Ask the classifiers about every scored split of a task."""
        suite = BuiltSuite(self._definition)
        of_task = self._definition.tasks[task]
        columns = digests_of_task(suite, task)
        digests = rolled_up(columns)
        evaluations: dict[str, dict[str, Evaluation]] = {}
        question = of_task.question()
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nephrosyn-suite-")))
            setup = Setup(question, suite.training(task), self.seconds)
            seconds: dict[str, float] = {}
            timed = [Timed(classifier, seconds) for classifier in selected_classifiers(question, self.classifiers)]
            ready, why = prepare(timed, setup, stack, silent)
            for split in of_task.scored_splits:
                run = suite.run(task, split)
                digests |= _digests_of_records(run, suite, task, split)
                bench = asked_bench(run, ready, suite, task, split, folder)
                why |= bench.without_score
                for name in bench.names:
                    evaluations.setdefault(name, {})[split] = evaluated(
                        bench, name, of_task.roles[split], self._definition
                    )
        complete = {name: splits for name, splits in evaluations.items() if name not in why}
        files = {classifier.name: classifier.sha256 for classifier in timed if classifier.sha256}
        return TaskResult(task, digests, columns, complete, why, seconds, files)


def digests_of_task(suite: BuiltSuite, task: str) -> dict[str, dict[str, str]]:
    """Return the digests of the columns of the unperturbed tables and the right answers of a task, by name."""
    columns: dict[str, dict[str, str]] = {}
    for split in suite.definition.tasks[task].roles:
        columns |= suite.digests_of_split(split) | suite.digests_of_answers(task, split)
    return columns


def digests_of_split_and_records(suite: BuiltSuite, task: str, split: str) -> TaskResult:
    """Return the digests of one split of a task, with its perturbed records if it is scored."""
    columns = suite.digests_of_split(split) | suite.digests_of_answers(task, split)
    perturbed: dict[str, str] = {}
    if split in suite.definition.tasks[task].scored_splits:
        perturbed = _digests_of_records(suite.run(task, split), suite, task, split)
    return TaskResult(task, {**rolled_up(columns), **perturbed}, columns)


def _digests_of_records(run: Run, suite: BuiltSuite, task: str, split: str) -> dict[str, str]:
    of_task = suite.definition.tasks[task]
    return dict(digests_of_records(run, task, split, of_task.conditions(split), of_task.seed))


def asked_bench(
    run: Run, ready: Mapping[str, ReadyClassifier], suite: BuiltSuite, task: str, split: str, folder: Path
) -> Bench:
    """Return the scores of classifiers on a split."""
    of_task = suite.definition.tasks[task]
    frame = ask_all(run.observed, run.reference, ready, of_task.conditions(split), of_task.seed, folder, silent)
    return bench_of(run, frame, list(ready), of_task.seed)


def bench_of(run: Run, frame: pl.DataFrame, names: Sequence[str], seed: int) -> Bench:
    """Return the scores of answers, the definition set first among the names."""
    about = {"seed": seed, "classifiers": list(names), "without_score": failed_always(frame)}
    return finish(Answers(run, about, frame))


def in_processes(
    evaluator: Evaluator, tasks: Sequence[str], workers: int | None, progress: Progress
) -> Iterator[TaskResult]:
    """Yield the result of every task, in the order in which they are finished.

    Parameters
    ----------
    evaluator : Evaluator
        The classifiers.
    tasks : sequence of str
        The tasks.
    workers : int or None
        Number of processes; one for each core if None.
    progress : callable
        Called with (stage, done, total).
    """
    workers = min(workers or cores(), len(tasks))
    progress("tasks", 0, len(tasks))
    if workers == 1:
        for done, task in enumerate(tasks):
            yield evaluator.result(task)
            progress("tasks", done + 1, len(tasks))
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(evaluator.result, task) for task in tasks]
        for done, future in enumerate(as_completed(futures)):
            yield future.result()
            progress("tasks", done + 1, len(tasks))
