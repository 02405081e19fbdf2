"""Membranous nephropathy: antibodies first, urine later; and what laboratories read of them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

WHO = ["replicate", "patient"]
FOLLOWS, HALVING = 30.0, 21.0
EXACT = (
    "readings.anti_pla2r.variation=0.0",
    "chart.decimals.anti_pla2r=6",
    "chart.lost_result_probability.anti_pla2r=0.0",
    "chart.missed_visit_probability=0.0",
)
BEGINNINGS = ("response_begins", "agent_response_begins", "spontaneous_fall_begins")


@pytest.fixture(scope="module")
def adults(played):
    return played("modern-adults", *EXACT, patients=600)


def named(tables):
    return tables["truth/events"].with_columns(pl.col("event").cast(pl.String)).sort(*WHO, "time_days")


def lesion(tables, name="membranous"):
    return tables["truth/traits"].filter(pl.col("lesion").cast(pl.String) == name).select(WHO)


def test_urine_follows_the_immunological_response(adults):
    events = named(adults).join(lesion(adults), on=WHO, how="semi")
    steps = events.filter(pl.col("event").is_in([*BEGINNINGS, "immunological_response", "immunological_relapse"]))
    steps = steps.with_columns(since=pl.col("time_days").diff().over(WHO), before=pl.col("event").shift(1).over(WHO))
    falls = steps.filter(pl.col("event").is_in(BEGINNINGS), pl.col("before") == "immunological_response")
    assert falls.height > 100
    assert falls["since"].to_list() == pytest.approx([FOLLOWS] * falls.height)


def test_other_lesions_have_no_immunological_events(adults):
    events = named(adults).join(lesion(adults), on=WHO, how="anti")
    assert events.filter(pl.col("event").is_in(["immunological_response", "immunological_relapse"])).height == 0


def test_the_urine_falls_slowly(adults):
    # NL3.1: a halving time of three to five months
    begins = pl.col("event").is_in(["response_begins", "agent_response_begins"])
    starts = named(adults).filter(begins).join(lesion(adults), on=WHO, how="semi")
    paths = adults["truth/proteinuria"].join(starts, left_on=[*WHO, "start_days"], right_on=[*WHO, "time_days"])
    halving = -np.log(2) / paths["log_slope_per_day"].to_numpy()
    assert len(halving) > 50
    assert np.quantile(halving, [0.03, 0.97]) == pytest.approx([90, 90])


def test_a_response_goes_on_after_the_effect_of_the_drug(played):
    tables = played(
        "modern-adults",
        "second_line.regimens.rituximab.offset_days={dist='fixed', value=30}",
        "second_line.regimens.rituximab.time_to_response_days={dist='fixed', value=20}",
        "disease.membranous.urine_follows_days=200",
        patients=400,
    )
    events = named(tables).join(lesion(tables), on=WHO, how="semi")
    begins = events.filter(pl.col("event") == "agent_response_begins")
    ends = events.filter(pl.col("event") == "agent_effect_ends").select(*WHO, end="time_days")
    late = begins.join(ends, on=WHO).filter(
        pl.col("time_days") > pl.col("end"), pl.col("time_days") < pl.col("end") + 200
    )
    assert late.height > 10


def test_a_relapse_comes_after_the_antibodies(adults):
    steps = named(adults).join(lesion(adults), on=WHO, how="semi")
    steps = steps.filter(pl.col("event").is_in(["immunological_relapse", "relapse"]))
    steps = steps.with_columns(since=pl.col("time_days").diff().over(WHO), before=pl.col("event").shift(1).over(WHO))
    relapses = steps.filter(pl.col("event") == "relapse")
    assert relapses.height > 5
    assert relapses["before"].unique().to_list() == ["immunological_relapse"]
    assert relapses["since"].to_list() == pytest.approx([90.0] * relapses.height)


def test_antibodies_are_read_in_biopsied_membranous_nephropathy_only(adults):
    read = adults["readings"].filter(pl.col("analyte").cast(pl.String) == "anti_pla2r")
    known = adults["patients"].filter(pl.col("lesion").cast(pl.String) == "membranous")
    assert read.height > 1_000
    after = read.join(known.select(*WHO, "biopsy_days"), on=WHO).filter(pl.col("taken_days") > pl.col("biopsy_days"))
    assert after.height == read.height
    assert read["unit"].cast(pl.String).unique().to_list() == ["RU/mL"]


def test_antibodies_halve_in_weeks_and_go_before_the_urine_is_clear(adults):
    events = named(adults)
    response = (
        events.filter(pl.col("event") == "immunological_response")
        .group_by(WHO)
        .agg(response=pl.col("time_days").first())
    )
    clear = events.filter(pl.col("event") == "complete_remission").group_by(WHO).agg(clear=pl.col("time_days").first())
    back = events.filter(pl.col("event") == "immunological_relapse").group_by(WHO).agg(back=pl.col("time_days").first())
    positive = adults["truth/traits"].filter("anti_pla2r_positive").select(WHO)
    read = (
        adults["readings"].filter(pl.col("analyte").cast(pl.String) == "anti_pla2r").join(positive, on=WHO, how="semi")
    )
    read = read.join(response, on=WHO).join(back, on=WHO, how="left").join(clear, on=WHO, how="left")
    read = read.filter(pl.col("back").is_null() | (pl.col("taken_days") < pl.col("back")))
    active = (
        read.filter(pl.col("taken_days") + 1 < pl.col("response"))
        .group_by(WHO)
        .agg(pl.col("value").first().alias("active"))
    )
    falling = read.filter(pl.col("taken_days") > pl.col("response") + 1, pl.col("value") > 20).join(active, on=WHO)
    days = (falling["taken_days"] - falling["response"]).to_numpy()
    assert len(days) > 50
    # visits have hours, the record has days
    ratio = falling["value"].to_numpy() / (falling["active"].to_numpy() * 0.5 ** (days / HALVING))
    assert np.all((ratio > 0.95) & (ratio < 1.05))
    assert (read.filter(pl.col("taken_days") > pl.col("clear"))["value"] < 20).mean() > 0.95


def test_three_quarters_are_positive(played):
    traits = played("adult-mixed-lesions", patients=2_000)["truth/traits"]
    membranous = traits.filter(pl.col("lesion").cast(pl.String) == "membranous")["anti_pla2r_positive"]
    assert stats.binomtest(int(membranous.sum()), len(membranous), 0.75).pvalue > 0.001
    assert not traits.filter(pl.col("lesion").cast(pl.String) != "membranous")["anti_pla2r_positive"].any()
