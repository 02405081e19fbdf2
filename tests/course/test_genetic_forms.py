"""Genetic forms: no drug works, and a known one ends immunosuppression."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from nephrosyn import vocabulary
from nephrosyn.course.disease.agent_response import agent_response_level
from nephrosyn.course.parameters.prepare import prepare
from nephrosyn.course.state.state import STATE, Phase
from nephrosyn.patients.draw import draw_patients
from nephrosyn.patients.traits import records
from nephrosyn.scenario import load

from .test_disease import compiled

WHO = ["replicate", "patient"]
CHILDREN = "disease.genetic.share.children"
RESISTANT = (
    "disease.response.children.minimal_change.complete=0.2",
    "disease.response.children.minimal_change.partial=0.0",
    "provoking_factors.search='never'",
    f"{CHILDREN}.minimal_change=0.5",
    "care.genetic_test.children.share=1.0",
)


@pytest.fixture(scope="module")
def children(played):
    return played("modern-children", *RESISTANT, patients=500)


def named(tables):
    return tables["truth/events"].with_columns(pl.col("event").cast(pl.String)).sort(*WHO, "time_days")


def test_the_share_is_one_of_those_without_response(children):
    traits = children["truth/traits"].filter(pl.col("lesion").cast(pl.String) == "minimal_change")
    none = traits.filter(pl.col("response").cast(pl.String) == "none")["genetic"]
    assert stats.binomtest(int(none.sum()), len(none), 0.5).pvalue > 0.001
    assert not traits.filter(pl.col("response").cast(pl.String) != "none")["genetic"].any()


def test_a_genetic_form_never_clears(children):
    genetic = children["truth/traits"].filter("genetic").select(WHO)
    events = named(children).join(genetic, on=WHO, how="semi")
    for name in ("complete_remission", "response_begins", "spontaneous_fall_begins", "resistance_reversed"):
        assert events.filter(pl.col("event") == name).height == 0, name
    partial = events.filter(pl.col("event") == "partial_remission").select(WHO).unique()
    assert 0 < partial.height < 0.25 * genetic.height


def test_a_known_genetic_form_ends_immunosuppression(children):
    found = (
        named(children).filter(pl.col("event") == "genetic_result", pl.col("value") == 1).select(*WHO, at="time_days")
    )
    assert found.height > 100
    later = named(children).join(found, on=WHO).filter(pl.col("time_days") > pl.col("at"))
    assert later.filter(pl.col("event") == "agent_started").height == 0
    doses = children["truth/doses"].join(found, on=WHO)
    agents = doses.filter(pl.col("drug").cast(pl.String).is_in(vocabulary.AGENTS))
    assert agents.filter(pl.col("last_days") > pl.col("at")).height == 0
    assert agents.filter(pl.col("first_days") <= pl.col("at")).height > 50
    noted = children["truth/conditions"].filter(pl.col("condition").cast(pl.String) == "genetic_form")
    assert noted.height == found.height


def test_the_result_of_the_others_changes_nothing(children):
    without = (
        named(children).filter(pl.col("event") == "genetic_result", pl.col("value") == 0).select(*WHO, at="time_days")
    )
    later = named(children).join(without, on=WHO).filter(pl.col("time_days") > pl.col("at"))
    assert later.filter(pl.col("event") == "agent_started").height > 10


def test_no_agent_clears_a_genetic_form_and_few_respond_to_a_calcineurin_inhibitor():
    scenario = load("baseline", ["population.bands.children.share=1.0", "population.bands.adults.share=0.0"]).scenario
    arrays = prepare(scenario, 1, 0)
    traits = draw_patients(scenario, 1, 0, np.arange(20_000))
    traits = traits[(traits["response"] == 0) & (traits["lesion"] == vocabulary.LESIONS.index("fsgs"))]
    state = records(1, STATE)[0]
    state["response"] = Phase.NEPHROTIC

    def levels(name, genetic):
        k = list(scenario.second_line.regimens).index(name)
        chosen = traits[traits["genetic"] == genetic]
        return [compiled(agent_response_level, state, one, arrays.parameters[0], arrays.agents, k) for one in chosen]

    assert set(levels("rituximab", 1)) == {Phase.NEPHROTIC}
    tacrolimus = levels("tacrolimus", 1)
    assert set(tacrolimus) == {Phase.NEPHROTIC, Phase.PARTIAL}
    assert stats.binomtest(sum(level == Phase.PARTIAL for level in tacrolimus), len(tacrolimus), 0.1).pvalue > 0.001
    others = levels("rituximab", 0)
    assert stats.binomtest(sum(level == Phase.REMISSION for level in others), len(others), 0.2).pvalue > 0.001


def test_nobody_is_tested_in_the_baseline(played):
    assert named(played("children-first-episode", patients=300)).filter(pl.col("event") == "genetic_result").height == 0
