"""Published hazard ratios of complications, estimated in simulated patients who differ only in albumin or in dose.

Numbers that a study counted in patients are in the table of the package (`nephrosyn.evidence.published`); a hazard
ratio needs a scenario in which nothing else differs, `scenarios/constant-albumin.toml`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from . import measure as m


@dataclass(frozen=True)
class HazardRatio:
    """A published hazard ratio and how it is simulated."""

    id: str
    what: str
    value: float
    interval: tuple[float, float]
    basis: str
    scenario: str
    simulate: Callable[[], float]
    digits: int = 3

    @property
    def key(self) -> str:
        return f"{self.id} {self.what}"

    @cache  # noqa: B019  (an instance lives as long as the module)
    def simulated(self) -> float:
        return self.simulate()

    def inside(self) -> bool:
        low, high = self.interval
        return low <= self.simulated() <= high


def _number(id_, what, value, interval, scenario, simulate, digits=2):
    """Return a hazard ratio that the paper gives with its interval."""
    return HazardRatio(id_, what, value, interval, "as published", scenario, simulate, digits)


HAZARD_RATIOS = [
    HazardRatio(
        "F03",
        "thrombosis for each g/dL less of albumin",
        2.13,
        (2.13 / 1.15, 2.13 * 1.15),
        "15% to either side; none published",
        "constant-albumin",
        m.thrombosis_ratio_per_g_per_dl,
        2,
    ),
    _number(
        "F08",
        "infection at an albumin below 1.5 g/dL",
        2.6,
        (1.2, 6.0),
        "constant-albumin",
        m.infection_ratio_by_albumin,
    ),
    _number(
        "F13", "infection for each mg/kg/day of steroid", 2.3, (1.5, 3.8), "constant-albumin", m.infection_ratio_by_dose
    ),
]
