"""Sensitivity: ranges with sources, and effects that are known in advance."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from nephrosyn import criteria
from nephrosyn.cli.app import app
from nephrosyn.errors import EvidenceError
from nephrosyn.evidence.sensitivity import analysis, output
from nephrosyn.evidence.simulate_setting import studies
from nephrosyn.evidence.validation import refractory_share
from nephrosyn.scenario import load, shipped
from nephrosyn.scenario.tree import get, split

BASELINE = load("baseline").scenario.model_dump(mode="json")
RANGES = analysis.ranges_of(load("baseline"))


def test_every_range_has_a_source_and_holds_the_baseline():
    for entry in RANGES:
        assert entry.source
        assert entry.low <= get(BASELINE, split(entry.key)) <= entry.high, entry.key


def test_both_ends_of_every_range_are_scenarios():
    for end in ("low", "high"):
        values = [entry.quantity.at(BASELINE, getattr(entry, end)) for entry in RANGES]
        load("baseline", [f"{key}={value!r}" for changed in values for key, value in changed.items()])


def test_a_setting_is_varied_over_the_ranges_of_the_baseline_about_its_own_numbers():
    key = "care.adherence.non_adherent_share"
    ranges = {entry.key: entry for entry in analysis.ranges_of(load("setting-netherlands", [f"{key}=0.7"]))}
    assert (ranges[key].low, ranges[key].high) == (0.1, 0.7)


def test_a_calibrated_number_is_varied_over_its_posterior():
    key = "disease.relapse.bands.children.rate_per_year"
    setting = load("setting-netherlands")
    entry = {entry.key: entry for entry in analysis.ranges_of(setting)}[key]
    low, high = np.quantile(setting.scenario.uncertainty[key].draws, [0.025, 0.975])
    value = get(setting.scenario.model_dump(mode="json"), split(key))
    assert (entry.low, entry.high) == pytest.approx((min(low, value), max(high, value)), rel=0.01)


def test_a_number_that_the_scenario_fixes_is_not_varied(tmp_path):
    key = "disease.relapse.bands.adults.rate_per_year"
    file = tmp_path / "own.toml"
    file.write_text(f'extends = "baseline"\n[uncertainty]\n"{key}" = {{ fixed = "known to us" }}\n', "utf-8")
    assert key in {entry.key for entry in RANGES}
    assert key not in {entry.key for entry in analysis.ranges_of(load(file))}


def test_without_salib_it_says_what_to_install(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(analysis, "import_module", missing)
    with pytest.raises(EvidenceError, match="pip install SALib"):
        analysis.sensitivity("baseline")


@pytest.mark.slow
def test_a_number_that_does_nothing_moves_nothing_and_one_that_does_is_found(monkeypatch, tmp_path):
    """Adults only: what children do cannot matter, how many respond must, about as much as its range is wide."""
    pytest.importorskip("SALib")
    keys = (
        "disease.relapse.bands.children.rate_per_year",
        "disease.response.adults.minimal_change.complete",
        "disease.relapse.bands.adults.rate_per_year",
    )
    every = analysis.ranges_of
    monkeypatch.setattr(
        analysis, "ranges_of", lambda resolved: [entry for entry in every(resolved) if entry.key in keys]
    )
    result = analysis.sensitivity("adult-minimal-change", patients=900, trajectories=4, base=8, most=2)
    effects = {index.key: index for index in result.indices}
    assert effects[keys[0]].effect == 0
    # 9.5 points of response; those who do not respond are resistant, some of them refractory anyway.
    assert 0.05 < effects[keys[1]].effect < 0.11
    assert effects[keys[0]].total is None
    assert effects[keys[1]].total is not None
    assert (result.morris_runs, result.sobol_runs) == (4 * 4, 8 * 4)
    output.write(result, tmp_path / "s")
    values = json.loads((tmp_path / "s" / "sensitivity.json").read_text("utf-8"))
    assert len(values["indices"]) == 3
    assert "16 runs" in (tmp_path / "s" / "sensitivity.md").read_text("utf-8")


def test_a_set_for_nobody_or_for_hardly_anybody_is_refused():
    pytest.importorskip("SALib")
    sizes = {"patients": 60, "trajectories": 2, "base": 0}
    with pytest.raises(EvidenceError) as refusal:
        analysis.sensitivity("adult-minimal-change", ["source", "kdigo-2021-children", "ipna-2022"], **sizes)
    lines = str(refusal.value).splitlines()
    assert [line.partition(" applies to none of the 60 patients")[0] for line in lines] == [
        "the definition set kdigo-2021-children",
        "the definition set ipna-2022",
    ]
    with pytest.raises(
        EvidenceError, match=r"kdigo-2021-adults applies to only \d+ of the 60 patients .* ask for --patients"
    ):
        analysis.sensitivity("baseline", ["kdigo-2021-adults"], **sizes)


def test_a_refusal_ends_with_2_and_a_sentence():
    pytest.importorskip("SALib")
    options = ["adult-minimal-change", "--criteria", "kdigo-2021-children", "--patients", "40"]
    result = CliRunner().invoke(app, ["sensitivity", *options], prog_name="nephrosyn")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "kdigo-2021-children applies to none of the 40 patients" in result.stderr


def test_the_share_of_a_set_is_among_those_it_is_for():
    definitions = [criteria.load(name) for name in ("source", "kdigo-2021-adults")]
    baseline = load("baseline").scenario
    labels = pl.concat(
        criteria.classify(study.tables, definitions, "observed") for study in studies(baseline, 120, analysis.SEED)
    )
    inside = labels.filter(pl.col("applies").fill_null(value=True))
    by_hand = inside.group_by("criteria", maintain_order=True).agg(
        share=pl.col("refractory").fill_null(value=False).mean(), patients=pl.len()
    )
    assert by_hand["patients"][1] < 120 == by_hand["patients"][0]
    assert analysis.refractory_shares("baseline", {}, definitions, 120, analysis.SEED) == pytest.approx(
        by_hand["share"].to_list()
    )


@pytest.mark.slow
def test_the_share_grows_with_follow_up():
    first, second = refractory_share.refractory_shares(
        ["adult-minimal-change"], ["source"], years=(1, 3), patients=800, seed=1
    )
    assert (first.years, second.years) == (1, 3)
    assert first.refractory.count < second.refractory.count


def test_a_share_is_among_those_the_set_is_for(tmp_path):
    """Adults, and patients with another lesion, are in no denominator of a set for children."""
    file = tmp_path / "mostly-children.toml"
    file.write_text(
        'extends = "baseline"\ntitle = "Mostly children"\n'
        "[population.bands]\nchildren.share = 0.85\nadults.share = 0.15\n"
        '[sources]\n"population.bands.children.share" = "assumed: for a test"\n'
        '"population.bands.adults.share" = "assumed: for a test"\n',
        encoding="utf-8",
    )
    (share,) = refractory_share.refractory_shares([str(file)], ["ipna-2022"], years=(1,), patients=100, seed=1)
    (study,) = studies(load(file, ["population.follow_up_days=365"]).scenario, 100, 1)
    labels = criteria.classify(study.tables, criteria.load("ipna-2022"), "observed")
    inside = labels.filter(pl.col("applies").fill_null(value=True))
    assert 75 <= inside.height < 100
    assert (share.refractory.count, share.refractory.total) == (inside["refractory"].sum(), inside.height)
    assert (share.undetermined.count, share.undetermined.total) == (inside["refractory"].null_count(), inside.height)


def test_every_setting_is_described():
    from pathlib import Path

    text = (Path(__file__).parents[3] / "scenarios" / "README.md").read_text("utf-8")
    assert [name for name in shipped() if f"**{name}**" not in text] == []
