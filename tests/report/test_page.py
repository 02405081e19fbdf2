"""The written report: whole, alone, harmless, and the same every time."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nephrosyn import vocabulary
from nephrosyn.report import formatting, summarise
from nephrosyn.report.findings import provenance
from nephrosyn.report.findings.verdicts import eligibility

from . import factory

ANCHORS = [
    "answer", "categories", "follow-up", "groups", "overlap", "remission", "relapse", "relapses", "end",
    "treatment", "views", "simulated", "sources", "reading",
]  # fmt: skip
FIGURES = ["answer", "definitions", "follow-up", "groups", "overlap", "relapse", "relapses", "remission", "views"]
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; notes tags that are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.tags, self.attributes, self.words = [], [], [], [], []
        self.feed(text)
        self.wrong += self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture
def read(whole):
    folder, _ = whole
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_every_section_is_there(read):
    ids = [value for tag, name, value in read.attributes if name == "id" and tag == "section"]
    assert ids == ANCHORS
    assert read.tags.count("h1") == 1


def test_tags_are_closed_in_order(read):
    assert read.wrong == []


def test_ids_are_unique_and_references_lead_somewhere(read):
    ids = [value for _, name, value in read.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    inner = [value for _, name, value in read.attributes if name == "href"]
    inner += [f"#{found}" for _, _, value in read.attributes for found in re.findall(r"url\(#([^)]*)\)", value)]
    assert inner
    assert {value.removeprefix("#") for value in inner} <= set(ids)


def test_asks_for_nothing_outside(whole):
    folder, _ = whole
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"https?://|@import|<script|<link|<iframe|src=", text)


def test_tables_name_their_rows_and_columns(read):
    scopes = [value for tag, name, value in read.attributes if (tag, name) == ("th", "scope")]
    assert len(scopes) == read.tags.count("th")
    assert {"row", "col"} == set(scopes)


def test_every_figure_has_a_name_and_a_role(read):
    assert read.tags.count("svg") == len(FIGURES)
    assert [value for tag, name, value in read.attributes if (tag, name) == ("svg", "role")] == ["img"] * len(FIGURES)
    assert read.tags.count("title") == len(FIGURES) + 1


def test_everything_says_that_it_is_synthetic(whole):
    folder, _ = whole
    written = sorted(path for path in folder.rglob("*") if path.is_file())
    assert [path.stem for path in written if path.suffix == ".svg"] == FIGURES
    assert len(written) == len(FIGURES) + 2
    for path in written:
        assert vocabulary.NOTICE in path.read_text(encoding="utf-8"), path.name


def test_figures_are_well_formed_and_undated(whole):
    folder, _ = whole
    for path in (folder / "figures").iterdir():
        text = path.read_text(encoding="utf-8")
        ElementTree.fromstring(text)
        assert "<metadata" not in text
        assert "<text" in text


def test_first_screen_answers(whole):
    folder, summary = whole
    text = (folder / "report.html").read_text(encoding="utf-8")
    first = text[: text.index("<nav")]
    assert summary.sentence in first
    assert "one third" in summary.sentence
    assert f'<p class="big">{100 * summary.headline.share.share:.0f}' in first
    assert "<svg" in first
    assert summary.page == folder / "report.html"


def test_same_input_same_bytes(whole, made):
    one, _ = whole
    two, _ = made()
    for path in one.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (two / path.relative_to(one)).read_bytes(), path.name


def test_user_settings_of_matplotlib_change_nothing(whole, made):
    import matplotlib

    one, _ = whole
    with matplotlib.rc_context({"font.size": 30, "xtick.major.size": 20, "svg.fonttype": "path"}):
        two, _ = made()
    assert (one / "report.html").read_bytes() == (two / "report.html").read_bytes()


def test_hostile_words_stay_words(made):
    nasty = '<script>alert(1)</script> & "quoted" | `code` ![x](http://example.org)'
    tables = factory.cohort(40, sets=("<img src=x onerror=alert(1)>",))
    tables["patients"] = tables["patients"].with_columns(band=pl.lit("<b>band</b>"))
    folder, _ = made(tables, title=nasty, bands=("<b>band</b>",))
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<img" not in text
    assert "<b>band" not in text
    assert "&lt;script&gt;" in text
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    assert not re.search(r"(?<!\\)<(script|img|b>band)", markdown)
    assert "![x](" not in markdown
    for path in (folder / "figures").iterdir():
        ElementTree.fromstring(path.read_text(encoding="utf-8"))


def test_markdown_links_to_figures_that_exist(whole):
    folder, _ = whole
    links = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (folder / "report.md").read_text(encoding="utf-8"))
    assert sorted(links) == [f"figures/{name}.svg" for name in FIGURES]
    assert all((folder / link).is_file() for link in links)


def test_size_does_not_grow_with_patients(whole, made):
    small, _ = whole
    large, _ = made(factory.cohort(3000))
    size = (large / "report.html").stat().st_size
    assert size < 1_500_000
    assert size < 1.5 * (small / "report.html").stat().st_size


@pytest.mark.parametrize(
    ("count", "weights"),
    [(1, factory.WEIGHTS), (1, (0, 0, 0, 0, 0, 1, 0)), (30, (0, 0, 0, 0, 0, 0, 1)), (30, (1, 0, 0, 0, 0, 0, 0))],
    ids=["one patient", "one without a flag", "all undetermined", "all resistant"],
)
def test_small_and_one_sided_cohorts(made, count, weights):
    folder, summary = made(factory.cohort(count, weights=weights))
    assert "nan" not in (folder / "report.md").read_text(encoding="utf-8").lower().split()
    assert summary.headline.patients == count


def test_nobody_reached_remission(made):
    tables = factory.cohort(20)
    tables["truth/events"] = tables["truth/events"].filter(pl.col("event") == "onset")
    folder, _ = made(tables)
    assert (folder / "report.html").is_file()


def test_one_band_several_sets_and_replicates(made):
    tables = factory.cohort(60, replicates=3, sets=("one", "two"))
    tables["patients"] = tables["patients"].with_columns(band=pl.lit("children"))
    folder, summary = made(tables, bands=("children",))
    assert [(item.criteria, item.view) for item in summary.refractory] == [
        (name, view) for name in ("one", "two") for view in ("observed", "complete")
    ]
    assert "sd between replicates" in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
@given(st.lists(st.sampled_from(vocabulary.CATEGORIES), min_size=1, max_size=12))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_mixture_of_categories(made, categories):
    tables = factory.cohort(len(categories))
    ids = tables["patients"].select("replicate", "patient").to_dict(as_series=False)
    views = [factory.labels_of(ids, categories, "made-up", view) for view in vocabulary.VIEWS]
    _, summary = made({**tables, "labels": pl.concat(views)})
    assert [row.share.count for row in summary.categories] == [
        categories.count(name) for name in eligibility.CATEGORY_ORDER
    ]


def test_nobody_judged_is_an_error():
    with pytest.raises(ValueError, match="empty"):
        summarise(factory.cohort(3)["labels"].head(0))


def test_sources_are_sorted_and_cited():
    found = provenance.sort(factory.ROWS)
    assert [row.key for row in found.assumed] == ["population.follow_up_days"]
    assert found.assumed[0].source == "two years are enough to look at"
    assert [row.key for row in found.evidenced] == ["disease.relapse.rate_per_year"]
    assert found.citations == [("A01", "Nakanishi, CJASN 2013, PMID 23371961")]


def test_citations_come_in_reading_order():
    found = provenance.sort([("a", 1, "x", "S10, S2, NL3.4.8, C04, C03")])
    assert [name for name, _ in found.citations] == ["C03, C04", "NL3.4.8", "S2", "S10"]


def test_the_size_of_the_run_is_no_number_without_a_source():
    rows = [(key, 1, "count", "") for key in ("patients", "replicates", "seed", "care.visits")]
    found = provenance.sort([*rows, ("patients", 7, "count", "set on the command line")])
    assert [row.key for row in found.unsourced] == ["care.visits"]
    assert found.evidenced == []


def test_text_of_figures_is_legible_in_half_the_width_of_the_page(whole):
    # From 960 pixels on the page has two columns; the left one then leaves 444 pixels to a figure.
    folder, _ = whole
    for path in (folder / "figures").iterdir():
        text = path.read_text(encoding="utf-8")
        width = float(re.search(r'viewBox="0 0 ([\d.]+)', text)[1])
        sizes = [float(size) for size in re.findall(r"font(?:-size)?: (?:bold )?([\d.]+)px", text)]
        assert sizes
        assert min(sizes) * 444 / width >= 8, path.name


def test_overlap_names_the_undetermined(whole):
    folder, _ = whole
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert "undetermined: no flag met, not all could be judged" in text
    assert ">?<" in (folder / "figures/overlap.svg").read_text(encoding="utf-8")


def test_categories_stand_by_age_band(whole):
    folder, _ = whole
    text = (folder / "report.md").read_text(encoding="utf-8")
    table = text.partition("*Category by age band, share of the patients of the band*")[2]
    assert [row.split("|")[1].strip() for row in table.splitlines()[4:6]] == list(factory.BANDS)


def test_markdown_text_is_one_harmless_line():
    assert formatting.escape_markup("a\n<b>|`") == r"a \<b\>\|\`"
