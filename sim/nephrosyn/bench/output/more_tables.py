"""The scores beside those of the leaderboard, as CSV files and as values of the JSON file."""

from __future__ import annotations

from typing import Any

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.bench.output.results import OVER_TIME_ANSWERS, TRAINING_ANSWERS, Bench


def _frames(bench: Bench) -> dict[str, pl.DataFrame]:
    """Return the tables that have rows, by name."""
    frames = {
        "training": bench.training_side,
        "training-cohorts": bench.between_cohorts,
        "labels": bench.by_label,
        "over-time": bench.over_time,
        "boundary": pl.DataFrame() if bench.boundary is None else bench.boundary.boundary,
        "boundary-scores": bench.by_threshold,
    }
    return {name: frame for name, frame in frames.items() if frame.height}


def answer_frames(bench: Bench) -> dict[str, pl.DataFrame]:
    """Return the answers after perturbed training and at landmarks, by file name."""
    answers = bench.answers
    frames = {
        TRAINING_ANSWERS: answers.retrained.frame if answers.retrained else pl.DataFrame(),
        OVER_TIME_ANSWERS: answers.over_time.frame if answers.over_time else pl.DataFrame(),
    }
    return {name: frame for name, frame in frames.items() if frame.height}


def csv_tables(bench: Bench) -> dict[str, str]:
    """Return the tables as CSV: text by file name."""
    return {
        f"{name}.csv": frame.with_columns(notice=pl.lit(vocabulary.NOTICE)).write_csv()
        for name, frame in _frames(bench).items()
    }


def more_values(bench: Bench) -> dict[str, Any]:
    """Return the tables as values of the JSON file."""
    values: dict[str, Any] = {name.replace("-", "_"): frame.to_dicts() for name, frame in _frames(bench).items()}
    if retrained := bench.answers.retrained:
        values["classifiers_that_learn"] = list(retrained.learners)
        values["classifiers_that_do_not_learn"] = list(retrained.others)
    answers = bench.answers
    reasons = [part.without for part in (answers.retrained, answers.over_time, answers.cohorts) if part]
    if reasons:
        values["not_fitted"] = [
            {"classifier": name, "condition": condition, "reason": why}
            for without in reasons
            for (name, condition), why in without.items()
        ]
    return values
