"""The refractory share with what the scenario's sources leave open: from the counts of its draws."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nephrosyn.errors import EvidenceError
from nephrosyn.report.findings.influence import Influence, Question, check_question, influence
from nephrosyn.report.findings.verdicts.refractory_share import MARGIN, ONE_THIRD, Span
from nephrosyn.statistics import nested_variance
from nephrosyn.statistics.nested_variance import Draws
from nephrosyn.vocabulary import NOTICE, VIEWS

if TYPE_CHECKING:
    from nephrosyn.scenario import Resolved

LEAST_DRAWS = 10
"""Least number of first draws whose interval is shown."""
STEP = 0.05
"""Steps of the share that the report asks about where the answer about one third is certain."""
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
    resolved : Resolved
        The scenario.
    """

    draws: int
    patients: int
    quantities: list[Mapping[str, Any]]
    sets: list[SetUncertainty]
    without: list[WithoutInterval]
    counts: pl.DataFrame
    resolved: Resolved

    def __repr__(self) -> str:
        """The interval of the first definition set, in a line."""
        if not self.sets:
            return f"<Uncertainty: {self.draws} draws>"
        first = self.sets[0]
        return f"<Uncertainty: {self.draws} draws, {first.criteria} {100 * first.low:.1f} to {100 * first.high:.1f}%>"

    def of(self, criteria: str, view: str = "observed") -> SetUncertainty | None:
        """Return what the draws say under a definition set and view; None if it has no interval."""
        return next((item for item in self.sets if (item.criteria, item.view) == (criteria, view)), None)

    @cached_property
    def values(self) -> pl.DataFrame:
        """The values of the uncertain numbers: a row for each draw, and a column for each dotted key."""
        from nephrosyn.runs.draws import values  # not needed by the process that draws figures

        return values.table(self.resolved, self.draws)

    @property
    def has_same_values(self) -> bool:
        """Whether the scenario still has the uncertain numbers that the run had, so that `values` are its own."""
        from nephrosyn.runs.draws.design import described
        from nephrosyn.uncertainty import uncertainty_of

        return [*map(dict, self.quantities)] == described(uncertainty_of(self.resolved))

    def hangs_on(
        self, criteria: str | None = None, view: str = "observed", *, share: float = ONE_THIRD, margin: float = MARGIN
    ) -> Influence:
        """Return which uncertain numbers the share hangs on, and which study would settle a question about it.

        Parameters
        ----------
        criteria : str, optional
            Definition set; the first one by default.
        view : {"observed", "complete"}
            Record.
        share, margin : float
            The question: is the expected share within `margin` of `share`? With a margin of 0: is it above `share`?

        Returns
        -------
        Influence
            Partial rank correlations, parts of the variance, and the probability of a wrong answer that exact knowledge
            of a number, or of all numbers of a study, would remove. The share of each draw is that without chance.

        Raises
        ------
        EvidenceError
            If there are no draws for the definition set and view, the question is none, or the run was made by a
            version that drew its numbers otherwise.

        Examples
        --------
        >>> import nephrosyn as ns
        >>> known = ns.run("baseline", patients=40, uncertainty=20, engine="compiled").uncertainty
        >>> found = known.hangs_on("source", share=0.6, margin=0)
        >>> str(found.question), len(found.numbers) > 50, 0 <= found.wrong <= 0.5
        ('above 60%', True, True)
        """
        question = check_question(share, margin)
        return self._influence(criteria or (self.sets[0].criteria if self.sets else ""), view, question)

    def _influence(self, criteria: str, view: str, question: Question) -> Influence:
        key = criteria, view, question
        if key not in self._influences:
            of_set = self._of(criteria, view)
            counted = self.counts.filter(criteria=criteria, view=view).sort("draw")
            total = float((counted["met"] / counted["patients"]).var() or 0.0)  # type: ignore[arg-type]
            expected = np.array(of_set.shares)
            reliability = min(1.0, float(np.var(expected, ddof=1)) / total) if total > 0 else 0.0
            self._influences[key] = influence(
                criteria, view, expected, self.values, self.quantities, question, reliability
            )
        return self._influences[key]

    @cached_property
    def influence(self) -> Influence | None:
        """What the share of the first definition set hangs on, for the report; None if the drawn values are not known.

        The question is that of one third. If its answer is the same in all draws, it is whether the share is above the
        multiple of five per cent that is nearest to its mean.
        """
        if not self.sets or not self.has_same_values:
            return None
        first = self.sets[0]
        of_third = self.hangs_on(first.criteria, first.view)
        if of_third.wrong > 0:
            return of_third
        return self.hangs_on(first.criteria, first.view, share=round(first.mean / STEP) * STEP, margin=0)

    @cached_property
    def _influences(self) -> dict[tuple[str, str, Question], Influence]:
        return {}

    def _of(self, criteria: str, view: str) -> SetUncertainty:
        """Return the draws of a set and view, of which the drawn values are known."""
        if (of_set := self.of(criteria, view)) is None:
            known = ", ".join(f"{item.criteria} ({item.view})" for item in self.sets) or "none"
            raise EvidenceError(f"no draws for {criteria!r} and {view!r}; there are draws for: {known}")
        if not self.has_same_values:
            raise EvidenceError("this version of nephrosyn draws other numbers than the run had: make the run again")
        return of_set

    def as_dict(self) -> dict[str, Any]:
        """Return everything but the counts as plain values for JSON."""
        sets = [{key: value for key, value in asdict(item).items() if key != "shares"} for item in self.sets]
        about = {"draws": self.draws, "patients": self.patients, "quantities": [dict(q) for q in self.quantities]}
        same = self.has_same_values
        hangs_on = [self.hangs_on(item.criteria).as_dict() for item in self.sets if same and item.view == "observed"]
        without = [asdict(item) for item in self.without]
        return {"notice": NOTICE, **about, "sets": sets, "without": without, "hangs_on": hangs_on}


def find(about: Mapping[str, Any], resolved: Resolved, counts: pl.DataFrame, by_site: pl.DataFrame) -> Uncertainty:
    """Return what the draws of a run say.

    Parameters
    ----------
    about : mapping
        ``uncertainty`` of the manifest.
    resolved : Resolved
        The scenario of the run.
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
    quantities, by_draw = list(about["quantities"]), counts.sort("draw")
    return Uncertainty(about["draws"], about["patients"], quantities, sets, without, by_draw, resolved)


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
