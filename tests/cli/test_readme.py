"""The commands and the code a reader copies from the README work as they stand."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from nephrosyn import scenario

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line.partition("#")[0].strip() for line in re.findall(r"^    (nephrosyn .*)$", README, re.MULTILINE)]
TARGETS = re.findall(r"^    make (\w+)", README, re.MULTILINE)
(MY_SET,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
LINKS = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)


@pytest.mark.slow
def test_commands_in_order(cli, tmp_path, monkeypatch):
    assert len(COMMANDS) > 5
    monkeypatch.chdir(tmp_path)
    Path("my-set.toml").write_text(MY_SET, encoding="utf-8")
    for command in COMMANDS:
        result = cli(*shlex.split(command)[1:])
        assert result.exit_code == 0, f"{command}\n{result.output}"


@pytest.mark.slow
def test_python_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    assert "<svg" in Path("patient-17.svg").read_text(encoding="utf-8")


def test_set_of_ones_own_loads_and_differs(tmp_path, monkeypatch):
    from nephrosyn import criteria

    monkeypatch.chdir(tmp_path)
    Path("my-set.toml").write_text(MY_SET, encoding="utf-8")
    mine = criteria.load("my-set.toml")
    assert (mine.name, mine.resistance.course.value) == ("my-set", 8)


@pytest.mark.slow
def test_shows_what_make_run_prints(tmp_path):
    spec = importlib.util.spec_from_file_location("readme", ROOT / "tools" / "readme.py")
    readme = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(readme)
    printed, figure = readme.answer(tmp_path)
    assert "refractory" in printed
    assert readme.filled(README, printed) == README, "run `make docs`"
    assert readme.FIGURE.read_text(encoding="utf-8") == figure, "run `make docs`"
    assert printed in README


def test_targets_exist():
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert TARGETS
    for target in TARGETS:
        assert re.search(rf"^{target}:", targets, re.MULTILINE)


@pytest.mark.parametrize("link", LINKS)
def test_links_lead_somewhere(link):
    assert (ROOT / link).exists()


@pytest.mark.parametrize("name", scenario.titles())
def test_every_shipped_scenario_is_told_of(name):
    assert f"**{name}**" in (ROOT / "scenarios/README.md").read_text(encoding="utf-8")


def test_says_what_it_is_not_for():
    assert "not for clinical use" in README
