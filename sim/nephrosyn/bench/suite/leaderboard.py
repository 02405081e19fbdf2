"""The leaderboard of a folder of results: one page that needs no other file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nephrosyn.bench.output.leaderboard import Estimate, interval_text
from nephrosyn.bench.perturbations import PERTURBATIONS
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.metrics import ALL, PARTS
from nephrosyn.bench.suite.check import read_result
from nephrosyn.bench.suite.definition import Definition, SuiteTask, load
from nephrosyn.bench.suite.output import INDEX, check_file, write_file
from nephrosyn.bench.suite.result import SUFFIX, Result
from nephrosyn.bench.suite.scores import ConditionScores, Evaluation, StoredScore
from nephrosyn.bench.task import YES
from nephrosyn.errors import BenchError
from nephrosyn.report.figures import inline
from nephrosyn.report.formatting import NO_VALUE, decimal, number, percent
from nephrosyn.report.page import frame
from nephrosyn.report.page.tables import Table

TEMPLATE = "suite.html.j2"
NOTES = (
    (
        "Right answer",
        "the definition set of the task applied to the complete record: every day observed, nothing lost, no "
        "measurement error. Patients outside the set, and those who cannot be judged even from the complete record, "
        "are not scored.",
    ),
    (
        "Order",
        "by accuracy on perturbed records of the test split. Intervals are 95%, of the sampling of patients; where "
        "they overlap, this table alone does not say which classifier is better.",
    ),
    (
        "Unperturbed, perturbed",
        "patients of the same scenario as the train split. Perturbed: mean over severities, then over perturbations, "
        "with equal weights. The corruption error is the error (1 - accuracy) relative to that of the definition set, "
        "which reads the same records.",
    ),
    (
        "Out of distribution",
        "unperturbed records of other settings, patients or care. No classifier learned from them.",
    ),
    (
        "What can be verified",
        "every line was checked against the frozen digests of the records and against its own confusion matrices. "
        "The right answers are no secret: anybody can simulate them. Who reruns a classifier can compare the digest of "
        "its answers; predictions from files have to be believed.",
    ),
    ("Limits", "the patients are simulated: ranks hold for these scenarios and perturbations, not for real patients."),
)


def read_folder(folder: Path, suite: str | None = None) -> list[Result]:
    """Read and check every result of a folder.

    Parameters
    ----------
    folder : Path
        The folder; every ``.json`` file in it is a result, but for the list of `output.write_results`.
    suite : str, optional
        The suite; by default the one that the first file names.

    Returns
    -------
    list of Result
        The results.

    Raises
    ------
    BenchError
        If there are none, or one is not complete, of another suite, or two have the same name; with all problems.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == SUFFIX and path.name != INDEX)
    except OSError as error:
        raise BenchError([f"{folder}: cannot be read: {error.strerror}"]) from None
    if not paths:
        raise BenchError([f"{folder}: expected results of a suite ({SUFFIX} files); found none"])
    results: dict[str, tuple[Path, Result]] = {}
    problems: list[str] = []
    for path in paths:
        try:
            result = read_result(path, suite)
        except BenchError as error:
            problems += error.problems
            continue
        suite = suite or result.suite.name
        if result.classifier.name in results:
            first = results[result.classifier.name][0].name
            problems.append(f"{path}: the name {result.classifier.name} is that of {first}, too; names must differ")
        results[result.classifier.name] = path, result
    if problems:
        raise BenchError(problems)
    return [result for _, result in results.values()]


def write_page(folder: Path, out: Path, suite: str | None = None, *, overwrite: bool = False) -> list[Result]:
    """Write the leaderboard of a folder of results.

    Parameters
    ----------
    folder : Path
        Results, as for `read_folder`.
    out : Path
        The page.
    suite : str, optional
        The suite; by default the one that the first file names.
    overwrite : bool
        Replace the page if it exists.

    Returns
    -------
    list of Result
        The results on it.

    Raises
    ------
    BenchError
        If the results are not valid.
    RunFolderError
        If the page cannot be written.
    """
    check_file(out, overwrite=overwrite)
    results = read_folder(folder, suite)
    write_file(page(results, load(suite or results[0].suite.name)), out, overwrite=overwrite)
    return results


@dataclass(frozen=True)
class Line:
    """One classifier in one task.

    Attributes
    ----------
    result : Result
        Its result.
    splits : dict of str to Evaluation
        Its scores by split.
    task : SuiteTask
        The task.
    """

    result: Result
    splits: dict[str, Evaluation]
    task: SuiteTask

    @property
    def name(self) -> str:
        """The classifier."""
        return self.result.classifier.name

    @property
    def test(self) -> Evaluation:
        """The scores on the test split."""
        return self.splits[self.task.test]

    def average(self, metric: str) -> Estimate:
        """Return a mean over perturbed records."""
        return _estimate(self.test.averages, metric)

    def parts(self) -> str:
        """Return the shares of wrong answers, abstentions and failures on perturbed records."""
        return ", ".join(percent((self.average(part) or (None,))[0]) for part in PARTS)

    def unperturbed(self, split: str, metric: str, of: str = ALL) -> Estimate:
        """Return a score on the unperturbed record of a split."""
        return _estimate(self.splits[split].conditions[0].scores, metric, of)


def _estimate(scores: Sequence[StoredScore], metric: str, of: str = ALL) -> Estimate:
    for score in scores:
        if score.metric == metric and score.of == of:
            return score.value, score.low, score.high
    return None


def summary(results: Sequence[Result], name: str) -> Table:
    """Return the accuracy in a task on all roles of splits, for the console."""
    listed = sorted(
        (result for result in results if name in result.tasks), key=lambda result: -(_mean_of(result, name) or 0.0)
    )
    rows = []
    for result in listed:
        splits = result.tasks[name]
        test = next(evaluation for evaluation in splits.values() if evaluation.role == "test")
        outside = [
            estimate[0]
            for evaluation in splits.values()
            if evaluation.role == "out_of_distribution"
            and (estimate := _estimate(evaluation.conditions[0].scores, "accuracy"))
            and estimate[0] is not None
        ]
        rows.append(
            (
                result.classifier.name,
                interval_text(_estimate(test.conditions[0].scores, "accuracy")),
                interval_text(_estimate(test.averages, "accuracy")),
                percent(sum(outside) / len(outside)) if outside else NO_VALUE,
                percent(min(outside)) if outside else NO_VALUE,
            )
        )
    head = ("classifier", "unperturbed", "perturbed", "other settings, mean", "other settings, lowest")
    return Table(f"{name}: accuracy", head, rows)


def _mean_of(result: Result, name: str) -> float | None:
    test = next(evaluation for evaluation in result.tasks[name].values() if evaluation.role == "test")
    mean = _estimate(test.averages, "accuracy")
    return mean[0] if mean else None


def lines(results: Sequence[Result], name: str, task: SuiteTask) -> list[Line]:
    """Return the classifiers with a score in a task, the most accurate on perturbed records first."""
    listed = [Line(result, result.tasks[name], task) for result in results if name in result.tasks]

    def rank(line: Line) -> tuple[float, str]:
        mean = line.average("accuracy")
        return -(mean[0] or 0.0) if mean else 0.0, line.name

    return sorted(listed, key=rank)


def board(results: Sequence[Result], name: str, task: SuiteTask) -> Table:
    """Return the leaderboard of a task."""
    rows = [
        (
            str(place + 1),
            line.name,
            interval_text(line.unperturbed(task.test, "accuracy")),
            interval_text(line.average("accuracy")),
            interval_text(line.average("corruption_error"), decimal),
            line.parts(),
        )
        for place, line in enumerate(lines(results, name, task))
    ]
    head = (
        "",
        "classifier",
        "accuracy, unperturbed",
        "accuracy, perturbed",
        "corruption error",
        "wrong, abstained, failed, perturbed",
    )
    return Table(task.title, head, rows, words=2)


WHOLE = ("balanced_accuracy", "macro_f1", "mcc", "kappa", "brier", "log_loss")


def on_the_unperturbed_record(results: Sequence[Result], name: str, task: SuiteTask) -> Table:
    """Return the scores over all classes on the unperturbed record of the test split."""
    rows = [
        (line.name, *(interval_text(line.unperturbed(task.test, metric), decimal) for metric in WHOLE))
        for line in lines(results, name, task)
    ]
    head = ("classifier", "balanced accuracy", "macro F1", "MCC", "kappa", "Brier", "log loss")
    return Table(f"{task.title}: test split, unperturbed records", head, rows)


OF_PROBABILITIES = {
    "auroc": (YES, "AUROC"),
    "average_precision": (YES, "average precision"),
    "expected_calibration_error": (YES, "calibration error"),
    "calibration_slope": (YES, "slope"),
    "calibration_intercept": (YES, "intercept"),
    "brier_refractory": (YES, "Brier, 0 to 1"),
    "area_under_risk_coverage": (ALL, "error, mean over coverages"),
}
"""Scores of probabilities on the page, what each is of, and its name there."""


def probabilities(results: Sequence[Result], name: str, task: SuiteTask) -> Table:
    """Return the scores of the probability of refractory disease on the unperturbed record of the test split."""
    rows = [
        (
            line.name,
            *(
                interval_text(line.unperturbed(task.test, metric, of), decimal)
                for metric, (of, _) in OF_PROBABILITIES.items()
            ),
        )
        for line in lines(results, name, task)
        if line.unperturbed(task.test, "auroc", YES) is not None
    ]
    head = ("classifier", *(said for _, said in OF_PROBABILITIES.values()))
    return Table(f"{task.title}: probabilities of refractory disease, test split, unperturbed records", head, rows)


def shifted(results: Sequence[Result], name: str, task: SuiteTask) -> Table:
    """Return the accuracy on every split of a task."""
    splits = [task.test, *task.out_of_distribution]
    rows = [
        (line.name, *(interval_text(line.unperturbed(split, "accuracy")) for split in splits))
        for line in lines(results, name, task)
    ]
    return Table(f"{task.title}: other settings, patients and care", ("classifier", *splits), rows)


def by_perturbation(results: Sequence[Result], name: str, task: SuiteTask) -> Table:
    """Return the accuracy at the highest severity of every perturbation."""
    worst = max(task.severities)
    listed = lines(results, name, task)
    rows = [
        (
            PERTURBATIONS[perturbation].title,
            *(percent(_mean_accuracy(line.test.conditions, perturbation, worst)) for line in listed),
        )
        for perturbation in task.perturbations
    ]
    head = ("perturbation", *(line.name for line in listed))
    return Table(f"{task.title}: accuracy at severity {worst}", head, rows)


def _mean_accuracy(conditions: Sequence[ConditionScores], perturbation: str, severity: int) -> float | None:
    values = [
        estimate[0]
        for part in conditions
        if (part.perturbation, part.severity) == (perturbation, severity)
        and (estimate := _estimate(part.scores, "accuracy"))
        and estimate[0] is not None
    ]
    return sum(values) / len(values) if values else None


def entries(results: Sequence[Result]) -> Table:
    """Return what is known of every classifier."""
    rows = [
        (
            result.classifier.name,
            result.classifier.kind,
            result.classifier.description or NO_VALUE,
            result.classifier.sha256[:12],
            f"{result.environment.nephrosyn}, Python {result.environment.python}",
            NO_VALUE if result.run.seconds is None else f"{result.run.seconds:.0f}",
        )
        for result in results
    ]
    head = ("classifier", "kind", "description", "SHA-256", "nephrosyn", "seconds")
    return Table("Entries", head, rows, words=5)


def silent(results: Sequence[Result], definition: Definition) -> Table:
    """Return the tasks without a score, and why."""
    rows = [
        (result.classifier.name, task, result.without_score.get(task, "not submitted"))
        for result in results
        for task in definition.tasks
        if task not in result.tasks
    ]
    return Table("Tasks without a score", ("classifier", "task", "why"), rows, words=3)


def sentence(results: Sequence[Result], definition: Definition) -> str:
    """Return the most accurate classifier of every task in words."""
    parts = [
        f"{task.title}: {_best(listed)}."
        for name, task in definition.tasks.items()
        if (listed := lines(results, name, task))
    ]
    return f"The most accurate on perturbed records. {' '.join(parts)}"


def _best(listed: Sequence[Line]) -> str:
    """Return the first classifier, and how many others have an interval that reaches its own."""
    best = listed[0].average("accuracy")
    if not best or best[0] is None:
        return listed[0].name
    low = best[1] if len(best) > 1 and best[1] is not None else best[0]
    others = [line.average("accuracy") for line in listed[1:]]
    near = [mean for mean in others if mean and mean[0] is not None and (mean[2] or mean[0]) >= low]
    overlap = f"; {len(near)} {'has' if len(near) == 1 else 'have'} an overlapping interval" if near else ""
    return f"{listed[0].name}, {percent(best[0])}{overlap}"


def page(results: Sequence[Result], definition: Definition) -> str:
    """Return the page.

    Parameters
    ----------
    results : sequence of Result
        Checked results of one suite.
    definition : Definition
        The suite.
    """
    first = results[0]
    tables = [
        table(results, name, task)
        for name, task in definition.tasks.items()
        for table in (board, shifted, on_the_unperturbed_record, probabilities, by_perturbation)
    ]
    return frame.html(
        TEMPLATE,
        name=definition.name,
        title=definition.title,
        sentence=sentence(results, definition),
        figures=_figures(results, definition),
        tables=[table for table in [*tables, silent(results, definition), entries(results)] if table.rows],
        splits=_splits(definition),
        facts=[
            ("Suite", definition.name),
            ("Results", number(len(results))),
            ("Digest of the records", first.suite.digest[:16]),
            ("Perturbation constants", f"version {definition.perturbations_version}"),
        ],
        notes=NOTES,
    )


def _splits(definition: Definition) -> Table:
    rows = [
        (name, split.what, split.scenario, number(split.patients), str(split.seed))
        for name, split in definition.splits.items()
    ]
    return Table("Splits", ("split", "patients", "scenario", "number", "seed"), rows, words=3)


def _figures(results: Sequence[Result], definition: Definition) -> list[tuple[str, str, str]]:
    """Return title, drawing and caption of the accuracy by severity in each task."""
    from nephrosyn.report.figures import bench_scores as drawings

    curves: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for name, task in definition.tasks.items():
        for line in lines(results, name, task):
            points = [
                (0, _mean_over(line, CLEAN, 0)),
                *((level, _mean_over(line, None, level)) for level in task.severities),
            ]
            known = [(level, value) for level, value in points if value is not None]
            curves.setdefault(task.title, {})[line.name] = known
    if not curves:
        return []
    caption = "Accuracy by severity, mean over perturbations; 0 is the unperturbed record."
    return [("As records get worse", inline(drawings.degradation(curves, "accuracy"), "degradation"), caption)]


def _mean_over(line: Line, perturbation: str | None, severity: int) -> float | None:
    """Return the mean accuracy over perturbations at a severity."""
    names = [perturbation] if perturbation else line.task.perturbations
    values = [_mean_accuracy(line.test.conditions, name, severity) for name in names]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
