"""Sets that do not apply to everybody: who is compared, who is excluded, and that both are reported."""

from __future__ import annotations

import json

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn.report.findings.verdicts import cross_classification, refractory_share

PEOPLE = 300


@pytest.fixture(scope="module")
def mixed():
    """Children and adults, judged by a set for everybody, one for children and one for adults."""
    sets = ["source", "ipna-2022", "kdigo-2021-adults"]
    return ns.run("baseline", patients=PEOPLE, seed=2, criteria=sets)


@pytest.fixture(scope="module")
def paediatric(mixed):
    return ns.reclassify(mixed, "source", "ipna-2022")


@pytest.fixture(scope="module")
def inside(mixed):
    """Patients to whom the paediatric set may apply."""
    return mixed.labels.filter(pl.col("applies").fill_null(value=True), criteria="ipna-2022", view="observed")


def test_only_the_patients_of_both_sets_are_compared(mixed, paediatric, inside):
    assert 0 < inside.height < PEOPLE
    assert paediatric.flows["patients"].sum() == inside.height
    aside = PEOPLE - inside.height
    assert paediatric.findings.moves.excluded == cross_classification.Excluded(second_only=0, first_only=aside)
    assert f"{aside} of {PEOPLE} patients are excluded: {aside} outside “ipna-2022”, by age or lesion." in (
        paediatric.sentence
    )
    who = inside.select("replicate", "patient")
    few = [
        refractory_share.of(mixed.labels, name, "observed").join(who, on=["replicate", "patient"], how="semi")
        for name in ("source", "ipna-2022")
    ]
    assert cross_classification.between(*few, "source", "ipna-2022").categories == paediatric.findings.moves.categories


def test_nobody_moves_for_being_outside(paediatric, inside):
    moved = paediatric.patients.filter(pl.col("decided_from").is_not_null() | pl.col("decided_to").is_not_null())
    assert moved["applies_to"].null_count() == 0
    assert moved["applies_to"].all()
    assert paediatric.moves["patients"].sum() <= inside.height
    assert paediatric.patients.height == PEOPLE


def test_every_share_is_of_the_patients_of_its_set(paediatric, inside):
    ends = paediatric.refractory.filter(pl.col("follow_up_days").is_null())
    (child,) = ends.filter(criteria="ipna-2022").to_dicts()
    assert (child["patients"], child["outside"]) == (inside.height, PEOPLE - inside.height)
    assert child["refractory"] == inside["refractory"].sum()
    assert ends.filter(criteria="source")["patients"].item() == PEOPLE
    curve = paediatric.refractory.filter(pl.col("follow_up_days").is_not_null(), criteria="ipna-2022")
    assert set(curve["patients"]) == {inside.height}


def shares_in_both(mixed, inside):
    """Of the patients in both sets, how many are refractory under either: counted here by another way."""
    who = inside.select("replicate", "patient")
    labels = mixed.labels.filter(view="observed").join(who, on=["replicate", "patient"], how="semi")
    return {name: labels.filter(criteria=name)["refractory"].sum() for name in ("source", "ipna-2022")}


def test_two_shares_are_compared_among_the_same_patients(mixed, paediatric, inside):
    met, n = shares_in_both(mixed, inside), inside.height
    everybody = mixed.labels.filter(criteria="source", view="observed")["refractory"].sum()
    assert everybody / PEOPLE != pytest.approx(met["source"] / n, abs=0.05)  # so the denominator matters here
    one, other = (f"{100 * met[name] / n:.1f}%" for name in ("source", "ipna-2022"))
    assert (
        f"Of the {n} patients to whom both sets may apply, {one} under “source” and {other} under “ipna-2022” are "
        f"refractory; one third is 33.3%. Among each set's own patients: "
        f"{100 * everybody / PEOPLE:.1f}% of {PEOPLE} are refractory under “source” and "
        f"{other} of {n} are refractory under “ipna-2022”."
    ) in paediatric.sentence


def test_both_denominators_are_in_the_table_the_values_and_the_pages(mixed, paediatric, inside, tmp_path):
    met, n = shares_in_both(mixed, inside), inside.height
    for row in paediatric.refractory.filter(pl.col("follow_up_days").is_null()).iter_rows(named=True):
        compared = row["criteria"] in met
        assert row["in_both"] == (n if compared else None)
        assert row["refractory_in_both"] == met.get(row["criteria"])
        assert row["share_in_both"] == (pytest.approx(met[row["criteria"]] / n) if compared else None)
    assert json.loads(paediatric.json())["refractory"] == paediatric.refractory.to_dicts()
    page = paediatric.write(tmp_path / "out")
    for file in (page, page.with_suffix(".md")):
        text = file.read_text(encoding="utf-8")
        assert f"Refractory among the patients in both sets ({n})" in text
        assert all(f"{met[name]} of {n}" in text for name in met)


def test_sets_for_the_same_patients_have_one_denominator(mixed):
    said = ns.reclassify(mixed, "ipna-2022", "kdigo-2021-children").sentence
    assert "to whom both sets may apply" in said
    assert "Among the patients of each set" not in said


def test_values_for_a_program_say_who_is_left_aside(paediatric, inside):
    told = json.loads(paediatric.json())
    aside = PEOPLE - inside.height
    assert told["compared"] == inside.height
    assert told["left_aside"] == {"patients": aside, "outside_from": 0, "outside_to": aside, "outside_both": 0}
    assert {row["patients"] for row in told["agreement"] if row["among"] == cross_classification.EVERYBODY} == {
        inside.height
    }


def test_sets_without_a_patient_in_common(mixed, tmp_path):
    found = ns.reclassify(mixed, "ipna-2022", "kdigo-2021-adults")
    assert found.flows.is_empty()
    assert found.moves.is_empty()
    assert found.sentence.startswith("Nobody can change category")
    assert "no patient is in both sets" in found.sentence
    assert "are of different patients and cannot be compared" in found.sentence
    assert " of 0 " not in found.sentence
    assert set(found.agreement["note"]) == {"no patient is in both sets"}
    assert found.as_dict()["left_aside"]["patients"] == PEOPLE
    text = found.write(tmp_path / "out").with_suffix(".md").read_text(encoding="utf-8")
    assert "nan" not in text.lower().split()
    assert "not defined: no patient is in both sets" in text
