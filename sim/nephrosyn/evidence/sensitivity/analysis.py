"""Which assumption moves the refractory share: Morris screening of all ranges, then Sobol indices of the few.

Every run has the same seed, so that patients differ only by what the numbers change.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephrosyn import criteria, vocabulary
from nephrosyn.errors import RefusalError
from nephrosyn.evidence.cohort_limits import check_cohort
from nephrosyn.evidence.simulate_setting import studies
from nephrosyn.evidence.validation.comparison import SEED
from nephrosyn.report.findings.verdicts.eligibility import within
from nephrosyn.report.page.tables import Table
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import Resolved, Scenario, load
from nephrosyn.scenario.counts import wrong_count
from nephrosyn.scenario.files.provenance import ASSUMED, evidence, ids
from nephrosyn.scenario.tree import MISSING, at, split

PATIENTS = 1_000
TRAJECTORIES, LEVELS = 10, 4
BASE, MOST = 64, 4
FEWEST = 30
"""A set that is not for everybody must be for so many: of fewer, one patient moves the share by over 3 points."""
MOST_TRAJECTORIES, MOST_BASE = 10_000, 2**16
MOST_SALIB_SEED = 2**32 - 1
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Range:
    """How far one number of a scenario may lie, and the source of that."""

    key: str
    low: float
    high: float
    source: str


@dataclass(frozen=True)
class Index:
    """What one number does to the refractory share of one definition set.

    Attributes
    ----------
    effect, effect_interval : float
        Mean absolute elementary effect over the whole range (Morris), as a share, with the half-width of its interval.
    interaction : float
        Standard deviation of the elementary effects: large if the effect depends on the others, or is curved.
    first, first_interval, total, total_interval : float or None
        Sobol's first-order and total index with half-widths, of the numbers that were taken on.
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
    """The indices of a scenario, the greatest effect first, and how they were found.

    Attributes
    ----------
    patients : int
        Of each cohort.
    inside : dict of str to int
        How many of them each set is for, or may be for, in the scenario as it stands; shares are among these.
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
        """What was moved, in a line."""
        numbers = len({one.key for one in self.indices})
        return f"<Sensitivity of {self.scenario}: {numbers} numbers under {', '.join(self.criteria)}>"

    def _repr_html_(self) -> str:
        """The indices under every definition set, for a notebook."""
        rows = [
            (one.criteria, one.key, f"{one.low:g} to {one.high:g}", f"{100 * one.effect:.1f}")
            for name in self.criteria
            for one in self.of(name)
        ]
        head = ("definition set", "number", "range", "effect (points)")
        return Table(repr(self).strip("<>"), head, rows, words=2).html()

    def of(self, name: str) -> list[Index]:
        """Return the indices of one definition set, the greatest effect first."""
        return sorted((one for one in self.indices if one.criteria == name), key=lambda one: -one.effect)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {"notice": vocabulary.NOTICE, **asdict(self)}


@cache
def ranges() -> tuple[Range, ...]:
    """Return the ranges that are shipped.

    Raises
    ------
    RefusalError
        If one is empty or has no source.
    """
    text = files(__package__).joinpath("ranges.toml").read_text("utf-8")
    found = tuple(Range(key, **one) for key, one in tomllib.loads(text).items())
    bad = [one.key for one in found if not one.low < one.high or not _sourced(one.source)]
    if bad:
        raise RefusalError(f"ranges without a source, or empty: {', '.join(bad)}")
    return found


def _sourced(text: str) -> bool:
    named = ids(text)
    return set(named) <= set(evidence()) and bool(named or text.partition(ASSUMED)[2].strip())


def ranges_of(resolved: Resolved) -> list[Range]:
    """Return the ranges of the keys that a scenario has, each wide enough to hold the scenario's own number."""
    tree = resolved.scenario.model_dump(mode="json")
    own = [(one, at(tree, split(one.key))) for one in ranges()]
    return [
        replace(one, low=min(one.low, value), high=max(one.high, value)) for one, value in own if value is not MISSING
    ]


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
    """Return which numbers of a scenario move its refractory share.

    Parameters
    ----------
    scenario : str
        By name or path.
    sets : sequence of str, optional
        Definition sets; the scenario's own if not given.
    patients, seed : int
        Of each cohort.
    trajectories : int
        Of Morris: so many times (numbers + 1) runs.
    base : int
        Of Sobol: so many times (numbers + 2) runs; a power of two. 0 leaves Sobol out.
    most : int
        How many numbers Sobol is asked about.
    progress : callable, optional
        Called with (stage, done, total).

    Raises
    ------
    RefusalError
        If SALib is not installed, the numbers of runs are of no use, or a set is for hardly anybody in the scenario.
    """
    morris, sobol = _salib()
    check_cohort(patients, seed, MOST_SALIB_SEED)
    _check_samples(trajectories, base, most)
    resolved = load(scenario)
    names = list(sets or resolved.scenario.criteria)
    chosen = [criteria.load(name) for name in names]
    counts = counted(resolved.scenario, chosen, patients, seed)
    inside = {name: count for name, (_, count) in zip(names, counts, strict=True)}
    _refuse_few(inside, scenario, patients)
    every = ranges_of(resolved)
    watch = progress or silent

    def play(stage: str, points: Floats, keys: Sequence[Range]) -> Floats:
        """Return the shares, shape (points, sets)."""
        found = []
        for done, point in enumerate(points):
            watch(stage, done, len(points))
            found.append(shares(scenario, dict(zip(keys, point, strict=True)), chosen, patients, seed))
        watch(stage, len(points), len(points))
        return np.array(found)

    screen = _problem(every)
    points = morris.sample(screen, N=trajectories, num_levels=LEVELS, seed=seed)
    seen = play("screen", points, every)
    effects = [morris.analyze(screen, points, seen[:, k], num_levels=LEVELS, seed=seed) for k in range(len(names))]
    height = np.max([one["mu_star"] for one in effects], axis=0)
    kept = [every[place] for place in sorted(np.argsort(-height)[:most])]
    sobols: list[Any] = []
    few = np.empty((0, most))
    if base:
        few = sobol.sample(_problem(kept), base, calc_second_order=False, seed=seed)
        deep = play("indices", few, kept)
        sobols = [_sobol(sobol, kept, deep[:, k], seed) for k in range(len(names))]
    indices = [
        _index(name, every, place, effects[k], kept, sobols[k] if sobols else None)
        for k, name in enumerate(names)
        for place in range(len(every))
    ]
    indices.sort(key=lambda one: (names.index(one.criteria), -one.effect))
    return Sensitivity(scenario, names, indices, patients, seed, len(points), len(few), inside)


def _refuse_few(inside: Mapping[str, int], scenario: str, patients: int) -> None:
    """Refuse sets that are for nobody in a scenario, or for too few: their share would say nothing, or move by chance.

    Raises
    ------
    RefusalError
        With every such set.
    """
    problems = []
    for name, count in inside.items():
        if not count:
            problems.append(
                f"the definition set {name} is for none of the {patients:,} patients of {scenario}, by age or lesion, "
                "so it has no refractory share; choose another set (--criteria) or another scenario"
            )
        elif count < min(FEWEST, patients):
            problems.append(
                f"the definition set {name} is for only {count} of the {patients:,} patients of {scenario}, by age or "
                f"lesion, too few for a share; ask for --patients {math.ceil(1.5 * FEWEST * patients / count)}"
            )
    if problems:
        raise RefusalError("\n".join(problems))


def _check_samples(trajectories: int, base: int, most: int) -> None:
    wrong = [
        *wrong_count("trajectories", trajectories, 2, MOST_TRAJECTORIES),
        *wrong_count("base", base, 0, MOST_BASE),
        *wrong_count("most", most, 2, MOST_TRAJECTORIES),
    ]
    if not wrong and base & (base - 1):
        wrong.append(f"base: expected 0 or a power of 2; found {base}")
    if wrong:
        raise RefusalError("; ".join(wrong))


def _sobol(sobol: Any, kept: Sequence[Range], values: Floats, seed: int) -> Any:
    return sobol.analyze(_problem(kept), values, calc_second_order=False, seed=seed) if np.ptp(values) > 0 else None


def _index(name: str, every: Sequence[Range], place: int, morris: Any, kept: Sequence[Range], sobol: Any) -> Index:
    one = every[place]
    plain = [float(np.ma.getdata(morris[what])[place]) for what in ("mu_star", "mu_star_conf", "sigma")]
    more: list[float | None] = [None] * 4
    if sobol is not None and one in kept:
        more = [float(sobol[what][kept.index(one)]) for what in ("S1", "S1_conf", "ST", "ST_conf")]
    return Index(name, one.key, one.low, one.high, *plain, *more)


def _problem(keys: Sequence[Range]) -> dict[str, Any]:
    return {
        "num_vars": len(keys),
        "names": [one.key for one in keys],
        "bounds": [[one.low, one.high] for one in keys],
    }


class _Pair:
    """A method of SALib: how it samples, and how it reads the answers."""

    def __init__(self, name: str) -> None:
        self.sample = import_module(f"SALib.sample.{name}").sample
        self.analyze = import_module(f"SALib.analyze.{name}").analyze


def _salib() -> tuple[_Pair, _Pair]:
    try:
        return _Pair("morris"), _Pair("sobol")
    except ImportError:
        raise RefusalError("sensitivity needs SALib, which is not installed: pip install SALib") from None


def shares(
    scenario: str, values: Mapping[Range, float], chosen: Sequence[criteria.DefinitionSet], patients: int, seed: int
) -> list[float]:
    """Return the refractory share of a scenario with some values, under each definition set.

    Every share is among the patients to whom the set may apply.

    Raises
    ------
    RefusalError
        If a set is for nobody with these values.
    """
    found = load(scenario, [f"{one.key}={float(value)!r}" for one, value in values.items()]).scenario
    counts = counted(found, chosen, patients, seed)
    nobody = [one.name for one, (_, inside) in zip(chosen, counts, strict=True) if not inside]
    if nobody:
        at_values = ", ".join(f"{one.key} = {value:g}" for one, value in values.items())
        raise RefusalError(f"{', '.join(nobody)}: for none of the patients of {scenario} with {at_values}")
    return [met / inside for met, inside in counts]


def counted(
    scenario: Scenario, chosen: Sequence[criteria.DefinitionSet], patients: int, seed: int
) -> list[tuple[int, int]]:
    """Return for each definition set how many patients are refractory, and to how many it may apply."""
    counts = np.zeros((len(chosen), 2), np.int64)
    for study in studies(scenario, patients, seed):
        for place, one in enumerate(chosen):
            inside = within(criteria.classify(study.tables, one, "observed"))
            counts[place] += int(inside["refractory"].sum() or 0), inside.height
    return [(int(met), int(inside)) for met, inside in counts]
