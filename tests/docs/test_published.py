"""The pages on the published figures and on one third are up to date."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

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


@pytest.mark.slow
def test_the_shares_on_the_page_of_one_third_are_current(published):
    assert published.shares_part() in published.THIRD.read_text(encoding="utf-8"), "run: make docs"


@pytest.mark.slow
def test_what_moves_the_share_is_current(published):
    pytest.importorskip("SALib")
    assert published.moved_part() in published.THIRD.read_text(encoding="utf-8"), "run: make docs"
