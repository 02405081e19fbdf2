"""True disease states over time and at the end: remission, nephrotic, kidney failure, death."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from nephrosyn import vocabulary
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.statistics.proportions import Share, wilson

STATES = ("complete_remission", "partial_remission", "nephrotic", "kidney_failure", "death")
STATE_NAMES = dict(
    zip(STATES, ("complete remission", "partial remission", "nephrotic", "kidney failure", "dead"), strict=True)
)
ENTERED_BY = {"relapse": "nephrotic", **{name: name for name in STATES if name != "nephrotic"}}
NEPHROTIC = STATES.index("nephrotic")
RESPONSES = ("complete", "partial", "none")
LONG_YEARS = 2.0
RECOVERED_YEARS = 2
"""Years in complete remission without any drug after which a patient counts as recovered for good."""
GRID_POINTS = 120

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """Patients with one response to steroid, by their state at the end of the course."""

    name: str
    shares: list[Share]


@dataclass(frozen=True)
class States:
    """The states of a cohort.

    Attributes
    ----------
    end : list of Share
        Share in each of ``STATES`` at the end of the course.
    by_response : list of Part
        The same by response to steroid at onset; empty without that trait.
    years : list of tuple of (int, list of float)
        Shares at the end of each year, if follow-up is longer than two years.
    days, shares : ndarray of float64, shape (m,), days, and shape (m, 5)
        Shares over time for the figure; empty unless follow-up is longer than two years.
    recovered : Share or None
        Patients recovered for good: in complete remission without any drug throughout the last two years. None unless
        follow-up is longer than that.
    """

    end: list[Share]
    by_response: list[Part]
    years: list[tuple[int, list[float]]]
    days: Floats
    shares: Floats
    recovered: Share | None = None

    @property
    def long(self) -> bool:
        """True if follow-up is long enough to show the states over time."""
        return len(self.days) > 0


def state_changes(events: pl.DataFrame) -> pl.DataFrame:
    """Return every change of state by time: ``replicate, patient, time_days, state, before``.

    Parameters
    ----------
    events : polars.DataFrame
        The table ``truth/events``. All patients are nephrotic at onset.

    Returns
    -------
    polars.DataFrame
        ``state`` and ``before`` are positions in ``STATES``.
    """
    codes = {event: STATES.index(state) for event, state in ENTERED_BY.items()}
    changes = events.select(*PATIENT_KEY, "time_days", pl.col("event").cast(pl.Enum(vocabulary.EVENTS)))
    changes = changes.filter(pl.col("event").is_in(list(codes))).sort(*PATIENT_KEY, "time_days", maintain_order=True)
    changes = changes.with_columns(state=pl.col("event").cast(pl.String).replace_strict(codes, return_dtype=pl.Int64))
    same = pl.all_horizontal(pl.col(key) == pl.col(key).shift(1) for key in PATIENT_KEY)
    before = pl.when(same).then(pl.col("state").shift(1)).otherwise(NEPHROTIC).fill_null(NEPHROTIC)
    return changes.select(*PATIENT_KEY, "time_days", "state", before=before)


def counts_at(changes: pl.DataFrame, patients: int, days: Floats) -> Counts:
    """Count the patients in each state at given times.

    Parameters
    ----------
    changes : polars.DataFrame
        From `state_changes`.
    patients : int
        Number of patients in the cohort.
    days : ndarray of float64, shape (m,), days
        Times, in ascending order.

    Returns
    -------
    ndarray of int64, shape (m, 5)
        Each row sums to the number of patients.
    """
    since = np.searchsorted(days, changes["time_days"].to_numpy(), side="left")
    counts = np.zeros((len(days) + 1, len(STATES)), np.int64)
    np.add.at(counts, (since, changes["state"].to_numpy()), 1)
    np.subtract.at(counts, (since, changes["before"].to_numpy()), 1)
    counts[0, NEPHROTIC] += patients
    return np.asarray(np.cumsum(counts, axis=0)[:-1])


def find(tables: Mapping[str, pl.DataFrame], follow_up_days: float) -> States:
    """Return the states at the end of the course, by response to steroid, and over time if follow-up is long.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables of a cohort, with the truth, which continues after a patient is lost to follow-up.
    follow_up_days : float, days
        Planned follow-up.

    Returns
    -------
    States
        Shares of all patients.
    """
    return from_counts(count(tables, follow_up_days), follow_up_days)


@dataclass(frozen=True)
class StateCounts:
    """Patients in each state at the end, at the end of each year, and over time; by response; and those recovered."""

    patients: int
    end: Counts
    years: Counts
    grid: Counts
    by_response: list[Part]
    recovered: int


def _grid(follow_up_days: float) -> tuple[Sequence[int], Floats]:
    """Return the years to tabulate and the days to draw; none unless follow-up is long."""
    if follow_up_days <= LONG_YEARS * vocabulary.DAYS_PER_YEAR + 1:
        return (), np.zeros(0)
    years = range(1, int((follow_up_days + 1) / vocabulary.DAYS_PER_YEAR) + 1)
    return years, np.linspace(0.0, follow_up_days, GRID_POINTS + 1)


def count(tables: Mapping[str, pl.DataFrame], follow_up_days: float) -> StateCounts:
    """Count patients by state; counts of parts are added by `added`. The parameters are those of `find`."""
    changes, patients = state_changes(tables["truth/events"]), tables["patients"].height
    years, days = _grid(follow_up_days)
    last = counts_at(changes, patients, np.array([np.inf]))[0]
    year_ends = np.array(years, np.float64) * vocabulary.DAYS_PER_YEAR
    at_years, at_days = (counts_at(changes, patients, when) for when in (year_ends, days))
    recovered = recovered_for_good(changes, tables["truth/doses"], follow_up_days)
    return StateCounts(patients, last, at_years, at_days, by_response(changes, tables["truth/traits"]), recovered)


def recovered_for_good(changes: pl.DataFrame, doses: pl.DataFrame, follow_up_days: float) -> int:
    """Count the patients in complete remission without any drug throughout the last ``RECOVERED_YEARS``.

    Parameters
    ----------
    changes : polars.DataFrame
        From `state_changes`.
    doses : polars.DataFrame
        The table ``truth/doses``.
    follow_up_days : float
        Planned follow-up (days).

    Returns
    -------
    int
        Number of patients.
    """
    since = follow_up_days - RECOVERED_YEARS * vocabulary.DAYS_PER_YEAR
    last = changes.group_by(PATIENT_KEY).agg(pl.col("state", "time_days").last())
    well = last.filter((pl.col("state") == STATES.index("complete_remission")) & (pl.col("time_days") <= since))
    return well.join(doses.filter(pl.col("last_days") >= since), on=PATIENT_KEY, how="anti").height


def added(parts: Sequence[StateCounts]) -> StateCounts:
    """Return the counts of a cohort from those of its parts."""
    end, years, grid = (np.sum([getattr(part, name) for part in parts], axis=0) for name in ("end", "years", "grid"))
    patients, recovered = (sum(getattr(part, name) for part in parts) for name in ("patients", "recovered"))
    return StateCounts(patients, end, years, grid, _together(parts), recovered)


def from_counts(counts: StateCounts, follow_up_days: float) -> States:
    """Return the states of a cohort from its counts."""
    patients = counts.patients
    year_numbers, days = _grid(follow_up_days)
    end = [wilson(int(count), patients) for count in counts.end]
    years = [(year, (row / max(patients, 1)).tolist()) for year, row in zip(year_numbers, counts.years, strict=True)]
    recovered = wilson(counts.recovered, patients) if len(days) else None
    return States(end, counts.by_response, years, days, counts.grid / max(patients, 1), recovered)


def _together(parts: Sequence[StateCounts]) -> list[Part]:
    combined = []
    for name in RESPONSES:
        of_response = [share.shares for part in parts for share in part.by_response if share.name == name]
        if of_response:
            total = sum(shares[0].total for shares in of_response)
            counts = [sum(share.count for share in shares) for shares in zip(*of_response, strict=True)]
            combined.append(Part(name, [wilson(count, total) for count in counts]))
    return combined


def by_response(changes: pl.DataFrame, traits: pl.DataFrame) -> list[Part]:
    """Return the states at the end by response to adequate steroid at onset, the best response first."""
    if "response" not in traits.columns:
        return []
    final = changes.group_by(PATIENT_KEY).agg(pl.col("state").last())
    people = traits.select(*PATIENT_KEY, pl.col("response").cast(pl.String)).join(final, on=PATIENT_KEY, how="left")
    people = people.with_columns(pl.col("state").fill_null(NEPHROTIC))
    return [Part(name, _shares(people.filter(response=name)["state"])) for name in _responses(people)]


def _responses(people: pl.DataFrame) -> Sequence[str]:
    there = set(people["response"])
    return [name for name in RESPONSES if name in there]


def _shares(states: pl.Series) -> list[Share]:
    counts = np.bincount(states.to_numpy(), minlength=len(STATES))
    return [wilson(int(count), len(states)) for count in counts]
