"""The law of relapse by lesion and by what brought the remission."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy import stats

from nephrosyn import vocabulary
from nephrosyn.course.disease import proteinuria
from nephrosyn.course.state.events import ROW, Log
from nephrosyn.course.state.state import Clock, Phase
from nephrosyn.patients.traits import records

from .test_disease import compiled, on_path, patient

WHO = ["replicate", "patient"]
LEVEL = 0.001
BEGINNINGS = ("response_begins", "agent_response_begins", "spontaneous_fall_begins")


def test_each_lesion_has_its_own_share_who_never_relapse(played):
    traits = played("adult-mixed-lesions", patients=2_000)["truth/traits"]
    for lesion, share in (("minimal_change", 0.25), ("membranous", 1 - 0.75 * 0.6)):
        never = traits.filter(pl.col("lesion").cast(pl.String) == lesion)["never_relapses"]
        assert stats.binomtest(int(never.sum()), len(never), share).pvalue > LEVEL


def test_dependence_belongs_to_lesions_that_steroid_clears(played):
    traits = played("adult-mixed-lesions", patients=2_000)["truth/traits"]
    membranous = pl.col("lesion").cast(pl.String) == "membranous"
    assert (traits.filter(membranous)["threshold_mg_per_kg_per_day"] == 0).all()
    other = traits.filter(pl.col("lesion").cast(pl.String) == "minimal_change")["threshold_mg_per_kg_per_day"] > 0
    assert stats.binomtest(int(other.sum()), len(other), 0.35).pvalue > LEVEL


def test_what_began_the_fall_is_the_cause_of_the_remission():
    state, traits, params = patient()
    clocks, log = np.zeros((4, len(Clock))), Log(records(10, ROW), np.zeros(1, np.int64))
    traits["remission_log_upcr"], params["remission_below_log_upcr"] = -3.0, -2.0
    on_path(state, 2.0, 0.0, 2.0)
    for pace, factor in ((0.1, 0.5), (0.2, 1.5)):  # the second only makes the fall faster
        compiled(proteinuria.begin_fall, state, traits, params, clocks, log, pace, int(Phase.REMISSION), factor)
        assert float(state["remission_factor"]) == 0.5


def causes_of_relapses(tables):
    """What began the remission that each relapse ended."""
    events = tables["truth/events"].with_columns(pl.col("event").cast(pl.String)).sort(*WHO, "time_days")
    rows = events.filter(pl.col("event").is_in([*BEGINNINGS, "complete_remission", "partial_remission", "relapse"]))
    # a response that speeds up a fall under way is not its cause: only beginnings that follow a remission or relapse
    first = pl.col("event").shift(1).over(WHO).is_in(BEGINNINGS).not_()
    rows = rows.filter(~pl.col("event").is_in(BEGINNINGS) | first.fill_null(True))
    cause = pl.when(pl.col("event").is_in(BEGINNINGS)).then("event").forward_fill().over(WHO)
    return rows.with_columns(cause=cause).filter(pl.col("event") == "relapse")["cause"]


def test_remissions_relapse_by_what_brought_them(played):
    never = [f"disease.relapse.after_remission_by.{name}=0.0" for name in vocabulary.AGENT_CLASSES]
    usual = causes_of_relapses(played("modern-adults", patients=600)).value_counts().rows_by_key("cause")
    assert len(usual) == len(BEGINNINGS)
    spared = causes_of_relapses(played("modern-adults", *never, patients=600))
    assert "agent_response_begins" not in spared
    assert "response_begins" in spared


def test_adults_relapse_seldom_rather_than_never_or_always(played):
    tables = played("adult-minimal-change", "population.follow_up_days=1096", patients=600)
    events = tables["truth/events"].filter(pl.col("event").cast(pl.String) == "relapse").group_by(WHO).len()
    responders = tables["truth/traits"].filter(pl.col("response").cast(pl.String) == "complete")
    relapses = responders.join(events, on=WHO, how="left")["len"].fill_null(0)
    assert 0.2 < relapses.is_between(1, 3).mean() < 0.5
    assert (relapses > 6).mean() < 0.1
