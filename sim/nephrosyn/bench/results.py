"""A finished bench: its scores, and what the folder is made of in which it is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.bench import intervals, resampling, robustness
from nephrosyn.bench.conditions import CLEAN
from nephrosyn.bench.errors import BenchError
from nephrosyn.bench.running import Answers
from nephrosyn.bench.scores import ALL
from nephrosyn.bench.scoring import score
from nephrosyn.cohort import Documents, reading

VALUES, SCORES, ANSWERS, BOARD, PAGE = (
    "bench.json",
    "scores.parquet",
    "predictions.parquet",
    "leaderboard.md",
    "bench.html",
)
FIGURES = ("degradation", "confusion", "slices", "prevalence", "reliability")
FILES = frozenset({VALUES, SCORES, ANSWERS, BOARD, PAGE, *(f"{name}.svg" for name in FIGURES)})
KIND = Documents("a bench of nephrosyn", FILES, VALUES, "classifiers")


@dataclass(frozen=True)
class Bench:
    """What was found.

    Attributes
    ----------
    answers : Answers
        Every answer beside the right one.
    baseline : str
        The classifier that corruption errors are held against.
    """

    answers: Answers
    baseline: str

    @cached_property
    def scores(self) -> pl.DataFrame:
        """Every score, tidy; the columns are those of `scoring.SCHEMA`."""
        run = self.answers.run
        made = score(self.answers.frame, run.task, run.groups)
        drawn = intervals.clean(self.answers.frame, run.task, self.answers.about["seed"])
        return _with(made, drawn)

    @cached_property
    def averages(self) -> pl.DataFrame:
        """Means over perturbed records: `classifier`, `metric`, `value` and its 95% bootstrap interval."""
        run = self.answers.run
        drawn = intervals.perturbed(self.answers.frame, run.task, self.names, self.baseline, self.answers.about["seed"])
        made = {metric: robustness.means(self.scores, metric) for metric in intervals.PERTURBED}
        whole = self.corruption.filter(perturbation=ALL)
        made["corruption_error"] = dict(whole.select("classifier", "corruption_error").iter_rows())
        rows = []
        for metric, values in made.items():
            for name in self.names:
                ends = drawn.get((name, metric)) if values.get(name) is not None else None
                rows.append((name, metric, values.get(name), ends and ends.low, ends and ends.high))
        kinds = dict.fromkeys(("value", "low", "high"), pl.Float64)
        return pl.DataFrame(rows, schema={"classifier": pl.String, "metric": pl.String, **kinds}, orient="row")

    @cached_property
    def corruption(self) -> pl.DataFrame:
        """Corruption errors by classifier and perturbation."""
        return robustness.corruption_errors(self.scores, self.baseline)

    @cached_property
    def differences(self) -> list[resampling.Difference]:
        """Every pair of classifiers on the same patients."""
        return resampling.compare(self.answers.frame, self.answers.run.task, self.answers.about["seed"])

    @cached_property
    def faults(self) -> pl.DataFrame:
        """What failed: `classifier`, `fault`, `answers` and an example `patient`."""
        wrong = self.answers.frame.filter(pl.col("fault").is_not_null())
        counted = wrong.group_by("classifier", "fault").agg(answers=pl.len(), patient=pl.col("patient").min())
        return counted.sort("classifier", "answers", "fault", descending=[False, True, False])

    @property
    def names(self) -> list[str]:
        """The classifiers, the definition set itself first."""
        return list(self.answers.about["classifiers"])


def _with(scores: pl.DataFrame, drawn: intervals.Intervals) -> pl.DataFrame:
    """Return scores of all patients on the clean record with the intervals that were drawn for them."""
    rows = [(name, CLEAN, ALL, ALL, metric, one.low, one.high) for (name, metric), one in drawn.items()]
    by = ["classifier", "perturbation", "slice", "of", "metric"]
    kinds = {**dict.fromkeys(by, pl.String), "low": pl.Float64, "high": pl.Float64}
    ends = pl.DataFrame(rows, schema=kinds, orient="row")
    joined = scores.join(ends, on=by, how="left", suffix="_drawn", maintain_order="left")
    filled = [pl.coalesce(one, f"{one}_drawn").alias(one) for one in ("low", "high")]
    return joined.with_columns(filled).select(scores.columns)


def finish(answers: Answers, baseline: str | None = None) -> Bench:
    """Return what was found.

    Raises
    ------
    BenchError
        If the baseline is none of the classifiers.
    """
    names = answers.about["classifiers"]
    if baseline is not None and baseline not in names:
        raise BenchError([f"--baseline {baseline}: none of the classifiers {', '.join(names)}"])
    return Bench(answers, baseline or names[0])


def read(folder: Path) -> tuple[dict[str, Any], pl.DataFrame]:
    """Return what is kept of a bench: how it was done, and every answer.

    Raises
    ------
    BenchError
        If there is no bench.
    """
    try:
        about = json.loads((folder / VALUES).read_text(encoding="utf-8"))
        return about, reading.read_parquet(folder / ANSWERS)
    except (OSError, ValueError, pl.exceptions.PolarsError):
        raise BenchError(
            [f"{folder}: no results of a bench; make them with: nephrosyn bench RUN --out {folder}"]
        ) from None
