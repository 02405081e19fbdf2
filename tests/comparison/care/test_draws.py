"""Comparisons with draws of the uncertain numbers: the same draw in all runs, and intervals that hold both sources."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn import criteria, uncertainty
from nephrosyn.comparison import drawn_numbers
from nephrosyn.comparison.care import as_json, tables
from nephrosyn.comparison.care.page import FILES
from nephrosyn.errors import ComparisonError, EngineError, ScenarioError, WorkerError
from nephrosyn.report.figures import paired_differences
from nephrosyn.runs.draws.each_draw import map_draws
from nephrosyn.scenario import load

PATIENTS, DRAWS, SEED = 60, 20, 5
OWN = 'extends = "{}"\n[uncertainty]\n"{}" = {{ range = [{}, {}], source = "assumed: a test" }}\n'


def run(name="baseline", **options):
    return ns.run(name, patients=PATIENTS, seed=SEED, **options)


@pytest.fixture(scope="module")
def runs():
    return run(), run("no-infections")


@pytest.fixture(scope="module")
def found(runs):
    return ns.compare(*runs, uncertainty=DRAWS)


@pytest.fixture
def own(tmp_path):
    """Run a scenario that extends another and says how well one number is known."""

    def made(name, key, low, high, extends="baseline"):
        file = tmp_path / f"{name}.toml"
        file.write_text(OWN.format(extends, key, low, high), "utf-8")
        return run(file)

    return made


def row(found, name, run=0):
    return next(row for row in found.contrasts[run].rows if row.outcome.name == name)


def test_every_outcome_has_both_intervals(found):
    for one in found.contrasts[0].rows:
        paired, numbers = one.paired, one.numbers
        assert numbers is not None, one.outcome.name
        width = paired.high - paired.low
        assert numbers.high - numbers.low >= width - 1e-9 or abs(numbers.low) == 1.0 or abs(numbers.high) == 1.0
    relapses = row(found, "relapses_per_year")
    assert relapses.numbers.numbers > 0
    assert relapses.numbers.high - relapses.numbers.low > relapses.paired.high - relapses.paired.low


def test_a_draw_is_that_of_the_scenarios_and_rates_are_over_all_years(runs, monkeypatch):
    """Draw 7, counted here from new runs of the drawn scenarios, gives the difference that the comparison used."""
    used = {}
    original = drawn_numbers.RunScenarios.play

    def play(self, function):
        used["baseline"], used["draws"] = original(self, function)
        return used["baseline"], used["draws"]

    monkeypatch.setattr(drawn_numbers.RunScenarios, "play", play)
    ns.compare(*runs, uncertainty=DRAWS)
    loaded = [load(name, [f"patients={PATIENTS}", f"seed={SEED}"]) for name in ("baseline", "no-infections")]
    rates, refractory = [], []
    for frames in map_draws(lambda _, tables: tables, loaded, DRAWS, workers=1)[7]:
        events = frames["truth/events"].filter(event="relapse").height
        last = frames["truth/events"].group_by("patient").agg(pl.col("time_days").max())
        days = frames["truth/follow_up"].join(last, on="patient", how="left")
        rates.append(365.25 * events / days.select(pl.max_horizontal("end_days", "time_days")).sum().item())
        labels = criteria.classify(frames, criteria.load("source"), "observed")
        refractory.append(labels["refractory"].fill_null(value=False).mean())
    draw = used["draws"][7][0]
    assert draw["relapses_per_year"].value == pytest.approx(rates[1] - rates[0])
    assert draw["refractory"].value == pytest.approx(refractory[1] - refractory[0])


def test_the_draw_without_number_is_the_run_itself(runs, monkeypatch):
    """With as many patients as the run, the scenarios' own numbers give the differences of the run."""
    used = {}
    original = drawn_numbers.RunScenarios.play

    def play(self, function):
        used["found"] = original(self, function)
        return used["found"]

    monkeypatch.setattr(drawn_numbers.RunScenarios, "play", play)
    found = ns.compare(*runs, uncertainty=DRAWS)
    (baseline,), _ = used["found"]
    for one in found.contrasts[0].rows:
        assert baseline[one.outcome.name].value == pytest.approx(one.paired.difference, abs=1e-12)


def test_chance_is_recomputed_from_patients(runs):
    """The variance of a draw by chance, from its pairs; block residuals add up to 0."""
    found = ns.compare(*runs, uncertainty=DRAWS)
    values = found.differences["prednisone_mg_per_kg_difference"].to_numpy()
    chance = found.table.filter(outcome="prednisone_mg_per_kg")["chance_variance"].item()
    assert chance == pytest.approx(values.var(ddof=1) / PATIENTS)


def test_a_run_does_not_differ_from_itself_in_any_draw(runs):
    found = ns.compare(runs[0], runs[0], uncertainty=DRAWS)
    for one in found.contrasts[0].rows:
        numbers, paired = one.numbers, one.paired
        assert numbers.expected == numbers.numbers == numbers.low_error == 0.0, one.outcome.name
        assert (numbers.low, numbers.high) == pytest.approx((paired.low, paired.high))


@pytest.mark.slow
def test_two_workers_say_the_same(runs, found):
    assert ns.compare(*runs, uncertainty=DRAWS, workers=2).as_dict() == found.as_dict()


def test_more_draws_leave_the_rest_of_the_comparison(runs, found):
    plain = ns.compare(*runs)
    columns = [name for name in found.table.columns if name not in as_json.WITH_NUMBERS]
    assert found.table.select(columns).equals(plain.table)
    assert plain.uncertainty is None
    assert "uncertainty" not in plain.as_dict()
    assert not set(as_json.WITH_NUMBERS) & set(plain.table.columns)


def test_both_intervals_in_words_table_json_page_and_figure(found, tmp_path):
    assert "by chance alone; with the scenarios’ numbers" in found.sentence
    table = tables.outcomes(found, found.contrasts[0])
    assert {tables.CHANCE, tables.NUMBERS} <= set(table.head)
    assert all(len(cells) == len(table.head) for cells in table.rows)
    found.write(tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    values = json.loads((tmp_path / "out" / "compare.json").read_text(encoding="utf-8"))
    assert (values["uncertainty"]["draws"], values["uncertainty"]["patients"]) == (DRAWS, PATIENTS)
    assert set(as_json.WITH_NUMBERS) <= set(values["comparisons"][0]["outcomes"][0])
    for name in ("compare.html", "compare.md"):
        page = (tmp_path / "out" / name).read_text(encoding="utf-8")
        assert "with the numbers (95%)" in page
        assert "20 draws of 60 patients" in page
        assert "not uncertainty about the numbers" not in page


def test_the_figure_has_a_line_for_each_interval():
    mark = paired_differences.Difference("per year", "relapses", "x", -0.2, -0.3, -0.1, known=(-0.5, 0.1))
    (axes,) = paired_differences.panels([mark], "before").axes
    lines = [(list(map(float, line.get_xdata())), line.get_linewidth()) for line in axes.lines[1:]]
    (chance, numbers) = [line for line in lines if len(line[0]) == 2]
    assert (chance[0], numbers[0]) == ([-0.3, -0.1], [-0.5, 0.1])
    assert chance[1] > numbers[1]


def test_a_large_run_has_draws_of_its_first_patients(runs, monkeypatch):
    monkeypatch.setattr(drawn_numbers, "MOST_PATIENTS", 20)
    found = ns.compare(*runs, uncertainty=DRAWS)
    assert found.uncertainty.size == "20 draws of 20 patients (the run has 60)"
    assert found.patients == PATIENTS


def test_replicates_and_a_finite_clinic():
    options = {"replicates": 2, "overrides": ["care.clinic.slots=2", "population.patients_per_site=15"]}
    pair = [ns.run(name, patients=30, seed=SEED, **options) for name in ("baseline", "no-infections")]
    found = ns.compare(*pair, uncertainty=DRAWS)
    assert found.uncertainty.size == "20 draws of 30 patients (the run has 60)"
    assert row(found, "relapses_per_year").numbers is not None


def test_a_definition_set_of_the_user_is_taken_from_the_manifest(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(criteria.text("source").replace('name = "source"', 'name = "mine"'), "utf-8")
    pair = [run(name, criteria=["source", str(file)]) for name in ("baseline", "no-infections")]
    file.unlink()
    mine, source = (ns.compare(*pair, criteria=name, uncertainty=DRAWS) for name in ("mine", "source"))
    assert mine.criteria == "mine"
    of_sets = [row(found, "refractory").numbers for found in (mine, source)]
    assert of_sets[0] == of_sets[1]


def test_other_laws_of_care_have_the_same_quantile(own):
    """In every draw, both runs have the same place within their ranges of the effect of infection."""
    key = "triggers.infection.hazard_factor"
    narrow, wide = (own(name, key, *ends) for name, ends in (("narrow", (5.0, 6.0)), ("wide", (5.0, 9.0))))
    for draw in range(3):
        values = [uncertainty.draw(cohort.resolved, draw).scenario.triggers.infection.hazard_factor
                  for cohort in (narrow, wide)]  # fmt: skip
        assert (values[0] - 5.0) / 1.0 == pytest.approx((values[1] - 5.0) / 4.0)
    assert row(ns.compare(narrow, wide, uncertainty=DRAWS), "relapses_per_year").numbers.numbers > 0


def test_other_laws_of_who_the_patients_are_are_refused(own, runs):
    share = "disease.spontaneous.membranous.share"
    other = own("other", share, 0.2, 0.4)
    with pytest.raises(ComparisonError, match=f"same patients in a draw.*: {share}"):
        ns.compare(runs[0], other, uncertainty=DRAWS)
    assert ns.compare(runs[0], other).uncertainty is None


def test_scenarios_without_uncertain_numbers_are_named(runs):
    manifest = json.loads(json.dumps(runs[0].manifest))
    manifest["scenario"]["scenario"]["uncertainty"] = {}
    manifest["scenario"]["name"] = "all-fixed"
    without = ns.api.Cohort(dict(runs[0].tables), manifest, None)
    with pytest.raises(ScenarioError, match=r"scenario all-fixed has 1 problem:\s+uncertainty: .*numbers are fixed"):
        ns.compare(runs[0], without, uncertainty=DRAWS)
    with pytest.raises(ScenarioError, match=r"scenario all-fixed \(2\), all-fixed \(3\) has"):
        ns.compare(runs[0], without, without, uncertainty=DRAWS)


def test_bad_numbers_of_draws_and_workers(runs):
    for draws in (0, 19, 10_001, 30.0, True):
        with pytest.raises(EngineError, match=r"uncertainty: expected a whole number from 20 to 10000"):
            ns.compare(*runs, uncertainty=draws)
    with pytest.raises(WorkerError, match="workers"):
        ns.compare(*runs, uncertainty=DRAWS, workers=0)


def test_runs_of_another_version_are_named(runs):
    old = ns.api.Cohort(dict(runs[0].tables), {**runs[0].manifest, "version": "0.1"}, None)
    with pytest.raises(ComparisonError, match=r"baseline \(1\) by 0\.1, baseline \(2\) by 0\.1"):
        ns.compare(old, old, uncertainty=DRAWS)
    assert np.isfinite(row(ns.compare(old, old), "relapses_per_year").paired.difference)
