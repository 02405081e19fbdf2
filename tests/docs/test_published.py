"""The pages on the published figures and on one third are up to date."""

from __future__ import annotations

import importlib
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


@pytest.mark.slow
def test_the_shares_on_the_page_of_one_third_are_current(published):
    assert published.shares_part() in published.THIRD.read_text(encoding="utf-8"), "run: make docs"


@pytest.mark.slow
def test_what_moves_the_share_is_current(published):
    pytest.importorskip("SALib")
    assert published.moved_part() in published.THIRD.read_text(encoding="utf-8"), "run: make docs"
