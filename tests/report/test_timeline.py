"""One patient drawn on a time axis."""

from __future__ import annotations

import polars as pl
import pytest

from nephrosyn import vocabulary
from nephrosyn.report import figures

from . import factory


def test_timeline_of_a_patient():
    tables = factory.cohort(5)
    document = figures.svg(figures.patient_timeline(tables, 0, 0), "Patient 0")
    for word in (
        vocabulary.NOTICE,
        "Patient 0",
        "albumin",
        "prednisone",
        "diary",
        "infection noted",
        "months from onset",
    ):
        assert word in document
    lazy = {name: frame.lazy() for name, frame in tables.items()}
    assert figures.svg(figures.patient_timeline(lazy, 0, 0), "Patient 0") == document


def test_timeline_has_a_lane_for_each_other_drug_and_marks_what_was_noted():
    tables = factory.cohort(5)
    given = tables["doses"].head(3)
    more = given.with_columns(
        drug=pl.Series(["rituximab", "rituximab", "levamisole"]),
        first_days=pl.Series([250, 264, 400]),
        last_days=pl.Series([250, 264, 500]),
        schedule=pl.Series(["single", "single", "alternate_day"]),
        mean_mg_per_day=pl.lit(375.0),
    )
    noted = tables["conditions"].head(1)
    kinds = {"agent_toxicity": "diarrhoea", "complication": "serious_infection", "provoking_factor": "malabsorption"}
    others = [noted.with_columns(kind=pl.lit(kind), condition=pl.lit(name)) for kind, name in kinds.items()]
    tables |= {"doses": pl.concat([given, more]), "conditions": pl.concat([tables["conditions"], *others])}
    figure = figures.patient_timeline(tables, 0, 0)
    document = figures.svg(figure, "Patient 0")
    for word in (
        "levamisole",
        "agent toxicity noted",
        "complication noted",
        "reversible cause of apparent resistance found",
    ):
        assert document.count(f">{word}<") == 1, word
    (lanes,) = [axes for axes in figure.axes if "rituximab" in [tick.get_text() for tick in axes.get_yticklabels()]]
    assert [tick.get_text() for tick in lanes.get_yticklabels()] == ["rituximab", "levamisole"]
    assert [len(line.get_xdata()) for line in lanes.lines] == [2, 0]
    assert len(lanes.patches) == 1
    (steroid,) = [axes for axes in figure.axes if axes.get_ylabel().startswith("prednisone")]
    assert sorted(bar.get_height() for bar in steroid.patches) == [8, 20, 40]


def test_timeline_on_steroid_alone_has_no_lanes():
    axes = figures.patient_timeline(factory.cohort(5), 0, 0).axes
    assert len(axes) == 5


def test_timeline_of_a_bare_record_and_of_nobody():
    tables = factory.cohort(5)
    bare = {
        name: frame
        for name, frame in tables.items()
        if not name.startswith("truth") and name not in ("diary", "labels")
    }
    assert "diary" not in figures.svg(figures.patient_timeline(bare, 0, 3), "Patient 3")
    with pytest.raises(KeyError):
        figures.patient_timeline(tables, 0, 99)
