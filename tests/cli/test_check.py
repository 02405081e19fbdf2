"""What `check` shows of a scenario: some keys, what differs, and what its evidence ids stand for."""

from __future__ import annotations

import pytest

from nephrosyn import scenario

MINE = """
extends = "{parent}"
title = "Mine"
[population]
follow_up_days = 1095
[sources]
"population.follow_up_days" = "assumed: three years, A22"
"""


def keys(told):
    """Return the first word of each row below the head of the table of values."""
    rows = told.partition("source\n")[2].partition("\n\n")[0]
    return [row.split()[0] for row in rows.splitlines()]


@pytest.fixture
def mine(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(MINE.format(parent="baseline"), encoding="utf-8")
    return file


def test_only_shows_the_keys_of_a_pattern(cli):
    every = [key for key, *_ in scenario.rows(scenario.load("baseline"))]
    assert keys(cli("check", "baseline").stdout) == every
    shown = keys(cli("check", "baseline", "--only", "chart.*").stdout)
    assert shown == [key for key in every if key.startswith("chart.")] != []
    assert keys(cli("check", "baseline", "--only", "chart").stdout) == shown
    assert keys(cli("check", "baseline", "--only", "*.follow_up_days").stdout) == ["population.follow_up_days"]


def test_pattern_that_no_key_is_like_is_refused(refuses):
    refuses("check", "baseline", "--only", "chrat.*", saying=("--only", "chrat.*"))


def test_changed_shows_what_differs_from_what_it_extends(cli, mine):
    assert keys(cli("check", mine, "--changed").stdout) == ["population.follow_up_days"]
    assert keys(cli("check", mine, "--changed", "--set", "patients=7").stdout) == [
        "patients",
        "population.follow_up_days",
    ]


def test_changed_follows_a_path_beside_the_file(cli, mine):
    child = mine.with_name("child.toml")
    child.write_text('extends = "mine.toml"\ntitle = "Child"\nseed = 99\n', encoding="utf-8")
    assert keys(cli("check", child, "--changed").stdout) == ["seed"]


def test_changed_of_a_scenario_that_extends_none(cli):
    assert "nothing differs" in cli("check", "baseline", "--changed").stdout
    assert keys(cli("check", "baseline", "--changed", "--set", "seed=99").stdout) == ["seed"]


def test_evidence_ids_printed_are_explained_and_no_others(cli):
    told = cli("check", "baseline", "--only", "population.bands.children.male_share").stdout
    legend = told.partition("\nevidence\n")[2].splitlines()
    assert legend[1:] == ["G07  Dossier; Nakanishi; PKU"]
    assert "\nevidence\n" not in cli("check", "baseline", "--only", "seed").stdout


def test_quiet_prints_nothing_and_says_so_in_its_help(cli):
    assert cli("check", "baseline", "--quiet").output == ""
    assert "Print only errors." in " ".join(cli("check", "--help").stdout.split())
