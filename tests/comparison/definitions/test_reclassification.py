"""Who moves between two definition sets, and by which clause: counts, sums, and agreement with the verdicts."""

from __future__ import annotations

import json

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn import criteria, vocabulary
from nephrosyn.comparison.definitions import deciding_clauses
from nephrosyn.criteria import codes
from nephrosyn.errors import CriteriaError, ReclassificationError
from nephrosyn.report.findings.verdicts import by_follow_up, cross_classification

from .conftest import LESS, SIXTEEN

ID = ["replicate", "patient"]


def test_counts_add_up(found):
    flows = found.flows
    assert flows["patients"].sum() == 300
    assert flows.group_by("from").agg(pl.col("share_of_from").sum())["share_of_from"].to_list() == pytest.approx(
        [1.0] * flows["from"].n_unique()
    )
    moved = flows.filter(pl.col("from") != pl.col("to"))["patients"].sum()
    assert moved == found.findings.moves.moved.count > 0
    assert found.patients.filter(pl.col("category_from") != pl.col("category_to")).height == moved
    assert (
        found.moves["patients"].sum()
        == found.patients.filter(
            (pl.col("category_from") != pl.col("category_to"))
            | pl.col("refractory_from").ne_missing(pl.col("refractory_to"))
        ).height
    )


def test_only_the_clause_that_was_changed_is_responsible(found):
    assert set(found.clauses["clause"]) <= {"dependence", "frequent_n6", "frequent_n12"}
    for row in found.moves.iter_rows(named=True):
        assert row["clauses"][0]["clause"] == "dependence"
        assert row["clauses"][0]["from"] == "met"


def test_the_examples_are_what_explain_says(found, cohort, second):
    for row in found.moves.iter_rows(named=True):
        person = cohort.patient(row["patient"], row["replicate"])
        sides = [person.verdict(str(name)) for name in ("source", second)]
        assert [side.category for side in sides] == [row["from"], row["to"]]
        for clause in row["clauses"]:
            told = [next(c.status for c in side.clauses if c.name == clause["clause"]) for side in sides]
            assert told == [clause["from"], clause["to"]]


def test_the_way_back_is_the_same_way(found, cohort, second):
    back = ns.reclassify(cohort, second, "source")
    there = dict(zip(found.flows.select("from", "to").iter_rows(), found.flows["patients"], strict=True))
    assert dict(zip(back.flows.select("to", "from").iter_rows(), back.flows["patients"], strict=True)) == there
    assert back.agreement["kappa"].to_list() == pytest.approx(found.agreement["kappa"].to_list())


def test_stored_labels_and_labels_made_now_are_the_same(found, second):
    cohort = ns.run("baseline", patients=300, seed=2, criteria=["source", second])
    assert ns.reclassify(cohort, "source", "second").flows.equals(found.flows)


def test_nobody_moves_between_copies(cohort, variant):
    same = ns.reclassify(cohort, "source", variant("copy"))
    assert same.moves.is_empty()
    assert same.clauses.is_empty()
    assert set(same.agreement["kappa"]) == {1.0}
    assert same.agreement["low"].null_count() == 4
    assert "None of the 300 patients changes category" in same.sentence
    json.dumps(same.as_dict(), allow_nan=False)


def test_what_counts_as_refractory_is_no_clause(cohort, variant):
    found = ns.reclassify(cohort, "source", variant("less", LESS))
    assert set(found.moves["because"]) == {"which flags count as refractory"}
    assert found.findings.moves.moved.count == 0
    assert found.findings.moves.lost == found.moves.filter(pl.col("from") != "undetermined")["patients"].sum() > 0


def test_a_file_named_like_a_kept_set_is_told_apart(cohort, variant):
    found = ns.reclassify(cohort, "source", variant("source", SIXTEEN))
    assert found.before == "source (source)"
    assert found.after.startswith("source (")
    assert found.refractory["criteria"].n_unique() == 2


def test_refuses(cohort, second):
    with pytest.raises(ReclassificationError, match="same definition set"):
        ns.reclassify(cohort, "source", "source")
    with pytest.raises(ReclassificationError, match="unknown view"):
        ns.reclassify(cohort, "source", second, view="true")
    with pytest.raises(CriteriaError, match="2 problems") as error:
        ns.reclassify(cohort, "sorce", "nothing.toml")
    assert "nearest: source" in str(error.value)
    broken = ns.run("baseline", patients=20, seed=1)
    broken.tables["labels"] = broken.tables["labels"].head(30)
    with pytest.raises(ReclassificationError, match="every patient once"):
        ns.reclassify(broken, "source", second)


@pytest.mark.parametrize("view", vocabulary.VIEWS)
def test_one_patient(second, view, tmp_path):
    found = ns.reclassify(ns.run("baseline", patients=1, seed=3), "source", second, view=view)
    assert found.sentence.startswith("The only patient ")
    assert found.write(tmp_path / "out").is_file()


def test_the_share_over_the_years_is_that_of_a_record_cut_there(cohort, second, found):
    curve = found.refractory.filter(pl.col("follow_up_days") == 365)
    for name, chosen in (("source", "source"), ("second", second)):
        cut = criteria.classify(cohort.tables, criteria.load(chosen), "observed", until_days=365)
        assert curve.filter(criteria=name)["refractory"].item() == cut["refractory"].sum()
    ends = found.refractory.filter(pl.col("follow_up_days") == max(by_follow_up.times(730.5)))["refractory"].to_list()
    assert ends == found.refractory.filter(pl.col("follow_up_days").is_null())["refractory"].to_list()


def test_large_cohorts_are_cut_and_it_is_said(cohort, monkeypatch):
    monkeypatch.setattr(by_follow_up, "FEWEST", 50)
    monkeypatch.setattr(by_follow_up, "CLASSIFICATIONS", 1)
    found = by_follow_up.find(cohort.tables, cohort.labels, {"source": criteria.load("source")}, "observed", [365, 730])
    assert found.patients == 50
    assert [moment.refractory.patients for moment in found.sets["source"].moments] == [50, 50]


def answers(*statuses):
    names = list(codes.CLAUSES[: len(statuses)])
    return pl.DataFrame(
        {
            **{name: pl.Series([0] * len(names), dtype=pl.Int32) for name in ID},
            "criteria": "x",
            "clause": pl.Series(names, dtype=pl.Enum(codes.CLAUSES)),
            "status": [status for status, _ in statuses],
            "days": pl.Series([day for _, day in statuses], dtype=pl.Int32),
        }
    )


def reason(first, second, before, after):
    moved = pl.DataFrame({"replicate": [0], "patient": [0], "category": [before], "category_after": [after]})
    moved = moved.cast(dict.fromkeys(ID, pl.Int32))
    (found,) = deciding_clauses.reasons(
        deciding_clauses.decided(deciding_clauses.answered(answers(*first), answers(*second), moved), moved)
    )
    return found.clauses


NO, VAGUE = ("not met", None), ("cannot be judged", None)


def met(day):
    return ("met", day)


def test_the_deciding_clause_by_hand():
    """Resistance, dependence, relapses in 6 months, in 12 months: in the order of the clauses."""
    lost = reason([NO, met(200), NO, NO], [NO, NO, NO, NO], "steroid_dependent", "infrequently_relapsing")
    assert lost == (("dependence", "met", "not met"),)
    both = reason([NO, met(200), NO, NO], [met(90), VAGUE, NO, NO], "steroid_dependent", "steroid_resistant")
    assert both == (("dependence", "met", "cannot be judged"), ("resistance", "not met", "met"))
    earliest = reason([NO, NO, met(300), met(250)], [NO, NO, met(300), NO], "frequently_relapsing", "undetermined")
    assert earliest == (("frequent_n12", "met", "not met"),)
    doubt = reason([VAGUE, VAGUE, NO, NO], [VAGUE, met(100), NO, NO], "undetermined", "steroid_dependent")
    assert doubt == (("dependence", "cannot be judged", "met"),)
    other = reason([VAGUE, VAGUE, NO, NO], [NO, met(100), NO, NO], "undetermined", "steroid_dependent")
    assert other == (("dependence", "cannot be judged", "met"),)
    order = reason([met(90), met(200), NO, NO], [met(90), met(200), NO, NO], "steroid_resistant", "steroid_dependent")
    assert order == ()


def test_all_sets_of_a_run(second):
    labels = ns.run("baseline", patients=200, seed=4, criteria=["source", second]).labels
    found = cross_classification.compare(labels, "observed")
    assert found.names == ["source", "second"]
    pair = found.pairs["source", "second"]
    two = [labels.filter(criteria=name, view="observed") for name in found.names]
    assert pair.categories == cross_classification.between(*two, *found.names).categories
    assert found.kappa("second", "source", "category") == pair.kappas["category", cross_classification.EVERYBODY]
    assert cross_classification.compare(labels.filter(criteria="source"), "observed") is None
