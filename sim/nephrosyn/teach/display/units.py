"""The two systems of units in which a record is displayed, and the way back.

Values have enough digits to recover the laboratory's printed value exactly: a whole mg/mmol is finer than a hundredth
of a mg/mg. Therefore no key changes with the units.
"""

from __future__ import annotations

from typing import NamedTuple

from nephrosyn import vocabulary
from nephrosyn.teach.model import UnitSystem


class Scale(NamedTuple):
    """How an analyte is displayed: unit, conversion factor from the package's unit, and decimals of both units."""

    unit: str
    factor: float
    decimals: int
    inner_decimals: int


# Creatinine has 113.12 g/mol, cholesterol 386.7 g/mol.
SCALES: dict[UnitSystem, dict[str, Scale]] = {
    "conventional": {
        "upcr": Scale("mg/mg", 1.0, 2, 2),
        "albumin": Scale("g/dL", 1.0, 1, 1),
        "creatinine": Scale("mg/dL", 1.0, 2, 2),
        "cholesterol": Scale("mg/dL", 1.0, 0, 0),
        "anti_pla2r": Scale("RU/mL", 1.0, 0, 0),
    },
    "si": {
        "upcr": Scale("mg/mmol", 113.12, 0, 2),
        "albumin": Scale("g/L", 10.0, 0, 1),
        "creatinine": Scale("µmol/L", 88.4, 0, 2),
        "cholesterol": Scale("mmol/L", 1 / 38.67, 2, 0),
        "anti_pla2r": Scale("RU/mL", 1.0, 0, 0),
    },
}


def displayed_value(analyte: str, value: float, units: UnitSystem, *, below: bool = False) -> str:
    """Return a value as displayed.

    Parameters
    ----------
    analyte : str
        One of `vocabulary.ANALYTES`.
    value : float
        Value in the package's unit.
    units : {"conventional", "si"}
        System of units.
    below : bool
        Whether the true value is below this detection limit.

    Examples
    --------
    >>> displayed_value("upcr", 0.2, "conventional"), displayed_value("upcr", 0.2, "si")
    ('0.20', '23')
    >>> displayed_value("dipstick", 4, "si")
    '3+'
    """
    if analyte == "dipstick":
        return vocabulary.DIPSTICK_BANDS[int(value)]
    scale = SCALES[units][analyte]
    return f"{'<' if below else ''}{value * scale.factor:.{scale.decimals}f}"


def read(analyte: str, text: str, unit: str) -> float:
    """Return a displayed value in the package's unit.

    Examples
    --------
    >>> read("upcr", "23", "mg/mmol"), read("upcr", "<0.05", "mg/mg"), read("dipstick", "3+", "")
    (0.2, 0.05, 4.0)
    """
    if analyte == "dipstick":
        return float(vocabulary.DIPSTICK_BANDS.index(text))
    scales = [by_analyte[analyte] for by_analyte in SCALES.values() if by_analyte[analyte].unit == unit]
    if not scales:
        raise ValueError(f"{analyte} in {unit!r} is in neither system of units")
    scale = scales[0]
    return round(float(text.removeprefix("<")) / scale.factor, scale.inner_decimals)


def unit_of(analyte: str, units: UnitSystem) -> str:
    """Return the unit in which an analyte is displayed; empty for a dipstick."""
    return "" if analyte == "dipstick" else SCALES[units][analyte].unit


def reference(analyte: str, low: float, high: float, units: UnitSystem) -> str:
    """Return a reference range as displayed.

    Examples
    --------
    >>> reference("albumin", 3.5, 5.5, "si"), reference("upcr", 0.0, 0.2, "si"), reference("dipstick", 0, 1, "si")
    ('35 to 55', 'up to 23', 'negative to trace')
    """
    if analyte == "dipstick" or low > 0:
        return f"{displayed_value(analyte, low, units)} to {displayed_value(analyte, high, units)}"
    return f"up to {displayed_value(analyte, high, units)}"
