"""The page of a reclassification as a reader meets it: opened from disk, with no network, on a desk and on a phone."""

from __future__ import annotations

import pytest

import nephrosyn as ns
from nephrosyn import criteria, vocabulary

from ...browser import QUESTIONS, SIZES, Browser

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Write sixteen variants of the shipped set."""
    folder = tmp_path_factory.mktemp("sets")
    text = criteria.text("source").replace("umbrella = { value = 8", "umbrella = { value = 4")
    files = [folder / f"course-of-{weeks}-weeks-children.toml" for weeks in range(6, 22)]
    for weeks, file in enumerate(files, 6):
        named = text.replace('name = "source"', f'name = "{file.stem}"')
        file.write_text(named.replace("course = { value = 12", f"course = {{ value = {weeks}"), encoding="utf-8")
    return files


@pytest.fixture(scope="module")
def pages(sets, tmp_path_factory):
    cohort = ns.run("baseline", patients=100, seed=1, criteria=sets)
    found = ns.reclassify(cohort, sets[0].stem, sets[-1].stem)
    return {
        "reclassify": found.write(tmp_path_factory.mktemp("page") / "out"),
        "report": cohort.report(tmp_path_factory.mktemp("report")),
    }


@pytest.fixture(scope="module")
def visits(pages, tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        return {
            (name, size): browser.visit(page, *SIZES[size], QUESTIONS) for name, page in pages.items() for size in SIZES
        }


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["reclassify", "report"])
def test_stands_by_itself(visits, pages, name, size):
    visit = visits[name, size]
    assert [url for url in visit.requests if not url.startswith("data:")] == [pages[name].resolve().as_uri()]
    assert visit.complaints == []
    assert visit.answers["wide"] <= visit.answers["inner"]


def test_shows_what_was_asked(visits):
    answers = visits["reclassify", "desk"].answers
    assert (answers["figures"], answers["tables"]) == (2, 7)
    for text in (
        vocabulary.NOTICE,
        "Changes of category",
        "Agreement",
        "The clauses responsible",
        "How to read this",
    ):
        assert text in answers["text"]


def test_the_report_has_every_set(visits):
    text = visits["report", "desk"].answers["text"]
    assert "By definition set" in text
    assert "Agreement of all 16 definition sets" in text
    for weeks in range(6, 22):
        assert text.count(f"course-of-{weeks}-weeks-children") >= 3
