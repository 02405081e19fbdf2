"""Weight and height by the LMS method, and lesions at the ages at which they occur."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats
from scipy.special import boxcox

from nephrosyn.course.disease import body
from nephrosyn.course.parameters.prepare import prepare
from nephrosyn.kernels.compile import from_python
from nephrosyn.patients.draw import draw_patients
from nephrosyn.scenario import load
from nephrosyn.vocabulary import DAYS_PER_YEAR, LESIONS

LEVEL = 1e-3


def test_adults_are_as_tall_and_heavy_as_adults(played):
    people = played("adult-mixed-lesions", patients=4_000)["patients"].with_columns(pl.col("sex").cast(pl.String))
    index = (people["weight_kg"] / (people["height_cm"] / 100) ** 2).to_numpy()
    assert 0.05 < np.mean(index > 28) < 0.30
    assert stats.skew(index) > 0.3
    women, men = (people.filter(pl.col("sex") == sex)["height_cm"] for sex in ("female", "male"))
    assert women.is_between(145, 175).mean() > 0.985
    assert men.is_between(153, 190).mean() > 0.99


@pytest.mark.parametrize("curve", ("weight", "height"))
def test_children_lie_within_their_centiles(played, curve):
    scenario = load("children-first-episode").scenario
    growth, unit = scenario.population.growth, {"weight": "kg", "height": "cm"}[curve]
    tables = played("children-first-episode", patients=4_000)
    people = tables["patients"].join(tables["truth/traits"], on=["replicate", "patient"])
    age = (people["age_at_onset_years"] + people["presentation_days"] / DAYS_PER_YEAR).to_numpy()
    for sex in ("male", "female"):
        here = (people["sex"].cast(pl.String) == sex).to_numpy()
        at = {
            key: np.interp(age[here], growth.age_years, getattr(growth, f"{sex}_{curve}_{key}"))
            for key in (unit, "spread", *(["power"] if curve == "weight" else []))
        }
        ratio = people[f"{curve}_{unit}"].to_numpy()[here] / at[unit]
        score = boxcox(ratio, at["power"]) / at["spread"] if curve == "weight" else (ratio - 1.0) / at["spread"]
        inside = int((np.abs(score) < stats.norm.ppf(0.97)).sum())
        assert stats.binomtest(inside, len(score), 0.94).pvalue > LEVEL
        assert np.abs(score).max() < growth.highest_score + 0.1


def test_the_record_and_the_course_have_the_same_body(played):
    scenario = load("baseline").scenario
    traits = draw_patients(scenario, 1, 0, np.arange(50))
    growth = prepare(scenario, 1, 0).growth
    people = played("baseline", patients=50)["patients"]
    dry_weight_kg, height_cm = from_python(body.dry_weight_kg), from_python(body.height_cm)
    for patient, row in zip(traits, people.iter_rows(named=True), strict=True):
        day = patient["presentation_days"]
        assert dry_weight_kg(None, patient, growth, day) == pytest.approx(row["weight_kg"], rel=0.01)
        assert height_cm(None, patient, growth, day) == pytest.approx(row["height_cm"], rel=0.01)


def test_lesions_of_school_age_are_not_found_in_toddlers(played):
    scenario = load("setting-iskdc").scenario
    band = scenario.population.bands["children"]
    traits = draw_patients(scenario, 1, 0, np.arange(20_000))
    for name, share in band.lesion_mix.items():
        here = traits["lesion"] == LESIONS.index(name)
        assert stats.binomtest(int(here.sum()), len(traits), share).pvalue > LEVEL  # G01
        assert traits["age_years"][here].min() >= band.lesion_from_years.get(name, band.from_years)
    older = ("membranous", "membranoproliferative", "iga", "c1q")
    assert all(band.lesion_from_years[name] >= 4 for name in older)
