"""Scores of one classifier under one condition, from the counts of right and given answers.

Patients without a right answer are not scored. A wrong answer, an abstention (``undetermined``) and a failure have a
share each; all of them lower accuracy and sensitivity, but only a wrong answer can be a false positive. Means over
classes include the classes that somebody has.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from nephrosyn.bench.optional_packages import require
from nephrosyn.bench.task import ABSTAINED, FAILED, Task, outcome, scored
from nephrosyn.statistics.proportions import NORMAL_QUANTILE, wilson

ALL = "all"


@dataclass(frozen=True)
class Score:
    """One score.

    Attributes
    ----------
    metric : str
        Name of the metric.
    of : str
        A class, ``refractory`` as a group of classes, or ``all``.
    n : int
        Number of patients it is computed from.
    value, low, high : float or None
        The score and the ends of its 95% interval; None where not defined.
    """

    metric: str
    of: str
    n: int
    value: float | None
    low: float | None = None
    high: float | None = None


Cells = Sequence[tuple[str, str, int]]
"""Confusion matrix as rows: right answer, given answer, number of patients."""


def share_of(metric: str, of: str, count: int, total: int) -> Score:
    """Return a share with its Wilson interval, None for a total of 0."""
    share = wilson(count, total)
    return Score(metric, of, total, *(_defined(value) for value in (share.share, share.low, share.high)))


def _defined(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


PARTS = ("wrong", "abstained", "failed")
"""Answers that are not right, by kind; with accuracy their shares sum to 1."""
LOST = {f"right_to_{part}_rate": part for part in PARTS}
"""Flips of a right answer, by the kind of the new one; they sum to the rate of harmful flips."""
FLIPS = ("flip_rate", "harmful_flip_rate", "helpful_flip_rate", *LOST)
"""Answers that differ from those on the unperturbed record. Harmful flips were right, helpful ones are right now."""


def flip(name: str) -> pl.Expr:
    """Return an expression: whether an answer is a flip of a kind named in `FLIPS`."""
    flipped = pl.col("predicted") != pl.col("clean")
    if name in LOST:
        return (pl.col("clean") == pl.col("reference")) & (outcome() == LOST[name])
    if name == "harmful_flip_rate":
        return flipped & (pl.col("clean") == pl.col("reference"))
    return flipped & (pl.col("predicted") == pl.col("reference")) if name == "helpful_flip_rate" else flipped


def of_class(cells: Cells, members: Sequence[str], of: str) -> Iterator[Score]:
    """Yield sensitivity, specificity, PPV and NPV of a class, or of several taken together, with Wilson intervals.

    Also the shares of abstentions and failures among patients who have the class.
    """
    inside = set(members)
    tp = sum(n for right, given, n in cells if right in inside and given in inside)
    fn = sum(n for right, given, n in cells if right in inside and given not in inside)
    fp = sum(n for right, given, n in cells if right not in inside and given in inside)
    tn = sum(n for right, given, n in cells if right not in inside and given not in inside)
    silent = sum(n for right, given, n in cells if right not in inside and given in (ABSTAINED, FAILED))
    missed = sum(n for right, given, n in cells if right in inside and given in (ABSTAINED, FAILED))
    yield share_of("sensitivity", of, tp, tp + fn)
    yield share_of("specificity", of, tn, tn + fp)
    yield share_of("ppv", of, tp, tp + fp)
    # Among patients given another class; those without an answer were given none.
    yield share_of("npv", of, tn - silent, tn - silent + fn - missed)
    for part, answer in (("abstained", ABSTAINED), ("failed", FAILED)):
        yield share_of(part, of, sum(n for right, given, n in cells if right in inside and given == answer), tp + fn)


def overall(cells: Cells) -> Iterator[Score]:
    """Yield accuracy, the `PARTS`, coverage, and the metrics of scikit-learn over all classes."""
    require("sklearn")
    from sklearn import metrics

    n = sum(cell[2] for cell in cells)
    answered = sum(cell[2] for cell in cells if cell[1] not in (ABSTAINED, FAILED))
    correct = sum(cell[2] for cell in cells if cell[0] == cell[1])
    yield share_of("accuracy", ALL, correct, n)
    yield share_of("coverage", ALL, answered, n)
    yield share_of("accuracy_of_answered", ALL, correct, answered)
    yield share_of("wrong", ALL, answered - correct, n)
    for part, answer in (("abstained", ABSTAINED), ("failed", FAILED)):
        yield share_of(part, ALL, sum(cell[2] for cell in cells if cell[1] == answer), n)
    if not n:
        return
    right, given = [cell[0] for cell in cells], [cell[1] for cell in cells]
    weight = np.array([cell[2] for cell in cells], np.float64)
    present = sorted(set(right))
    counted: dict[str, Any] = {"sample_weight": weight}
    means = {"labels": present, "average": "macro", "zero_division": 0.0, **counted}
    with warnings.catch_warnings():  # NaN where not defined, which becomes None
        warnings.simplefilter("ignore")
        values = {
            "balanced_accuracy": metrics.recall_score(right, given, **means),
            "macro_f1": metrics.f1_score(right, given, **means),
            "mcc": metrics.matthews_corrcoef(right, given, **counted) if len(set(right)) > 1 else math.nan,
            "kappa": metrics.cohen_kappa_score(right, given, **counted),
        }
    for name, value in values.items():
        yield Score(name, ALL, n, _defined(value))


def bias(cells: Cells, members: Sequence[str]) -> Score:
    """Return the share called refractory minus the share that is, with a normal interval of the paired difference."""
    inside = set(members)
    n = sum(cell[2] for cell in cells)
    if not n:
        return Score("refractory_share_bias", ALL, 0, None)
    up = sum(c for right, given, c in cells if right not in inside and given in inside)
    down = sum(c for right, given, c in cells if right in inside and given not in inside)
    value = (up - down) / n
    width = NORMAL_QUANTILE * math.sqrt(max((up + down) / n - value**2, 0.0) / n)
    return Score("refractory_share_bias", ALL, n, value, value - width, value + width)


def calibration(frame: pl.DataFrame, task: Task) -> Iterator[Score]:
    """Yield Brier score and log loss of the patients for whom probabilities were given.

    The Brier score is the sum of squares over all answers, 0 to 2; ``undetermined`` is an answer that is never right.
    Probabilities are normalised to a sum of 1.
    """
    given = given_probabilities(frame, task)
    if not given.height:
        return
    from sklearn import metrics

    probabilities = probability_matrix(given, task)
    right = given["reference"].cast(pl.String).to_list()
    names = sorted(task.valid_answers)
    order = [task.valid_answers.index(name) for name in names]
    brier = metrics.brier_score_loss(right, probabilities[:, order], labels=names, scale_by_half=False)
    yield Score("brier", ALL, given.height, _defined(brier))
    yield Score("log_loss", ALL, given.height, _defined(metrics.log_loss(right, probabilities[:, order], labels=names)))


def squared_errors(frame: pl.DataFrame, task: Task) -> tuple[Any, Any]:
    """Return whether probabilities were given (0 or 1), and the sum of squares or 0; both of shape (patients,)."""
    rows = given_probabilities(frame.with_row_index("row"), task)
    given, squares = np.zeros(frame.height), np.zeros(frame.height)
    if rows.height:
        code = {name: place for place, name in enumerate(task.valid_answers)}
        right = rows["reference"].cast(pl.String).replace_strict(code, return_dtype=pl.Int64).to_numpy()
        certain = np.eye(len(task.valid_answers))[right]
        given[rows["row"].to_numpy()] = 1.0
        squares[rows["row"].to_numpy()] = ((probability_matrix(rows, task) - certain) ** 2).sum(axis=1)
    return given, squares


def given_probabilities(frame: pl.DataFrame, task: Task) -> pl.DataFrame:
    """Return the scored patients for whom probabilities were given; a missing probability is 0."""
    names = [f"p_{name}" for name in task.valid_answers]
    if not set(names) & set(frame.columns):
        return frame.clear()
    rows = frame.filter(scored())
    rows = rows.with_columns([pl.lit(None, pl.Float64).alias(name) for name in names if name not in frame.columns])
    return rows.filter(pl.any_horizontal(pl.col(names).is_not_null())).with_columns(pl.col(names).fill_null(0.0))


def probability_matrix(given: pl.DataFrame, task: Task) -> Any:
    """Return probabilities with a sum of 1, shape (patients, valid answers)."""
    values = given.select([f"p_{name}" for name in task.valid_answers]).to_numpy().astype(np.float64)
    total = values.sum(axis=1, keepdims=True)
    return np.where(total > 0, values / np.where(total > 0, total, 1.0), 1.0 / values.shape[1])


def reliability(frame: pl.DataFrame, task: Task, bins: int = 10) -> Iterator[tuple[float, Score]]:
    """Yield, for each bin of the predicted probability of refractory disease, its mean and the observed share."""
    given = given_probabilities(frame, task)
    if not given.height:
        return
    inside = [place for place, name in enumerate(task.valid_answers) if name in task.refractory_answers]
    probability = probability_matrix(given, task)[:, inside].sum(axis=1)
    refractory = given["reference"].is_in(task.refractory_answers).to_numpy()
    bin_of = np.minimum((probability * bins).astype(int), bins - 1)
    for number in range(bins):
        in_bin = bin_of == number
        if in_bin.any():
            name = f"{number / bins:.1f} to {(number + 1) / bins:.1f}"
            yield (
                float(probability[in_bin].mean()),
                share_of("observed_by_probability", name, int(refractory[in_bin].sum()), int(in_bin.sum())),
            )


PREVALENCES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def ppv_at(cells: Cells, members: Sequence[str]) -> Iterator[Score]:
    """Yield the PPV of refractory disease at other prevalences, with the same sensitivity and specificity."""
    values = {score.metric: score.value for score in of_class(cells, members, ALL)}
    sensitivity, specificity = values["sensitivity"], values["specificity"]
    n = sum(cell[2] for cell in cells)
    for prevalence in PREVALENCES:
        value = None
        if sensitivity is not None and specificity is not None:
            hits, alarms = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
            value = hits / (hits + alarms) if hits + alarms > 0 else None
        yield Score("ppv_at_prevalence", f"{prevalence:g}", n, value)
