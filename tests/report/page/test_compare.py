"""The page of a comparison as a reader meets it: opened from disk, with no network, on a desk and on a phone."""

from __future__ import annotations

import pytest

import nephrosyn as ns
from nephrosyn import vocabulary

from ...browser import QUESTIONS, SIZES, Browser

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    runs = [ns.run(name, patients=100, seed=1) for name in ("baseline", "no-infections", "sparse-records")]
    return ns.compare(*runs).write(tmp_path_factory.mktemp("page") / "out")


@pytest.fixture(scope="module")
def visits(page, tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        return {name: browser.visit(page, *size, QUESTIONS) for name, size in SIZES.items()}


@pytest.mark.parametrize("size", SIZES)
def test_stands_by_itself(visits, page, size):
    visit = visits[size]
    assert [url for url in visit.requests if not url.startswith("data:")] == [page.resolve().as_uri()]
    assert visit.complaints == []
    assert visit.answers["wide"] <= visit.answers["inner"]


def test_shows_every_run(visits):
    answers = visits["desk"].answers
    assert answers["figures"] == 1
    assert answers["tables"] == 6
    for text in (
        vocabulary.NOTICE,
        "no-infections against baseline",
        "sparse-records against baseline",
        "How to read this",
    ):
        assert text in answers["text"]
