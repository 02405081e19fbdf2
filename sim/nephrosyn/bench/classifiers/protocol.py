"""The protocol of classifiers: what they are given, and how their answers are checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from nephrosyn.bench.features.extract import features
from nephrosyn.bench.task import FAILED, Task
from nephrosyn.bench.training import Training
from nephrosyn.record.schema import PATIENT_KEY

PROBABILITY = "p_"
SUM_TOLERANCE = 0.01
"""How far the sum of probabilities may be from 1; assumed: files carry two or three decimals."""


class ShownRecord:
    """A record as classifiers see it: observed tables, and features computed on demand.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Observed tables.
    folder : Path
        Where tables are written for classifiers in another process.
    """

    def __init__(self, tables: Mapping[str, pl.DataFrame], folder: Path) -> None:
        self.tables, self._folder = tables, folder

    @cached_property
    def people(self) -> pl.DataFrame:
        """`replicate` and `patient` of every patient, once each."""
        return self.tables["patients"].select(PATIENT_KEY).unique(maintain_order=True)

    @cached_property
    def features(self) -> pl.DataFrame:
        """The wide features, one row per patient in the order of `people`."""
        return self.people.join(features(self.tables), on=PATIENT_KEY, how="left", maintain_order="left")

    @cached_property
    def records_folder(self) -> Path:
        """Folder of the tables as Arrow files."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, frame in self.tables.items():
            frame.write_ipc(self._folder / f"{name}.arrow")
        return self._folder

    @cached_property
    def features_file(self) -> Path:
        """Path of the features as an Arrow file."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / "features.arrow"
        self.features.write_ipc(path)
        return path


@dataclass(frozen=True)
class Setup:
    """What classifiers are given before the first record: the task, and patients to learn from.

    Attributes
    ----------
    task : Task
        The question.
    training : Training
        Another cohort of the same scenario, simulated when first used.
    seconds : float, s
        Time limit of one answer of a user's own classifier.
    """

    task: Task
    training: Training
    seconds: float


class NotReadyError(Exception):
    """A classifier that cannot answer, such as a model that cannot be fitted; its text is the reason."""


class ReadyClassifier(Protocol):
    """A classifier that is ready to answer."""

    def answer(self, shown: ShownRecord) -> pl.DataFrame:
        """Return `replicate`, `patient`, `predicted`, and optionally `p_` columns and `fault` (why it failed)."""

    def close(self) -> None:
        """Release resources."""


class Classifier(Protocol):
    """A classifier before it is fitted or started."""

    @property
    def name(self) -> str:
        """Name in every output."""

    def ready(self, setup: Setup) -> ReadyClassifier:
        """Fit or start the classifier.

        Raises
        ------
        NotReadyError
            If it cannot be fitted; the bench continues without it.
        """


class ReadyFunction:
    """A ready classifier that is a function of the record shown."""

    def __init__(self, function: Any) -> None:
        self._function = function

    def answer(self, shown: ShownRecord) -> pl.DataFrame:
        """Call the function."""
        frame: pl.DataFrame = self._function(shown)
        return frame

    def close(self) -> None:
        """Do nothing."""


def checked_answers(given: pl.DataFrame, people: pl.DataFrame, task: Task) -> pl.DataFrame:
    """Return one valid answer per patient; an invalid or missing one becomes ``failed``, with the reason in `fault`.

    Parameters
    ----------
    given : polars.DataFrame
        `replicate`, `patient`, `predicted` as strings, optionally `fault` and `p_` columns.
    people : polars.DataFrame
        `replicate` and `patient` of everybody the classifier was asked about.
    task : Task
        The question.

    Returns
    -------
    polars.DataFrame
        `replicate`, `patient`, `predicted` of type ``task.answer_type``, `fault`, and a `p_` column for each answer.
    """
    frame = given.with_columns(pl.col("predicted").cast(pl.String))
    if "fault" not in frame.columns:
        frame = frame.with_columns(fault=pl.lit(None, pl.String))
    probabilities = [f"{PROBABILITY}{name}" for name in task.valid_answers]
    frame = frame.with_columns(
        [pl.lit(None, pl.Float64).alias(name) for name in probabilities if name not in frame.columns]
    ).select(
        *PATIENT_KEY,
        "predicted",
        pl.col("fault").cast(pl.String),
        *[pl.col(name).cast(pl.Float64) for name in probabilities],
    )
    frame = people.select(PATIENT_KEY).join(frame, on=PATIENT_KEY, how="left", maintain_order="left")
    known = pl.col("predicted").is_in(task.valid_answers).fill_null(False)
    unknown = pl.format("unknown label {}", pl.col("predicted").fill_null("(none)").str.slice(0, 40))
    fault = pl.when(pl.col("fault").is_null() & ~known).then(unknown).otherwise("fault")
    frame = frame.with_columns(fault=fault)
    unsound = pl.col("fault").is_null() & (outside_unit_interval(probabilities) | wrong_sum(probabilities))
    message = pl.lit("probabilities outside 0 to 1, or not of sum 1")
    frame = frame.with_columns(fault=pl.when(unsound).then(message).otherwise("fault"))
    sound = pl.col("fault").is_null()
    return frame.with_columns(
        predicted=pl.when(sound).then("predicted").otherwise(pl.lit(FAILED)).cast(task.answer_type),
        **{name: pl.when(sound).then(name) for name in probabilities},
    )


def outside_unit_interval(columns: list[str]) -> pl.Expr:
    """Return whether a probability is below 0 or above 1; missing ones are not."""
    return ~pl.all_horizontal([pl.col(name).is_between(0, 1).fill_null(True) for name in columns])


def wrong_sum(columns: list[str]) -> pl.Expr:
    """Return whether probabilities from 0 to 1 are given that do not sum to 1."""
    given = pl.any_horizontal([pl.col(name).is_not_null() for name in columns])
    off = (pl.sum_horizontal(columns) - 1).abs() > SUM_TOLERANCE
    return given & ~outside_unit_interval(columns) & off
