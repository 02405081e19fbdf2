"""Traits of the patients in the plain SimPy script, drawn from the distributions of the scenario."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import stats

LN2 = math.log(2.0)
YEAR = 365.25


def draw(rng: np.random.Generator, distribution: Any, size: int) -> np.ndarray:
    """Draw from a distribution of the scenario."""
    if distribution.dist == "fixed":
        return np.full(size, distribution.parameters["value"])
    return np.asarray(getattr(stats, distribution.dist)(**distribution.parameters).rvs(size, random_state=rng))


def draw_size(rng: np.random.Generator, growth: Any, correlation: float, age: float) -> tuple[float, float]:
    """Draw the weight (kg) and height (cm) of a boy or man by the LMS method."""
    median, power, spread, height, height_spread = (
        float(np.interp(age, growth.age_years, getattr(growth, f"male_{curve}")))
        for curve in ("weight_kg", "weight_power", "weight_spread", "height_cm", "height_spread")
    )
    first, second = rng.standard_normal(2).tolist()
    highest = growth.highest_score
    heavy = min(max(first, -highest), highest)
    tall = min(max(correlation * first + math.sqrt(1.0 - correlation**2) * second, -highest), highest)
    factor = (1.0 + power * spread * heavy) ** (1.0 / power) if power else math.exp(spread * heavy)
    return median * factor, height * (1.0 + height_spread * tall)


def draw_traits(scenario: Any, rng: np.random.Generator, count: int) -> list[dict]:
    """Draw the traits of all patients at once."""
    bands = scenario.population.bands
    disease, levels, growth = scenario.disease, scenario.disease.proteinuria, scenario.population.growth
    columns = {
        "nephrotic": np.log(draw(rng, levels.nephrotic_mg_per_mg, count)),
        "partial": np.log(draw(rng, levels.partial_mg_per_mg, count)),
        "remitted": np.log(np.minimum(draw(rng, levels.remission_mg_per_mg, count), 0.18)),
        "albumin_normal": draw(rng, disease.albumin.normal_g_per_dl, count),
        "cholesterol_normal": draw(rng, disease.cholesterol.normal_mg_per_dl, count),
        "filtration": draw(rng, disease.kidney_function.gfr_ml_per_min_per_1_73_m2, count),
        "presentation": draw(rng, scenario.care.presentation_delay_days, count),
    }
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    people = [dict(zip(columns, row, strict=True)) for row in rows]
    for person, name in zip(people, rng.choice(list(bands), count, p=[b.share for b in bands.values()]), strict=True):
        band, relapse = bands[str(name)], disease.relapse.bands[str(name)]
        mix = band.lesion_mix
        lesion = rng.choice(list(mix), p=np.array(list(mix.values())) / sum(mix.values()))
        share = disease.response[str(name)][lesion]
        person["band"], person["lesion"] = str(name), lesion
        person["response"] = rng.choice(
            ["complete", "partial", "none"], p=[share.complete, share.partial, 1.0 - share.complete - share.partial]
        )
        person["age"] = age = rng.uniform(band.from_years, band.to_years)
        person["weight"], person["height"] = draw_size(rng, growth, band.weight_height_correlation, age)
        frailty = rng.gamma(relapse.frailty_shape) / relapse.frailty_shape
        factor = 0.0 if rng.random() < relapse.never_relapsing_share else disease.relapse.lesion_factor[lesion]
        person["relapses_per_day"] = relapse.rate_per_year / YEAR * frailty * factor
        late = disease.late_resistance
        comes = rng.random() < late.share
        person["resistant_from"] = float(draw(rng, late.after_days, 1)[0]) if comes else math.inf
        person["threshold"] = 0.5 if rng.random() < relapse.threshold_share else 0.0
        infection = scenario.triggers.infection
        person["infections_per_day"] = [
            max(rate * rng.gamma(shape) / shape, 1e-3) / YEAR
            for rate, shape in zip(infection.rate_per_year, infection.shape, strict=True)
        ]
        person["partial"] = min(person["partial"], person["nephrotic"] - LN2)
    return people
