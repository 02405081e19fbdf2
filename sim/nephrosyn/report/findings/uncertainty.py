"""The refractory share with what the scenario's sources leave open: from the counts of its draws."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn.report.findings.verdicts.refractory_share import Span
from nephrosyn.statistics import nested_variance
from nephrosyn.statistics.nested_variance import Draws
from nephrosyn.vocabulary import NOTICE, VIEWS

LEAST_DRAWS = 10
"""Least number of first draws whose interval is shown."""
FRACTIONS = (4, 2, 1)
"""The interval is shown of the first quarter, the first half and all of the draws."""


@dataclass(frozen=True)
class SetUncertainty:
    """The refractory share of one definition set and view over the draws; shares and variances are fractions.

    Attributes
    ----------
    criteria, view : str
        Definition set and view.
    draws : int
        Number of draws.
    mean : float
        Mean of the shares.
    low, high : float
        95% uncertainty interval of the expected share.
    low_error, high_error : float
        Monte-Carlo standard errors of its ends.
    most_low, most_high : float
        The same interval if all patients who could not be judged were refractory.
    chance, numbers, mix : float
        Variance of the share of a cohort of this size: by the chance of its patients, by uncertain numbers, and by the
        uncertain mix of patients. What numbers and mix do only together is divided equally.
    chance_is_known : bool
        False if patients share the clinic of a single site: its chance cannot be estimated, is given as 0, and is in
        the interval.
    convergence : list of (int, float, float)
        Number of first draws, and the interval from them.
    shares : tuple of float
        Expected share of each draw: its share without chance.
    """

    criteria: str
    view: str
    draws: int
    mean: float
    low: float
    high: float
    low_error: float
    high_error: float
    most_low: float
    most_high: float
    chance: float
    numbers: float
    mix: float
    convergence: list[tuple[int, float, float]]
    shares: tuple[float, ...] = field(repr=False)
    chance_is_known: bool = True

    @property
    def total(self) -> float:
        """Variance of the share of a cohort of this size."""
        return self.chance + self.numbers + self.mix

    @property
    def span(self) -> Span:
        """The interval, for the comparison with one third."""
        return Span(self.low, self.high, self.most_low, self.most_high)


@dataclass(frozen=True)
class WithoutInterval:
    """A definition set and view without an interval: in some draws it applies to fewer patients than an interval needs.

    Attributes
    ----------
    criteria, view : str
        Definition set and view.
    draws : tuple of int
        These draws.
    of : int
        Number of all draws.
    """

    criteria: str
    view: str
    draws: tuple[int, ...]
    of: int


@dataclass(frozen=True, repr=False)
class Uncertainty:
    """What the draws of a run say about the refractory share.

    Attributes
    ----------
    draws, patients : int
        Number of draws, and of patients in each.
    quantities : list of mapping
        The uncertain numbers: ``keys``, ``kind``, ``law`` and ``source``.
    sets : list of SetUncertainty
        One for each definition set and view, the observed record first.
    without : list of WithoutInterval
        Definition sets and views that apply to (almost) nobody in some draw.
    counts : polars.DataFrame
        Counts of patients by draw, definition set and view.
    """

    draws: int
    patients: int
    quantities: list[Mapping[str, Any]]
    sets: list[SetUncertainty]
    without: list[WithoutInterval]
    counts: pl.DataFrame

    def __repr__(self) -> str:
        """The interval of the first definition set, in a line."""
        if not self.sets:
            return f"<Uncertainty: {self.draws} draws>"
        first = self.sets[0]
        return f"<Uncertainty: {self.draws} draws, {first.criteria} {100 * first.low:.1f} to {100 * first.high:.1f}%>"

    def of(self, criteria: str, view: str = "observed") -> SetUncertainty | None:
        """Return what the draws say under a definition set and view; None if it has no interval."""
        return next((item for item in self.sets if (item.criteria, item.view) == (criteria, view)), None)

    def as_dict(self) -> dict[str, Any]:
        """Return everything but the counts as plain values for JSON."""
        sets = [{key: value for key, value in asdict(item).items() if key != "shares"} for item in self.sets]
        about = {"draws": self.draws, "patients": self.patients, "quantities": [dict(q) for q in self.quantities]}
        return {"notice": NOTICE, **about, "sets": sets, "without": [asdict(item) for item in self.without]}


def find(about: Mapping[str, Any], counts: pl.DataFrame, by_site: pl.DataFrame) -> Uncertainty:
    """Return what the draws of a run say.

    Parameters
    ----------
    about : mapping
        ``uncertainty`` of the manifest.
    counts, by_site : polars.DataFrame
        Tables ``uncertainty`` and ``uncertainty_sites`` of the run.
    """
    sets, without = [], []
    for criteria in counts["criteria"].unique(maintain_order=True).to_list():
        for view in reversed(VIEWS):
            arrays = _arrays(by_site.filter(criteria=criteria, view=view), about["draws"])
            few = np.flatnonzero(arrays["patients"].sum(axis=1) < nested_variance.LEAST_PATIENTS)
            if len(few):
                without.append(WithoutInterval(criteria, view, tuple(few.tolist()), about["draws"]))
            else:
                sets.append(_of_set(criteria, view, arrays, about))
    return Uncertainty(about["draws"], about["patients"], list(about["quantities"]), sets, without, counts.sort("draw"))


def _arrays(by_site: pl.DataFrame, draws: int) -> dict[str, NDArray[np.float64]]:
    """Return the counts of one set and view as arrays of shape (draws, sites)."""
    width = 1 + int(by_site["site"].max() or 0)  # type: ignore[arg-type]
    place = (by_site["draw"].to_numpy().astype(np.int64), by_site["site"].to_numpy().astype(np.int64))
    arrays = {}
    for name in ("patients", "met", "unknown"):
        arrays[name] = np.zeros((draws, width))
        arrays[name][place] = by_site[name].to_numpy()
    return arrays


def _of_set(
    criteria: str, view: str, counts: Mapping[str, NDArray[np.float64]], about: Mapping[str, Any]
) -> SetUncertainty:
    """Return the findings of one set and view."""
    paired, clustered = about["paired"], about["clustered"]
    draws = Draws(counts["met"], counts["patients"], paired, clustered)
    most = Draws(counts["met"] + counts["unknown"], counts["patients"], paired, clustered)
    expected = draws.without_chance()
    mix, numbers = nested_variance.split(draws) if paired else _of_one_kind(draws, about)
    return SetUncertainty(
        criteria, view, len(expected), float(expected.mean()), *draws.interval(),
        *nested_variance.errors_of_ends(draws), *most.interval(), draws.known_chance, numbers, mix,
        _convergence(draws), tuple(map(float, expected)), not math.isnan(draws.chance),
    )  # fmt: skip


def _of_one_kind(draws: Draws, about: Mapping[str, Any]) -> tuple[float, float]:
    """Return the variance by mix and by numbers if only one of them is uncertain."""
    kinds = {quantity["kind"] for quantity in about["quantities"]}
    return (draws.expected, 0.0) if kinds == {"mix"} else (0.0, draws.expected)


def _convergence(draws: Draws) -> list[tuple[int, float, float]]:
    counts = [len(draws.shares) // fraction for fraction in FRACTIONS]
    return [(n, *draws.some(slice(n)).interval()) for n in counts if n >= LEAST_DRAWS]
