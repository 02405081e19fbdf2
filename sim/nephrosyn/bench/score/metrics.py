"""Scores of one classifier under one condition, from the counts of right and given answers.

Who has no right answer is not scored. An abstention (``undetermined``), a failure and a wrong answer are three things,
each with its share; none is right, so each lowers accuracy and sensitivity, and the first two are no false alarm. Means
over classes are over the classes that somebody has.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from nephrosyn.bench.requirements import need
from nephrosyn.bench.task import ABSTAINED, FAILED, Task, outcome, scored
from nephrosyn.statistics.proportions import NORMAL_QUANTILE, wilson

ALL = "all"


@dataclass(frozen=True)
class Score:
    """One number.

    Attributes
    ----------
    metric : str
        Which.
    of : str
        A class, ``refractory`` as a group of classes, or ``all``.
    n : int
        Patients it rests on.
    value, low, high : float or None
        With the ends of its 95% interval; None where it is not defined, or has none.
    """

    metric: str
    of: str
    n: int
    value: float | None
    low: float | None = None
    high: float | None = None


Cells = Sequence[tuple[str, str, int]]
"""Right answer, given answer, patients."""


def share_of(metric: str, of: str, count: int, total: int) -> Score:
    """Return a share with its Wilson interval; no number where nobody was asked."""
    share = wilson(count, total)
    return Score(metric, of, total, *(_defined(value) for value in (share.share, share.low, share.high)))


def _defined(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


PARTS = ("wrong", "abstained", "failed")
"""What is not right, and why; with accuracy they sum to 1."""
LOST = {f"right_to_{part}_rate": part for part in PARTS}
"""Flips of a right answer, by what came of it; they sum to the rate of harmful flips."""
FLIPS = ("flip_rate", "harmful_flip_rate", "helpful_flip_rate", *LOST)
"""Whom the same classifier calls something else than on the clean record; of these, who was right, and who is now."""


def flip(name: str) -> pl.Expr:
    """Return whether an answer is a flip of a kind named in `FLIPS`."""
    flipped = pl.col("predicted") != pl.col("clean")
    if name in LOST:
        return (pl.col("clean") == pl.col("reference")) & (outcome() == LOST[name])
    if name == "harmful_flip_rate":
        return flipped & (pl.col("clean") == pl.col("reference"))
    return flipped & (pl.col("predicted") == pl.col("reference")) if name == "helpful_flip_rate" else flipped


def of_class(cells: Cells, members: Sequence[str], of: str) -> Iterator[Score]:
    """Yield sensitivity, specificity, PPV and NPV of a class, or of several as one, with Wilson intervals.

    Beside them the shares of those who have it that got no answer: abstentions, and failures.
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
    # Among those told not to have it; who got no answer was told nothing.
    yield share_of("npv", of, tn - silent, tn - silent + fn - missed)
    for part, said in (("abstained", ABSTAINED), ("failed", FAILED)):
        yield share_of(part, of, sum(n for right, given, n in cells if right in inside and given == said), tp + fn)


def overall(cells: Cells) -> Iterator[Score]:
    """Yield accuracy, the parts of what is not right, coverage, and the metrics of scikit-learn over all classes."""
    need("sklearn")
    from sklearn import metrics

    n = sum(cell[2] for cell in cells)
    answered = sum(cell[2] for cell in cells if cell[1] not in (ABSTAINED, FAILED))
    correct = sum(cell[2] for cell in cells if cell[0] == cell[1])
    yield share_of("accuracy", ALL, correct, n)
    yield share_of("coverage", ALL, answered, n)
    yield share_of("accuracy_of_answered", ALL, correct, answered)
    yield share_of("wrong", ALL, answered - correct, n)
    for part, said in (("abstained", ABSTAINED), ("failed", FAILED)):
        yield share_of(part, ALL, sum(cell[2] for cell in cells if cell[1] == said), n)
    if not n:
        return
    right, given = [cell[0] for cell in cells], [cell[1] for cell in cells]
    weight = np.array([cell[2] for cell in cells], np.float64)
    present = sorted(set(right))
    counted: dict[str, Any] = {"sample_weight": weight}
    means = {"labels": present, "average": "macro", "zero_division": 0.0, **counted}
    with warnings.catch_warnings():  # what is not defined comes out as NaN, and is None here
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
    """Return the share called refractory less the share that is, with a normal interval of the paired difference."""
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

    The Brier score is the sum of squares over all answers, 0 to 2: what is given to ``undetermined`` is given to an
    answer that is never right. Probabilities are made to sum to 1.
    """
    given = _given(frame, task)
    if not given.height:
        return
    from sklearn import metrics

    chances = _chances(given, task)
    right = given["reference"].cast(pl.String).to_list()
    names = sorted(task.words)
    order = [task.words.index(name) for name in names]
    brier = metrics.brier_score_loss(right, chances[:, order], labels=names, scale_by_half=False)
    yield Score("brier", ALL, given.height, _defined(brier))
    yield Score("log_loss", ALL, given.height, _defined(metrics.log_loss(right, chances[:, order], labels=names)))


def squared_errors(frame: pl.DataFrame, task: Task) -> tuple[Any, Any]:
    """Return who was given probabilities, and the sum of squares of each patient (0 where none were given)."""
    kept = _given(frame.with_row_index("row"), task)
    given, squares = np.zeros(frame.height), np.zeros(frame.height)
    if kept.height:
        code = {name: place for place, name in enumerate(task.words)}
        right = kept["reference"].cast(pl.String).replace_strict(code, return_dtype=pl.Int64).to_numpy()
        chances = _chances(kept, task)
        wanted = np.eye(len(task.words))[right]
        given[kept["row"].to_numpy()] = 1.0
        squares[kept["row"].to_numpy()] = ((chances - wanted) ** 2).sum(axis=1)
    return given, squares


def _given(frame: pl.DataFrame, task: Task) -> pl.DataFrame:
    names = [f"p_{one}" for one in task.words]
    if not set(names) & set(frame.columns):
        return frame.clear()
    rows = frame.filter(scored())
    rows = rows.with_columns([pl.lit(None, pl.Float64).alias(one) for one in names if one not in frame.columns])
    return rows.filter(pl.any_horizontal(pl.col(names).is_not_null())).with_columns(pl.col(names).fill_null(0.0))


def _chances(given: pl.DataFrame, task: Task) -> Any:
    values = given.select([f"p_{one}" for one in task.words]).to_numpy().astype(np.float64)
    total = values.sum(axis=1, keepdims=True)
    return np.where(total > 0, values / np.where(total > 0, total, 1.0), 1.0 / values.shape[1])


def reliability(frame: pl.DataFrame, task: Task, bins: int = 10) -> Iterator[tuple[float, Score]]:
    """Yield the observed share of refractory patients by their predicted probability: (mean predicted, observed)."""
    given = _given(frame, task)
    if not given.height:
        return
    inside = [place for place, name in enumerate(task.words) if name in task.refractory_answers]
    chance = _chances(given, task)[:, inside].sum(axis=1)
    is_so = given["reference"].is_in(task.refractory_answers).to_numpy()
    place = np.minimum((chance * bins).astype(int), bins - 1)
    for one in range(bins):
        mine = place == one
        if mine.any():
            name = f"{one / bins:.1f} to {(one + 1) / bins:.1f}"
            yield (
                float(chance[mine].mean()),
                share_of("observed_by_probability", name, int(is_so[mine].sum()), int(mine.sum())),
            )


PREVALENCES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def ppv_at(cells: Cells, members: Sequence[str]) -> Iterator[Score]:
    """Yield the PPV of refractory disease that the same sensitivity and specificity give at other prevalences."""
    found = {one.metric: one.value for one in of_class(cells, members, ALL)}
    sensitivity, specificity = found["sensitivity"], found["specificity"]
    n = sum(cell[2] for cell in cells)
    for prevalence in PREVALENCES:
        value = None
        if sensitivity is not None and specificity is not None:
            hits, alarms = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
            value = hits / (hits + alarms) if hits + alarms > 0 else None
        yield Score("ppv_at_prevalence", f"{prevalence:g}", n, value)
