"""The pages on the published figures and on one third are what the program gives."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def published():
    spec = importlib.util.spec_from_file_location("published", DOCS / "published.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["published"] = module
    spec.loader.exec_module(module)
    return module


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
