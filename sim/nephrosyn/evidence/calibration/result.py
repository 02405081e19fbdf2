"""The result of a calibration: fitted parameters with draws of their posterior, and the estimates before and after."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from nephrosyn import __version__, vocabulary
from nephrosyn.evidence.calibration.free_parameters import FreeParameter
from nephrosyn.evidence.validation.validate import Row
from nephrosyn.report.page.tables import Table

DIGITS = 4
"""Significant digits of draws and of values that are written into a scenario."""
Determined = Literal["no", "on one side", "yes"]
BOUNDED: tuple[Determined, ...] = get_args(Determined)
AT_END = 0.04
"""The estimates do not bound a parameter on a side where its interval ends within this part of its range from the end:
of a flat posterior 2.5% lie beyond the interval."""


@dataclass(frozen=True)
class FittedParameter:
    """A fitted parameter with the 95% interval of its posterior.

    Attributes
    ----------
    parameter : FreeParameter
        The parameter.
    value : float
        Its fitted value.
    low, high : float
        The 95% interval.
    draws : tuple of float, shape (rows,)
        Draws of the posterior; a row is one draw of all parameters together.
    monte_carlo_error : float
        Standard error of the value, on the fitting scale, because the cohorts are finite.
    """

    parameter: FreeParameter
    value: float
    low: float
    high: float
    draws: tuple[float, ...]
    monte_carlo_error: float

    @property
    def at_limit(self) -> bool:
        """Whether the value is at an end of its range, so that the estimates do not determine it."""
        return min(abs(self.value / end - 1) for end in (self.parameter.low, self.parameter.high)) < 0.01

    @property
    def determined(self) -> Determined:
        """Whether the estimates bound the parameter on both sides within its range, on one or on neither."""
        low, high = (self.parameter.to_scale(end) for end in self.parameter.prior)
        first, last = (
            (self.parameter.to_scale(self.low) - low) / (high - low),
            (high - self.parameter.to_scale(self.high)) / (high - low),
        )
        return BOUNDED[(first > AT_END) + (last > AT_END)]

    @property
    def column(self) -> str:
        """Name of its column in the table of draws."""
        return column_of(self.parameter)


def column_of(parameter: FreeParameter) -> str:
    """Return the name of the column of a parameter in a table of draws, ``setting:key``."""
    return f"{Path(parameter.setting).name.removesuffix('.toml')}:{parameter.key}"


@dataclass(frozen=True, repr=False)
class Calibration:
    """Result of a calibration.

    Attributes
    ----------
    setting : str
        The scenario it started from.
    fitted : list of FittedParameter
        The free parameters.
    before, after : list of Row
        The estimates at the start and at the end.
    patients, seed, runs : int
        Size and seed of each cohort, and how often all cohorts were simulated.
    converged : bool
        Whether the search for the least sum of squares ended by itself, and not because its rounds ran out.
    effective_draws : float
        How many independent draws those of the posterior are worth.
    emulator_error, emulator_uncertainty : float
        What the emulators of the estimates miss at draws of the posterior, and what they themselves leave open; root
        mean squares in published standard errors. See `Posterior`.
    rival : list of float or None
        Values of the parameters at another minimum, with a sum of squares that differs by no more than the Monte Carlo
        error, if the posterior led to one.
    given : mapping of str to sequence of float
        Columns of the table of draws that it was calibrated given; the draws have their rows.
    """

    setting: str
    fitted: list[FittedParameter]
    before: list[Row]
    after: list[Row]
    patients: int
    seed: int
    runs: int
    converged: bool
    effective_draws: float
    emulator_error: float
    emulator_uncertainty: float
    rival: list[float] | None = None
    given: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def __repr__(self) -> str:
        """The fitted parameters, in a line or two."""
        fitted = ", ".join(f"{fit.parameter.key} = {fit.value:.4g}" for fit in self.fitted)
        return f"<Calibration of {self.setting} to {len(self.after)} estimates: {fitted}>"

    def _repr_html_(self) -> str:
        """The fitted parameters with their intervals, for a notebook."""
        rows = [
            (fit.parameter.setting, fit.parameter.key, f"{fit.value:.4g}", f"{fit.low:.4g} to {fit.high:.4g}")
            for fit in self.fitted
        ]
        head = ("setting", "number", "value", "95% interval")
        return Table(repr(self).strip("<>"), head, rows, words=2).html()

    @property
    def digest(self) -> str:
        """Eight characters that change with the inputs, the fitted values and the version of the package.

        Draws of the posterior may differ between processors, and are not in it.
        """
        inputs = [self.setting, self.patients, self.seed]
        values = [[fit.column, fit.parameter.start, fit.value] for fit in self.fitted]
        rows = [row.as_json() for row in (*self.before, *self.after)]
        content = json.dumps(_rounded([__version__, inputs, values, rows]), sort_keys=True, allow_nan=False)
        return hashlib.sha256(content.encode()).hexdigest()[:8]

    @property
    def source(self) -> str:
        """Source of the fitted values, as it is written into a scenario."""
        ids = ", ".join(dict.fromkeys(row.published.evidence for row in self.after))
        return f"calibrated: {ids}; run {self.digest}"

    def draws(self) -> dict[str, list[float]]:
        """Return the draws of the posterior by column, after those it was calibrated given."""
        return {**{name: list(column) for name, column in self.given.items()}, **self._own_draws()}

    def _own_draws(self) -> dict[str, list[float]]:
        return {fit.column: list(fit.draws) for fit in self.fitted}

    def as_dict(self) -> dict[str, Any]:
        """Return everything but the draws as plain values."""
        return {
            "notice": vocabulary.NOTICE,
            "setting": self.setting,
            "patients": self.patients,
            "seed": self.seed,
            "runs": self.runs,
            "converged": self.converged,
            "rival": self.rival,
            "posterior": {
                "draws": len(self.fitted[0].draws),
                "effective_draws": self.effective_draws,
                "emulator_error": self.emulator_error,
                "emulator_uncertainty": self.emulator_uncertainty,
            },
            "free": [
                {"setting": fit.parameter.setting, "key": fit.parameter.key, "start": fit.parameter.start,
                 "value": fit.value, "low": fit.low, "high": fit.high, "at_limit": fit.at_limit,
                 "determined": fit.determined, "monte_carlo_error": fit.monte_carlo_error}
                for fit in self.fitted
            ],
            "before": [row.as_json() for row in self.before],
            "after": [row.as_json() for row in self.after],
        }  # fmt: skip


def _rounded(value: Any) -> Any:
    """Return values without their last bits, which may differ between processors."""
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_rounded(entry) for entry in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
