"""Reclassification with draws of the uncertain numbers: what is estimated in each draw, and both intervals."""

from __future__ import annotations

import json

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn import criteria
from nephrosyn.comparison import drawn_numbers
from nephrosyn.comparison.definitions import draws, page, tables
from nephrosyn.errors import ComparisonError, EngineError, ScenarioError
from nephrosyn.report.findings.verdicts import cross_classification
from nephrosyn.runs.draws.each_draw import map_draws
from nephrosyn.scenario import load

PATIENTS, DRAWS, SEED = 80, 20, 2


@pytest.fixture(scope="module")
def run():
    return ns.run("baseline", patients=PATIENTS, seed=SEED, criteria=["source", "ipna-2022"])


@pytest.fixture(scope="module")
def known(run, second):
    return ns.reclassify(run, "source", second, uncertainty=DRAWS)


@pytest.fixture
def played(monkeypatch):
    """Keep what the draws gave."""
    used = []
    original = drawn_numbers.RunScenarios.play

    def play(self, function):
        used.append(original(self, function))
        return used[-1]

    monkeypatch.setattr(drawn_numbers.RunScenarios, "play", play)
    return used


def test_what_is_estimated(known):
    kinds = known.intervals.group_by("of", maintain_order=True).len()
    assert dict(kinds.iter_rows()) == {
        "moved": 1, "refractory": 2, "refractory_difference": 1, "kappa": 4, "flow": known.flows.height
    }  # fmt: skip
    moves = known.findings.moves
    value = {name: known.findings.uncertainty.of(name).value for name in ("moved", "refractory_difference")}
    assert value["moved"] == moves.moved.share
    assert value["refractory_difference"] == pytest.approx(moves.refractory[1].share - moves.refractory[0].share)
    flows = known.intervals.filter(of="flow")
    assert flows["value"].to_list() == known.flows["share_of_all"].to_list()
    assert known.intervals.filter(of="kappa")["value"].to_list() == known.agreement["kappa"].to_list()


def test_a_draw_is_that_of_the_scenario(run, second, played):
    """Draw 4, classified and cross-tabulated here, gives the counts that were used; draw -1 is the run itself."""
    found = ns.reclassify(run, "source", second, uncertainty=DRAWS)
    baseline, drawn = played[0]
    loaded = [load("baseline", [f"patients={PATIENTS}", f"seed={SEED}"])]
    (frames,) = map_draws(lambda _, tables: tables, loaded, DRAWS, workers=1)[4]
    labels = [criteria.classify(frames, criteria.load(name), "observed") for name in ("source", second)]
    moves = cross_classification.between(*labels, "source", "second")
    for counts, expected in ((drawn[4], moves), (baseline, found.findings.moves)):
        assert {pair: int(n.sum()) for pair, n in counts["category"].items()} == expected.categories
        assert {pair: int(n.sum()) for pair, n in counts["refractory"].items()} == expected.verdicts


def test_the_draw_without_number_is_the_run_itself(run, second, played):
    """With as many patients as the run, the scenario's own numbers give the estimates of the run."""
    found = ns.reclassify(run, "source", second, uncertainty=DRAWS).findings
    for interval in found.uncertainty.intervals:
        value = draws._estimate(interval.of, found.moves, played[0][0]).value
        assert value == pytest.approx(interval.value), interval.of


def test_variances_by_chance_are_those_of_the_statistics(run, second, played):
    """Binomial for a share, of the discordant pairs for a difference, Fleiss, Cohen and Everitt for kappa."""
    found = ns.reclassify(run, "source", second, uncertainty=DRAWS)
    moves, counts = found.findings.moves, played[0][0]

    def chance(*quantity):
        return draws._estimate((*quantity, "", "")[:3], moves, counts).chance

    moved = moves.moved
    assert chance("moved") == pytest.approx(moved.share * (1 - moved.share) / moved.total)
    n, gained, lost = moves.patients, moves.gained, moves.lost
    assert chance("refractory_difference") == pytest.approx((gained + lost - (gained - lost) ** 2 / n) / n**2)
    for (question, among), kappa in moves.kappas.items():
        assert chance("kappa", question, among) == pytest.approx(kappa.error**2)


def test_both_intervals_of_everything(known):
    for row in known.intervals.iter_rows(named=True):
        if row["low"] is None or row["low_with_numbers"] is None:
            continue
        assert row["low_with_numbers"] <= row["expected"] <= row["high_with_numbers"]
    share = known.intervals.filter(of="refractory")
    assert (share["high_with_numbers"] - share["low_with_numbers"] > share["high"] - share["low"]).all()


def test_in_words_console_tables_json_and_page(known, run, second, tmp_path):
    assert known.sentence.count("by chance alone; with the scenario’s numbers") == 2
    assert "(difference " in known.sentence
    table = tables.with_numbers(known.findings)
    assert len(table.rows) == known.intervals.height
    known.write(tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == page.FILES
    values = json.loads((tmp_path / "out" / "reclassify.json").read_text(encoding="utf-8"))
    assert values["intervals"] == known.intervals.to_dicts()
    assert values["uncertainty"]["draws"] == DRAWS
    for name in ("reclassify.html", "reclassify.md"):
        assert "with the numbers (95%)" in (tmp_path / "out" / name).read_text(encoding="utf-8")
    plain = ns.reclassify(run, "source", second)
    assert plain.intervals.is_empty()
    assert plain.uncertainty is None
    assert not {"intervals", "uncertainty"} & set(plain.as_dict())
    assert tables.with_numbers(plain.findings) is None


@pytest.mark.slow
def test_two_workers_say_the_same(run, second, known):
    again = ns.reclassify(run, "source", second, uncertainty=DRAWS, workers=2)
    assert again.as_dict() == known.as_dict()


def test_a_set_for_some_is_compared_among_the_patients_of_both(run):
    found = ns.reclassify(run, "source", "ipna-2022", uncertainty=DRAWS)
    assert found.findings.moves.excluded.patients
    assert found.findings.uncertainty.of("refractory", "ipna-2022").numbers is not None


def test_a_set_that_a_draw_cannot_use_has_no_interval(run, second, monkeypatch):
    """Kappa and shares of nobody are not defined, in the run or in a draw."""
    monkeypatch.setattr(drawn_numbers, "MOST_PATIENTS", 1)
    found = ns.reclassify(run, "source", second, uncertainty=DRAWS)
    assert found.findings.uncertainty.of("kappa", "category", cross_classification.EVERYBODY).numbers is None
    assert found.uncertainty.patients == 1


def test_replicates_and_a_finite_clinic(second):
    cohort = ns.run("busy-clinic", patients=20, replicates=2, seed=SEED)
    found = ns.reclassify(cohort, "source", second, uncertainty=DRAWS, view="complete")
    assert found.uncertainty.size == "20 draws of 20 patients (the run has 40)"


def test_bad_input(run, second):
    with pytest.raises(EngineError, match="uncertainty: expected a whole number from 20"):
        ns.reclassify(run, "source", second, uncertainty=3)
    old = ns.api.Cohort(dict(run.tables), {**run.manifest, "version": "0.1"}, None)
    with pytest.raises(ComparisonError, match=r"baseline by 0\.1"):
        ns.reclassify(old, "source", second, uncertainty=DRAWS)
    tree = json.loads(json.dumps(run.manifest["scenario"]))
    tree["scenario"]["uncertainty"] = {}
    plain = ns.api.Cohort(dict(run.tables), {**run.manifest, "scenario": tree}, None)
    with pytest.raises(ScenarioError, match="all numbers are fixed"):
        ns.reclassify(plain, "source", second, uncertainty=DRAWS)
    assert isinstance(plain.labels, pl.DataFrame)
