"""Every death has a cause, and people die of other diseases as often as a life table says."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
from scipy import stats

from nephrosyn import vocabulary
from nephrosyn.scenario import load
from nephrosyn.vocabulary import DAYS_PER_YEAR

WHO = ["replicate", "patient"]
LEVEL = 1e-3
CAUSES = set(vocabulary.CAUSES_OF_DEATH)


def deaths_of(tables):
    return tables["truth/events"].filter(pl.col("event").cast(pl.String) == "death")


def test_every_death_has_one_cause_noted_on_its_day(played):
    tables = played("baseline", "complications.venous_thrombosis.course.fatality=0.5", patients=3_000)
    deaths = deaths_of(tables).with_columns(noted_days=pl.col("time_days").floor().cast(pl.Int32))
    noted = tables["truth/conditions"].filter(pl.col("kind").cast(pl.String) == "cause_of_death")
    assert deaths.height == noted.height > 60
    both = deaths.join(noted, on=[*WHO, "noted_days"])
    assert both.height == deaths.height
    assert [vocabulary.CONDITIONS[int(code)] for code in both["value"]] == both["condition"].cast(pl.String).to_list()
    assert set(both["condition"].cast(pl.String)) <= CAUSES
    fatal = both.filter(pl.col("condition").cast(pl.String) == "death_from_thrombosis").select(*WHO, "noted_days")
    assert fatal.height > 5
    complications = tables["truth/conditions"].filter(pl.col("condition").cast(pl.String).str.ends_with("thrombosis"))
    complications = complications.filter(pl.col("kind").cast(pl.String) == "complication")
    assert fatal.join(complications, on=[*WHO, "noted_days"], how="semi").height == fatal.height


def test_deaths_in_the_young_off_drug_and_in_remission_are_those_of_the_life_table(played):
    tables = played("ten-years", "disease.death.nephrotic_factor=1.0", patients=3_000)
    death = load("ten-years").scenario.disease.death
    people = tables["truth/traits"].join(tables["truth/follow_up"], on=WHO)
    age, years = people["age_at_onset_years"].to_numpy(), people["end_days"].to_numpy() / DAYS_PER_YEAR
    limits = [*death.from_years, 200.0]
    spent = [
        np.clip(np.minimum(age + years, high) - np.maximum(age, low), 0.0, None).sum() for low, high in pairwise(limits)
    ]
    other = deaths_of(tables).join(people.select(*WHO, "age_at_onset_years"), on=WHO).filter(
        pl.col("value").cast(pl.Int64) < vocabulary.CONDITIONS.index("death_from_infection")
    )  # fmt: skip
    ages = (other["age_at_onset_years"] + other["time_days"] / DAYS_PER_YEAR).to_numpy()
    young, old = 0.0, 0.0
    for low, high, rate, time in zip(limits, limits[1:], death.background_per_year, spent, strict=False):
        young, old = (young + rate * time, old) if high <= 55 else (young, old + rate * time)
        seen = int(((ages >= low) & (ages < high)).sum())
        assert stats.poisson.cdf(seen, rate * time) > LEVEL / 10
        assert stats.poisson.sf(seen - 1, rate * time) > LEVEL / 10
    assert 0 < young < old
    assert set(other["value"]) == {float(vocabulary.CONDITIONS.index("death_from_other_disease"))}


def test_what_nephrotic_disease_adds_is_cardiovascular(played):
    nobody = ("disease.response_dose_mg_per_kg_per_day=20.0", "disease.death.nephrotic_factor=5.0")
    tables = played("adult-mixed-lesions", *nobody, patients=2_000)
    died = deaths_of(tables).join(
        tables["truth/events"].filter(pl.col("event").cast(pl.String) == "complete_remission"), on=WHO, how="anti"
    )
    other = (died["value"] == float(vocabulary.CONDITIONS.index("death_from_other_disease"))).sum()
    heart = (died["value"] == float(vocabulary.CONDITIONS.index("death_from_cardiovascular_disease"))).sum()
    assert stats.binomtest(int(heart), int(heart + other), 0.8).pvalue > LEVEL
