"""Specification curves: each share recounted another way, every combination accounted for, effects known in advance."""

from __future__ import annotations

import csv
import json
from itertools import product

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import nephrosyn as ns
from nephrosyn import criteria
from nephrosyn.cli.app import app
from nephrosyn.errors import EvidenceError, RunFolderError
from nephrosyn.evidence.specifications import choices, counts, output, paired
from nephrosyn.report.figures import specification_curve as figure
from nephrosyn.report.findings.verdicts.refractory_share import of, verdict

SETS = ["source", "china-2016-children", "jsn-2014-adults", "iskdc", "prednos"]
PATIENTS, SEED = 400, 3
YEARS = (1.0, 1.5, 2.0)
COLUMNS = [choice.column for choice in choices.choices(SETS, YEARS)]


@pytest.fixture(scope="module")
def curve():
    return ns.specification_curve("baseline", criteria=SETS, years=YEARS, patients=PATIENTS, seed=SEED)


@pytest.fixture(scope="module")
def tables():
    return ns.run("baseline", patients=PATIENTS, seed=SEED).tables


def row_of(curve, **chosen):
    common = {"ages": "all", "lesions": "any", "view": "observed", "denominator": "all", "follow_up_years": 2.0}
    rows = curve.table.filter(**(common | chosen))
    assert rows.height == 1
    return rows.row(0, named=True)


def test_every_combination_is_in_the_table_once_or_excluded_for_a_reason(curve):
    assert curve.table.select(COLUMNS).is_duplicated().sum() == 0
    levels = [choice.levels for choice in curve.choices]
    assert curve.table.height + sum(curve.excluded.values()) == np.prod([len(names) for names in levels])
    assert set(curve.excluded) <= set(counts.REASONS)
    assert curve.table["share"].is_sorted()


@pytest.mark.parametrize("view", ["observed", "complete"])
def test_a_share_is_the_one_of_the_report(curve, tables, view):
    """The report counts the labels of a run by its own code; all denominators of the unchanged set agree with it."""
    found = verdict(of(tables["labels"], "source", view), "source", view)
    for denominator, share in (
        ("all", found.share),
        ("determined", found.determined),
        ("treated", found.adequately_treated),
    ):
        row = row_of(curve, criteria="source", partial_remission="not_counted", view=view, denominator=denominator)
        assert row["as_published"]
        assert (row["refractory"], row["patients"]) == (share.count, share.total)
        assert (row["share"], row["low"], row["high"]) == (share.share, share.low, share.high)
    assert row_of(curve, criteria="source", partial_remission="not_counted", view=view)["undetermined"] == (
        found.undetermined.share
    )


@pytest.mark.parametrize(("ages", "lesions"), list(product(choices.AGE_GROUPS, choices.LESION_GROUPS)))
def test_a_group_of_patients_is_classified_as_if_the_others_did_not_exist(curve, tables, ages, lesions):
    """Selected by hand before classification, with the set changed as its file would change."""
    age, lesion = pl.col("age_at_onset_years"), pl.col("lesion").cast(pl.String).fill_null("")
    everybody = pl.lit(value=True)
    of_age = {"all": everybody, "children": age < 18, "adults": age >= 18}
    with_lesion = {
        "any": everybody,
        "without_membranous": lesion != "membranous",
        "primary": lesion.is_in(["", "minimal_change", "fsgs", "mesangial_proliferative"]),
    }
    people = tables["patients"].filter(of_age[ages], with_lesion[lesions])
    if any(
        (other_ages, other_lesions) != (ages, lesions)
        and tables["patients"].filter(of_age[other_ages], with_lesion[other_lesions]).equals(people)
        for other_ages, other_lesions in product(("adults", "children"), ("primary", "without_membranous"))
    ):
        pytest.skip("the same patients as in a narrower group")
    name = "jsn-2014-adults" if ages == "adults" else "source"
    text = criteria.whole(criteria.text(name), name).splitlines()
    changed = [line.replace('"partial"', '"complete"') if _is_response(line) else line for line in text]
    labels = criteria.classify(tables | {"patients": people}, criteria.parse("\n".join(changed), name), "observed")
    inside = labels.filter(pl.col("applies").ne_missing(pl.lit(value=False)))
    row = row_of(curve, criteria=name, partial_remission="not_counted", ages=ages, lesions=lesions)
    assert row["patients"] == inside.height
    assert row["refractory"] == inside["refractory"].sum()


def _is_response(line):
    """A response to treatment; in the set of the source text, that named beside relapses in the taper is none."""
    return line.startswith("response = ") and "S1 and S2" not in line


def test_the_record_is_classified_as_it_stood(curve, tables):
    labels = criteria.classify(tables, criteria.load("source"), "complete", 548)
    row = row_of(curve, criteria="source", partial_remission="not_counted", view="complete", follow_up_years=1.5)
    assert (row["patients"], row["refractory"]) == (labels.height, labels["refractory"].sum())


def test_the_same_patients_are_counted_once_under_the_narrowest_choice(curve):
    """A set for children with three lesions counts no others; a setting of children has no other ages."""
    assert set(curve.table.filter(criteria="china-2016-children").select("ages", "lesions").rows()) == {
        ("children", "primary")
    }
    children = ns.specification_curve("setting-paris", criteria="source", years=[2], patients=100)
    assert set(children.table["ages"]) == {"children"}
    assert children.excluded[counts.SAME] > 0


def test_nobody_becomes_refractory_because_partial_remission_counts_as_response(curve):
    rest = [name for name in COLUMNS if name != "partial_remission"]
    counted, strict = (
        curve.table.filter(pl.col("denominator") == "all", pl.col("partial_remission") == level)
        for level in ("counted", "not_counted")
    )
    pairs = counted.join(strict, on=rest, suffix="_strict")
    assert pairs.height > 20
    assert (pairs["refractory"] <= pairs["refractory_strict"]).all()
    assert (pairs["refractory"] < pairs["refractory_strict"]).any()


@pytest.mark.parametrize("name", criteria.sets())
def test_both_readings_of_a_set_differ_in_the_response_only_and_one_is_the_set(name):
    definition = criteria.load(name)
    found = choices.readings(definition)
    assert sum(reading.as_published for reading in found) == 1
    for reading in found:
        ours, theirs = reading.definition.model_dump(), definition.model_dump()
        for section in ("resistance", "persistence"):
            changed = reading.definition
            responses = [getattr(changed, section).response.of(child) for child in (True, False)]
            if reading.as_published:
                assert responses == [getattr(definition, section).response.of(child) for child in (True, False)]
            del ours[section]["response"], theirs[section]["response"]
        assert ours == theirs


def test_what_has_no_meaning_is_excluded(curve):
    by_set = {name: curve.table.filter(criteria=name) for name in SETS}
    assert set(by_set["china-2016-children"]["ages"]) == {"children"}
    assert set(by_set["jsn-2014-adults"]["ages"]) == {"adults"}
    assert set(by_set["iskdc"]["partial_remission"]) == {"not_counted"}
    assert set(by_set["prednos"]["partial_remission"]) <= {None}
    assert "treated" not in set(by_set["prednos"]["denominator"])
    assert curve.table["undetermined"].max() <= 0.25
    assert curve.excluded[counts.TOO_SHORT] > 0
    assert curve.excluded[counts.NO_RESPONSE] > 0


def made_up() -> tuple[pl.DataFrame, list[choices.Choice]]:
    """Four combinations in which b adds 10 points and y takes 30, and one that pairs with none of them."""
    shares = {("a", "x"): 0.5, ("b", "x"): 0.6, ("a", "y"): 0.2, ("b", "y"): 0.3, (None, "z"): 0.9}
    rows = [(*key, share) for key, share in shares.items()]
    table = pl.DataFrame(rows, schema={"first": pl.String, "second": pl.String, "share": pl.Float64}, orient="row")
    of = [
        choices.Choice("first", "First", {"a": "A", "b": "B", "c": "C"}),
        choices.Choice("second", "Second", {"x": "X", "y": "Y", "z": "Z"}),
    ]
    return table, of


def test_a_choice_moves_the_share_by_what_pairs_differ():
    second, first = paired.effects(*made_up())
    assert (second.column, second.groups, first.groups) == ("second", 2, 2)
    assert (second.median_range, first.median_range) == (pytest.approx(0.3), pytest.approx(0.1))
    base, moved, alone = second.levels
    assert (base.pairs, base.difference) == (0, None)
    assert (moved.pairs, moved.least, moved.most) == (2, pytest.approx(-0.3), pytest.approx(-0.3))
    assert (alone.combinations, alone.pairs, alone.difference) == (1, 0, None)
    assert [level.level for level in first.levels] == ["a", "b"]


def test_the_same_cohort_gives_the_same_curve(curve):
    again = ns.specification_curve("baseline", criteria=SETS, years=[2, 1, 2, 1.5], patients=PATIENTS, seed=SEED)
    assert again.json() == curve.json()


def test_files_of_a_curve(curve, tmp_path):
    page = curve.write(tmp_path / "curve")
    assert {path.name for path in page.parent.iterdir()} == output.FOLDER.files
    values = json.loads((page.parent / "specifications.json").read_text("utf-8"))
    assert values["notice"] == output.NOTICE
    assert len(values["combinations"]) == curve.table.height
    with (page.parent / "specifications.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["share"]) for row in rows] == curve.table["share"].to_list()
    text = page.read_text("utf-8")
    assert output.sentence(curve) in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    with pytest.raises(RunFolderError, match="not empty"):
        curve.write(tmp_path / "curve")
    assert curve.write(tmp_path / "curve", overwrite=True) == page


def test_notebook_and_sentence(curve):
    assert "Combinations that are excluded" in curve._repr_html_()
    assert repr(curve).startswith("<SpecificationCurve of baseline: ")
    third = curve.third
    assert sum(third.values()) == curve.table.height
    assert third["below"] == sum(row["high"] < 1 / 3 for row in curve.table.iter_rows(named=True))


@pytest.mark.parametrize("size", [1, figure.SEPARATE, figure.MOST_COLUMNS, 1000])
def test_bars_hold_every_combination_once(size):
    edges = figure.column_edges(size)
    assert edges[0] == 0
    assert edges[-1] == size
    members = np.arange(size) % 3 == 0
    heights = figure.column_means(members, edges)
    assert np.isclose((heights * np.diff(edges)).sum(), members.sum())
    shares = np.column_stack([np.linspace(0.2, 0.6, size)] * 3)
    drawn = figure.draw(shares, [figure.Panel("choice", [("level", members)])], "A title")
    assert ">level<" in drawn
    assert "one third" in drawn


def test_the_command(tmp_path):
    words = ["specifications", "baseline", "--criteria", "source", "--years", "2", "--patients", "200"]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "How far each choice moves the share by itself" in done.output
    assert (tmp_path / "out" / "specifications.html").is_file()
    values = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert values["patients"] == 200
    refused = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out")])
    assert refused.exit_code == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"years": [0, "x", 3]}, "found 0, 'x'"),
        ({"years": []}, "found none"),
        ({"patients": 0, "seed": -1}, "patients: .*; seed: "),
        ({"criteria": "kdigo-2021-adults", "patients": 60, "years": [1]}, "no combination of choices is left"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(EvidenceError, match=message):
        ns.specification_curve("baseline", **options)


def test_other_lengths_of_follow_up_are_compared_with_the_longest(curve):
    follow_up = next(effect for effect in curve.effects if effect.column == "follow_up_years")
    assert [level.difference is None for level in follow_up.levels] == [False, False, True]
    assert "| 2 years | " in output.level_table(curve).markdown()
