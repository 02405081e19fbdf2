"""The natural history of steroid-sensitive disease: signs of a relapse, times to remission, heterogeneity, decline."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

WHO = ["replicate", "patient"]
LEVEL = 0.001
CHILDREN = "disease.relapse.bands.children"


@pytest.fixture(scope="module")
def toronto(played):
    return played("setting-toronto-european", patients=500, seed=11)


def relapses(tables):
    """Every true relapse with the day of its remission and of the clinic's verdict, where they came before the next."""
    events = tables["truth/events"].with_columns(pl.col("event").cast(pl.String)).sort(*WHO, "time_days")
    rows = events.filter(pl.col("event").is_in(["relapse", "complete_remission", "declared_relapse"]))
    rows = rows.with_columns(episode=(pl.col("event") == "relapse").cum_sum().over(WHO)).filter(pl.col("episode") > 0)
    day = pl.col("time_days")
    return rows.group_by(*WHO, "episode").agg(
        relapse=day.filter(pl.col("event") == "relapse").first(),
        declared=day.filter(pl.col("event") == "declared_relapse").first(),
        remission=day.filter(pl.col("event") == "complete_remission").first(),
    )


def test_families_who_test_the_urine_have_their_relapse_confirmed_within_weeks(toronto):
    # before home tests followed proteinuria, a third of these relapses was declared after more than 45 days
    delay = relapses(toronto).select(pl.col("declared") - pl.col("relapse")).drop_nulls().to_series()
    assert len(delay) > 1_000
    assert delay.max() < 45
    assert delay.median() < 12


def test_oedema_brings_in_who_does_not_test(played):
    tables = played(
        "children-first-episode",
        "care.regimen.children.home_diary=false",
        "care.regimen.children.home_tests.share=0.0",
        "care.regimen.children.symptoms={probability=1.0, delay_days={dist='fixed', value=2.0}}",
        "care.regimen.children.visits.off_treatment_days=365",
        "care.regimen.children.visits.taper_days=365",
        patients=300,
    )
    unscheduled = tables["visits"].filter(pl.col("kind").cast(pl.String) == "unscheduled").select(*WHO, "visit")
    albumin = tables["readings"].filter(pl.col("analyte").cast(pl.String) == "albumin").select(*WHO, "visit", "value")
    came = unscheduled.join(albumin, on=[*WHO, "visit"])
    assert came.height > 100
    # the method reads up to 0.6 g/dL too high at low albumin; the rest were called in for an infection or toxicity
    assert (came["value"] < 3.2).mean() > 0.9


def test_relapses_remit_as_fast_as_published(toronto):
    # B05: mean 8.5 days at a relapse; the laws of this setting are those of first episodes with a median of 7.5 days
    days = relapses(toronto).select(pl.col("remission") - pl.col("declared")).drop_nulls().to_series().to_numpy()
    assert (days > 28).mean() < 0.02
    assert 5.5 < days.mean() < 9.5


def test_times_to_remission_are_mostly_the_patients_own(toronto):
    rows = relapses(toronto).with_columns(days=pl.col("remission") - pl.col("declared")).drop_nulls()
    rows = rows.filter(pl.col("days") > 1).with_columns(log_days=pl.col("days").log())
    groups = rows.filter(pl.len().over(WHO) >= 2)
    means = groups.group_by(WHO).agg(pl.col("log_days").mean(), n=pl.len(), within=pl.col("log_days").var())
    weights = means["n"].to_numpy() - 1
    within = np.average(means["within"].to_numpy(), weights=weights)
    total = groups["log_days"].var()
    # an intraclass correlation of 0.7, less what dose and doubling of courses add within a patient
    assert 0.45 < 1 - within / total < 0.85


def test_late_resistance_comes_mostly_within_a_year(played):
    share, scale, spread = 0.4, 150.0, 0.8
    tables = played("setting-toronto-european", f"disease.late_resistance.share={share}", patients=2_000)
    traits = tables["truth/traits"]
    events = tables["truth/events"].with_columns(pl.col("event").cast(pl.String))
    late = events.filter(pl.col("event") == "late_resistance")
    assert late.group_by(WHO).len()["len"].max() == 1
    relapse = events.filter(pl.col("event") == "relapse")
    before = relapse.join(late.select(*WHO, at="time_days"), on=WHO).filter(pl.col("time_days") < pl.col("at"))
    # a relapse before the resistance responds: its remission is there
    assert before.height > 100
    first_year = stats.norm.cdf(math.log(365 / scale) / spread)
    assert first_year > 0.8
    assert late.height < share * traits.height


def test_steroid_below_the_threshold_does_not_protect(played):
    common = (
        f"{CHILDREN}.since_remission_from_days=[0]",
        f"{CHILDREN}.since_remission_factor=[1.0]",
        f"{CHILDREN}.threshold_share=1.0",
        "triggers.infection.hazard_factor=1.0",
    )
    high = (*common, f"{CHILDREN}.threshold_mg_per_kg_per_day={{dist='fixed', value=5.0}}")
    low = (*common, f"{CHILDREN}.threshold_mg_per_kg_per_day={{dist='fixed', value=0.0001}}")
    first = [
        relapses(played("setting-toronto-european", *overrides, patients=300)).filter(pl.col("episode") == 1)["relapse"]
        for overrides in (high, low)
    ]
    assert stats.mannwhitneyu(first[0], first[1], alternative="less").pvalue < LEVEL


def test_frequent_relapse_goes_with_thresholds(played):
    traits = played("setting-toronto-european", patients=2_000)["truth/traits"]
    has = traits["threshold_mg_per_kg_per_day"] > 0
    with_it, without = traits["frailty"].filter(has), traits["frailty"].filter(~has)
    assert stats.mannwhitneyu(with_it, without, alternative="greater").pvalue < LEVEL


@pytest.mark.slow
def test_relapses_become_rarer_in_the_years_after_onset(played):
    tables = played(
        "setting-toronto-european",
        "population.follow_up_days=3652",
        f"{CHILDREN}.cured_per_year=0.0",
        f"{CHILDREN}.decline_per_year=0.0",
        patients=800,
    )
    days = relapses(tables)["relapse"].to_numpy()
    second, ninth = ((days > 365) & (days < 730)).sum(), ((days > 2_922) & (days < 3_287)).sum()
    # the hazard by itself is held exactly by test_disease; courses of steroid flatten what is seen of it
    assert stats.binomtest(int(ninth), int(ninth + second), 0.5, alternative="less").pvalue < LEVEL


def test_who_is_cured_relapses_no_more(played):
    tables = played("setting-toronto-european", f"{CHILDREN}.cured_per_year=360.0", patients=300)
    late = relapses(tables).filter(pl.col("relapse") > 10)
    assert late.height == 0


def test_a_course_for_frequent_relapse_is_longer(toronto):
    events = toronto["truth/events"].with_columns(pl.col("event").cast(pl.String))
    doses = toronto["doses"].filter(pl.col("drug").cast(pl.String) == "prednisone")
    often = events.filter(pl.col("event") == "declared_relapse").group_by(WHO).len().filter(pl.col("len") >= 4)
    low = doses.filter((pl.col("dose_mg") < 15) & (pl.col("last_days") - pl.col("first_days") > 100))
    assert low.join(often, on=WHO, how="semi").height > 0.3 * often.height
