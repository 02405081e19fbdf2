"""A small course that other simulators can express too: the common work, without the medicine.

Over two years a patient is seen every four weeks, and each visit writes a row and three readings; relapses and
remissions take turns, each writes a row, and every relapse starts a taper of six steps with a row each; infections come
at random, and a row is written when they begin and when they end. About 170 rows a patient. Times are in days.
"""

from __future__ import annotations

import numpy as np

FOLLOW_UP = 730.0
BETWEEN_VISITS = 28.0
READINGS = 3
REMISSION_MEDIAN, REMISSION_LOG_SD = 14.0, 0.5
RELAPSE_MEAN = 120.0
TAPER_STEPS, STEP_DAYS = 6, 14.0
INFECTION_MEAN, INFECTION_DAYS = 180.0, 14.0
PER_SITE = 300

Row = tuple[int, str, float, float]


def sites(patients: int) -> list[range]:
    """Patients by site; each site has one environment."""
    return [range(first, min(first + PER_SITE, patients)) for first in range(0, patients, PER_SITE)]


def time_to_remission(rng: np.random.Generator) -> float:
    return float(rng.lognormal(np.log(REMISSION_MEDIAN), REMISSION_LOG_SD))
