"""Published laws of complications, read off simulated patients who differ in albumin, or in dose, and in nothing else.

Figures that a study counted in patients are in the table of the package (`nephrosyn.evidence.figures`); a law needs a
bench, `scenarios/law-nephrotic.toml`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from . import measure as m


@dataclass(frozen=True)
class Figure:
    """One published number and how it is simulated."""

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

    @cache  # noqa: B019  (a figure lives as long as the module)
    def simulated(self) -> float:
        return self.simulate()

    def inside(self) -> bool:
        low, high = self.interval
        return low <= self.simulated() <= high


def _number(id_, what, value, interval, scenario, simulate, digits=2):
    """A number that the paper gives with its interval."""
    return Figure(id_, what, value, interval, "as published", scenario, simulate, digits)


FIGURES = [
    Figure(
        "F03",
        "thrombosis for each g/dL less of albumin",
        2.13,
        (2.13 / 1.15, 2.13 * 1.15),
        "15% to either side; none published",
        "law-nephrotic",
        m.thrombosis_ratio_per_g_per_dl,
        2,
    ),
    _number(
        "F08", "infection at an albumin below 1.5 g/dL", 2.6, (1.2, 6.0), "law-nephrotic", m.infection_ratio_by_albumin
    ),
    _number(
        "F13", "infection for each mg/kg/day of steroid", 2.3, (1.5, 3.8), "law-nephrotic", m.infection_ratio_by_dose
    ),
]
