"""Units of results in records that were made elsewhere, and their factors to those of nephrosyn."""

from __future__ import annotations

from nephrosyn.vocabulary import UNITS

CREATININE_MG_PER_MMOL = 113.12
CREATININE_UMOL_PER_L = 88.42
CHOLESTEROL_MG_PER_DL = 38.67
_RATIO = {"mg/mg": 1.0, "g/g": 1.0, "mg/g": 0.001, "mg/mmol": 1.0 / CREATININE_MG_PER_MMOL}
_RATIO |= {"g/mol": _RATIO["mg/mmol"], "mg/mmol{creat}": _RATIO["mg/mmol"], "mg/g{creat}": 0.001}

FACTORS: dict[str, dict[str, float]] = {
    "upcr": _RATIO,
    "uacr": _RATIO,
    "dipstick": {"{score}": 1.0, "band": 1.0},
    "albumin": {"g/dL": 1.0, "g/L": 0.1},
    "creatinine": {"mg/dL": 1.0, "umol/L": 1.0 / CREATININE_UMOL_PER_L},
    "cholesterol": {"mg/dL": 1.0, "mmol/L": CHOLESTEROL_MG_PER_DL},
    "weight": {"kg": 1.0, "g": 0.001},
    "anti_pla2r": {"RU/mL": 1.0, "[arb'U]/mL": 1.0},
    "dose": {"mg": 1.0, "mg/d": 1.0, "g": 1000.0, "g/d": 1000.0},
}
"""Factor from each unit that is accepted (UCUM) to the unit of nephrosyn, by analyte.

``dose`` is the dose of a dosing day.
"""


def expected(analyte: str) -> str:
    """Return the units that are accepted for an analyte, as text.

    Examples
    --------
    >>> expected("albumin")
    'g/dL or g/L'
    """
    return " or ".join(FACTORS[analyte])


def inside(analyte: str) -> str:
    """Return the unit of an analyte in nephrosyn.

    Examples
    --------
    >>> inside("albumin"), inside("dose")
    ('g/dL', 'mg')
    """
    return UNITS.get(analyte, "mg")
