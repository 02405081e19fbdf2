"""The report as a reader meets it: opened from disk, with no network, on a desk and on a phone."""

from __future__ import annotations

import re

import pytest

import nephrosyn as ns
from nephrosyn import vocabulary

from ...browser import Browser

pytestmark = pytest.mark.slow

QUESTIONS = {
    "text": "document.body.innerText",
    "title": "document.title",
    "language": "document.documentElement.lang",
    "wide": "document.documentElement.scrollWidth",
    "inner": "window.innerWidth",
    "figures": "document.querySelectorAll('svg').length + document.querySelectorAll('img').length",
    "broken": "[...document.images].filter(image => !image.naturalWidth).length",
    "unnamed": "[...document.images].filter(image => !image.alt).length"
    " + [...document.querySelectorAll('svg')].filter(drawing => !drawing.closest('[aria-label],[aria-hidden],figure')"
    " && !drawing.getAttribute('role')).length",
    "ids": "[...document.querySelectorAll('[id]')].map(e => e.id)",
    "links": "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => decodeURIComponent(a.hash.slice(1)))",
    "first_screen": "[...document.querySelectorAll('h1,h2,p,figure,svg,img')]"
    ".filter(e => e.getBoundingClientRect().top < window.innerHeight).map(e => e.innerText || '').join('\\n')",
}
SIZES = {"desk": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "run"
    ns.run("baseline", patients=200, seed=1, out=folder)
    return folder / "report.html"


@pytest.fixture(scope="module")
def visits(page, tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        return {name: browser.visit(page, *size, QUESTIONS) for name, size in SIZES.items()}


@pytest.mark.parametrize("size", SIZES)
def test_asks_for_nothing_outside_itself(visits, page, size):
    assert [url for url in visits[size].requests if not url.startswith("data:")] == [page.resolve().as_uri()]


@pytest.mark.parametrize("size", SIZES)
def test_nothing_to_complain_about(visits, size):
    assert visits[size].complaints == []


@pytest.mark.parametrize("size", SIZES)
def test_does_not_scroll_sideways(visits, size):
    assert visits[size].answers["wide"] <= visits[size].answers["inner"]


def test_figures_are_inside_and_named(visits):
    answers = visits["desk"].answers
    assert answers["figures"] >= 5
    assert answers["broken"] == 0
    assert answers["unnamed"] == 0


def test_ids_are_unique_and_links_inside_lead_somewhere(visits):
    answers = visits["desk"].answers
    assert len(set(answers["ids"])) == len(answers["ids"])
    assert set(answers["links"]) <= set(answers["ids"])


def test_has_a_title_a_language_and_the_notice(visits):
    answers = visits["desk"].answers
    assert answers["title"]
    assert answers["language"] == "en"
    assert vocabulary.NOTICE in answers["text"]


@pytest.mark.parametrize("size", SIZES)
def test_first_screen_answers_the_question(visits, size):
    told = visits[size].answers["first_screen"]
    assert re.search(r"\d+(\.\d+)?\s?%", told)
    assert "third" in told


def test_is_drawn(visits):
    assert len(visits["desk"].picture) > 20_000
