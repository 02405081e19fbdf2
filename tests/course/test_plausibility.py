"""What a nephrologist would find absurd in a record does not happen."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from nephrosyn.scenario import load

WHO = ["replicate", "patient"]
SCENARIOS = ("baseline", "modern-children", "children-first-episode", "source-combined-care")


@pytest.mark.parametrize("name", SCENARIOS)
def test_nobody_is_seen_twice_on_one_day(played, name):
    visits = played(name, patients=300)["visits"].filter(~pl.col("missed"))
    days = visits.with_columns(day=pl.col("actual_days").floor())
    assert days.group_by(*WHO, "day").len()["len"].max() == 1


@pytest.mark.parametrize("name", ("modern-children", "modern-adults", "source-combined-care"))
def test_doses_of_second_agents_can_be_dispensed(played, name):
    doses = played(name, patients=600)["doses"].with_columns(pl.col("drug").cast(pl.String))
    steps: dict[str, set[float]] = {}
    for regimen in load(name).scenario.second_line.regimens.values():
        steps.setdefault(regimen.drug, set()).add(regimen.dose.round_to_mg)
    given = doses.filter(pl.col("drug").is_in(list(steps)))
    assert given.height > 100
    for drug, amount in given.select("drug", "dose_mg").iter_rows():
        assert any(abs(amount / step - round(amount / step)) < 1e-6 for step in steps[drug]), (drug, amount)


def test_adults_differ_in_body_mass_index(played):
    patients = played("adult-mixed-lesions", patients=4_000)["patients"]
    index = (patients["weight_kg"] / (patients["height_cm"] / 100) ** 2).to_numpy()
    assert 21 < np.median(index) < 25
    assert 0.03 < np.mean(index > 28) < 0.25
    height = patients.group_by(pl.col("sex").cast(pl.String)).agg(pl.col("height_cm").std())
    assert height["height_cm"].is_between(5.0, 8.0).all()


def test_very_low_albumin_is_recorded(played):
    # F08: the risk of infection below 1.5 g/dL
    readings = played("children-first-episode", patients=600)["readings"]
    albumin = readings.filter(pl.col("analyte").cast(pl.String) == "albumin")["value"]
    assert 0.005 < (albumin < 1.5).mean() < 0.2
