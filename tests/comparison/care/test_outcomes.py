"""What became of each patient, against what was worked out by hand; the vocabulary is that of the tables."""

from __future__ import annotations

import polars as pl
import pytest

from nephrosyn import vocabulary
from nephrosyn.comparison.care import compare, tables

from .made_up import MadeUp, label_table

YEARS = 730.5 / 365.25  # two, to the digit


def outcome(found, name, run=0):
    values = found.differences.filter(run=found.contrasts[run].name)
    return [values[f"{name}_{word}"].to_list() for word in ("reference", "other", "difference")]


def test_relapses_a_year():
    events = [(0, 100.0, "relapse"), (0, 200.0, "relapse"), (1, 100.0, "relapse")]
    found = compare(MadeUp("a", events=events), MadeUp("b", events=events[:1]))
    assert outcome(found, "relapses_per_year") == [[1.0, 0.5, 0.0, 0.0], [0.5, 0.0, 0.0, 0.0], [-0.5, -0.5, 0.0, 0.0]]


def test_relapses_a_year_of_those_who_die_early():
    ends = [(0, 365, "death"), (1, 730, "end_of_study"), (2, 730, "end_of_study"), (3, 730, "end_of_study")]
    early = MadeUp("a", events=[(0, 100.0, "relapse")], ends=ends)
    assert outcome(compare(early, early), "relapses_per_year")[0][0] == pytest.approx(365.25 / 365.5)


def test_time_in_complete_remission():
    events = [
        *[(0, 100.0, "complete_remission"), (0, 300.0, "relapse"), (0, 400.0, "complete_remission")],  # 200 + 330.5
        *[(1, 100.0, "partial_remission"), (1, 300.0, "complete_remission"), (1, 400.0, "complete_remission")],  # 430.5
        *[(2, 100.0, "complete_remission"), (2, 200.0, "partial_remission"), (2, 300.0, "relapse")],  # 100
    ]
    noise = [(0, 150.0, "infection"), (1, 500.0, "declared_relapse"), (3, 9.0, "declared_remission")]
    a, b = MadeUp("a", events=sorted([*events, *noise])), MadeUp("b")
    reference, other, difference = outcome(compare(a, b), "complete_remission_fraction")
    assert reference == pytest.approx([530.5 / 730.5, 430.5 / 730.5, 100 / 730.5, 0.0])
    assert other == [0.0] * 4
    assert difference == pytest.approx([-x for x in reference])


def test_drugs_are_summed_by_weight():
    doses = [
        (0, "prednisone", 0, 9, 60.0, "daily", 60.0, 20.0),  # 10 days of 3 mg/kg
        (0, "prednisone", 10, 13, 40.0, "alternate_day", 20.0, 20.0),  # 4 days of 1 mg/kg in the mean
        (1, "rituximab", 50, 50, 375.0, "single", 375.0, 25.0),
        (1, "rituximab", 57, 60, 375.0, "single", 375.0, 25.0),  # a single dose, whatever the last day says
    ]
    found = compare(MadeUp("a", doses=doses[:2]), MadeUp("b", doses=doses[2:]))
    assert outcome(found, "prednisone_mg_per_kg") == [[34.0, 0.0, 0.0, 0.0], [0.0] * 4, [-34.0, 0.0, 0.0, 0.0]]
    assert outcome(found, "prednisone_mg_per_kg_per_year")[0] == [17.0, 0.0, 0.0, 0.0]
    assert outcome(found, "rituximab_mg_per_kg") == [[0.0] * 4, [0.0, 30.0, 0.0, 0.0], [0.0, 30.0, 0.0, 0.0]]


def test_adverse_events_are_noted_conditions_and_ends():
    conditions = [
        (0, 20, "cataract", "agent_toxicity", "none"),
        (0, 40, "leukopenia", "agent_toxicity", "none"),
        (1, 40, "leukopenia", "agent_toxicity", "none"),
        (2, 20, "infection", "infection", "none"),
        (2, 90, "infection", "infection", "none"),
        (3, 0, "diabetes", "contraindication", "withheld"),
    ]
    ends = [(0, 730, "end_of_study"), (1, 730, "kidney_failure"), (2, 300, "dropout"), (3, 90, "death")]
    found = compare(MadeUp("a"), MadeUp("b", conditions=conditions, ends=ends))
    assert outcome(found, "agent_toxicity")[1] == [1, 1, 0, 0]
    assert outcome(found, "agent_toxicity_leukopenia")[1] == [1, 1, 0, 0]
    assert outcome(found, "agent_toxicity_cataract")[1] == [1, 0, 0, 0]
    assert outcome(found, "infection")[1] == [0, 0, 1, 0]
    assert outcome(found, "infection_per_year")[1] == pytest.approx([0, 0, 2 * 365.25 / 300.5, 0])
    assert outcome(found, "kidney_failure")[1] == [0, 1, 0, 0]
    assert outcome(found, "death") == [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1]]
    names = set(found.table["outcome"])
    assert not names & {"contraindication", "contraindication_diabetes", "dropout", "end_of_study"}


def test_verdicts_that_could_not_be_judged():
    before = [("steroid_resistant", True), ("undetermined", None), ("non_relapsing", False), ("undetermined", None)]
    after = [("non_relapsing", False), ("non_relapsing", False), ("undetermined", None), ("undetermined", None)]
    found = compare(MadeUp("a", labels=before), MadeUp("b", labels=after))
    assert outcome(found, "refractory") == [[1, 0, 0, 0], [0, 0, 0, 0], [-1, 0, 0, 0]]
    assert outcome(found, "refractory_if_judged") == [[1, None, 0, None], [0, 0, None, None], [-1, None, None, None]]
    assert outcome(found, "not_judged")[2] == [0, -1, 1, 0]
    (row,) = found.table.filter(outcome="refractory_if_judged").to_dicts()
    assert (row["patients"], row["better"], row["same"], row["worse"]) == (1, 1, 0, 0)
    moves = {(a, b): n for _, a, b, n in found.changes.iter_rows()}
    assert moves == {
        ("steroid_resistant", "non_relapsing"): 1,
        ("undetermined", "non_relapsing"): 1,
        ("non_relapsing", "undetermined"): 1,
        ("undetermined", "undetermined"): 1,
    }
    assert found.contrasts[0].moved == 3


def test_who_is_outside_the_set_has_no_verdict():
    before = [("steroid_resistant", True), ("undetermined", None), ("non_relapsing", False), ("undetermined", None)]
    a, b = MadeUp("a", labels=before), MadeUp("b", labels=[("non_relapsing", False)] * 4)
    for run, applies in ((a, [True, False, True, None]), (b, [True, True, False, True])):
        here = pl.Series("applies", applies * len(vocabulary.VIEWS))
        run.tables["labels"] = run.tables["labels"].with_columns(here)
    found = compare(a, b)
    assert outcome(found, "refractory") == [[1, None, 0, 0], [0, 0, None, 0], [-1, None, None, 0]]
    assert outcome(found, "not_judged") == [[0, None, 0, 1], [0, 0, None, 0], [0, None, None, -1]]
    assert found.table.filter(outcome="refractory")["patients"].item() == 2
    assert {(a, b): n for _, a, b, n in found.changes.iter_rows()} == {
        ("steroid_resistant", "non_relapsing"): 1,
        ("undetermined", "non_relapsing"): 1,
    }
    (contrast,) = found.contrasts
    assert (contrast.moved, contrast.outside) == (2, 2)
    assert "2 of the 2 in the “source” set in both runs change category" in found.sentence
    assert "(2 outside this set by age or lesion)" in tables.changes(found, contrast).caption
    assert found.as_dict()["comparisons"][0]["outside"] == 2
    assert found.differences["category_reference"].to_list() == [
        "steroid_resistant",
        None,
        "non_relapsing",
        "undetermined",
    ]


def test_a_set_for_nobody_leaves_the_rest_of_the_comparison():
    a, b = MadeUp("a", events=[(0, 100.0, "relapse")]), MadeUp("b")
    for run in (a, b):
        run.tables["labels"] = run.tables["labels"].with_columns(applies=pl.lit(value=False))
    found = compare(a, b)
    assert found.contrasts[0].outside == 4
    assert found.changes.is_empty()
    assert outcome(found, "relapses_per_year")[2] == [-0.5, 0.0, 0.0, 0.0]
    assert found.table.filter(outcome="refractory")["difference"].item() is None
    assert "the “source” set applies to none of them in both runs, so no categories can be compared" in found.sentence
    assert "0 of the 0" not in found.sentence
    found.json()
    assert "nan" not in tables.outcomes(found, found.contrasts[0]).markdown().lower().split()


def test_each_set_and_view_has_its_own_verdicts():
    a, b = MadeUp("a"), MadeUp("b")
    for run, met in ((a, True), (b, False)):
        other = label_table([("steroid_resistant" if met else "non_relapsing", met)] * 4, "other")
        run.tables["labels"] = run.tables["labels"].vstack(other)
    assert outcome(compare(a, b), "refractory")[2] == [0, 0, 0, 0]
    assert outcome(compare(a, b, criteria="other", view="complete"), "refractory")[2] == [-1, -1, -1, -1]


def test_all_runs_are_asked_the_same():
    doses = [(0, "prednisone", 0, 9, 60.0, "daily", 60.0, 20.0)]
    more = [*doses, (2, "cyclophosphamide", 0, 0, 200.0, "single", 200.0, 20.0)]
    found = compare(MadeUp("a", doses=doses), MadeUp("b", doses=doses), MadeUp("c", doses=more))
    assert outcome(found, "cyclophosphamide_mg_per_kg", 0)[2] == [0.0] * 4
    assert outcome(found, "cyclophosphamide_mg_per_kg", 1)[2] == [0.0, 0.0, 10.0, 0.0]
    assert [contrast.identical for contrast in found.contrasts] == [True, False]


def test_replicates_are_other_people():
    a, b = MadeUp("a"), MadeUp("b")
    for run in (a, b):
        run.manifest["patients"], run.manifest["replicates"] = 2, 2
        for name, frame in run.tables.items():
            half = {"replicate": frame["patient"] // 2, "patient": frame["patient"] % 2}
            run.tables[name] = frame.with_columns(**half)
    b.tables["truth/doses"] = a.tables["truth/doses"].vstack(
        MadeUp(doses=[(1, "prednisone", 0, 0, 40.0, "daily", 40.0, 20.0)])
        .tables["truth/doses"]
        .with_columns(replicate=1)
    )
    found = compare(a, b).differences.filter(prednisone_mg_per_kg_other=2.0)
    assert found.select("replicate", "patient", "prednisone_mg_per_kg_difference").rows() == [(1, 1, 2.0)]
