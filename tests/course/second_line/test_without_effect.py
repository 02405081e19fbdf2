"""An agent without effect changes nothing that happens to the patient; care without change changes nothing at all."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nephrosyn.scenario import load

BASELINE = load("baseline").scenario.second_line
REGIMENS = list(BASELINE.regimens)
LESIONS = ("minimal_change", "fsgs", "membranous", "mesangial_proliferative", "membranoproliferative", "c1q", "iga")


def without_effect(name):
    place = f"second_line.regimens.{name}"
    nothing = ", ".join(f"{lesion} = {{complete = 0.0, partial = 0.0}}" for lesion in LESIONS)
    return [
        f"{place}.relapse_factor=1.0",
        f"{place}.rebound_factor=1.0",
        f"{place}.sensitive_response=0.0",
        f"{place}.resistant_response={{{nothing}}}",
        f"{place}.infection_factor=1.0",
        f"{place}.visit_days=3650",
        f"{place}.withdraw_steroid=false",
        *(f"{place}.toxicities.{toxicity}.rate_per_year=0" for toxicity in BASELINE.regimens[name].toxicities),
    ]


def starts(names):
    sequence = ", ".join(f"'{name}'" for name in names)
    rules = ", ".join(
        f"{{when = '{when}', number = 1, delay_days = 7, lesions = ['any'], sequence = [{sequence}], overlap_days = 0, "
        "steroid = 'as_planned'}"
        for when in ("relapse", "resistance", "intolerance")
    )
    return [f"second_line.policy.{band}.starts=[{rules}]" for band in ("children", "adults")]


NEVER_FREQUENT = [
    f"second_line.policy.{band}.{key}"
    for band in ("children", "adults")
    for key in ("dependence_relapses=8", "frequent_relapses_in_6_months=8", "frequent_relapses_in_12_months=8")
]
"""The long course of steroid for frequent relapses is not given to patients with an agent."""

NO_CYCLOPHOSPHAMIDE = [
    "second_line.cyclophosphamide.most_protection=0.0",
    "second_line.cyclophosphamide.gonadal_tolerance_mg_per_kg={dist='fixed', value=1e5}",
    "second_line.cyclophosphamide.bladder_tolerance_mg_per_kg={dist='fixed', value=1e5}",
]


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(REGIMENS), st.integers(0, 2**40))
def test_an_agent_without_effect_changes_nothing(played, names, seed):
    names = names[:8]
    off = [key for name in names for key in without_effect(name)]
    off += [f"care.regimen.{band}.biopsy.before_second_agent=0.0" for band in ("children", "adults")]
    off += [*NO_CYCLOPHOSPHAMIDE, *NEVER_FREQUENT]
    with_agents = played("steroid-alone", *off, *starts(names), patients=40, seed=seed)
    without = played("steroid-alone", *NEVER_FREQUENT, patients=40, seed=seed)

    def course(tables):
        events = tables["truth/events"]
        return events.filter(~pl.col("event").cast(pl.String).str.starts_with("agent_"))

    assert course(with_agents).equals(course(without))
    assert with_agents["truth/proteinuria"].equals(without["truth/proteinuria"])
    assert with_agents["readings"].equals(without["readings"])


def test_the_agents_were_given(played):
    tables = played("baseline", *starts(REGIMENS[:8]), patients=300)
    assert tables["truth/doses"]["drug"].n_unique() > 3


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["source-combined-care", "modern-children", "modern-adults", "false-refractory", "poor-adherence"]),
    st.integers(0, 2**40),
)
def test_what_holds_in_every_course(played, name, seed):
    tables = played(name, patients=25, seed=seed)
    doses = tables["truth/doses"]
    assert (doses["dose_mg"] > 0).all()
    assert (doses["last_days"] >= doses["first_days"]).all()
    ends = tables["truth/events"].filter(pl.col("event").is_in(["death", "kidney_failure", "end_of_study"]))
    assert len(ends) == 25
    joined = tables["truth/events"].join(ends.select("patient", end="time_days"), on="patient")
    assert (joined["time_days"] <= joined["end"]).all()
    after = doses.join(tables["truth/follow_up"], on="patient").filter(pl.col("last_days") > pl.col("end_days"))
    assert after.is_empty()
    counts = (
        tables["truth/events"]
        .group_by("patient")
        .agg(started=(pl.col("event") == "agent_started").sum(), stopped=(pl.col("event") == "agent_stopped").sum())
    )
    assert (counts["started"] - counts["stopped"]).is_between(0, 3).all()


@pytest.mark.parametrize("name", ["source-combined-care", "modern-adults"])
def test_a_counterfactual_pair_under_the_same_care_is_identical(played, name):
    compiled, simpy = played(name, patients=60), played(name, engine="simpy", patients=60)
    assert all(compiled[table].equals(simpy[table]) for table in compiled)
