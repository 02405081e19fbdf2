"""Which assumption moves the share: ranges with sources, and effects that are known beforehand."""

from __future__ import annotations

import json

import polars as pl
import pytest
from typer.testing import CliRunner

from nephrosyn import criteria
from nephrosyn.cli.app import app
from nephrosyn.errors import RefusalError
from nephrosyn.evidence.sensitivity import analysis, output
from nephrosyn.evidence.simulate_setting import studies
from nephrosyn.evidence.validation import refractory_share
from nephrosyn.scenario import load, shipped
from nephrosyn.scenario.tree import at, split

BASELINE = load("baseline").scenario.model_dump(mode="json")


def test_every_range_has_a_source_and_holds_the_baseline():
    for one in analysis.ranges():
        assert one.low <= at(BASELINE, split(one.key)) <= one.high, one.key


def test_both_ends_of_every_range_are_scenarios():
    for end in ("low", "high"):
        load("baseline", [f"{one.key}={getattr(one, end)}" for one in analysis.ranges()])


def test_without_salib_it_says_what_to_install(monkeypatch):
    def gone(name):
        raise ImportError(name)

    monkeypatch.setattr(analysis, "import_module", gone)
    with pytest.raises(RefusalError, match="pip install SALib"):
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
    kept = tuple(one for one in analysis.ranges() if one.key in keys)
    monkeypatch.setattr(analysis, "ranges", lambda: kept)
    found = analysis.sensitivity("adult-minimal-change", patients=900, trajectories=4, base=8, most=2)
    effects = {one.key: one for one in found.indices}
    assert effects[keys[0]].effect == 0
    # 9.5 points of response; those who do not respond are resistant, some of them refractory anyway.
    assert 0.05 < effects[keys[1]].effect < 0.11
    assert effects[keys[0]].total is None
    assert effects[keys[1]].total is not None
    assert (found.morris_runs, found.sobol_runs) == (4 * 4, 8 * 4)
    output.write(found, tmp_path / "s")
    values = json.loads((tmp_path / "s" / "sensitivity.json").read_text("utf-8"))
    assert len(values["indices"]) == 3
    assert "16 runs" in (tmp_path / "s" / "sensitivity.md").read_text("utf-8")


def test_a_set_for_nobody_or_for_hardly_anybody_is_refused():
    pytest.importorskip("SALib")
    asked = {"patients": 60, "trajectories": 2, "base": 0}
    with pytest.raises(RefusalError) as refusal:
        analysis.sensitivity("adult-minimal-change", ["source", "kdigo-2021-children", "ipna-2022"], **asked)
    lines = str(refusal.value).splitlines()
    assert [line.partition(" is for none of the 60 patients")[0] for line in lines] == [
        "the definition set kdigo-2021-children",
        "the definition set ipna-2022",
    ]
    with pytest.raises(
        RefusalError, match=r"kdigo-2021-adults is for only \d+ of the 60 patients .* ask for --patients"
    ):
        analysis.sensitivity("baseline", ["kdigo-2021-adults"], **asked)


def test_a_refusal_ends_with_2_and_a_sentence():
    pytest.importorskip("SALib")
    asked = ["adult-minimal-change", "--criteria", "kdigo-2021-children", "--patients", "40"]
    result = CliRunner().invoke(app, ["sensitivity", *asked], prog_name="nephrosyn")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "kdigo-2021-children is for none of the 40 patients" in result.stderr


def test_the_share_of_a_set_is_among_those_it_is_for():
    chosen = [criteria.load(name) for name in ("source", "kdigo-2021-adults")]
    baseline = load("baseline").scenario
    labels = pl.concat(
        criteria.classify(study.tables, chosen, "observed") for study in studies(baseline, 120, analysis.SEED)
    )
    inside = labels.filter(pl.col("applies").fill_null(value=True))
    by_hand = inside.group_by("criteria", maintain_order=True).agg(
        share=pl.col("refractory").fill_null(value=False).mean(), patients=pl.len()
    )
    assert by_hand["patients"][1] < 120 == by_hand["patients"][0]
    assert analysis.refractory_shares("baseline", {}, chosen, 120, analysis.SEED) == pytest.approx(by_hand["share"].to_list())


@pytest.mark.slow
def test_the_share_grows_with_follow_up():
    found = refractory_share.refractory_shares(["adult-minimal-change"], ["source"], years=(1, 3), patients=800, seed=1)
    assert [one.years for one in found] == [1, 3]
    assert found[0].refractory.count < found[1].refractory.count
    frame = refractory_share.frame(found)
    assert frame["holds_one_third"].to_list() == [one.holds_third for one in found]


def test_a_share_is_among_those_the_set_is_for(tmp_path):
    """Most are children: the adults, and who has another lesion, are in no denominator of a set for children."""
    file = tmp_path / "mostly-children.toml"
    file.write_text(
        'extends = "baseline"\ntitle = "Mostly children"\n'
        "[population.bands]\nchildren.share = 0.85\nadults.share = 0.15\n"
        '[sources]\n"population.bands.children.share" = "assumed: for a test"\n'
        '"population.bands.adults.share" = "assumed: for a test"\n',
        encoding="utf-8",
    )
    (found,) = refractory_share.refractory_shares([str(file)], ["ipna-2022"], years=(1,), patients=100, seed=1)
    (study,) = studies(load(file, ["population.follow_up_days=365"]).scenario, 100, 1)
    labels = criteria.classify(study.tables, criteria.load("ipna-2022"), "observed")
    inside = labels.filter(pl.col("applies").fill_null(value=True))
    assert 75 <= inside.height < 100
    assert (found.refractory.count, found.refractory.total) == (inside["refractory"].sum(), inside.height)
    assert (found.undetermined.count, found.undetermined.total) == (inside["refractory"].null_count(), inside.height)


def test_no_setting_is_left_without_a_word():
    from pathlib import Path

    text = (Path(__file__).parents[3] / "scenarios" / "README.md").read_text("utf-8")
    assert [name for name in shipped() if f"**{name}**" not in text] == []
