"""What the share hangs on: of made-up draws whose shares follow from a number, and of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import nephrosyn as ns
from nephrosyn.cli.app import app
from nephrosyn.report import influence_text
from nephrosyn.report.figures.influence import shares_by_quarter
from nephrosyn.report.figures.style import drawing
from nephrosyn.report.findings.influence import Question, check_question, influence
from nephrosyn.report.key_meanings import key_meanings, meaning
from nephrosyn.runs.draws.design import DrawnScenarios, values_of
from nephrosyn.runs.draws.values import table
from nephrosyn.scenario import load
from nephrosyn.scenario.tree import get, split
from nephrosyn.uncertainty import uncertainty_of

DRAWS = 120
RATE, FACTOR, OTHER = "disease.relapse.rate", "disease.relapse.factor", "care.other"
MIX = tuple(f"population.bands.adults.lesion_mix.{lesion}" for lesion in ("minimal_change", "fsgs", "membranous"))
QUANTITIES = [
    {"keys": [RATE, f"{RATE}_rest"], "kind": "number", "law": "3 of 10", "source": "A01, A02, assumed: one series"},
    {"keys": [FACTOR], "kind": "number", "law": "1 to 2 (range)", "source": "A01"},
    {"keys": [OTHER], "kind": "number", "law": "1 to 2 (range)", "source": "assumed: not published"},
    {"keys": list(MIX), "kind": "mix", "law": "1 + 2 + 3 counted", "source": "G02"},
]


@pytest.fixture(scope="module")
def values():
    """Drawn values in the chain of a run; the second key of a rate, and the last part of a mix, follow the others."""
    generator = np.random.default_rng(1)
    drawn = [values_of(draw, paired=True) for draw in range(DRAWS)]
    mix, number = (np.array(numbers) for numbers in zip(*drawn, strict=True))
    columns = {key: generator.uniform(size=DRAWS)[number] for key in (RATE, FACTOR, OTHER)}
    parts = generator.dirichlet([8.0, 3.0, 4.0], size=DRAWS)[mix].T
    return pl.DataFrame(
        {"draw": range(DRAWS), "mix": mix, "number": number, **columns, f"{RATE}_rest": 1 - columns[RATE]}
        | dict(zip(MIX, parts, strict=True))
    )


def found(values, *, factor=0.0, question=None, **options):
    """Shares between 0.3 and 0.5 that rise with the rate, and may fall with another number."""
    shares = 0.3 + 0.2 * values[RATE].to_numpy() - factor * values[FACTOR].to_numpy()
    shares = shares + 0.01 * np.random.default_rng(2).normal(size=DRAWS)
    return influence("source", "observed", shares, values, QUANTITIES, question or Question(0.4), **options)


def test_the_number_that_moves_the_share_leads(values):
    of_share = found(values, factor=0.05)
    first, second, *others = of_share.numbers
    assert (first.key, second.key) == (RATE, FACTOR)
    assert first.correlation.low > 0.9
    assert second.correlation.high < -0.5
    assert first.variance > 0.8
    assert max(number.variance for number in others) < 0.2
    assert first.lowest < of_share.mean - 0.04 < of_share.mean + 0.04 < first.highest
    assert second.lowest > second.highest
    assert first.wrong_removed > 0.6 * of_share.wrong > 0.2


def test_keys_that_follow_others_are_left_out(values):
    keys = {number.key for number in found(values).numbers}
    assert keys == {RATE, FACTOR, OTHER, MIX[1], MIX[2]}, "the largest part of a whole is what the others replace"


def test_studies_have_all_numbers_that_come_from_them(values):
    studies = {study.evidence: study.keys for study in found(values).studies}
    assert studies == {("A01",): (RATE, FACTOR), ("A02",): (RATE,), ("G02",): (MIX[0],)}
    assert found(values).studies[0].evidence in {("A01",), ("A02",)}


def test_sources_of_the_same_numbers_are_one_study(values):
    quantities = [{**QUANTITIES[0], "source": "calibrated: A01, A02; run 1a2b3c4d"}, *QUANTITIES[2:]]
    shares = values[RATE].to_numpy()
    studies = influence("source", "observed", shares, values, quantities, Question(0.5)).studies
    assert [study.evidence for study in studies] == [("A01", "A02"), ("G02",)]


def test_an_answer_that_is_the_same_in_all_draws_is_worth_nothing(values):
    certain = found(values, question=Question(0.9, 0.05))
    assert (certain.right, certain.wrong) == (0, 0)
    assert {number.wrong_removed for number in certain.numbers} == {0}
    assert certain.numbers[0].variance > 0.8
    assert influence_text.certainty(certain) == (
        "The share lies within 90% ± 5 percentage points in none of the 120 draws, so no study of these numbers would "
        "change that answer: their expected value of information is 0."
    )


def test_part_of_the_variance_is_of_the_expected_share(values):
    """Where half of the variance is chance, a number explains twice as much of the rest."""
    shares = np.random.default_rng(3).normal(size=DRAWS) * 0.1 + 0.1 * values[RATE].to_numpy() * 2
    parts = [
        influence("source", "observed", shares, values, QUANTITIES, Question(0.4), reliability=part).numbers[0].variance
        for part in (1.0, 0.5)
    ]
    assert 0 < parts[0] < 0.5
    assert parts[1] == pytest.approx(2 * parts[0], abs=2e-6)


def test_question_is_about_a_range_or_about_a_threshold():
    shares = np.array([0.27, 0.29, 0.3333, 0.38, 0.39])
    assert Question(1 / 3, 0.05).answers(shares).tolist() == [0, 1, 1, 1, 0]
    assert Question(0.38).answers(shares).tolist() == [0, 0, 0, 0, 1]
    assert str(Question(1 / 3, 0.05)) == "one third ± 5 percentage points"


@pytest.mark.parametrize(
    ("share", "margin", "message"),
    [
        (1.2, 0.05, "share: expected a fraction from 0 to 1; found 1.2"),
        (60, 7, "share: expected a fraction from 0 to 1; found 60; margin: expected a fraction from 0 to 0.5; found 7"),
        (0.5, -0.1, "margin: expected a fraction from 0 to 0.5; found -0.1"),
        ("a third", 0.1, "found 'a third'"),
        (float("nan"), 0.1, "found nan"),
        (True, 0.1, "found True"),
    ],
)
def test_a_question_that_is_none_is_refused(share, margin, message):
    with pytest.raises(ns.EvidenceError) as error:
        check_question(share, margin)
    assert message in str(error.value)


def test_sentence_names_the_leading_numbers(values):
    text = influence_text.moved_most(found(values, factor=0.05))
    assert text.startswith(f"what moves it most: {RATE}, which raises it (partial rank correlation +0.9")
    assert f"{FACTOR}, which lowers it (partial rank correlation −0." in text
    shares, alone = np.random.default_rng(8).normal(size=DRAWS), values.select("draw", "mix", "number", OTHER)
    noise = influence("source", "observed", shares, alone, [QUANTITIES[2]], Question(0.4))
    assert influence_text.moved_most(noise).startswith("no uncertain number stands out in 120 draws")


def test_labels_of_the_figure_do_not_overlap(values):
    """With meanings of the longest kind, which take three lines."""
    of_share = found(values)
    long = "probability of remission in children of some lesion " * 2
    numbers = [replace(number, meaning=long) for number in of_share.numbers * 3]
    with drawing():
        figure = shares_by_quarter(replace(of_share, numbers=numbers))
        figure.canvas.draw()
        boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert len(boxes) > 1
    assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(boxes))


def test_table_has_a_row_for_each_number(values):
    of_share = found(values)
    assert of_share.table.height == len(of_share.numbers)
    assert of_share.table["key"][0] == RATE
    assert {"partial_rank_correlation", "correlation_low", "correlation_high"} <= set(of_share.table.columns)
    assert json.loads(json.dumps(of_share.as_dict(), allow_nan=False))["statement"] == "above 40%"


def test_shares_that_do_not_differ_hang_on_nothing(values):
    of_share = influence("source", "observed", np.full(DRAWS, 0.4), values, QUANTITIES, Question(0.3), reliability=0.0)
    assert of_share.leading == []
    assert {number.variance for number in of_share.numbers} == {0}
    assert json.loads(json.dumps(of_share.as_dict(), allow_nan=False))["numbers"][0]["correlation_low"] is None


def test_values_are_those_that_the_draws_are_played_with():
    baseline = load("baseline", ["seed=7"])
    keys = [key for quantity in uncertainty_of(baseline) for key in quantity.keys]
    values = table(baseline, 6)
    drawn = DrawnScenarios(baseline, paired=True)
    for draw in range(6):
        tree = drawn.of(draw).scenario.model_dump(mode="json")
        assert [values[key][draw] for key in keys] == [get(tree, split(key)) for key in keys]
    assert table(baseline, 3).equals(values.head(3))


@pytest.mark.parametrize("name", ["baseline", "modern-adults", "modern-children"])
def test_every_uncertain_number_has_a_meaning(name):
    for quantity in uncertainty_of(load(name)):
        for key in quantity.keys:
            assert meaning(key) != key


def test_a_key_without_a_meaning_is_itself():
    assert meaning("disease.something.new") == "disease.something.new"
    assert len(key_meanings()) > 100


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("influence") / "run"
    options = {"patients": 60, "engine": "compiled", "part_patients": 600, "uncertainty": 40, "format": "csv"}
    ns.run("baseline", out=folder, **options)
    return folder


@pytest.mark.slow
def test_a_run_says_what_its_share_hangs_on(run):
    known = ns.open(run).uncertainty
    of_share = known.hangs_on(share=0.6, margin=0)
    assert (of_share.criteria, of_share.view, of_share.draws) == ("source", "observed", 40)
    assert known.hangs_on("source", share=0.6, margin=0) is of_share
    assert 0 <= of_share.wrong <= 0.5
    assert all(number.wrong_removed <= of_share.wrong for number in of_share.numbers)
    stored = json.loads((run / "derived" / "uncertainty.json").read_bytes())["hangs_on"]
    assert stored == [json.loads(json.dumps(known.hangs_on("source").as_dict()))]
    drawn = pl.read_csv(run / "derived" / "uncertainty_values.csv")
    assert drawn.columns == known.values.columns
    assert drawn.equals(known.values.cast(dict(zip(drawn.columns, drawn.dtypes, strict=True))))


@pytest.mark.slow
def test_report_has_the_leading_numbers(run):
    text = (run / "report.md").read_text(encoding="utf-8")
    assert "The numbers that move the share most" in text
    assert "The correlation with each number holds the 2 leading others fixed; 40 draws are too few for all " in text
    assert "What a study without error of the numbers of one source would settle" in text
    assert (run / "figures" / "influence.svg").is_file()


@pytest.mark.slow
def test_console_says_what_moves_it_most(run):
    result = CliRunner().invoke(app, ["report", str(run)], env={"COLUMNS": "400"})
    assert result.exit_code == 0, result.output
    assert "what moves it most: " in result.stdout or "no uncertain number stands out" in result.stdout


@pytest.mark.slow
def test_what_there_are_no_draws_for_is_refused(run):
    known = ns.open(run).uncertainty
    with pytest.raises(ns.EvidenceError, match=r"no draws for 'prednos' and 'observed'; there are draws for: source"):
        known.hangs_on("prednos")


@pytest.mark.slow
def test_a_run_whose_numbers_are_drawn_otherwise_now_has_no_analysis(run, monkeypatch):
    known = ns.open(run).uncertainty
    monkeypatch.setattr("nephrosyn.uncertainty.uncertainty_of", lambda resolved: ())
    assert known.influence is None
    assert known.as_dict()["hangs_on"] == []
    with pytest.raises(ns.EvidenceError, match="make the run again"):
        known.hangs_on()
