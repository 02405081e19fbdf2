"""Fit a few numbers of a setting to published figures: simulated, with common random numbers."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephrosyn import __version__, vocabulary
from nephrosyn.errors import RefusalError
from nephrosyn.evidence.calibration.free_parameters import Free, free
from nephrosyn.evidence.calibration.profile import profile
from nephrosyn.evidence.calibration.targets import targets
from nephrosyn.evidence.cohort_limits import check_cohort
from nephrosyn.evidence.measures.estimators import Estimate
from nephrosyn.evidence.published.estimates_table import Figure
from nephrosyn.evidence.validation.comparison import SEED, Row, arm, whole
from nephrosyn.report.page.tables import Table
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import Resolved, Scenario, load, shipped
from nephrosyn.scenario.files.inheritance import read_layers

PATIENTS = 4_000
STEP = 0.12
"""Of the scale a number is moved on: an eighth of its value, wide against the play of chance of coupled cohorts."""
ROUNDS = 8
STILL = 1e-9
"""A slope below this is none."""
MISSING_DISTANCE = 20.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """A number that was fitted, with its approximate 95% interval."""

    free: Free
    value: float
    low: float
    high: float

    @property
    def at_limit(self) -> bool:
        """Whether it stands at an end of its range, so that the figures do not fix it."""
        return min(abs(self.value / end - 1) for end in (self.free.low, self.free.high)) < 0.01


@dataclass(frozen=True, repr=False)
class Calibration:
    """What a calibration found.

    Attributes
    ----------
    setting : str
        The scenario it began from.
    fitted : list of Fitted
        The free numbers.
    before, after : list of Row
        The figures at the start and at the end.
    patients, seed, runs : int
        Size and address of each cohort, and how often all of them were simulated.
    """

    setting: str
    fitted: list[Fitted]
    before: list[Row]
    after: list[Row]
    patients: int
    seed: int
    runs: int

    def __repr__(self) -> str:
        """What was fitted, in a line or two."""
        fitted = ", ".join(f"{one.free.key} = {one.value:.4g}" for one in self.fitted)
        return f"<Calibration of {self.setting} to {len(self.after)} figures: {fitted}>"

    def _repr_html_(self) -> str:
        """The fitted numbers with their intervals, for a notebook."""
        rows = [
            (one.free.setting, one.free.key, f"{one.value:.4g}", f"{one.low:.4g} to {one.high:.4g}")
            for one in self.fitted
        ]
        head = ("setting", "number", "value", "95% interval")
        return Table(repr(self).strip("<>"), head, rows, words=2).html()

    @property
    def digest(self) -> str:
        """Return eight characters that change with what was asked, found, and with which version."""
        told = json.dumps([__version__, _rounded(self.as_dict())], sort_keys=True, allow_nan=False)
        return hashlib.sha256(told.encode()).hexdigest()[:8]

    @property
    def source(self) -> str:
        """Return the source of the fitted numbers."""
        ids = ", ".join(dict.fromkeys(row.figure.evidence for row in self.after))
        return f"calibrated: {ids}; run {self.digest}"

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "notice": vocabulary.NOTICE,
            "setting": self.setting,
            "patients": self.patients,
            "seed": self.seed,
            "runs": self.runs,
            "free": [
                {"setting": one.free.setting, "key": one.free.key, "start": one.free.start, "value": one.value,
                 "low": one.low, "high": one.high, "at_limit": one.at_limit}
                for one in self.fitted
            ],
            "before": [row.plain() for row in self.before],
            "after": [row.plain() for row in self.after],
        }  # fmt: skip


def calibrate(
    setting: str,
    keys: Sequence[str],
    ids: Sequence[str | Figure],
    *,
    patients: int = PATIENTS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> Calibration:
    """Fit free numbers of a setting, and of settings that extend it, to published figures.

    Every cohort has the same seed, so that a change of a number moves only what it moves (common random numbers), and
    the sum of squared distances is brought down by least squares.

    Parameters
    ----------
    setting : str
        A scenario, by name or path.
    keys : sequence of str
        ``KEY``, a number of the setting, or ``SETTING:KEY``; with ``=START`` the fit begins there.
    ids : sequence of str or Figure
        Figures with use ``fit`` whose scenarios hold one of the numbers.
    patients, seed : int
        Of each cohort.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Calibration
        The fitted numbers with intervals, and the figures before and after.

    Raises
    ------
    RefusalError
        If a figure may not be fitted, a key is no number, figures and numbers do not belong together, or a figure has
        nobody who counts among so many patients.
    ScenarioError
        If a scenario cannot be read.
    """
    check_cohort(patients, seed)
    chosen = _figures(ids)
    chosen = [stand_in(one, setting) for one in chosen]
    numbers = _numbers(setting, keys, chosen)
    game = Game(numbers, chosen, patients, seed, progress or silent)
    start = np.array([one.to_scale(one.start) for one in numbers])
    before = game.rows(start)
    nobody = [row.figure.id for row in before if row.place == "nobody"]
    if nobody:
        raise RefusalError(
            f"{setting} cannot be calibrated so: of {patients:,} simulated patients none counts for "
            f"{', '.join(nobody)}; ask for more patients (--patients), or leave the figure out"
        )
    end, jacobian = _least(game, start)
    idle = [one.key for one, slope in zip(numbers, np.abs(jacobian).max(axis=0), strict=True) if slope < STILL]
    if idle:
        raise RefusalError(f"{setting} cannot be calibrated so: {', '.join(idle)}: the figures do not move with it")
    spans = profile(game.residuals, end, jacobian, [(one.to_scale(one.low), one.to_scale(one.high)) for one in numbers])
    fitted = [
        Fitted(one, one.from_scale(x), one.from_scale(low), one.from_scale(high))
        for one, x, (low, high) in zip(numbers, end, spans, strict=True)
    ]
    return Calibration(setting, fitted, before, game.rows(end), patients, seed, game.runs)


def _rounded(value: Any) -> Any:
    """Return values without the last bits, which another processor may give otherwise."""
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _figures(ids: Sequence[str | Figure]) -> list[Figure]:
    made = [one for one in ids if isinstance(one, Figure)]
    return [*targets([one for one in ids if isinstance(one, str)]), *made]


def stand_in(figure: Figure, setting: str) -> Figure:
    """Return a figure as imitated by a user's own scenario, if that extends the shipped one that imitates it."""
    if setting in shipped() or figure.scenario not in [layer.label for layer in read_layers(setting)]:
        return figure
    return figure.model_copy(update={"scenario": setting})


def _numbers(setting: str, keys: Sequence[str], chosen: Sequence[Figure]) -> list[Free]:
    """Return the free numbers, checked against the figures.

    Raises
    ------
    RefusalError
        With all that is wrong.
    """
    read = [free(text, setting) for text in keys]
    numbers, problems = [one for one in read if isinstance(one, Free)], [one for one in read if isinstance(one, str)]
    if not keys or not chosen:
        problems.append("at least one --free KEY and one --figures ID are needed")
    if len(numbers) > len(chosen):
        problems.append(f"{len(numbers)} free numbers need at least as many figures; found {len(chosen)}")
    problems += [
        f"{one.id}: is imitated by {one.scenario}, which does not extend {setting}"
        for one in chosen
        if setting not in [layer.label for layer in read_layers(one.scenario)]
    ]
    names = {name for one in chosen for name in (one.scenario, one.against) if name}
    problems += [
        f"{one.key}: moves none of the figures" for one in numbers if not any(one.changes(name) for name in names)
    ]
    if problems:
        raise RefusalError("\n  ".join([f"{setting} cannot be calibrated so:", *problems]))
    return numbers


class Game:
    """The figures as a function of the free numbers; cohorts already simulated are kept."""

    def __init__(
        self, numbers: Sequence[Free], chosen: Sequence[Figure], patients: int, seed: int, progress: Progress
    ) -> None:
        self.numbers, self.chosen, self.patients, self.seed, self.progress = numbers, chosen, patients, seed, progress
        self.runs = 0
        self._kept: dict[tuple[str, tuple[float, ...]], dict[tuple[str, str], Estimate]] = {}
        names = dict.fromkeys(name for one in chosen for name in (one.scenario, one.against) if name)
        self._moved = {name: [place for place, one in enumerate(numbers) if one.changes(name)] for name in names}

    def scenario(self, name: str, x: Floats) -> Scenario:
        """Return a setting with the free numbers laid over it."""
        return resolved(name, [(self.numbers[place], x[place]) for place in self._moved[name]]).scenario

    def rows(self, x: Floats) -> list[Row]:
        """Return the figures at a place of the free numbers."""
        self.runs += 1
        self.progress("calibrate", self.runs, max(expected(len(self.numbers)), self.runs))
        arms: dict[tuple[str, str], Estimate] = {}
        for name in self._moved:
            arms.update(self._arm(name, x))
        found = whole(self.chosen, arms)
        return [Row(one, found[one.id]) for one in self.chosen]

    def _arm(self, name: str, x: Floats) -> dict[tuple[str, str], Estimate]:
        """Return a setting at a place of the numbers that move it; a setting that did not move is not played again."""
        key = name, tuple(float(x[place]) for place in self._moved[name])
        if key not in self._kept:
            self._kept[key] = arm(self.chosen, name, self.scenario(name, x), self.patients, self.seed)
        return self._kept[key]

    def residuals(self, x: Floats) -> Floats:
        """Return the distances of the figures, each in standard errors of the published number."""
        each = [row.distance for row in self.rows(x)]
        return np.array([one if math.isfinite(one) else MISSING_DISTANCE for one in each])


def resolved(name: str, values: Sequence[tuple[Free, float]]) -> Resolved:
    """Return a scenario with some free numbers set, each at a place of its scale."""
    return load(name, [f"{one.key}={one.from_scale(place)!r}" for one, place in values])


def expected(numbers: int) -> int:
    """Return about how many times all cohorts are simulated."""
    return (ROUNDS // 2) * (numbers + 1) + 8 * numbers


def _least(game: Game, start: Floats) -> tuple[Floats, Floats]:
    """Return where the sum of squares is least, and the Jacobian there."""
    from scipy.optimize import least_squares

    ends = np.array([(one.to_scale(one.low), one.to_scale(one.high)) for one in game.numbers])
    inside = np.clip(start, ends[:, 0] + 1e-6, ends[:, 1] - 1e-6)

    def jacobian(x: Floats) -> Floats:
        return slopes(game.residuals, x, game.residuals(x), ends)

    found = least_squares(
        game.residuals, inside, jac=jacobian, bounds=ends.T, ftol=5e-3, xtol=5e-3, gtol=1e-3, max_nfev=ROUNDS
    )
    return np.asarray(found.x), np.asarray(found.jac)


def slopes(residuals: Callable[[Floats], Floats], x: Floats, here: Floats, ends: Floats) -> Floats:
    """Return the Jacobian by one step of each number, backwards where there is no room ahead."""
    columns = []
    for place in range(len(x)):
        step = STEP if x[place] + STEP <= ends[place, 1] else -STEP
        there = x.copy()
        there[place] += step
        columns.append((residuals(there) - here) / step)
    return np.array(columns).T
