"""Intervals of scores that hold the uncertainty of the scenario's numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import polars as pl

from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.metrics import ALL
from nephrosyn.statistics.expected_values import ends, without_chance


@dataclass(frozen=True)
class DrawnScore:
    """A score over the draws.

    Attributes
    ----------
    classifier, perturbation, metric : str
        Of which classifier; ``none`` for the unperturbed record, ``all`` for the mean over perturbed records, or the
        name of a perturbation; which score.
    undefined : int
        Draws in which it is not defined. If there are any, the other numbers are None.
    mean, low, high : float or None
        Mean over the draws, and 95% interval of the expected score.
    constant : bool
        Whether the score is the same in every draw.
    """

    classifier: str
    perturbation: str
    metric: str
    undefined: int
    mean: float | None
    low: float | None
    high: float | None
    constant: bool = False


@dataclass(frozen=True, repr=False)
class DrawnBench:
    """Scores of a bench over draws of the scenario's uncertain numbers.

    Attributes
    ----------
    draws, patients : int
        Number of draws, and of patients in each.
    scores : polars.DataFrame
        Every score of every draw, with the columns of `scores.SCHEMA`.
    summary : list of DrawnScore
        Every score over the draws.
    """

    draws: int
    patients: int
    scores: pl.DataFrame
    summary: list[DrawnScore] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "summary", list(_summary(self.scores)))

    def __repr__(self) -> str:
        """Return the number of draws and patients."""
        return f"<DrawnBench of {self.draws} draws of {self.patients} patients>"

    def of(self, classifier: str, perturbation: str, metric: str) -> DrawnScore | None:
        """Return one score over the draws; None if there is none."""
        key = (classifier, perturbation, metric)
        return next(
            (score for score in self.summary if (score.classifier, score.perturbation, score.metric) == key), None
        )

    def most_accurate(self, names: Iterable[str]) -> dict[str, int]:
        """Return in how many draws each classifier is the most accurate, the first of several that are equal.

        On perturbed records or, without these, on the unperturbed one.
        """
        rows = self.scores.filter(pl.col("classifier").is_in(list(names)), metric="accuracy").drop_nulls("value")
        where = ALL if rows.filter(perturbation=ALL).height else CLEAN
        best = rows.filter(perturbation=where).sort("draw", "value", descending=[False, True], maintain_order=True)
        firsts = best.group_by("draw", maintain_order=True).first()["classifier"].to_list()
        return {name: firsts.count(name) for name in names}

    def as_dict(self) -> dict[str, Any]:
        """Return the intervals as plain values."""
        return {"draws": self.draws, "patients": self.patients, "scores": [asdict(score) for score in self.summary]}


def _summary(scores: pl.DataFrame) -> Iterable[DrawnScore]:
    keys = ["classifier", "perturbation", "metric"]
    for key, rows in scores.partition_by(keys, as_dict=True, maintain_order=True).items():
        names = [str(part) for part in key]
        undefined = rows["value"].null_count()
        if undefined or rows.height < 2:
            yield DrawnScore(names[0], names[1], names[2], undefined, None, None, None)
            continue
        values, errors = (rows[column].to_numpy().astype(np.float64) for column in ("value", "error"))
        low, high = ends(without_chance(values, errors))
        yield DrawnScore(names[0], names[1], names[2], 0, float(values.mean()), low, high, bool(np.ptp(values) == 0))
