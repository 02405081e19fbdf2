"""Runs a suite: builds and verifies it, asks classifiers, and returns a result for each."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nephrosyn.bench.classifiers.definition_sets import SetClassifier
from nephrosyn.bench.classifiers.external import ExternalClassifier
from nephrosyn.bench.classifiers.protocol import Classifier
from nephrosyn.bench.classifiers.registry import find_all
from nephrosyn.bench.optional_packages import require
from nephrosyn.bench.run import DEFAULT_TIME_LIMIT_SECONDS, LEAST_SECONDS, MOST_SECONDS
from nephrosyn.bench.suite.definition import Definition, load
from nephrosyn.bench.suite.evaluate import Evaluator, TaskResult, in_processes
from nephrosyn.bench.suite.frozen import Frozen, read_frozen, require_same
from nephrosyn.bench.suite.result import ClassifierOfResult, Kind, Result, build_result
from nephrosyn.errors import MOST_WORKERS, BenchError, wrong_count
from nephrosyn.runs.run import Progress, silent


@dataclass(frozen=True)
class Verified:
    """A suite that was built again and agrees with its digests.

    Attributes
    ----------
    definition, frozen : Definition, Frozen
        The suite.
    tables : int
        Number of tables that were compared.
    """

    definition: Definition
    frozen: Frozen
    tables: int


def verify(
    name: str, tasks: Sequence[str] | None = None, *, workers: int | None = None, progress: Progress = silent
) -> Verified:
    """Build a suite and compare the digests of all tables with the frozen ones.

    Parameters
    ----------
    name : str
        A shipped suite, or the path of a TOML file.
    tasks : sequence of str, optional
        Tasks to build; all by default.
    workers : int, optional
        Number of processes; one for each core by default.
    progress : callable
        Called with (stage, done, total).

    Raises
    ------
    BenchError
        If there is no such suite, or tables differ: each is named, with its columns.
    """
    definition, frozen = load(name), read_frozen(name)
    selected = _selected(definition, tasks, workers)
    evaluator = Evaluator(definition.model_dump(mode="json"), build_only=True)
    results = list(in_processes(evaluator, selected, workers, progress))
    require_same(name, frozen, definition, results)
    return Verified(definition, frozen, len({table for result in results for table in result.digests}))


def bench_suite(
    name: str,
    classifiers: Sequence[str] | None = None,
    tasks: Sequence[str] | None = None,
    *,
    seconds: float = DEFAULT_TIME_LIMIT_SECONDS,
    workers: int | None = None,
    progress: Progress = silent,
) -> list[Result]:
    """Run classifiers on a frozen benchmark.

    Parameters
    ----------
    name : str
        A shipped suite, or the path of a TOML file.
    classifiers : sequence of str, optional
        As for `classifiers.registry.find`; by default those with a committed result.
    tasks : sequence of str, optional
        Tasks to run; all by default.
    seconds : float, s
        Time limit of one answer of a user's own classifier.
    workers : int, optional
        Number of processes; one for each core by default. Results do not depend on it.
    progress : callable
        Called with (stage, done, total).

    Returns
    -------
    list of Result
        The definition set of the tasks first, then the classifiers in their order. A classifier that could answer in
        no task has a result without scores.

    Raises
    ------
    BenchError
        If a name is not valid, or the records are not those that were frozen.

    Examples
    --------
    >>> results = bench_suite("nephro-1", ["majority"], ["early-refractory"], workers=1)
    >>> results[1].classifier.name, list(results[1].tasks)
    ('majority', ['early-refractory'])
    """
    require("sklearn")
    definition, frozen = load(name), read_frozen(name)
    selected = _selected(definition, tasks, workers, seconds)
    names = tuple(definition.reference_classifiers if classifiers is None else classifiers)
    sets = dict.fromkeys(definition.tasks[task].criteria for task in selected)
    known = {classifier.name: classifier for classifier in find_all([*sets, *(n for n in names if n not in sets)])}
    evaluator = Evaluator(definition.model_dump(mode="json"), names, seconds)
    results = list(in_processes(evaluator, selected, workers, progress))
    require_same(name, frozen, definition, results)
    return [_result(definition, frozen, classifier, results) for classifier in known.values()]


def _selected(
    definition: Definition, tasks: Sequence[str] | None, workers: int | None, seconds: float = LEAST_SECONDS
) -> list[str]:
    """Return the tasks; raise an error with all problems of the arguments."""
    problems = [] if workers is None else wrong_count("--workers", workers, 1, MOST_WORKERS)
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        problems.append(f"--time-limit: expected {LEAST_SECONDS} to {MOST_SECONDS:.0f} seconds; found {seconds}")
    try:
        selected = definition.selected_tasks(list(tasks or []))
    except BenchError as error:
        raise BenchError([*problems, *error.problems]) from None
    if problems:
        raise BenchError(problems)
    return selected


def _result(definition: Definition, frozen: Frozen, classifier: Classifier, results: Sequence[TaskResult]) -> Result:
    name = classifier.name
    tasks = {result.task: result.evaluations[name] for result in results if name in result.evaluations}
    without = {result.task: result.without_score[name] for result in results if name in result.without_score}
    seconds = sum(result.seconds.get(name, 0.0) for result in results)
    return build_result(definition, frozen, about(classifier, _digest_of_file(name, results)), tasks, without, seconds)


def _digest_of_file(name: str, results: Sequence[TaskResult]) -> str | None:
    """Return the digest of the file of a user's own classifier, None without a file."""
    digests = {result.files[name] for result in results if name in result.files}
    if len(digests) > 1:
        raise BenchError([f"--classifier {name}: its file changed while the suite ran; run it again"])
    return next(iter(digests), None)


def about(classifier: Classifier, digest_of_file: str | None = None) -> ClassifierOfResult:
    """Return name, kind and digest of a classifier.

    The digest of a definition set is that of its values, of a shipped classifier that of its source file, and of a
    user's own that of its file; for a module without a file, of its name.
    """
    kind: Kind = "shipped"
    title = str(getattr(classifier, "title", ""))
    if isinstance(classifier, SetClassifier):
        kind, content = "definition set", classifier.definition.model_dump_json(exclude_none=True).encode()
        title = classifier.definition.title
    elif isinstance(classifier, ExternalClassifier):
        kind, content = "user", classifier.name.encode()
    else:
        content = Path(inspect.getfile(type(classifier))).read_bytes()
    digest = digest_of_file or hashlib.sha256(content).hexdigest()
    return ClassifierOfResult(name=classifier.name, kind=kind, sha256=digest, description=title)
