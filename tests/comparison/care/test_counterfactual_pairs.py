"""Counterfactual pairs: whatever care does not affect is exactly equal, and pairing narrows intervals."""

from __future__ import annotations

import pytest

import nephrosyn as ns


@pytest.fixture(scope="module")
def baseline():
    return ns.run("baseline", patients=400, seed=1)


@pytest.fixture(scope="module")
def found(baseline):
    return ns.compare(baseline, ns.run("no-infections", patients=400, seed=1), view="complete")


def row(found, name):
    (values,) = found.table.filter(outcome=name).to_dicts()
    return values


def test_the_same_care_gives_the_same_course(baseline):
    twin = ns.run("baseline", patients=400, seed=1, engine="simpy")
    same = ns.compare(baseline, twin)
    assert same.contrasts[0].identical
    assert same.contrasts[0].settings == []
    differences = same.differences.select(column for column in same.differences.columns if "_difference" in column)
    assert differences.width > 10
    assert set(differences.max().row(0)) == set(differences.min().row(0)) == {0}
    assert same.table.select("better", "worse").sum().row(0) == (0, 0)
    assert "nothing differs" in same.sentence


def test_pairing_saves_variance(found):
    relapses = row(found, "relapses_per_year")
    assert relapses["variance_saved_fraction"] > 0.5
    assert relapses["times_more_patients"] == pytest.approx(1 / (1 - relapses["variance_saved_fraction"]))
    assert row(found, "refractory")["variance_saved_fraction"] > 0.5
    assert row(found, "death")["variance_saved_fraction"] == 1.0


def test_no_infections_mean_fewer_relapses(found):
    relapses = row(found, "relapses_per_year")
    assert relapses["high"] < 0
    assert relapses["better"] > relapses["worse"]
    assert row(found, "infection")["other_mean"] == 0.0 < row(found, "infection")["reference_mean"]
    assert found.contrasts[0].settings[0][0] == "triggers.infection.rate_per_year"


def test_relapses_and_exposure_agree_with_the_tables(baseline, found):
    events = baseline.tables["truth/events"].filter(event="relapse").height
    years = found.differences.height * 2  # nearly all are followed for two years
    assert row(found, "relapses_per_year")["reference_mean"] == pytest.approx(events / years, rel=0.05)
    doses = baseline.tables["truth/doses"].filter(drug="prednisone")
    days = doses["last_days"] - doses["first_days"] + 1
    expected = (doses["mean_mg_per_day"] * days / doses["dosing_weight_kg"]).sum() / 400
    assert row(found, "prednisone_mg_per_kg")["reference_mean"] == pytest.approx(expected)


def test_time_in_remission_agrees_with_a_walk_through_the_events(baseline, found):
    days, since, ends = {}, {}, {}
    for patient, time, event in baseline.tables["truth/events"].select("patient", "time_days", "event").iter_rows():
        if event in ("relapse", "partial_remission", "complete_remission", "death", "kidney_failure", "end_of_study"):
            days[patient] = days.get(patient, 0.0) + time - since.pop(patient, time)
        if event == "complete_remission":
            since[patient] = time
        ends[patient] = time
    expected = [days.get(patient, 0.0) / ends[patient] for patient in range(400)]
    assert found.differences["complete_remission_fraction_reference"].to_list() == pytest.approx(expected)


def test_categories_add_up(found):
    assert found.changes["patients"].sum() == 400
    kept = found.differences.filter(found.differences["category_reference"] == found.differences["category_other"])
    assert found.contrasts[0].moved == 400 - kept.height
