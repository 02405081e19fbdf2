"""The pages on the published figures and on one third are up to date."""

from __future__ import annotations

import importlib
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from nephrosyn.evidence.validation.refractory_share import RefractoryShare
from nephrosyn.statistics.proportions import wilson

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def published():
    sys.path.insert(0, str(DOCS.parent / "tools"))
    try:
        return importlib.import_module("published")
    finally:
        sys.path.remove(str(DOCS.parent / "tools"))


@pytest.mark.slow
def test_the_page_of_figures_is_current(published):
    assert published.FIGURES.read_text(encoding="utf-8") == published.published_page(), "run: make docs"


def test_every_figure_outside_has_its_line(published):
    """Read from the page as it is: a figure that newly lies outside needs an entry in outside.toml."""
    text = published.FIGURES.read_text(encoding="utf-8")
    outside = set(re.findall(r"^\| \*\*([A-HR]\d\d[a-z0-9.-]*)\*\* \|", text, re.MULTILINE))
    explained = {
        name.removesuffix(" (on the edge)")
        for ids in re.findall(r"^- ([A-HR]\d\d[^:]*): ", text, re.MULTILINE)
        for name in ids.split(", ")
    }
    assert outside
    assert outside <= explained
    assert "not explained" not in text


STATISTICS = r"interval|varian|quantile|percentile|parameter|confidence|distribution|probabilit|Wilson|median|draw|%"


def _summary(text: str) -> str:
    return text.split("## In plain language\n\n")[1].split("\n\n")[0]


def test_the_page_of_one_third_begins_with_five_sentences_without_statistics(published):
    summary = _summary(published.THIRD.read_text(encoding="utf-8"))
    sentences = re.split(r"(?<=\.)\s", summary)
    assert len(sentences) == 5
    assert all(re.fullmatch(r"[A-Z][^.]*\.", sentence) for sentence in sentences)
    assert not re.findall(STATISTICS, summary)
    assert max(len(sentence.split()) for sentence in sentences) < 50


def test_the_summary_says_what_the_numbers_say(published, monkeypatch):
    """One made-up result, and the same with an interval that includes one third and no combination near it."""
    share = RefractoryShare("baseline", "source", 2, wilson(600, 1000), wilson(0, 1000), (0.52, 0.68))
    elsewhere = RefractoryShare("setting-paris", "source", 2, wilson(300, 1000), wilson(0, 1000), (0.2, 0.4))
    table = pl.DataFrame({"share": [0.1, 0.35, 0.9]})
    curve = SimpleNamespace(lowest={"share": 0.1}, highest={"share": 0.9}, table=table)
    monkeypatch.setattr(published, "answers", lambda: (share, elsewhere))
    monkeypatch.setattr(published, "curve", lambda: curve)
    first, second, third, fourth, last = _summary(published.summary_part() + "\n\n").split("\n")
    assert " 60 of 100 " in first
    assert "from 52 to 68, which does not include one third (about 33 of 100)" in second
    assert "matters even more" in third
    assert "from 10 to 90 of 100, and close to one third (28 to 38) in 1 of 3 ways" in third
    assert "possible in 1 of 1 combinations" in fourth
    assert last.startswith("So one third is right for some patients counted in some ways, and wrong for others: ")
    monkeypatch.setattr(published, "answers", lambda: (replace(share, uncertainty=(0.1, 0.95)), elsewhere))
    curve.table = pl.DataFrame({"share": [0.1, 0.2, 0.9]})
    _, second, third, _, last = _summary(published.summary_part() + "\n\n").split("\n")
    assert "which includes one third" in second
    assert "matters as well" in third
    assert last.startswith("So one third is wrong for these patients however one counts: ")


@pytest.mark.slow
def test_the_shares_on_the_page_of_one_third_are_current(published):
    text = published.THIRD.read_text(encoding="utf-8")
    for part in (published.summary_part(), published.shares_part(), published.curve_part()):
        assert part in text, "run: make docs"


@pytest.mark.slow
def test_the_specification_curve_is_current(published):
    drawn = published.curve_output.figure(published.curve())
    assert published.CURVE.read_text(encoding="utf-8") == drawn, "run: make docs"


@pytest.mark.slow
def test_what_moves_the_share_is_current(published):
    pytest.importorskip("SALib")
    assert published.moved_part() in published.THIRD.read_text(encoding="utf-8"), "run: make docs"
