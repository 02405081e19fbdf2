"""Laws that contradict each other or a fixed number are found before a run."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from nephrosyn.cli.app import app
from nephrosyn.errors import ScenarioError
from nephrosyn.scenario import load, shipped
from nephrosyn.uncertainty import check_distributions

WATCH = "care.regimen.children.watch"
REMISSION, RELAPSE = f"{WATCH}.remission_mg_per_mg", f"{WATCH}.relapse_mg_per_mg"
SOURCE = 'source = "assumed: a test"'


def own(tmp_path, *entries):
    file = tmp_path / "own.toml"
    lines = [f'"{key}" = {{ range = [{low}, {high}], {SOURCE} }}' for key, low, high in entries]
    file.write_text("\n".join(['extends = "baseline"', "[uncertainty]", *lines]) + "\n", "utf-8")
    return file


def test_a_law_that_contradicts_a_fixed_number_is_named(tmp_path):
    resolved = load(own(tmp_path, (REMISSION, 0.1, 60)))
    with pytest.raises(ScenarioError) as caught:
        check_distributions(resolved)
    (problem,) = caught.value.problems
    assert problem.path == f"uncertainty.{REMISSION}"
    assert "a number above remission_mg_per_mg" in problem.expected
    assert "whose values are all allowed" in problem.expected


def test_two_laws_that_contradict_each_other_are_named(tmp_path):
    """Remission below 0.2 and relapse above 2 by the baseline; both laws hold the other's value."""
    resolved = load(own(tmp_path, (REMISSION, 0.1, 1.5), (RELAPSE, 1.0, 3.0)))
    with pytest.raises(ScenarioError) as caught:
        check_distributions(resolved)
    (problem,) = caught.value.problems
    assert {REMISSION, RELAPSE} <= {problem.path.removeprefix("uncertainty."), *problem.expected.split()}


def test_it_is_an_error_of_the_command(tmp_path):
    done = CliRunner().invoke(app, ["check", str(own(tmp_path, (REMISSION, 0.1, 60))), "--quiet"], prog_name="n")
    assert done.exit_code == 2
    assert f"uncertainty.{REMISSION}" in done.output.replace("\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(shipped()))
def test_the_laws_of_every_shipped_scenario_go_together(name):
    check_distributions(load(name))
