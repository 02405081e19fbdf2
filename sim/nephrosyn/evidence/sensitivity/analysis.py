"""Sensitivity of the refractory share: Morris screening of all ranges, then Sobol indices of the most important.

The ranges are those of the table ``[uncertainty]`` of a scenario and of the files it extends. Every run has the same
seed, so that patients differ only by what the numbers change.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephrosyn import criteria, vocabulary
from nephrosyn.errors import EvidenceError, wrong_count
from nephrosyn.evidence.cohort_limits import check_cohort
from nephrosyn.evidence.simulate_setting import studies
from nephrosyn.evidence.validation.validate import SEED
from nephrosyn.report.findings.verdicts.eligibility import within
from nephrosyn.report.page.tables import Table
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import Resolved, Scenario, load
from nephrosyn.scenario.tree import get, split
from nephrosyn.statistics.uncertain_numbers import Dirichlet
from nephrosyn.uncertainty import Quantity, stated_numbers

PATIENTS = 1_000
TRAJECTORIES, LEVELS = 10, 4
BASE, MOST = 64, 4
FEWEST = 30
"""Least number of patients a set must apply to: with fewer, one patient changes the share by over 3 points."""
MOST_TRAJECTORIES, MOST_BASE = 10_000, 2**16
MOST_SALIB_SEED = 2**32 - 1
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Range:
    """Range of one number of a scenario, with its source.

    Attributes
    ----------
    key : str
        Its dotted key.
    low, high : float
        The 95% interval, or the whole range where only that is assumed.
    source : str
        Evidence ids, or ``assumed: reason``.
    quantity : Quantity
        The number, with those that follow from it.
    """

    key: str
    low: float
    high: float
    source: str
    quantity: Quantity


@dataclass(frozen=True)
class Index:
    """Effect of one number on the refractory share under one definition set.

    Attributes
    ----------
    effect, effect_interval : float
        Mean absolute elementary effect over the whole range (Morris), as a share, with the half-width of its interval.
    interaction : float
        Standard deviation of the elementary effects: large if the effect depends on other numbers or is nonlinear.
    first, first_interval, total, total_interval : float or None
        Sobol's first-order and total index with half-widths, for the numbers selected by the screening.
    """

    criteria: str
    key: str
    low: float
    high: float
    effect: float
    effect_interval: float
    interaction: float
    first: float | None = None
    first_interval: float | None = None
    total: float | None = None
    total_interval: float | None = None


@dataclass(frozen=True, repr=False)
class Sensitivity:
    """Sensitivity indices of a scenario, the largest effect first, and how they were computed.

    Attributes
    ----------
    patients : int
        Size of each cohort.
    inside : dict of str to int
        Number of patients to whom each set applies or may apply, in the unchanged scenario.
    """

    scenario: str
    criteria: list[str]
    indices: list[Index]
    patients: int
    seed: int
    morris_runs: int
    sobol_runs: int
    inside: dict[str, int]

    def __repr__(self) -> str:
        """The scenario and the number of indices, in a line."""
        numbers = len({index.key for index in self.indices})
        return f"<Sensitivity of {self.scenario}: {numbers} numbers under {', '.join(self.criteria)}>"

    def _repr_html_(self) -> str:
        """The indices under every definition set, for a notebook."""
        rows = [
            (index.criteria, index.key, f"{index.low:g} to {index.high:g}", f"{100 * index.effect:.1f}")
            for name in self.criteria
            for index in self.of(name)
        ]
        head = ("definition set", "number", "range", "effect (points)")
        return Table(repr(self).strip("<>"), head, rows, words=2).html()

    def of(self, name: str) -> list[Index]:
        """Return the indices under one definition set, the largest effect first."""
        return sorted((index for index in self.indices if index.criteria == name), key=lambda index: -index.effect)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {"notice": vocabulary.NOTICE, **asdict(self)}


def ranges_of(resolved: Resolved) -> list[Range]:
    """Return the ranges of the numbers of a scenario, each extended to contain the number itself.

    Raises
    ------
    EvidenceError
        If the scenario has none.
    """
    tree = resolved.scenario.model_dump(mode="json")
    ranges = [_range(quantity, float(get(tree, split(quantity.entry)))) for quantity in stated_numbers(resolved)]
    if len(ranges) < 2:
        raise EvidenceError(f"{resolved.name} has fewer than two uncertain numbers ([uncertainty]), so none to compare")
    return ranges


def _range(quantity: Quantity, value: float) -> Range:
    assert not isinstance(quantity.law, Dirichlet)
    low, high = quantity.law.interval
    return Range(quantity.entry, min(low, value), max(high, value), quantity.source, quantity)


def sensitivity(
    scenario: str,
    sets: Sequence[str] | None = None,
    *,
    patients: int = PATIENTS,
    seed: int = SEED,
    trajectories: int = TRAJECTORIES,
    base: int = BASE,
    most: int = MOST,
    progress: Progress | None = None,
) -> Sensitivity:
    """Return how much each number of a scenario affects its refractory share.

    Parameters
    ----------
    scenario : str
        By name or path.
    sets : sequence of str, optional
        Definition sets; those of the scenario by default.
    patients, seed : int
        Size and seed of each cohort.
    trajectories : int
        Trajectories of Morris' screening, each of (numbers + 1) runs.
    base : int
        Base of Sobol's sample, which takes base * (numbers + 2) runs; a power of two, or 0 to leave Sobol out.
    most : int
        Number of numbers for which Sobol indices are computed.
    progress : callable, optional
        Called with (stage, done, total).

    Raises
    ------
    EvidenceError
        If SALib is not installed, a number of runs is out of range, or a set applies to too few patients.
    """
    morris, sobol = _salib()
    check_cohort(patients, seed, MOST_SALIB_SEED)
    _check_samples(trajectories, base, most)
    resolved = load(scenario)
    names = list(sets or resolved.scenario.criteria)
    definitions = [criteria.load(name) for name in names]
    counts = count_refractory(resolved.scenario, definitions, patients, seed)
    inside = {name: applicable for name, (_, applicable) in zip(names, counts, strict=True)}
    _refuse_few(inside, scenario, patients)
    all_ranges = ranges_of(resolved)
    model = _Model(scenario, definitions, patients, seed, progress or silent)
    problem = _problem(all_ranges)
    points = morris.sample(problem, N=trajectories, num_levels=LEVELS, seed=seed)
    shares = model.shares("screen", points, all_ranges)
    effects = [morris.analyze(problem, points, column, num_levels=LEVELS, seed=seed) for column in shares.T]
    largest = np.max([effect["mu_star"] for effect in effects], axis=0)
    selected = [all_ranges[place] for place in sorted(np.argsort(-largest)[:most])]
    sobol_indices: list[Any] = [None] * len(names)
    sobol_points = np.empty((0, most))
    if base:
        sobol_points = sobol.sample(_problem(selected), base, calc_second_order=False, seed=seed)
        shares = model.shares("indices", sobol_points, selected)
        sobol_indices = [_sobol(sobol, selected, column, seed) for column in shares.T]
    indices = [
        _index(name, all_ranges, place, effects[k], selected, sobol_indices[k])
        for k, name in enumerate(names)
        for place in range(len(all_ranges))
    ]
    indices.sort(key=lambda index: (names.index(index.criteria), -index.effect))
    return Sensitivity(scenario, names, indices, patients, seed, len(points), len(sobol_points), inside)


@dataclass(frozen=True)
class _Model:
    """The refractory shares as a function of numbers of a scenario."""

    scenario: str
    definitions: Sequence[criteria.DefinitionSet]
    patients: int
    seed: int
    progress: Progress

    def shares(self, stage: str, points: Floats, keys: Sequence[Range]) -> Floats:
        """Return the shares at some points, shape (points, sets)."""
        rows = []
        for done, point in enumerate(points):
            self.progress(stage, done, len(points))
            values = dict(zip(keys, point, strict=True))
            rows.append(refractory_shares(self.scenario, values, self.definitions, self.patients, self.seed))
        self.progress(stage, len(points), len(points))
        return np.array(rows)


def _refuse_few(inside: Mapping[str, int], scenario: str, patients: int) -> None:
    """Refuse sets that apply to nobody in a scenario, or to too few patients for a meaningful share.

    Raises
    ------
    EvidenceError
        With every such set.
    """
    problems = []
    for name, count in inside.items():
        if not count:
            problems.append(
                f"the definition set {name} applies to none of the {patients:,} patients of {scenario}, by age or "
                "lesion, so it has no refractory share; choose another set (--criteria) or another scenario"
            )
        elif count < min(FEWEST, patients):
            problems.append(
                f"the definition set {name} applies to only {count} of the {patients:,} patients of {scenario}, by age "
                f"or lesion, too few for a share; ask for --patients {math.ceil(1.5 * FEWEST * patients / count)}"
            )
    if problems:
        raise EvidenceError("\n".join(problems))


def _check_samples(trajectories: int, base: int, most: int) -> None:
    wrong = [
        *wrong_count("trajectories", trajectories, 2, MOST_TRAJECTORIES),
        *wrong_count("base", base, 0, MOST_BASE),
        *wrong_count("most", most, 2, MOST_TRAJECTORIES),
    ]
    if not wrong and base & (base - 1):
        wrong.append(f"base: expected 0 or a power of 2; found {base}")
    if wrong:
        raise EvidenceError("; ".join(wrong))


def _sobol(sobol: Any, selected: Sequence[Range], values: Floats, seed: int) -> Any:
    """Return Sobol's indices, or None if the share does not vary."""
    return sobol.analyze(_problem(selected), values, calc_second_order=False, seed=seed) if np.ptp(values) > 0 else None


def _index(name: str, ranges: Sequence[Range], place: int, morris: Any, selected: Sequence[Range], sobol: Any) -> Index:
    of = ranges[place]
    screened = [float(np.ma.getdata(morris[key])[place]) for key in ("mu_star", "mu_star_conf", "sigma")]
    refined: list[float | None] = [None] * 4
    if sobol is not None and of in selected:
        refined = [float(sobol[key][selected.index(of)]) for key in ("S1", "S1_conf", "ST", "ST_conf")]
    return Index(name, of.key, of.low, of.high, *screened, *refined)


def _problem(ranges: Sequence[Range]) -> dict[str, Any]:
    """Return ranges in the form that SALib takes."""
    return {
        "num_vars": len(ranges),
        "names": [entry.key for entry in ranges],
        "bounds": [[entry.low, entry.high] for entry in ranges],
    }


class _SalibMethod:
    """A method of SALib: its sampling and its analysis."""

    def __init__(self, name: str) -> None:
        self.sample = import_module(f"SALib.sample.{name}").sample
        self.analyze = import_module(f"SALib.analyze.{name}").analyze


def _salib() -> tuple[_SalibMethod, _SalibMethod]:
    try:
        return _SalibMethod("morris"), _SalibMethod("sobol")
    except ImportError:
        raise EvidenceError("sensitivity needs SALib, which is not installed: pip install SALib") from None


def refractory_shares(
    scenario: str,
    values: Mapping[Range, float],
    definitions: Sequence[criteria.DefinitionSet],
    patients: int,
    seed: int,
) -> list[float]:
    """Return the refractory share under each definition set, with some numbers of a scenario changed.

    Every share is among the patients to whom the set may apply.

    Raises
    ------
    EvidenceError
        If a set applies to nobody with these values.
    """
    changed = load(scenario, _overrides(scenario, values)).scenario
    counts = count_refractory(changed, definitions, patients, seed)
    nobody = [definition.name for definition, (_, inside) in zip(definitions, counts, strict=True) if not inside]
    if nobody:
        at_values = ", ".join(f"{entry.key} = {value:g}" for entry, value in values.items())
        raise EvidenceError(f"{', '.join(nobody)}: none of the patients of {scenario} is eligible with {at_values}")
    return [met / inside for met, inside in counts]


def _overrides(scenario: str, values: Mapping[Range, float]) -> list[str]:
    """Return the values of some numbers, and of those that follow from them, as ``KEY=VALUE``."""
    tree = load(scenario).scenario.model_dump(mode="json")
    changed: dict[str, float] = {}
    for entry, value in values.items():
        changed |= entry.quantity.at(tree, float(value))
    return [f"{key}={value!r}" for key, value in changed.items()]


def count_refractory(
    scenario: Scenario, definitions: Sequence[criteria.DefinitionSet], patients: int, seed: int
) -> list[tuple[int, int]]:
    """Return for each definition set the number of refractory patients and of those to whom it may apply."""
    counts = np.zeros((len(definitions), 2), np.int64)
    for study in studies(scenario, patients, seed):
        for place, definition in enumerate(definitions):
            inside = within(criteria.classify(study.tables, definition, "observed"))
            counts[place] += int(inside["refractory"].sum() or 0), inside.height
    return [(int(met), int(inside)) for met, inside in counts]
