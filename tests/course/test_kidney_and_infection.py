"""Kidney function and infections: what responders lose, what comes back, and what kills."""

from __future__ import annotations

import polars as pl
import pytest

WHO = ["replicate", "patient"]


def named(tables, name):
    return tables["truth/events"].filter(pl.col("event").cast(pl.String) == name)


@pytest.mark.slow
def test_minimal_change_that_clears_on_steroid_keeps_its_kidneys(played):
    tables = played("setting-toronto-european", "population.follow_up_days=3652", patients=1_000)
    responders = tables["truth/traits"].filter(pl.col("response").cast(pl.String) == "complete")
    failed = named(tables, "kidney_failure").join(named(tables, "late_resistance"), on=WHO, how="anti")
    assert failed.join(responders, on=WHO, how="semi").height <= 1


def test_acute_injury_comes_back_with_albumin(played):
    none, deep = (
        played(
            "setting-toronto-european",
            f"complications.acute_kidney_injury.share={{children={share}, adults={share}}}",
            "complications.acute_kidney_injury.depth={dist='fixed', value=0.6}",
            patients=60,
        )
        for share in (0.0, 1.0)
    )
    creatinine = [
        tables["readings"].filter(pl.col("analyte").cast(pl.String) == "creatinine").select(*WHO, "taken_days", "value")
        for tables in (none, deep)
    ]
    both = creatinine[0].join(creatinine[1], on=[*WHO, "taken_days"], suffix="_deep")
    ratio = both.with_columns(ratio=pl.col("value_deep") / pl.col("value"))
    onset = ratio.sort("taken_days").group_by(WHO, maintain_order=True).first()["ratio"]
    assert onset.median() > 1.3
    assert ratio.sort("taken_days").group_by(WHO, maintain_order=True).last()["ratio"].median() == pytest.approx(
        1.0, abs=0.05
    )


def test_filtration_at_onset_falls_with_age_and_lesion(played):
    traits = played("adult-mixed-lesions", patients=2_000)["truth/traits"]
    filtration, age = pl.col("gfr_ml_per_min_per_1_73_m2").median(), pl.col("age_at_onset_years")
    young, old = (traits.filter(part).select(filtration).item() for part in (age < 40, age > 75))
    assert young - old > 20
    by_lesion = dict(traits.filter(age < 40).group_by(pl.col("lesion").cast(pl.String)).agg(filtration).iter_rows())
    assert by_lesion["fsgs"] < by_lesion["minimal_change"]


@pytest.mark.slow
def test_infections_kill_few_children(played):
    tables = played("setting-india-infections", patients=4_000)
    years = named(tables, "serious_infection").height
    deaths = named(tables, "death").height
    assert years > 1_000
    # 0.24 x 0.02 of treated infections and the deaths of childhood: at most 2 in 1,000 a year over 32 months
    assert deaths < 0.002 * 4_000 * 973 / 365.25 + 4 * (0.002 * 4_000 * 973 / 365.25) ** 0.5
