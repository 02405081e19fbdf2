"""Checks of a result file: whether it is about the frozen suite, complete, and agrees with itself.

The confusion matrix of every condition is in the file. Shares, means over classes, averages and corruption errors are
computed from it again. Scores of probabilities and intervals of resampled patients cannot be; they are checked for
their range.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from nephrosyn.bench.score import metrics
from nephrosyn.bench.score.bootstrap_intervals import of_matrices
from nephrosyn.bench.score.conditions import CLEAN, Condition
from nephrosyn.bench.score.metrics import ALL, Score
from nephrosyn.bench.suite.build import name_of
from nephrosyn.bench.suite.definition import Definition, SuiteTask, described, load, shipped
from nephrosyn.bench.suite.frozen import Frozen, SplitFacts, read_frozen, score_names
from nephrosyn.bench.suite.result import FORMAT, Result, compared_digest
from nephrosyn.bench.suite.scores import ConditionScores, Evaluation, StoredScore, columns_of_confusion
from nephrosyn.bench.task import ABSTAINED, FAILED, Task
from nephrosyn.errors import BenchError, nearest
from nephrosyn.text_files import UnreadableError, parsed_json, read_bytes

MOST_BYTES = 50_000_000
TOLERANCE = 2e-6
"""Stored scores have six decimals."""
SHOWN = 20
"""Problems of a file that are listed."""
LIMITS = {
    "brier": (0.0, 2.0),
    "log_loss": (0.0, np.inf),
    "corruption_error": (0.0, np.inf),
    "mcc": (-1.0, 1.0),
    "kappa": (-1.0, 1.0),
    "refractory_share_bias": (-1.0, 1.0),
    "net_benefit": (-np.inf, 1.0),
}
"""Range of a metric; of others whose name is not here it is not checked, unless they are shares."""
SHARES = frozenset(
    [
        *("accuracy", "coverage", "wrong", "abstained", "failed", "balanced_accuracy", "macro_f1", *metrics.FLIPS),
        *("auroc", "average_precision", "expected_calibration_error", "area_under_risk_coverage", "error_at_coverage"),
        *("brier_refractory", "brier_reliability", "brier_resolution"),
    ]
)


def read_result(path: Path, suite: str | None = None) -> Result:
    """Read a result and check it against its suite.

    Parameters
    ----------
    path : Path
        The file.
    suite : str, optional
        The suite that it should be about: a shipped one or a TOML file; by default the one that it names.

    Returns
    -------
    Result
        A complete result.

    Raises
    ------
    BenchError
        If it is not, with the problems.
    """
    content = _content(path)
    name = suite or _suite_of(path, content)
    definition, frozen = load(name), read_frozen(name)
    problems = list(_about_another_suite(content, definition))
    if not problems:
        try:
            result = Result.model_validate(content)
        except ValidationError as error:
            raise BenchError(_listed(path, described(error))) from None
        problems = list(faults(result, definition, frozen))
        if not problems:
            return result
    raise BenchError(_listed(path, problems))


def _listed(path: Path, problems: Sequence[str]) -> list[str]:
    more = [f"{path}: and {len(problems) - SHOWN} more problems"] if len(problems) > SHOWN else []
    return [f"{path}: {problem}" for problem in problems[:SHOWN]] + more


def _content(path: Path) -> dict[str, Any]:
    try:
        content = parsed_json(read_bytes(path, MOST_BYTES))
    except UnreadableError as error:
        raise BenchError([f"{path}: {error}"]) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        given = content.get("format") if isinstance(content, dict) else None
        what = f"; found the format {given}" if str(given).startswith("nephrosyn") else ""
        raise BenchError([f"{path}: expected a result of `nephrosyn bench suite`, format {FORMAT}{what}"])
    return content


def _suite_of(path: Path, content: Mapping[str, Any]) -> str:
    suite = content.get("suite")
    name = suite.get("name") if isinstance(suite, dict) else None
    if not isinstance(name, str):
        raise BenchError([f"{path}: suite.name: missing"])
    try:
        load(name if not name.endswith(".toml") else "")
    except BenchError as error:
        like = nearest(name, shipped(), 1)
        hint = f"; nearest: {like}" if like else ""
        if "no longer builds" in str(error):
            raise BenchError([f"{path}: {error}"]) from None
        raise BenchError(
            [f"{path}: suite.name: expected a shipped suite{hint}; found {name} (a suite of your own: --suite FILE)"]
        ) from None
    return name


def _about_another_suite(content: Mapping[str, Any], definition: Definition) -> Iterator[str]:
    suite = content.get("suite")
    if isinstance(suite, dict) and isinstance(suite.get("name"), str) and suite["name"] != definition.name:
        yield f"a result of suite {suite['name']}; expected {definition.name}"


def faults(result: Result, definition: Definition, frozen: Frozen) -> Iterator[str]:
    """Yield everything that is wrong with a result.

    Parameters
    ----------
    result : Result
        The result.
    definition, frozen : Definition, Frozen
        The suite.
    """
    if result.suite.definition_sha256 != definition.sha256:
        yield f"suite.definition_sha256: not that of {definition.name} ({definition.sha256[:12]}...)"
    if result.suite.digest != frozen.digest:
        yield f"suite.digest: not that of {definition.name} ({frozen.digest[:12]}...); the records differ"
    if not result.tasks:
        yield "tasks: expected at least one task with scores; found none"
    for task_name, splits in result.tasks.items():
        if task_name not in definition.tasks:
            like = nearest(task_name, definition.tasks)
            yield f"tasks.{task_name}: not a task of {definition.name}{f'; nearest: {like}' if like else ''}"
            continue
        task = definition.tasks[task_name]
        yield from _wrong_names(f"tasks.{task_name}", "split", splits, task.scored_splits)
        question = task.question()
        for split in task.scored_splits:
            if split in splits:
                place = _Place(task_name, split, task, question, definition, frozen.splits[f"{task_name}/{split}"])
                yield from place.faults(splits[split])
    if result.result_sha256 != compared_digest(result.model_dump(mode="json")):
        yield "result_sha256: not the digest of this content; the file was edited"


def _wrong_names(path: str, what: str, given: Sequence[str] | Mapping[str, Any], due: Sequence[str]) -> Iterator[str]:
    for name in due:
        if name not in given:
            yield f"{path}: {what} {name} is missing"
    for name, number in Counter(list(given)).items():
        if name not in due:
            like = nearest(name, due)
            yield f"{path}: {name} is not a {what} of this suite{f'; nearest: {like}' if like else ''}"
        elif number > 1:
            yield f"{path}: {what} {name} is there {number} times"


@dataclass(frozen=True)
class _Place:
    """A split of a task, with everything that a result about it must agree with."""

    task_name: str
    split: str
    task: SuiteTask
    question: Task
    definition: Definition
    facts: SplitFacts

    @property
    def path(self) -> str:
        return f"tasks.{self.task_name}.{self.split}"

    def faults(self, evaluation: Evaluation) -> Iterator[str]:
        """Yield what is wrong with the scores of a split."""
        about = list(self._wrong_counts(evaluation))
        yield from about
        conditions = {
            name_of(Condition(part.perturbation, part.severity, part.replicate)): part for part in evaluation.conditions
        }
        given = [name_of(Condition(part.perturbation, part.severity, part.replicate)) for part in evaluation.conditions]
        due = [name_of(condition) for condition in self.task.conditions(self.split)]
        names = list(_wrong_names(self.path, "condition", given, due))
        yield from names
        if about or names:
            return
        for name, part in conditions.items():
            yield from self._wrong_condition(f"{self.path}.{name}", part)
        yield from self._wrong_averages(evaluation)

    def _wrong_counts(self, evaluation: Evaluation) -> Iterator[str]:
        for name in ("patients", "scored", "outside_the_set", "not_classifiable"):
            given, due = getattr(evaluation, name), getattr(self.facts, name)
            if given != due:
                yield f"{self.path}.{name}: expected {due}; found {given}"
        if evaluation.role != self.task.roles[self.split]:
            yield f"{self.path}.role: expected {self.task.roles[self.split]}; found {evaluation.role}"
        for name, due_words in (
            ("classes", self.question.classes),
            ("answers", columns_of_confusion(self.question)),
        ):
            if getattr(evaluation, name) != due_words:
                yield f"{self.path}.{name}: expected {', '.join(due_words)}"

    def _wrong_condition(self, path: str, part: ConditionScores) -> Iterator[str]:
        right = list(self.facts.right.values())
        widths = {len(row) for row in part.confusion}
        if len(part.confusion) != len(right) or widths != {len(columns_of_confusion(self.question))}:
            yield f"{path}.confusion: expected {len(right)} rows of {len(columns_of_confusion(self.question))} counts"
            return
        for name, row, due in zip(self.question.classes, part.confusion, right, strict=True):
            if sum(row) != due:
                yield f"{path}.confusion: expected {due} patients who are {name}; found {sum(row)}"
        kind = "unperturbed" if part.perturbation == CLEAN else "perturbed"
        yield from self._wrong_scores(path, part.scores, kind)
        recomputed = recomputed_scores(part.confusion, self.question)
        for score in part.scores:
            again = recomputed.get((score.metric, score.of))
            if again is not None:
                yield from _disagreement(path, score, again.value)
                if again.n != score.n:
                    yield f"{path}: {score.metric} of {score.of}: expected n = {again.n}; found {score.n}"

    def _wrong_scores(self, path: str, scores: Sequence[StoredScore], kind: str) -> Iterator[str]:
        """Yield scores that are missing, twice, unknown, or out of range."""
        given = score_names(scores)
        for name, number in Counter(list(given)).items():
            if number > 1:
                yield f"{path}: {name} is there {number} times"
        for name in self.facts.scores[kind]:
            if name not in given:
                yield f"{path}: the score {name} is missing"
        allowed = self._metrics(kind)
        for score in scores:
            if score.metric not in allowed:
                like = nearest(score.metric, allowed)
                yield f"{path}: {score.metric} is not a metric here{f'; nearest: {like}' if like else ''}"
            yield from _out_of_range(path, score)

    def _metrics(self, kind: str) -> list[str]:
        listed = self.definition.metrics
        if kind == "unperturbed":
            return [*listed.unperturbed, *listed.by_group]
        return list(listed.perturbed if kind == "perturbed" else listed.averages)

    def _wrong_averages(self, evaluation: Evaluation) -> Iterator[str]:
        path = f"{self.path}.averages"
        yield from self._wrong_scores(path, evaluation.averages, "averages")
        perturbed = [part for part in evaluation.conditions if part.perturbation != CLEAN]
        if not perturbed:
            return
        again = self._averaged(perturbed)
        for score in evaluation.averages:
            if score.metric in again:
                yield from _disagreement(path, score, again[score.metric])

    def _averaged(self, perturbed: Sequence[ConditionScores]) -> dict[str, float | None]:
        """Return means over replicates, severities and perturbations, which have as many of each."""
        values: dict[str, list[float]] = {}
        errors: dict[str, list[float]] = {}
        for part in perturbed:
            scores = recomputed_scores(part.confusion, self.question)
            for metric in ("accuracy", *metrics.PARTS, "coverage"):
                values.setdefault(metric, []).append(scores[metric, ALL].value or 0.0)
            for score in part.scores:
                if score.metric == "flip_rate" and score.value is not None:
                    values.setdefault("flip_rate", []).append(score.value)
            baseline = self.facts.accuracy[name_of(Condition(part.perturbation, part.severity, part.replicate))]
            pair = errors.setdefault(part.perturbation, [0.0, 0.0])
            pair[0] += 1 - (scores["accuracy", ALL].value or 0.0)
            pair[1] += 1 - baseline
        ratios = [error / of_baseline for error, of_baseline in errors.values() if of_baseline > 0]
        means: dict[str, float | None] = {metric: sum(listed) / len(listed) for metric, listed in values.items()}
        mean = sum(ratios) / len(ratios) if ratios else None
        return {**means, "corruption_error": mean}


def recomputed_scores(confusion: Sequence[Sequence[int]], question: Task) -> dict[tuple[str, str], Score]:
    """Return the scores that follow from a confusion matrix, by metric and class.

    Parameters
    ----------
    confusion : sequence of sequence of int
        Right answers as rows, given answers as columns.
    question : Task
        The question.
    """
    answers = columns_of_confusion(question)
    cells = [
        (right, given, int(n))
        for right, row in zip(question.classes, confusion, strict=True)
        for given, n in zip(answers, row, strict=True)
        if n
    ]
    scores = [*_shares(cells), metrics.bias(cells, question.refractory_answers)]
    for name in question.classes:
        scores += metrics.of_class(cells, [name], name)
    if question.target == "category":
        scores += metrics.of_class(cells, question.refractory_answers, "refractory")
    square = np.zeros((1, len(answers), len(answers)))
    for right, given, n in cells:
        square[0, answers.index(right), answers.index(given)] = n
    total = int(square.sum())
    means = {name: float(values[0]) for name, values in of_matrices(square).items()} if total else {}
    scores += [Score(name, ALL, total, value if np.isfinite(value) else None) for name, value in means.items()]
    return {(score.metric, score.of): score for score in scores}


def _shares(cells: metrics.Cells) -> Iterator[Score]:
    total = sum(n for _, _, n in cells)
    by_answer = {answer: sum(n for _, given, n in cells if given == answer) for answer in (ABSTAINED, FAILED)}
    answered = total - sum(by_answer.values())
    correct = sum(n for right, given, n in cells if right == given)
    yield metrics.share_of("accuracy", ALL, correct, total)
    yield metrics.share_of("coverage", ALL, answered, total)
    yield metrics.share_of("accuracy_of_answered", ALL, correct, answered)
    yield metrics.share_of("wrong", ALL, answered - correct, total)
    yield metrics.share_of("abstained", ALL, by_answer[ABSTAINED], total)
    yield metrics.share_of("failed", ALL, by_answer[FAILED], total)


def _disagreement(path: str, score: StoredScore, again: float | None) -> Iterator[str]:
    # A quotient magnifies the rounding of the accuracy that it is relative to.
    tolerance = TOLERANCE * max(1.0, 100 * abs(again or 0.0)) if score.metric == "corruption_error" else TOLERANCE
    if (again is None) != (score.value is None) or abs((again or 0.0) - (score.value or 0.0)) > tolerance:
        text = "none" if again is None else f"{again:.6f}"
        given = "none" if score.value is None else f"{score.value:.6f}"
        yield f"{path}: {score.metric} of {score.of}: the confusion matrices give {text}; found {given}"


def _out_of_range(path: str, score: StoredScore) -> Iterator[str]:
    least, most = LIMITS.get(score.metric, (0.0, 1.0) if score.metric in SHARES else (-np.inf, np.inf))
    values = [value for value in (score.value, score.low, score.high) if value is not None]
    # an interval of a difference or of resampled patients may pass the end of the range
    if score.value is not None and not least <= score.value <= most:
        yield f"{path}: {score.metric} of {score.of}: expected {least:g} to {most:g}; found {score.value:g}"
    if len(values) == 3 and score.low is not None and score.high is not None and score.low > score.high:
        yield f"{path}: {score.metric} of {score.of}: its interval ends before it begins"
