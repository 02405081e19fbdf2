"""Defects found before, each with the case that showed it."""

from __future__ import annotations

import polars as pl

from .test_policy import one_rule


def test_the_first_visit_is_always_the_presentation(played):
    """An infection treated before the first visit brings it forward, and no more."""
    often = "complications.serious_infection.rate_per_year={children=4.0, adults=4.0}"
    tables = played("baseline", often, "complications.serious_infection.course.fatality=0.0", patients=400)
    first = tables["visits"].filter(visit=0)
    assert first["kind"].unique().to_list() == ["presentation"]
    early = tables["truth/events"].filter(event="complication_treated").join(first, on="patient")
    assert (early["time_days"].floor() == early["planned_days"]).sum() > 5


def test_a_discharge_ends_the_record(played):
    tables = played("source-combined-care")
    ends = tables["follow_up"].filter(reason="discharged")
    discharges = tables["truth/events"].filter(event="discharged").group_by("patient").agg(pl.col("time_days").max())
    both = ends.join(discharges, on="patient")
    assert len(ends) > 20
    assert (both["end_days"] == both["time_days"].floor()).all()
    visits = tables["visits"].join(ends, on="patient").filter(~pl.col("missed"))
    assert (visits["actual_days"] <= visits["end_days"]).all()


def test_a_biopsy_at_presentation_is_known_when_the_agent_is_chosen(played):
    rules = [rule.replace("['any']", "['membranous']") for rule in one_rule("steroid_start", ["rituximab"])]
    tables = played("adult-mixed-lesions", *rules, 'provoking_factors.search="never"', patients=200)
    known = (
        tables["truth/events"]
        .filter(event="biopsy")
        .join(tables["truth/traits"].filter(lesion="membranous"), on="patient")
    )
    treated = tables["doses"].filter(drug="prednisone")["patient"].unique()
    at_once = known.filter((pl.col("time_days") < 60) & pl.col("patient").is_in(treated.implode()))["patient"]
    given = tables["truth/doses"].filter(drug="rituximab")["patient"].unique()
    assert len(at_once) > 40
    assert at_once.is_in(given.implode()).mean() > 0.95


def test_steroid_diabetes_bars_tacrolimus(played):
    tables = played("modern-adults", "care.toxicities.steroid_diabetes.rate_per_year_at_1_mg_per_kg_per_day.adults=5.0")
    noted = tables["truth/conditions"].filter(condition="steroid_diabetes")
    given = tables["truth/events"].filter(event="agent_started", value=5.0)  # tacrolimus
    after = given.join(noted, on="patient").filter(pl.col("time_days") >= pl.col("noted_days") + 1)
    assert len(noted) > 50
    assert after.is_empty()


def test_cystitis_ends_cyclophosphamide(played):
    frail = "second_line.cyclophosphamide.bladder_tolerance_mg_per_kg={dist='fixed', value=50.0}"
    tables = played("source-combined-care", frail, "population.follow_up_days=1500")
    noted = tables["truth/conditions"].filter(condition="haemorrhagic_cystitis")
    doses = tables["truth/doses"].filter(drug="cyclophosphamide").join(noted, on="patient")
    assert len(noted) > 30
    assert doses.filter(pl.col("first_days") > pl.col("noted_days")).is_empty()


def test_no_infusion_is_a_mere_rest(played):
    tables = played("source-combined-care")
    doses = tables["truth/doses"].filter(schedule="single")
    assert (doses["dose_mg"] / doses["dosing_weight_kg"]).filter(
        doses["drug"] == "cyclophosphamide"
    ).min() > 4.2  # half a dose, rounded down to 50 mg
