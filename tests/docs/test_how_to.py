"""The blocks of the how-to pages run, from top to bottom, in an empty folder."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

import nephrosyn as ns
from nephrosyn import vocabulary
from nephrosyn.cli.app import app

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
BLOCK = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _call(command: str) -> None:
    name, *arguments = shlex.split(command)
    assert name == "nephrosyn", command
    result = CliRunner().invoke(app, arguments, prog_name="nephrosyn")
    assert result.exit_code == 0, f"{command}\n{result.output}\n{result.exception!r}"


def _play(page: str, folder: Path, names: dict[str, object] | None = None) -> dict[str, int]:
    """Run the blocks of a page, Python in the namespace `names`; blocks that need a missing package are skipped."""
    text = (HOW_TO / page).read_text(encoding="utf-8")
    names = {} if names is None else names
    played: dict[str, int] = {}
    for language, needs, code in BLOCK.findall(text):
        if language == "toml":
            assert tomllib.loads(code)
            file = re.findall(r"Save this as\s`([\w-]+\.toml)`", text)[played.get("toml", 0)]
            (folder / file).write_text(code, encoding="utf-8")
        elif language == "bash":
            for command in code.splitlines():
                _call(command)
        elif language == "python":
            if needs and not _can_import(needs):
                continue
            exec(compile(code, page, "exec"), names)
        played[language] = played.get(language, 0) + 1
    return played


def _can_import(needs: str) -> bool:
    try:
        __import__(needs)
        __import__("pyarrow")
    except ImportError:
        return False
    return True


@pytest.mark.slow
def test_own_scenario(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    assert _play("own-scenario.md", tmp_path, names) == {"toml": 2, "bash": 5, "python": 2}
    headlines = [ns.open(run).answers().summary.headline for run in ("before", "after")]
    assert names["shares"]["of_all"].to_list() == pytest.approx([headline.share.share for headline in headlines])
    assert names["shares"]["of_classified"].to_list() == pytest.approx(
        [headline.determined.share for headline in headlines]
    )
    assert all(headline.share.share < headline.determined.share for headline in headlines)


@pytest.mark.slow
def test_read_a_run_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    played = _play("read-a-run-folder.md", tmp_path, names)
    headline = ns.open("run").answers().summary.headline
    assert names["of_all"] == pytest.approx(headline.share.share)
    assert names["of_classified"] == pytest.approx(headline.determined.share)
    assert headline.share.share < headline.determined.share
    assert played["bash"] == 1
    assert played["python"] >= 2


@pytest.mark.slow
def test_compare_care(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _play("compare-care.md", tmp_path) == {"bash": 4, "python": 3}
    assert (tmp_path / "spared" / "compare.html").is_file()


@pytest.mark.slow
def test_second_line_policy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _play("second-line-policy.md", tmp_path) == {"toml": 1, "bash": 2, "python": 1}


@pytest.mark.slow
def test_reclassify(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _play("reclassify.md", tmp_path) == {"bash": 5, "python": 4}
    assert (tmp_path / "moves" / "reclassify.html").is_file()
    assert "By definition set" in (tmp_path / "cohort" / "report.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_check_against_published_figures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _play("check-against-published-figures.md", tmp_path) == {"bash": 4, "python": 2}
    assert (tmp_path / "seen" / "validate.html").is_file()


@pytest.mark.slow
def test_uncertainty(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert _play("uncertainty.md", tmp_path) == {"bash": 1, "python": 2}
    assert "'numbers': '" in capsys.readouterr().out
    assert "What is known" in (tmp_path / "known" / "report.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_specification_curve(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _play("specification-curve.md", tmp_path) == {"bash": 1, "python": 1}
    assert (tmp_path / "ways" / "specifications.html").is_file()


@pytest.mark.slow
def test_export_omop(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    assert _play("export-omop.md", tmp_path, names) == {"bash": 2, "text": 4, "python": 3}
    said = _said("export-omop.md")
    for text in capsys.readouterr().out.splitlines()[:3]:
        assert text in said
    assert names["labels"].height == 2 * 300
    table = "\n".join(" ".join(line.split()) for line in said.splitlines())
    for name, share in ns.open("run").labels.filter(view="observed")["category"].value_counts().iter_rows():
        assert f"{vocabulary.plain_name(name)} {share} " in table


def _said(page: str) -> str:
    """What the page shows as output."""
    text = (HOW_TO / page).read_text(encoding="utf-8")
    return "\n".join(code for language, _, code in BLOCK.findall(text) if language == "text")
