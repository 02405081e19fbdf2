"""A finished bench: its scores, and the files of its folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.bench.answers import Answers
from nephrosyn.bench.boundary.bench import by_threshold
from nephrosyn.bench.boundary.sample import BoundaryCohort
from nephrosyn.bench.draws import play
from nephrosyn.bench.draws.findings import DrawnBench
from nephrosyn.bench.score import (
    between_cohorts,
    bootstrap_intervals,
    comparisons,
    corruption_error,
    label_sources,
    over_time,
    training_side,
)
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.score.group_gaps import group_gaps
from nephrosyn.bench.score.metrics import ALL
from nephrosyn.bench.score.probability_scores import probability_table
from nephrosyn.bench.score.score_table import score
from nephrosyn.bench.task import OUTCOMES, outcome, scored
from nephrosyn.errors import BenchError
from nephrosyn.runs.folder import OutputFolder, reading
from nephrosyn.runs.run import Progress, silent
from nephrosyn.text_files import parsed_json

VALUES, SCORES, ANSWERS, BOARD, PAGE = (
    "bench.json",
    "scores.parquet",
    "predictions.parquet",
    "leaderboard.md",
    "bench.html",
)
FIGURES = (
    "degradation",
    "confusion",
    "slices",
    "prevalence",
    "reliability",
    "training",
    "over-time",
    "before-met",
    "certainty",
    "decisions",
)
DRAWS = "draws.parquet"
TRAINING_ANSWERS, OVER_TIME_ANSWERS = "training-answers.parquet", "over-time-answers.parquet"
TABLES = (
    "training.csv",
    "training-cohorts.csv",
    "boundary.csv",
    "boundary-scores.csv",
    "labels.csv",
    "over-time.csv",
    TRAINING_ANSWERS,
    OVER_TIME_ANSWERS,
)
FILES = frozenset({VALUES, SCORES, ANSWERS, DRAWS, BOARD, PAGE, *TABLES, *(f"{name}.svg" for name in FIGURES)})
KIND = OutputFolder("a bench of nephrosyn", FILES, VALUES, "classifiers")


@dataclass(frozen=True, repr=False)
class Bench:
    """The scores of a bench.

    Attributes
    ----------
    answers : Answers
        Every answer with the right one.
    baseline : str
        The classifier that corruption errors are relative to: the one named, or the definition set if that one has no
        score.
    draws : DrawnBench or None
        The scores over draws of the scenario's uncertain numbers, from `with_draws`.
    boundary : BoundaryCohort or None
        The cohort, if it is one at the boundaries of a definition set.
    """

    answers: Answers
    baseline: str
    draws: DrawnBench | None = None
    boundary: BoundaryCohort | None = None

    def __repr__(self) -> str:
        """Return the classifiers, the run and the number of draws."""
        drawn = f", {self.draws.draws} draws" if self.draws else ""
        return f"<Bench of {', '.join(self.names)} on {self.answers.run.folder}{drawn}>"

    @cached_property
    def scores(self) -> pl.DataFrame:
        """Every score, with the columns of `score_table.SCHEMA`."""
        run = self.answers.run
        scores = score(self.frame, run.task, run.groups)
        drawn = bootstrap_intervals.clean(self.frame, run.task, self.answers.about["seed"])
        of_probabilities = probability_table(self.frame, run.task, self.answers.about["seed"])
        return pl.concat([_with_intervals(scores, drawn), of_probabilities, group_gaps(self.frame, run.groups)])

    @cached_property
    def averages(self) -> pl.DataFrame:
        """Means over perturbed records: `classifier`, `metric`, `value` and its 95% bootstrap interval.

        No interval where every resample gives the same value, such as a share of failures where nothing failed.
        """
        drawn = bootstrap_intervals.perturbed(self.frame, self.names, self.baseline, self.answers.about["seed"])
        averages = {metric: corruption_error.means(self.scores, metric) for metric in bootstrap_intervals.PERTURBED}
        whole = self.corruption.filter(perturbation=ALL)
        averages["corruption_error"] = dict(whole.select("classifier", "corruption_error").iter_rows())
        rows = []
        for metric, values in averages.items():
            for name in self.names:
                ends = drawn.get((name, metric)) if values.get(name) is not None else None
                ends = ends if ends and ends.low < ends.high else None
                rows.append((name, metric, values.get(name), ends and ends.low, ends and ends.high))
        kinds = dict.fromkeys(("value", "low", "high"), pl.Float64)
        return pl.DataFrame(rows, schema={"classifier": pl.String, "metric": pl.String, **kinds}, orient="row")

    @cached_property
    def corruption(self) -> pl.DataFrame:
        """Corruption errors by classifier and perturbation, from `corruption_error.corruption_errors`."""
        return corruption_error.corruption_errors(self.scores, self.baseline)

    @cached_property
    def training_side(self) -> pl.DataFrame:
        """Scores by what was learnt from and what was tested; no rows if that was not asked for."""
        retrained, run = self.answers.retrained, self.answers.run
        if retrained is None:
            return pl.DataFrame(schema=training_side.SCHEMA)
        return training_side.grid(
            self.answers.frame, retrained, run.observed_labels, run.task, self.answers.about["seed"]
        )

    @cached_property
    def between_cohorts(self) -> pl.DataFrame:
        """Accuracy over training cohorts, with the columns of `between_cohorts.SCHEMA`; no rows for a single one."""
        cohorts = self.answers.cohorts
        more = pl.DataFrame() if cohorts is None else cohorts.frame
        return between_cohorts.between_cohorts(self.frame, more, self.answers.about["seed"])

    @cached_property
    def over_time(self) -> pl.DataFrame:
        """Scores over time; no rows if nothing was asked at landmarks."""
        answers = self.answers.over_time
        frame = pl.DataFrame() if answers is None else answers.frame
        return over_time.over_time(frame, self.answers.run.task, self.answers.about["seed"])

    @cached_property
    def by_threshold(self) -> pl.DataFrame:
        """Accuracy at each boundary, with the columns of `boundary.bench.SCHEMA`; no rows for other cohorts."""
        if self.boundary is None:
            return pl.DataFrame()
        return by_threshold(self.frame, self.boundary, self.names)

    @cached_property
    def by_label(self) -> pl.DataFrame:
        """Scores against the labels of the complete and of the observed record."""
        run = self.answers.run
        return label_sources.by_label(self.frame, run.observed_labels, run.task, self.names, self.answers.about["seed"])

    @cached_property
    def differences(self) -> list[comparisons.Difference]:
        """Differences of every pair of classifiers on the same patients."""
        return comparisons.compare(self.frame, self.answers.about["seed"])

    @cached_property
    def faults(self) -> pl.DataFrame:
        """Failures: `classifier`, `fault`, `answers` (their number) and an example `patient`."""
        wrong = self.answers.frame.filter(pl.col("fault").is_not_null())
        counted = wrong.group_by("classifier", "fault").agg(answers=pl.len(), patient=pl.col("patient").min())
        return counted.sort("classifier", "answers", "fault", descending=[False, True, False])

    @cached_property
    def outcomes(self) -> pl.DataFrame:
        """Every answer with its `outcome`, one of `task.OUTCOMES`."""
        outside = self.answers.run.reference.frame.filter(~pl.col("applies"))["patient"].implode()
        not_eligible = ~scored() & pl.col("patient").is_in(outside)
        refined = pl.when(not_eligible).then(pl.lit("outside the set")).otherwise(outcome().cast(pl.String))
        return self.answers.frame.with_columns(outcome=refined.cast(pl.Enum(OUTCOMES)))

    @property
    def counted(self) -> dict[str, int]:
        """Number of patients scored, outside the set, and not classifiable by it."""
        frame = self.answers.run.reference.frame
        outside = int((~frame["applies"]).sum())
        right = int(frame.select(scored().sum()).item())
        return {"scored": right, "outside_the_set": outside, "cannot_be_judged": frame.height - right - outside}

    @property
    def names(self) -> list[str]:
        """The classifiers that have a score, the definition set first."""
        return [name for name in self.answers.about["classifiers"] if name not in self.without_score]

    @property
    def without_score(self) -> dict[str, str]:
        """The classifiers without a score, and the reason."""
        return self.answers.without_score

    @property
    def nothing_asked(self) -> bool:
        """Whether classifiers were named and none of them has a score."""
        return bool(self.without_score) and self.names == [self.answers.definition_set]

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The answers of the classifiers that have a score."""
        return self.answers.frame.filter(pl.col("classifier").cast(pl.String).is_in(self.names))


def _with_intervals(scores: pl.DataFrame, drawn: bootstrap_intervals.Intervals) -> pl.DataFrame:
    """Return scores with bootstrap intervals added to those of all patients on the unperturbed record."""
    rows = [(name, CLEAN, ALL, ALL, metric, interval.low, interval.high) for (name, metric), interval in drawn.items()]
    by = ["classifier", "perturbation", "slice", "of", "metric"]
    kinds = {**dict.fromkeys(by, pl.String), "low": pl.Float64, "high": pl.Float64}
    ends = pl.DataFrame(rows, schema=kinds, orient="row")
    joined = scores.join(ends, on=by, how="left", suffix="_drawn", maintain_order="left")
    filled = [pl.coalesce(end, f"{end}_drawn").alias(end) for end in ("low", "high")]
    return joined.with_columns(filled).select(scores.columns)


def finish(answers: Answers, baseline: str | None = None) -> Bench:
    """Return the scores of a bench.

    Parameters
    ----------
    answers : Answers
        From `bench.run.ask` or `bench.files.predictions.score_file`.
    baseline : str, optional
        The classifier that corruption errors are relative to; by default the definition set.

    Raises
    ------
    BenchError
        If the baseline is not among the classifiers.
    """
    names = answers.about["classifiers"]
    if baseline is not None and baseline not in names:
        raise BenchError([f"--baseline {baseline}: not among the classifiers {', '.join(names)}"])
    known = baseline is not None and baseline not in answers.without_score
    return Bench(answers, baseline if known and baseline else answers.definition_set)


def with_draws(bench: Bench, *, progress: Progress = silent) -> Bench:
    """Return a bench with its scores over draws of the scenario's uncertain numbers.

    Each draw has patients and perturbations of its own, as many patients as the run but at most 500. Classifiers that
    learn keep their training cohort.

    Parameters
    ----------
    bench : Bench
        From `finish`, of answers that `bench.run.ask` was given a number of draws for.
    progress : callable
        Called with (stage, done, total).

    Raises
    ------
    BenchError
        If `ask` was given no number of draws.
    """
    run, plan = bench.answers.run, bench.answers.plan
    if plan is None or plan.draws is None:
        raise BenchError(["uncertainty: expected answers from `ask` with a number of draws"])
    scores = play.play(run, plan, bench.names, bench.baseline, progress=progress)
    return replace(bench, draws=DrawnBench(plan.draws, play.patients_of_draw(run.patients), scores))


def read(folder: Path) -> tuple[dict[str, Any], pl.DataFrame]:
    """Read the settings and answers of a bench from its folder.

    Raises
    ------
    BenchError
        If the folder holds no results of a bench.
    """
    try:
        about = parsed_json((folder / VALUES).read_bytes())
        return about, reading.read_parquet(folder / ANSWERS)
    except (OSError, ValueError, pl.exceptions.PolarsError):
        raise BenchError(
            [f"{folder}: no results of a bench; make them with: nephrosyn bench RUN --out {folder}"]
        ) from None
