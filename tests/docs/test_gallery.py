"""The gallery of practice cases is up to date and has every picture once."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from nephrosyn import vocabulary

DOCS = Path(__file__).parents[2] / "docs"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def gallery():
    spec = importlib.util.spec_from_file_location("gallery", DOCS.parent / "tools" / "gallery.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["gallery"] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(gallery):
    """The pages generated again, without pictures, which take longer than all the rest."""
    return gallery.pages(gallery.build_cases(figures=False))


@pytest.fixture(scope="module")
def there(gallery):
    return {path.name: path.read_text(encoding="utf-8") for path in gallery.FOLDER.glob("*.md")}


def without_pictures(text):
    return re.sub(r"^#### Timeline\n\n!\[[^\n]*\n\n", "", text, flags=re.MULTILINE)


def test_every_page_is_current(gallery, pages, there):
    assert set(there) == {"README.md", *(page.name for page in pages)}, "run: make docs"
    assert there["README.md"] == gallery.index(pages), "run: make docs"
    for page in pages:
        assert page.text == without_pictures(there[page.name]), f"{page.name}: run: make docs"


def test_every_case_has_its_picture_and_there_are_none_besides(gallery, there):
    named = [path for text in there.values() for path in re.findall(r"\]\(([^)]+\.png)\)", text)]
    shown = [ident for text in there.values() for ident in re.findall(r"Case `(\w+)`", text)]
    assert named == [f"{gallery.IMAGES}/{ident}-1-1-{gallery.UNITS}.png" for ident in shown]
    assert {gallery.FOLDER / path for path in named} == set(gallery.FOLDER.rglob("*.png")), "run: make docs"
    for path in named:  # the width stands in the header: these are the gallery's, not those the cases came with
        assert int.from_bytes((gallery.FOLDER / path).read_bytes()[16:20], "big") == gallery.WIDTH_PIXELS, path


def test_three_cases_of_each_category_with_notice_and_key(gallery, pages):
    assert len(pages) == gallery.CATEGORIES
    for page in pages:
        assert vocabulary.NOTICE in page.text
        assert len(re.findall(r"^## \d+\. ", page.text, re.MULTILINE)) == gallery.CASES_PER_CATEGORY
        keys = re.findall(r"^\*\*Key\.\*\* ([A-Z])$", page.text, re.MULTILINE)
        options = re.findall(rf"^- ([A-Z])\. {re.escape(page.title)}$", page.text, re.MULTILINE)
        assert keys == options, page.title
