"""The gallery of practice cases is what its script makes; pictures are held by what they say, not by their bytes."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from nephrosyn import terms

DOCS = Path(__file__).parents[2] / "docs"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def gallery():
    spec = importlib.util.spec_from_file_location("gallery", DOCS / "gallery.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["gallery"] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(gallery):
    return gallery.pages(gallery.made())


def test_every_page_is_current(gallery, pages):
    there = {path.name for path in gallery.FOLDER.glob("*.md")}
    assert there == {"README.md", *(page.name for page in pages)}, "run: make docs"
    assert gallery.index(pages) == (gallery.FOLDER / "README.md").read_text(encoding="utf-8"), "run: make docs"
    for page in pages:
        assert page.text == (gallery.FOLDER / page.name).read_text(encoding="utf-8"), f"{page.name}: run: make docs"


def test_every_picture_is_there_and_none_besides(gallery, pages):
    there = {path.relative_to(gallery.FOLDER).as_posix() for path in gallery.FOLDER.rglob("*.png")}
    assert there == {path for page in pages for path in page.images}, "run: make docs"
    # The size stands in the header of a PNG: these are the gallery's, not those the cases came with.
    for path in there:
        assert int.from_bytes((gallery.FOLDER / path).read_bytes()[16:20], "big") == gallery.WIDTH_PIXELS, path


def test_three_cases_of_each_category_with_notice_and_key(gallery, pages):
    assert len(pages) == gallery.CATEGORIES
    for page in pages:
        assert terms.NOTICE in page.text
        assert len(re.findall(r"^## \d+\. ", page.text, re.MULTILINE)) == gallery.EACH
        told = re.findall(r"^\*\*Key\.\*\* ([A-Z])$", page.text, re.MULTILINE)
        options = re.findall(rf"^- ([A-Z])\. {re.escape(page.title)}$", page.text, re.MULTILINE)
        assert told == options, page.title
