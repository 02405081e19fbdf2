"""Complications, adverse events and second agents against values worked by hand, and against closed forms."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from nephrosyn.course.care import second_agents
from nephrosyn.course.disease import adverse_events, complications, kidney, relapse_hazard
from nephrosyn.course.state.events import ROW, Log
from nephrosyn.course.state.parameter_records import AGENT, PARAMETERS
from nephrosyn.course.state.state import CLOCK_COLUMNS, DUE, STATE, Clock, Phase
from nephrosyn.kernels.compile import from_python
from nephrosyn.patients.traits import TRAITS, records
from nephrosyn.scenario import load

LEVEL = 1e-3
"""Chance of a false alarm of each statistical test; the seed is fixed, so it comes at once or never."""

thrombosis_factor = from_python(complications._thrombosis_factor)
serious_infection_rate = from_python(complications.serious_infection_rate)
set_kidney_loss, lose_filtration = from_python(kidney.set_kidney_loss), from_python(kidney.lose_filtration)
gfr_now, react_to_doses = from_python(kidney.gfr_now), from_python(adverse_events.react_to_doses)
refresh_effects, relapse_rate = from_python(second_agents.refresh_effects), from_python(relapse_hazard.relapse_rate)


def patient():
    state, traits, params = (records(1, kind)[0] for kind in (STATE, TRAITS, PARAMETERS))
    clocks = np.zeros((4, CLOCK_COLUMNS))
    clocks[DUE, :] = math.inf
    state["complication"] = -1
    state["agent_factor"] = state["agent_infection_factor"] = state["taken_fraction"] = 1.0
    state["dosing_weight_kg"] = 60.0
    return state, traits, params, clocks


def test_thrombosis_by_albumin():
    _, _, params, _ = patient()
    params["thrombosis_knee"], params["thrombosis_log_factor"], params["thrombosis_above_knee"] = (
        2.8,
        math.log(2.13),
        0.1,
    )
    params["thrombosis_flat_below"] = 0.5
    factor = thrombosis_factor
    assert factor(params, 1.8) == pytest.approx(2.13)
    assert factor(params, 0.8) == pytest.approx(2.13**2)
    assert factor(params, 2.8) == factor(params, 4.0) == 0.1
    assert factor(params, 0.1) == factor(params, 0.5)


def test_serious_infection_by_steroid_and_agent():
    state, traits, params, _ = patient()
    params["serious_infection_per_day"], params["low_albumin_factor"] = 0.001, 2.6
    params["infection_log_steroid_factor"] = math.log(2.3)
    assert serious_infection_rate(state, traits, params) == pytest.approx(0.0026)
    state["dose_mg"] = 60.0
    assert serious_infection_rate(state, traits, params) == pytest.approx(0.0026 * 2.3)
    state["agent_infection_factor"] = 1.5
    assert serious_infection_rate(state, traits, params) == pytest.approx(0.0026 * 2.3 * 1.5)


def test_kidney_failure_comes_where_the_loss_leads():
    state, traits, params, clocks = patient()
    state["gfr"], state["phase"], traits["loss_factor"], params["failure_gfr"] = 100.0, Phase.NEPHROTIC, 2.0, 15.0
    params["loss_per_day"] = 0.05
    set_kidney_loss(state, traits, params, clocks)
    assert clocks[DUE, Clock.KIDNEY_FAILURE] == pytest.approx(850.0)
    state["now"], state["phase"] = 400.0, Phase.REMISSION
    set_kidney_loss(state, traits, params, clocks)
    assert float(state["gfr"]) == pytest.approx(60.0)
    assert clocks[DUE, Clock.KIDNEY_FAILURE] == math.inf
    lose_filtration(state, traits, params, clocks, 0.9)
    assert clocks[DUE, Clock.KIDNEY_FAILURE] == 400.0


def test_an_untreated_complication_lowers_filtration_for_the_time_being():
    state, _, params, _ = patient()
    state["gfr"], state["complication_filtration"] = 80.0, 0.5
    assert gfr_now(state, params) == 80.0
    state["complication"] = 3
    assert gfr_now(state, params) == 40.0


@pytest.mark.parametrize(("grams", "share"), [(0.4, 0.05), (0.8, 0.8)])
def test_gut_reactions_pass_through_the_two_points_of_the_source(grams, share):
    params = prepared("source-combined-care").parameters[0]
    once = 1 / (1 + math.exp(-params["reaction_intercept"] - params["reaction_per_g"] * grams))
    assert once == pytest.approx(share)
    state, traits, _, _ = patient()
    log = empty_log(4000)
    for number in range(3000):
        traits["patient"] = number
        state["gut_reaction_draws"] = 0
        react_to_doses(state, traits, params, log, grams * 1000, 1.0)
    assert stats.binomtest(int(log.written[0]), 3000, share).pvalue > LEVEL


def empty_log(room):
    return Log(records(room, ROW), np.zeros(1, np.int64))


def prepared(name):
    from nephrosyn.course.parameters.prepare import prepare

    return prepare(load(name).scenario, 1, 0)


def test_protection_by_cyclophosphamide_saturates():
    state, traits, params, clocks = patient()
    traits["requirement_mg_per_kg"], params["most_protection"] = 80.0, 0.9
    traits["cured_from_days"] = math.inf
    arrays = prepared("source-combined-care")._replace(agents=records(1, AGENT), tables=np.zeros((1, 2)))
    log = empty_log(10)
    factors = []
    for given in (0.0, 80.0, 160.0, 1e6):
        state["cyclophosphamide_mg_per_kg"] = given
        refresh_effects(state, traits, params, clocks, arrays, log)
        factors.append(float(state["agent_factor"]))
    assert factors == pytest.approx([1.0, 1 - 0.9 * (1 - math.exp(-1)), 1 - 0.9 * (1 - math.exp(-2)), 0.1])
    traits["relapse_per_day"], state["phase"], params["exertion_factor"] = 0.01, Phase.REMISSION, 1.0
    state["remission_factor"] = 1.0
    assert relapse_rate(state, traits, params) == pytest.approx(0.001)


QUIET = [
    "population.bands.adults.share=1.0",
    "population.bands.children.share=0.0",
    "disease.death={from_years=[0], background_per_year=[0.0]}",
    "complications.kidney_loss.nephrotic=0.0",
    "complications.kidney_loss.complete_remission=0.0",
]
NEVER_WELL = ", ".join(
    f"{lesion}={{complete=0.0, partial=0.0, time_to_remission_days={{dist='fixed', value=10.0}}}}"
    for lesion in (
        "minimal_change", "fsgs", "membranous", "mesangial_proliferative", "membranoproliferative", "c1q", "iga"
    )
)  # fmt: skip


@pytest.mark.slow
def test_thinned_candidates_are_a_poisson_process_of_the_accepted_hazard(played):
    """Nobody ever remits, so albumin stays where it is, and the hazard is constant in each patient."""
    tables = played(
        "steroid-alone",
        *QUIET,
        f"disease.response.adults={{{NEVER_WELL}}}",
        *(f"disease.spontaneous.{lesion}.share=0.0" for lesion in load("baseline").scenario.disease.spontaneous),
        "complications.venous_thrombosis.prone_share=1.0",
        "complications.venous_thrombosis.course.fatality=0.0",
        "complications.serious_infection.rate_per_year={children=0.0, adults=0.5}",
        "complications.serious_infection.steroid_factor_per_mg_per_kg_per_day=1.0",
        "complications.serious_infection.low_albumin_g_per_dl=1.8",
        "complications.serious_infection.course.fatality=0.0",
        "disease.albumin.normal_g_per_dl={dist='norm', loc=4.2, scale=0.4}",
        "disease.proteinuria.variation.log_sd=0.0",
        patients=4000,
        seed=3,
    )
    scenario = load("baseline").scenario
    thrombosis = scenario.complications.venous_thrombosis
    traits = tables["truth/traits"].sort("patient")
    loss = scenario.disease.albumin
    upcr = np.minimum(traits["nephrotic_upcr_mg_per_mg"].to_numpy(), loss.loss_saturates_at_mg_per_mg)
    clearance = loss.catabolism_per_day + traits["albumin_loss_per_day_per_mg_per_mg"].to_numpy() * upcr
    albumin = loss.catabolism_per_day * traits["albumin_g_per_dl"].to_numpy() / clearance
    assert np.ptp(albumin) > 1.0
    base = np.array([thrombosis.rate_per_year[lesion] for lesion in traits["lesion"]])
    below = np.maximum(thrombosis.knee_g_per_dl - albumin, 0.0)
    factor = np.where(
        albumin < thrombosis.knee_g_per_dl, thrombosis.factor_per_g_per_dl**below, thrombosis.above_knee_factor
    )
    years = tables["truth/follow_up"].sort("patient")["end_days"].to_numpy() / 365.25
    events = tables["truth/events"]
    thromboses = events.filter(pl.col("event").is_in(["venous_thrombosis", "renal_vein_thrombosis"]))
    expected = np.sum(1 - np.exp(-base * factor * years))
    variance = np.sum((1 - np.exp(-base * factor * years)) * np.exp(-base * factor * years))
    assert abs(len(thromboses) - expected) < stats.norm.isf(LEVEL / 2) * math.sqrt(variance)
    infections = events.filter(event="serious_infection").group_by("patient").len()
    counts = np.zeros(len(traits))
    counts[infections["patient"]] = infections["len"]
    low = albumin < 1.8
    for group, ratio in ((low, 2.6), (~low, 1.0)):
        mean = 0.5 * ratio * np.sum(years[group])
        assert stats.poisson.sf(np.sum(counts[group]) - 1, mean) > LEVEL / 2
        assert stats.poisson.cdf(np.sum(counts[group]), mean) > LEVEL / 2


def test_steroid_does_not_work_while_a_complication_is_untreated(played):
    ill = [
        *QUIET,
        "complications.serious_infection.rate_per_year={children=0.0, adults=300.0}",
        "complications.serious_infection.course.fatality=0.0",
        "complications.serious_infection.course.treated_after_days={dist='fixed', value=1000.0}",
        "complications.serious_infection.course.filtration_factor=1.0",
    ]
    tables = played("adult-minimal-change", *ill, patients=80)
    assert tables["truth/events"].filter(event="response_begins").is_empty()
    treated = played("adult-minimal-change", *ill[:-2], ill[-1], patients=80)
    assert len(treated["truth/events"].filter(event="response_begins")) > 0


def test_fatal_complications_kill_at_once(played):
    tables = played(
        "baseline",
        *QUIET,
        "complications.serious_infection.rate_per_year={children=0.0, adults=3.0}",
        "complications.serious_infection.course.life_threatening_share=1.0",
        "complications.serious_infection.course.fatality=1.0",
        patients=200,
    )
    events = tables["truth/events"]
    times = events.filter(event="serious_infection").join(events.filter(event="death"), on="patient", suffix="_death")
    assert len(times) > 100
    assert (times["time_days"] == times["time_days_death"]).all()


def test_prevention_lowers_the_rates(played):
    def number(tables, event):
        return len(tables["truth/events"].filter(event=event))

    without = played("baseline", patients=400)
    half = ["care.prevention.infection_rate_factor=0.5", "care.prevention.exertion_rate_factor=0.25"]
    some = played("baseline", *half, patients=400)
    for event, share in (("infection", 0.5), ("exertion", 0.25)):
        chance = share / (1 + share)
        both = number(some, event) + number(without, event)
        assert stats.binomtest(number(some, event), both, chance).pvalue > LEVEL
