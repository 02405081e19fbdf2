"""Sample patients at the boundaries of a definition set, from many scenarios with settings moved at random.

No scenario holds patients at every boundary. Each batch of patients therefore has a scenario of its own: a shipped one,
with some of its settings at values drawn at random. They are lives that the model allows, in no proportion that means
anything: shares of such a cohort say nothing of a population.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn import criteria
from nephrosyn.bench.boundary.steps import MovedSet, moved_sets
from nephrosyn.bench.perturbations.severity import purpose
from nephrosyn.bench.simulated_cohort import cohort
from nephrosyn.criteria import DefinitionSet
from nephrosyn.errors import MOST_PATIENTS, MOST_SEED, BenchError, ScenarioError, wrong_count
from nephrosyn.kernels.random_streams import fill_uniforms
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import load, shipped
from nephrosyn.scenario.schema.scenario import Scenario
from nephrosyn.scenario.settings import SETTINGS

PER_BOUNDARY, MOST_SIMULATED = 10, 20_000
BATCH = 200
"""Patients of one scenario; assumed: enough to meet a boundary, few enough to see many settings."""
MOVED_SETTINGS = 3
"""Settings of a scenario that are drawn anew."""
BLOCKS = -(-(1 + len(SETTINGS) + MOVED_SETTINGS) // 4)
"""Blocks of four numbers that are drawn for each batch."""
VERDICT = ("applies", "category", "refractory")
BOUNDARY = {
    "patient": pl.Int32,
    "threshold": pl.String,
    "direction": pl.String,
    "category": pl.String,
    "moved_category": pl.String,
    "scenario": pl.String,
}
"""Columns of `BoundaryCohort.boundary`: which threshold, moved where, changes the verdict of a patient, and how."""


@dataclass(frozen=True, repr=False)
class BoundaryCohort:
    """Patients whose verdict changes when a threshold moves by one step.

    Attributes
    ----------
    definition : DefinitionSet
        The set.
    tables : dict of str to polars.DataFrame
        Observed tables and the truth of the patients, numbered from 0.
    boundary : polars.DataFrame
        A row for each patient and threshold at whose boundary the patient is, with the columns of `BOUNDARY`.
    counts : polars.DataFrame
        `threshold`, `direction` and `patients` for every move of a threshold; 0 where no patient is.
    simulated : int
        Number of patients that were simulated to find them.
    """

    definition: DefinitionSet
    tables: dict[str, pl.DataFrame]
    boundary: pl.DataFrame
    counts: pl.DataFrame
    simulated: int

    @property
    def patients(self) -> int:
        """Number of patients."""
        return self.tables["patients"].height

    def __repr__(self) -> str:
        """Return patients and boundaries."""
        reached = self.counts.filter(pl.col("patients") > 0).height
        return f"<BoundaryCohort of {self.definition.name}: {self.patients} patients at {reached} boundaries>"


def boundary_cohort(
    definition: DefinitionSet,
    *,
    per_boundary: int = PER_BOUNDARY,
    seed: int = 0,
    most_simulated: int = MOST_SIMULATED,
    progress: Progress = silent,
) -> BoundaryCohort:
    """Simulate patients and keep those whose verdict changes when one threshold moves by one step.

    The verdict is that on the complete record. Sampling ends when every move of a threshold has enough patients, or
    when enough were simulated.

    Parameters
    ----------
    definition : DefinitionSet
        The set.
    per_boundary : int
        Patients wanted for each move of a threshold.
    seed : int
        Seed; the same one gives the same patients.
    most_simulated : int
        Largest number of patients that are simulated.
    progress : callable
        Called with (stage, done, total).

    Raises
    ------
    BenchError
        If a number is out of range, or no patient is at a boundary.

    Examples
    --------
    >>> from nephrosyn.criteria import load
    >>> cohort = boundary_cohort(load("source"), per_boundary=1, most_simulated=400)
    >>> cohort.patients <= cohort.boundary.height, cohort.simulated
    (True, 400)
    """
    problems = [
        *wrong_count("--per-boundary", per_boundary, 1, 1000),
        *wrong_count("--simulate", most_simulated, BATCH, MOST_PATIENTS),
        *wrong_count("--seed", seed, 0, MOST_SEED),
    ]
    if problems:
        raise BenchError(problems)
    sampler = _Sampler(definition, per_boundary)
    simulated = 0
    for name, scenario in _scenarios(seed):
        if simulated >= most_simulated or sampler.is_full:
            break
        progress("simulate", simulated, most_simulated)
        tables = cohort(scenario, BATCH, (seed + simulated) % (MOST_SEED + 1))
        sampler.take(tables, name)
        simulated += BATCH
    progress("simulate", simulated, simulated)
    return sampler.finished(simulated)


class _Sampler:
    """Keeps patients at the boundaries of a set."""

    def __init__(self, definition: DefinitionSet, wanted: int) -> None:
        self.definition, self.wanted = definition, wanted
        self.moved: list[MovedSet] = moved_sets(definition)
        self.counts = {(moved.threshold, moved.direction): 0 for moved in self.moved}
        self._parts: list[Mapping[str, pl.DataFrame]] = []
        self._boundaries: list[pl.DataFrame] = []
        self._patients = 0

    @property
    def is_full(self) -> bool:
        """Whether every move has enough patients."""
        return min(self.counts.values(), default=0) >= self.wanted

    def take(self, tables: Mapping[str, pl.DataFrame], name: str) -> None:
        """Keep patients of a batch that are at boundaries where some are still wanted."""
        near = self._near(tables)
        selected = []
        for threshold, direction, patient in near.select("threshold", "direction", "patient").iter_rows():
            if self.counts[threshold, direction] < self.wanted:
                self.counts[threshold, direction] += 1
                selected.append(patient)
        if not selected:
            return
        numbers = pl.DataFrame({"patient": sorted(set(selected))}, schema={"patient": pl.Int32}).with_columns(
            number=pl.int_range(self._patients, self._patients + pl.len(), dtype=pl.Int32)
        )
        self._patients += numbers.height
        self._parts.append({table: _renumbered(frame, numbers) for table, frame in tables.items()})
        self._boundaries.append(_renumbered(near, numbers).with_columns(scenario=pl.lit(name)))

    def _near(self, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
        """Return who changes verdict by which move."""
        sets = [self.definition, *(moved.definition for moved in self.moved)]
        labels = criteria.classify(tables, sets, "complete", keep_going=True)
        said = labels.select("criteria", *PATIENT_KEY, *VERDICT)
        before = said.filter(criteria=self.definition.name).drop("criteria")
        moves = pl.DataFrame(
            [(moved.definition.name, moved.threshold, moved.direction) for moved in self.moved],
            schema={"criteria": pl.String, "threshold": pl.String, "direction": pl.String},
            orient="row",
        )
        after = said.with_columns(pl.col("criteria").cast(pl.String)).join(moves, on="criteria", how="inner")
        both = after.join(before, on=PATIENT_KEY, suffix="_before")
        changed = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_before")) for name in VERDICT)
        texts = {
            "category": pl.col("category_before").cast(pl.String),
            "moved_category": pl.col("category").cast(pl.String),
        }
        return (
            both.filter(changed)
            .select("patient", "threshold", "direction", **texts)
            .sort("threshold", "direction", "patient")
        )

    def finished(self, simulated: int) -> BoundaryCohort:
        """Return the cohort."""
        if not self._parts:
            raise BenchError([f"{self.definition.name}: none of {simulated:,} patients is at a boundary"])
        tables = {name: pl.concat([part[name] for part in self._parts]) for name in self._parts[0]}
        boundary = pl.concat(self._boundaries).select(pl.col(name).cast(kind) for name, kind in BOUNDARY.items())
        met = boundary.group_by("threshold", "direction").agg(patients=pl.len())
        moves = pl.DataFrame(list(self.counts), schema={"threshold": pl.String, "direction": pl.String}, orient="row")
        counts = moves.join(met, on=["threshold", "direction"], how="left").with_columns(
            pl.col("patients").fill_null(0)
        )
        return BoundaryCohort(self.definition, tables, boundary, counts, simulated)


def _renumbered(frame: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of some patients with their new numbers."""
    joined = frame.join(numbers, on="patient", how="inner", maintain_order="left")
    return joined.with_columns(pl.col("number").alias("patient")).select(frame.columns)


def _scenarios(seed: int) -> Iterator[tuple[str, Scenario]]:
    """Yield shipped scenarios drawn at random, each with some settings drawn at random; without end."""
    names = sorted(shipped())
    for batch in count():
        draws = fill_uniforms(seed, 0, np.array([batch], dtype=np.int64), purpose("boundary"), BLOCKS)[0]
        yield from _drawn(names[int(draws[0] * len(names))], draws[1:])


def _drawn(name: str, draws: NDArray[np.float64]) -> Iterator[tuple[str, Scenario]]:
    """Yield a scenario with drawn settings, unless it has a clinic or the values contradict each other."""
    scenario = load(name).scenario
    if scenario.care.clinic.slots != "unlimited":  # batches would wait for each other
        return
    places = np.argsort(draws[: len(SETTINGS)])[:MOVED_SETTINGS]
    arguments: list[str] = []
    for place, draw in zip(places, draws[len(SETTINGS) :], strict=False):
        offered = SETTINGS[place].offered(scenario)
        if offered is not None:
            values = offered[0]
            arguments += SETTINGS[place].arguments(scenario, values[int(draw * len(values))])
    try:
        yield " ".join([name, *(f"--set {argument}" for argument in arguments)]), load(name, arguments).scenario
    except ScenarioError:
        return
