"""What a comparison leaves on disk: whole, offline, the same bytes every time, never in place of anything else."""

from __future__ import annotations

import json
import re

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn import vocabulary
from nephrosyn.comparison.care import compare
from nephrosyn.comparison.care.page import FILES
from nephrosyn.errors import RunFolderError
from nephrosyn.report.figures import paired_differences
from nephrosyn.runs.folder import output_folder

from .made_up import MadeUp

EVENTS = [(0, 100.0, "relapse"), (1, 100.0, "complete_remission"), (1, 300.0, "relapse")]


def made(name="before"):
    return compare(
        MadeUp(name, events=EVENTS), MadeUp("<b>after | x", events=EVENTS[:1]), MadeUp("same", events=EVENTS)
    )


@pytest.fixture(scope="module")
def found():
    return made()


@pytest.fixture(scope="module")
def written(found, tmp_path_factory):
    target = tmp_path_factory.mktemp("written") / "out"
    assert found.write(target) == target / "compare.html"
    return target


def test_every_file_says_what_it_is_not_for(written):
    assert {path.name for path in written.iterdir()} == FILES
    for path in written.iterdir():
        assert vocabulary.NOTICE in path.read_text(encoding="utf-8"), path.name


def test_the_page_asks_for_nothing_outside(written):
    page = written.joinpath("compare.html").read_text(encoding="utf-8")
    assert not re.findall(r"(?:https?:)?//[\w.]+", page)
    assert not re.findall(r"<(?:script|link|img|iframe)", page)
    assert page.count("<svg ") == 1
    assert page.count(vocabulary.NOTICE) == 3  # above, below, and in the figure
    assert "<b>after" not in page
    assert "&lt;b&gt;after" in page


def test_the_text_keeps_names_harmless(written):
    text = written.joinpath("compare.md").read_text(encoding="utf-8")
    assert "\\<b\\>after \\| x" in text
    assert "<b>" not in text


def test_the_same_runs_give_the_same_bytes(written, tmp_path):
    made().write(tmp_path / "again")
    for path in written.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_differences_by_patient(found, written):
    table = pl.read_csv(written / "paired.csv")
    assert table.height == 8
    assert table["notice"].unique().to_list() == [vocabulary.NOTICE]
    assert table["relapses_per_year_difference"].to_list() == [0.0, -0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    means = table.group_by("run", maintain_order=True).agg(pl.col("relapses_per_year_difference").mean())
    told = found.table.filter(outcome="relapses_per_year")
    assert told["difference"].to_list() == means["relapses_per_year_difference"].to_list()


def test_values_are_json_without_a_nan(found, written):
    def refuse(word):
        raise AssertionError(word)

    values = json.loads(written.joinpath("compare.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert values == found.as_dict()
    assert [one["run"] for one in values["comparisons"]] == ["<b>after | x", "same"]
    relapses = values["comparisons"][0]["outcomes"][0]
    assert (relapses["better"], relapses["same"], relapses["worse"]) == (1, 3, 0)


def test_the_figure_has_every_run_and_outcome(found, written):
    drawn = written.joinpath("differences.svg").read_text(encoding="utf-8")
    for title in ("relapses", "time in complete remission", "refractory, determined in both", "against before", "same"):
        assert f">{title}<" in drawn, title


def test_the_figure_shows_shares_in_points():
    marks = [paired_differences.Difference("per year", "relapses", "x", -0.2, -0.3, -0.1)]
    marks += [paired_differences.Difference("share", "death", run, 0.02, -0.01, 0.05) for run in ("x", "y")]
    drawn = paired_differences.panels(marks, "before")
    # The first line of a panel marks 0; the legend's dots are drawn in the first panel and hold nothing.
    found = [[line.get_xdata() for line in axes.lines[1:] if len(line.get_xdata())] for axes in drawn.axes]
    assert [[list(map(float, x)) for x in panel] for panel in found] == [
        [[-0.3, -0.1], [-0.2]],
        [[-1.0, 5.0], [2.0], [-1.0, 5.0], [2.0]],
    ]


def test_the_answer_comes_first(found):
    text = found.sentence
    assert text.startswith(
        "Under “<b>after | x” instead of “before”, the same 4 patients have 0.125 fewer relapses a year"
    )
    assert "0.523 fewer to 0.273 more, which leaves the direction open" in text
    assert "fewer in 1, the same in 3, more in 0; 0 change category" in text
    assert text.endswith("Between “before” and “same”, nothing differs for the same 4 patients.")


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_comparison_is_never_replaced(found, tmp_path, overwrite):
    target = tmp_path / "out"
    target.mkdir()
    (target / "thesis.txt").write_text("mine")
    with pytest.raises(RunFolderError, match="out"):
        found.write(target, overwrite=overwrite)
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "thesis.txt"]


def test_a_comparison_is_replaced_when_asked(found, tmp_path):
    target = tmp_path / "out"
    found.write(target)
    (target / "compare.md").write_text("the former")
    with pytest.raises(RunFolderError, match="overwrite"):
        found.write(target)
    assert (target / "compare.md").read_text() == "the former"
    found.write(target, overwrite=True)
    assert "the former" not in (target / "compare.md").read_text(encoding="utf-8")
    assert {path.name for path in target.iterdir()} == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_comparison_with_something_else_in_it_stays(found, tmp_path):
    found.write(tmp_path / "out")
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(RunFolderError, match="holds more"):
        found.write(tmp_path / "out", overwrite=True)
    assert (tmp_path / "out" / "thesis.txt").read_text() == "mine"


def test_places_where_nothing_can_be_written(found, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("mine")
    for target in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(RunFolderError, match="file"):
            found.write(target)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(RunFolderError, match="inside"):
        found.write(".")


def test_nothing_is_left_when_writing_fails(found, tmp_path, monkeypatch):
    found.write(tmp_path / "out")
    before = (tmp_path / "out" / "compare.json").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output_folder, "rename_folder", full)
    with pytest.raises(RunFolderError, match="No space left"):
        found.write(tmp_path / "out", overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "compare.json").read_bytes() == before


def test_one_patient_has_no_interval(tmp_path):
    runs = [ns.run(name, patients=1, seed=33) for name in ("baseline", "no-infections")]
    found = ns.compare(*runs)
    assert "the same patient has 0.500 fewer relapses a year: fewer in 1" in found.sentence
    assert found.table["low"].dtype == pl.Float64
    assert found.table.filter(yes_no=False)["low"].null_count() == found.table.filter(yes_no=False).height
    assert found.write(tmp_path / "out").is_file()
