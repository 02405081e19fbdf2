"""Uncertainty intervals of the refractory share of settings."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn import criteria, uncertainty
from nephrosyn.evidence.validation import refractory_share, share_uncertainty
from nephrosyn.runs.draws.each_draw import tables_of
from nephrosyn.scenario import load
from nephrosyn.statistics.nested_variance import Draws
from nephrosyn.statistics.proportions import wilson

DRAWS, PATIENTS, SEED = 20, 60, 2
SETTING = "setting-hong-kong-adult-mcd"


@pytest.fixture(scope="module")
def intervals():
    return share_uncertainty.share_intervals(
        [SETTING, "baseline"], ["source", "ipna-2022"], (1, 2), draws=DRAWS, patients=PATIENTS, seed=SEED, workers=1
    )


@pytest.mark.slow
def test_an_interval_is_that_of_draws_counted_by_hand(intervals):
    overrides = ["population.follow_up_days=730", f"patients={PATIENTS}", f"seed={SEED}"]
    resolved = load("baseline", overrides)
    met, patients = np.zeros((DRAWS, 1)), np.full((DRAWS, 1), float(PATIENTS))
    for draw in range(DRAWS):
        tables = tables_of(uncertainty.draw(resolved, draw), draw)
        labels = criteria.classify(tables, criteria.load("source"), "observed", 365)
        met[draw] = labels.filter(pl.col("refractory")).height
    assert met.min() < met.max()
    assert intervals["baseline", "source", 1.0] == pytest.approx(Draws(met, patients).interval())


@pytest.mark.slow
def test_sets_that_apply_to_nobody_have_no_interval(intervals):
    assert set(intervals) == {
        *((name, "source", year) for name in (SETTING, "baseline") for year in (1.0, 2.0)),
        *(("baseline", "ipna-2022", year) for year in (1.0, 2.0)),
    }


@pytest.mark.slow
def test_an_interval_does_not_depend_on_other_settings_or_workers(intervals):
    alone = share_uncertainty.share_intervals(
        ["baseline"], ["source"], (2,), draws=DRAWS, patients=PATIENTS, seed=SEED, workers=2
    )
    assert alone["baseline", "source", 2.0] == intervals["baseline", "source", 2.0]


def test_too_few_draws_are_refused():
    with pytest.raises(ns.EngineError, match="uncertainty: expected a whole number from 20"):
        share_uncertainty.share_intervals(["baseline"], ["source"], (1,), draws=19, patients=20, seed=1)


def test_conclusions_rest_on_the_uncertainty_interval():
    share = refractory_share.RefractoryShare("baseline", "source", 2, wilson(600, 1000), wilson(0, 1000))
    known = {("baseline", "source", 2.0): (0.25, 0.7)}
    (wide,) = refractory_share.with_uncertainty([share], known)
    assert not share.holds_third
    assert wide.holds_third
    assert not wide.close_to_third
    (narrow,) = refractory_share.with_uncertainty([share], {("baseline", "source", 2.0): (0.3, 0.36)})
    assert narrow.close_to_third
    assert refractory_share.cell(wide) == "60.0% (56.9 to 63.0%; 25 to 70%), ⅓ inside"
    assert refractory_share.cell(share) == "60.0% (56.9 to 63.0%)"
