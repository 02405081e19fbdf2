"""What a reclassification leaves on disk: whole, offline, the same every time, in place of nothing else."""

from __future__ import annotations

import json
import re

import polars as pl
import pytest

from nephrosyn import vocabulary
from nephrosyn.comparison.definitions.page import FILES
from nephrosyn.errors import RunFolderError
from nephrosyn.report.figures import category_flows, style
from nephrosyn.report.findings.verdicts.cross_classification import Moves


@pytest.fixture(scope="module")
def written(found, tmp_path_factory):
    target = tmp_path_factory.mktemp("written") / "out"
    assert found.write(target) == target / "reclassify.html"
    return target


def test_every_file_says_what_it_is_not_for(written):
    assert {path.name for path in written.iterdir()} == FILES
    for path in written.iterdir():
        assert vocabulary.NOTICE in path.read_text(encoding="utf-8"), path.name


def test_no_nan_on_any_page(written):
    for path in written.iterdir():
        assert not re.search(r"\bnan\b", path.read_text(encoding="utf-8"), re.IGNORECASE), path.name


def test_the_page_asks_for_nothing_outside(written):
    page = written.joinpath("reclassify.html").read_text(encoding="utf-8")
    assert not re.findall(r"(?:https?:)?//[\w.]+", page)
    assert not re.findall(r"<(?:script|link|img|iframe)", page)
    assert page.count("<svg ") == 2


def test_the_same_gives_the_same_bytes(found, written, tmp_path):
    found.write(tmp_path / "again")
    for path in written.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_values_and_patients(found, written):
    values = json.loads((written / "reclassify.json").read_text(encoding="utf-8"))
    assert values == json.loads(found.json())
    assert sum(row["patients"] for row in values["flows"]) == 300
    table = pl.read_csv(written / "patients.csv")
    assert table.height == 300
    assert table.filter(pl.col("category_from") != pl.col("category_to")).height == values["moved"]


def test_never_in_place_of_anything_else(found, written, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(RunFolderError):
            found.write(tmp_path, overwrite=overwrite)
    with pytest.raises(RunFolderError, match="--overwrite"):
        found.write(written)
    assert found.write(written, overwrite=True).is_file()


def test_every_category_has_a_colour_of_its_own():
    colours = [style.colour_of(name) for name in vocabulary.CATEGORIES]
    assert len(set(colours)) == len(colours)


def test_a_category_to_come_gets_a_spare_colour(monkeypatch):
    monkeypatch.setattr(vocabulary, "CATEGORIES", (*vocabulary.CATEGORIES, "late_resistant", "other"))
    assert style.colour_of("late_resistant") != style.colour_of("other")
    assert not {style.colour_of("late_resistant"), style.colour_of("other")} & {*style.CATEGORY_COLOURS.values()}


def test_ribbons_are_as_wide_as_the_patients():
    with style.drawing():
        axes = category_flows.flow(
            {("steroid_resistant",) * 2: 60, ("steroid_resistant", "undetermined"): 40}, "x", "y"
        ).axes[0]
    heights = [patch.get_path().vertices[7][1] - patch.get_path().vertices[0][1] for patch in axes.patches[-2:]]
    assert heights == [pytest.approx(0.6), pytest.approx(0.4)]
    shown = [text.get_text() for text in axes.texts]
    assert {"steroid-resistant 100.0%", "steroid-resistant 60.0%", "undetermined 40.0%", "100 patients"} <= {*shown}


def test_the_order_of_the_counts_does_not_matter():
    """Sums of shares taken in another order differ in their last digit, and so would the bytes of the figure."""
    names = vocabulary.CATEGORIES
    counts = {(a, b): 1 + 3 * i + 7 * j for i, a in enumerate(names) for j, b in enumerate(names)}
    turned = dict(reversed(counts.items()))
    assert len({category_flows.draw(Moves("x", "y", found, {})) for found in (counts, turned)}) == 1
