"""Provoking factors: steroid works again once they are found and removed."""

from __future__ import annotations

import polars as pl
import pytest

SURE = (
    "{{share={{children=1.0, adults=1.0}}, exposure_factor={exposure}, speed_factor={speed}, "
    "found_after_days={{dist='fixed', value=10.0}}, removed_after_days={{dist='fixed', value=5.0}}, "
    "remits_by_itself_probability={alone}}}"
)
ADHERENT = "care.adherence.non_adherent_share=0.0"
HEALTHY = [
    ADHERENT,
    "complications.serious_infection.rate_per_year={children=0.0, adults=0.0}",
    "disease.spontaneous.minimal_change.share=0.0",
]


def with_factor(name, exposure=1.0, speed=0.0, alone=0.0, search="resistance"):
    values = SURE.format(exposure=exposure, speed=speed, alone=alone)
    return [*HEALTHY, f"provoking_factors.factors.{name}={values}", f"provoking_factors.search='{search}'"]


def times(tables, event):
    return tables["truth/events"].filter(event=event).group_by("patient").agg(pl.col("time_days").min().alias(event))


@pytest.mark.parametrize("name", ["hidden_infection", "hidden_thrombosis"])
def test_a_blocking_factor_makes_everybody_resistant_until_it_is_removed(played, name):
    tables = played("adult-minimal-change", *with_factor(name), patients=150)
    first = times(tables, "provoking_factor_removed").join(times(tables, "response_begins"), on="patient")
    assert len(first) > 100
    assert (first["response_begins"] >= first["provoking_factor_removed"]).all()
    found = times(tables, "provoking_factor_found").join(times(tables, "declared_resistant"), on="patient")
    assert (found["provoking_factor_found"] - found["declared_resistant"]).to_list() == pytest.approx(
        [10.0] * len(found)
    )
    notes = tables["truth/conditions"].filter(kind="provoking_factor")
    assert notes["condition"].unique().to_list() == [name]


def test_no_search_no_remission(played):
    tables = played("adult-minimal-change", *with_factor("hidden_infection", search="never"), patients=100)
    assert times(tables, "provoking_factor_found").is_empty()
    assert times(tables, "response_begins").is_empty()


def test_a_search_at_presentation_finds_before_resistance(played):
    tables = played("adult-minimal-change", *with_factor("hidden_infection", search="presentation"), patients=100)
    found = times(tables, "provoking_factor_found").join(times(tables, "presentation"), on="patient")
    assert (found["provoking_factor_found"] - found["presentation"]).to_list() == pytest.approx([10.0] * len(found))
    assert len(times(tables, "response_begins")) > 80


def test_little_that_acts_slows_the_response(played):
    weak = played("adult-minimal-change", *with_factor("malabsorption", exposure=0.1, speed=1.0, search="never"))
    full = played("adult-minimal-change", *HEALTHY)
    both = times(weak, "response_begins").join(times(full, "response_begins"), on="patient", suffix="_full")
    assert len(both) > 100
    assert (both["response_begins"] >= both["response_begins_full"]).all()
    assert (both["response_begins"] > both["response_begins_full"]).mean() > 0.8  # the others respond at once


def test_disease_may_remit_by_itself_once_the_factor_is_gone(played):
    factor = with_factor("hidden_infection", alone=1.0)
    tables = played("adult-minimal-change", *factor, patients=100)
    gone = times(tables, "provoking_factor_removed").join(times(tables, "spontaneous_fall_begins"), on="patient")
    assert len(gone) > 80
    assert (gone["spontaneous_fall_begins"] == gone["provoking_factor_removed"]).all()


PER_KG = [
    f"care.regimen.children.{course}.dose={{amount=2.0, per='kg', cap_mg=60.0}}" for course in ("first", "relapse")
]


def test_doses_by_weight_fall_short_in_small_children(played):
    factor = with_factor("under_dosing")
    tables = played(
        "children-first-episode", *PER_KG, *factor, "provoking_factors.needed_mg_per_m2_per_day.children=55"
    )
    found = times(tables, "provoking_factor_found")
    people = tables["patients"].select("patient", "weight_kg")
    assert len(found) > 50
    assert found.join(people, on="patient")["weight_kg"].max() < 27.2  # 2 mg/kg is less than 55 mg/m2 below 27.1 kg
    later = tables["truth/doses"].join(times(tables, "provoking_factor_removed"), on="patient")
    raised = later.filter(
        (pl.col("first_days") >= pl.col("provoking_factor_removed")) & (pl.col("schedule") == "daily")
    )
    surface = (4 * raised["dosing_weight_kg"] + 7) / (raised["dosing_weight_kg"] + 90)
    assert len(raised) > 30
    assert (raised["dose_mg"] >= 55 * surface - 1.25).mean() > 0.9


def test_doses_by_surface_never_fall_short(played):
    tables = played("children-first-episode", *with_factor("under_dosing"))
    assert times(tables, "provoking_factor_found").is_empty()


def test_non_adherence_ends_when_it_is_found(played):
    settings = [
        *HEALTHY[1:],
        "care.adherence.non_adherent_share=1.0",
        "care.adherence.taken_fraction={dist='fixed', value=0.05}",
    ]
    looked = played("adult-minimal-change", *settings, "provoking_factors.search='resistance'", patients=150)
    never = played("adult-minimal-change", *settings, "provoking_factors.search='never'", patients=150)
    assert times(never, "provoking_factor_found").is_empty()
    assert len(times(looked, "response_begins")) > 1.2 * len(times(never, "response_begins"))
    gone = times(looked, "provoking_factor_removed")
    untreated = gone.join(times(never, "response_begins"), on="patient", how="anti")
    cured = untreated.join(times(looked, "response_begins"), on="patient")
    assert len(cured) > 30
    assert (cured["response_begins"] >= cured["provoking_factor_removed"]).all()
