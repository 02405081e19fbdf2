"""Body size, and doses by body size."""

from __future__ import annotations

import math

from nephrosyn import vocabulary
from nephrosyn.course.state.codes import Schedule
from nephrosyn.kernels.compile import inline, kernel
from nephrosyn.scenario.schema.limits import GROWTH_CURVES
from nephrosyn.vocabulary import DAYS_PER_YEAR

DOSE_PER = ("m2", "kg", "patient", "full")
"""What the amount of a dose is multiplied by, as in a scenario; its code is its position."""

PER_M2, PER_KG, PER_PATIENT, PER_FULL_DOSE = 0, 1, 2, 3
MG_PER_G = 1000.0
MONTHS_PER_YEAR = 12.0
_HEIGHT, _WEIGHT_POWER, _WEIGHT_SPREAD, _HEIGHT_SPREAD = (
    GROWTH_CURVES.index(f"male_{curve}") for curve in ("height_cm", "weight_power", "weight_spread", "height_spread")
)
_NO_POWER = 1e-6  # below it the logarithm is normal


@inline
def median_at(growth, row, age_years):
    """Value of a growth curve at an age, linear between the months of its table."""
    month = age_years * MONTHS_PER_YEAR
    cell = int(min(max(month, 0.0), growth.shape[1] - 1.001))
    fraction = min(max(month - cell, 0.0), 1.0)
    return growth[row, cell] * (1.0 - fraction) + growth[row, cell + 1] * fraction


@kernel
def dry_weight_kg(state, traits, growth, t):
    """Weight without oedema (kg) at time t, by the LMS method from the patient's score.

    ``growth`` has the curves of `GROWTH_CURVES` by month of age, each for boys and for girls.
    """
    age_years = traits.age_years + t / DAYS_PER_YEAR
    power = median_at(growth, _WEIGHT_POWER + traits.sex, age_years)
    spread = median_at(growth, _WEIGHT_SPREAD + traits.sex, age_years)
    deviation = spread * traits.weight_score
    factor = math.exp(deviation) if abs(power) < _NO_POWER else (1.0 + power * deviation) ** (1.0 / power)
    return factor * median_at(growth, traits.sex, age_years)


@kernel
def height_cm(state, traits, growth, t):
    """Height (cm) at time t."""
    age_years = traits.age_years + t / DAYS_PER_YEAR
    spread = median_at(growth, _HEIGHT_SPREAD + traits.sex, age_years)
    return median_at(growth, _HEIGHT + traits.sex, age_years) * (1.0 + spread * traits.height_score)


body_surface_m2 = kernel(vocabulary.body_surface_m2)
"""Body surface (m2) from weight (kg), for compiled code."""


@kernel
def dose_for_size(amount, per, cap_mg, weight_kg, full_mg):
    """Milligrams of one dose, for an amount per m2, kg, patient or full dose."""
    if per == PER_M2:
        dose = amount * body_surface_m2(weight_kg)
    elif per == PER_KG:
        dose = amount * weight_kg
    elif per == PER_FULL_DOSE:
        dose = amount * full_mg
    else:
        dose = amount
    return min(dose, cap_mg)


@inline
def taken_mg_per_kg_per_day(state, traits):
    """Steroid taken that acts (mg/kg/day), averaged over days."""
    days = 2.0 if state.dose_schedule == Schedule.ALTERNATE_DAY else 1.0
    return state.taken_fraction * state.dose_mg / (days * state.dosing_weight_kg)
