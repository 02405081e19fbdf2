"""What every classifier gives, whatever it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from nephrosyn.bench.features.extract import features
from nephrosyn.bench.task import FAILED, WHO, Task
from nephrosyn.bench.training import Training

PROBABILITY = "p_"
SUM_TOLERANCE = 0.01
"""How far probabilities may be from a sum of 1; assumed: files carry two or three decimals."""


class Shown:
    """A record as classifiers get it: observed tables only, and what is made of them when somebody asks.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Observed tables.
    folder : Path
        Where they are written for classifiers outside this process.
    """

    def __init__(self, tables: Mapping[str, pl.DataFrame], folder: Path) -> None:
        self.tables, self._folder = tables, folder

    @cached_property
    def people(self) -> pl.DataFrame:
        """Who is asked about, each patient once."""
        return self.tables["patients"].select(WHO).unique(maintain_order=True)

    @cached_property
    def features(self) -> pl.DataFrame:
        """The wide features of these people, in their order."""
        return self.people.join(features(self.tables), on=WHO, how="left", maintain_order="left")

    @cached_property
    def records_folder(self) -> Path:
        """The tables as Arrow files."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, frame in self.tables.items():
            frame.write_ipc(self._folder / f"{name}.arrow")
        return self._folder

    @cached_property
    def features_file(self) -> Path:
        """The features as an Arrow file."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / "features.arrow"
        self.features.write_ipc(path)
        return path


@dataclass(frozen=True)
class Asked:
    """What classifiers are told before the first record: the question, and patients to learn from.

    Attributes
    ----------
    task : Task
        The question.
    training : Training
        Another cohort of the same scenario, drawn when somebody wants it.
    seconds : float
        Time limit of one answer of a user's own classifier.
    """

    task: Task
    training: Training
    seconds: float


class NotReadyError(Exception):
    """A classifier that cannot be asked anything, as a model that cannot be fitted; its text is the reason."""


class Answering(Protocol):
    """A classifier that is ready to be asked."""

    def answer(self, shown: Shown) -> pl.DataFrame:
        """Return `replicate`, `patient`, `predicted`, perhaps `p_` columns, and `fault` in words where it failed."""

    def close(self) -> None:
        """Let go of whatever it holds."""


class Classifier(Protocol):
    """A classifier as it can be named."""

    @property
    def name(self) -> str:
        """Its name in every output."""

    def ready(self, asked: Asked) -> Answering:
        """Return it ready to be asked.

        Raises
        ------
        NotReadyError
            If it cannot be fitted; the bench goes on without it.
        """


class Held:
    """A ready classifier that is one function of what is shown."""

    def __init__(self, function: Any) -> None:
        self._function = function

    def answer(self, shown: Shown) -> pl.DataFrame:
        """Ask the function."""
        frame: pl.DataFrame = self._function(shown)
        return frame

    def close(self) -> None:
        """Nothing is held."""


def checked(given: pl.DataFrame, people: pl.DataFrame, task: Task) -> pl.DataFrame:
    """Return one answer for each patient: what is no answer is ``failed``, with the reason in `fault`.

    Parameters
    ----------
    given : polars.DataFrame
        `replicate`, `patient`, `predicted` as text, perhaps `fault` and `p_` columns.
    people : polars.DataFrame
        Who was asked about.
    task : Task
        The question.

    Returns
    -------
    polars.DataFrame
        `replicate`, `patient`, `predicted` of type ``task.answer``, `fault`, and a `p_` column for each answer.
    """
    frame = given.with_columns(pl.col("predicted").cast(pl.String))
    if "fault" not in frame.columns:
        frame = frame.with_columns(fault=pl.lit(None, pl.String))
    chances = [f"{PROBABILITY}{one}" for one in task.words]
    frame = frame.with_columns(
        [pl.lit(None, pl.Float64).alias(name) for name in chances if name not in frame.columns]
    ).select(*WHO, "predicted", pl.col("fault").cast(pl.String), *[pl.col(name).cast(pl.Float64) for name in chances])
    frame = people.select(WHO).join(frame, on=WHO, how="left", maintain_order="left")
    known = pl.col("predicted").is_in(task.words).fill_null(False)
    unknown = pl.format("unknown label {}", pl.col("predicted").fill_null("(none)").str.slice(0, 40))
    fault = pl.when(pl.col("fault").is_null() & ~known).then(unknown).otherwise("fault")
    frame = frame.with_columns(fault=fault)
    odd = pl.col("fault").is_null() & ~_add_up(chances)
    told = pl.lit("probabilities outside 0 to 1, or not of sum 1")
    frame = frame.with_columns(fault=pl.when(odd).then(told).otherwise("fault"))
    sound = pl.col("fault").is_null()
    return frame.with_columns(
        predicted=pl.when(sound).then("predicted").otherwise(pl.lit(FAILED)).cast(task.answer),
        **{name: pl.when(sound).then(name) for name in chances},
    )


def _add_up(chances: list[str]) -> pl.Expr:
    """Whether the probabilities of an answer are such, if any are given."""
    given = pl.any_horizontal([pl.col(name).is_not_null() for name in chances])
    inside = pl.all_horizontal([pl.col(name).is_between(0, 1).fill_null(True) for name in chances])
    return ~given | (inside & ((pl.sum_horizontal(chances) - 1).abs() <= SUM_TOLERANCE))
