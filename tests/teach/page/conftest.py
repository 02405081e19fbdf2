"""One browser for all tests of this folder, and the pages of the cases made up by hand."""

from __future__ import annotations

import pytest

from nephrosyn.teach.formats import html

from . import made_up
from .reader import Reader


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    with Reader(tmp_path_factory.mktemp("profile")) as reader:
        yield reader


@pytest.fixture
def reader(chromium, tmp_path):
    """A browser with empty storage; pages store answers by their digest, whatever the file."""
    blank = tmp_path / "blank.html"
    blank.write_text("<!DOCTYPE html><title>blank</title>", encoding="utf-8")
    chromium.open(blank)
    chromium.ask("localStorage.clear()")
    chromium.close()
    return chromium


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """The files by copy: teacher, student, quiz."""
    files = html.write(made_up.sets(), "conventional", tmp_path_factory.mktemp("pages"))
    return {path.stem.removeprefix("cases-"): path for path in files}


@pytest.fixture
def opened(reader, pages):
    """Open a copy; the tab is closed at the end."""

    def open_(copy, **more):
        reader.open(pages[copy], **more)
        return reader

    yield open_
    reader.close()
