"""Definition sets: the shipped one, a user's own, and files that are wrong."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from nephrosyn import criteria, vocabulary
from nephrosyn.criteria.definition.compiled import FIRST_WINDOW, SLIDING, rules

from .builder import adult, source, tables, variant

BREAKS = {
    'unit = "weeks"': ('unit = "months"', "resistance.course.unit", "weeks"),
    "remission_upcr =": ("remision_upcr =", "urine.remision_upcr", "nearest: remission_upcr"),
    "children = 0.2, adults = 0.3": ("children = 0.2", "urine.remission_upcr", "`children` and `adults`"),
    "children = 2.0, adults = 3.5": ("children = 0.1, adults = 3.5", "urine", "remission_upcr below relapse_upcr"),
    '"prednisone"': ('"prednisolon"', "steroid.drugs", "nearest: prednisone"),
    "value = 8,": ("value = 13,", "resistance", "umbrella no longer than course"),
    'citation = "one year"': ('citation = ""', "frequent.twelve_months.length.citation", "at least 1 character"),
    ', citation = "usual border between paediatric and adult care"': ("", "population.adult_from.citation", "this key"),
    'value = ["resistant", "dependent", "frequent", "intolerant"], unit = "names", grade = "G"': (
        'value = ["resistant"], unit = "names", grade = "G"',
        "verdict",
        "in verdict.precedence every flag the set defines, and no other",
    ),
    "value = 120,": ("value = -1,", "urine.max_gap", "greater than or equal to 1"),
    'grade = "D", citation = "one year"': ('grade = "A", citation = "one year"', "frequent.twelve_months.length", "R2"),
    'name = "source"': ('name = "My set"', "name", "pattern"),
}

UNCOMPILED = (
    "test_ambiguities.py",
    "test_ambiguities_of_treatment.py",
    "test_hand_worked.py",
    "test_hand_worked_keys.py",
)


def broken(folder, *changes):
    text = criteria.text("source")
    for old in changes:
        assert old in text
        text = text.replace(old, BREAKS[old][0])
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_source_set_is_shipped_under_its_name():
    assert "source" in criteria.sets()
    assert source().name == "source"
    assert set(criteria.titles()) == set(criteria.sets())


@pytest.mark.parametrize("name", criteria.sets())
def test_every_shipped_set_loads_under_the_name_of_its_file(name):
    assert criteria.load(name).name == name


def test_thresholds_reach_the_compiled_code():
    ((grown, young),) = rules([source()])
    inf = math.inf
    urine = ("low_upcr", "high_upcr", "low_band", "high_band", "home_days", "clinic_readings", "max_gap_days")
    assert told(grown, urine) == (0.3, 3.5, 1, 4, 3, 1, 120)
    assert told(young, urine) == (0.2, 2.0, 1, 4, 3, 1, 120)
    weeks = ("course_days", "relapse_course_days", "umbrella_days")
    assert told(grown, weeks) == told(young, weeks) == (84, 84, 56)
    amounts = ("adequate_per_kg", "adequate_per_m2", "adequate_cap", "tolerance", "maintenance_per_kg", "maintenance")
    assert told(grown, amounts) == (1.0, inf, 60.0, 0.9, inf, 10.0)
    assert told(young, amounts) == (2.0, 60.0, 60.0, 0.9, 0.2, 10.0)
    assert told(grown, ("contraindications", "contraindication_actions")) == (0b1111, 0b1110)
    assert told(grown, ("toxicities", "toxicity_actions")) == (0b1_1111_0000, 0b1100)
    parts = ("count", "length", "window", "begins")
    assert told(grown, [f"six_{part}" for part in parts]) == (2, 183, FIRST_WINDOW, 0)
    assert told(grown, [f"twelve_{part}" for part in parts]) == (4, 365, SLIDING, 0)


def told(rule, names):
    return tuple(rule[name].item() for name in names)


def test_what_a_set_leaves_out_is_off_for_everybody():
    for rule in rules([criteria.load("iskdc")]).ravel():
        # No ratio and no band is partial remission.
        assert told(rule, ("partial_upcr", "partial_band", "lesser")) == (0,) * 3
    for rule in rules([source()]).ravel():
        switches = ("any_six_count", "persistence_days", "late_reported", "secondary_days", "partial_reported")
        assert (
            told(rule, (*switches, "calcineurin_days", "multidrug_days", "slow_days", "confirmation_days")) == (0,) * 9
        )
        # Albumin is not looked at.
        assert told(rule, ("partial_albumin", "remission_albumin")) == (0,) * 2
        assert told(rule, ("alternate_per_kg", "alternate_per_m2", "alternate_cap")) == (math.inf,) * 3


@pytest.mark.parametrize("old", BREAKS)
def test_each_problem_is_named_with_its_place(tmp_path, old):
    with pytest.raises(criteria.CriteriaError) as caught:
        criteria.load(broken(tmp_path, old))
    told = str(caught.value)
    assert BREAKS[old][1] in told
    assert BREAKS[old][2] in told


def test_all_problems_at_once(tmp_path):
    with pytest.raises(criteria.CriteriaError) as caught:
        criteria.load(broken(tmp_path, *list(BREAKS)[:3], "value = 120,"))
    assert len(caught.value.problems) >= 4


def test_unknown_name_tells_the_nearest():
    with pytest.raises(criteria.CriteriaError, match="Did you mean source"):
        criteria.load("sorce")


@pytest.mark.parametrize("content", ["name = ", b"\xff\xfe", ""])
def test_files_that_are_no_sets(tmp_path, content):
    file = tmp_path / "bad.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(criteria.CriteriaError, match=r"bad\.toml"):
        criteria.load(file)
    with pytest.raises(criteria.CriteriaError):
        criteria.load(tmp_path)
    with pytest.raises(criteria.CriteriaError):
        criteria.load(tmp_path / "absent.toml")


def test_a_set_counts_only_the_flags_it_names(tmp_path):
    definition = variant(tmp_path, verdict__refractory=["resistant"])
    cohort = tables(adult().noted(0, "hepatitis", "contraindication", "withheld").ill(0))
    row = criteria.classify(cohort, definition, "observed").row(0, named=True)
    assert (row["category"], row["intolerant"], row["refractory"]) == ("steroid_intolerant", True, None)


def test_labels_have_their_columns_types_and_order():
    cohort = tables(adult().ill(0), adult().steroid(60, 0, 99).ill(0, 84))
    labels = criteria.classify(cohort, source(), "observed")
    assert dict(labels.schema) == criteria.LABELS
    assert labels.select("patient", "view", "criteria", "refractory", "refractory_kind", "first_met_days").rows() == [
        (0, "observed", "source", None, None, None),
        (1, "observed", "source", True, True, 84),
    ]


@pytest.mark.parametrize("view", vocabulary.VIEWS)
def test_nobody_gives_no_labels(view):
    assert dict(criteria.classify(tables(), source(), view).schema) == criteria.LABELS


def test_text_columns_as_csv_gives_them_are_read():
    cohort = tables(adult().steroid(60, 0, 99).ill(0, 84).home("3+", 2, 9))
    as_text, as_long = pl.col(pl.Enum).cast(pl.String), pl.col(pl.Int32).cast(pl.Int64)
    plain = {name: frame.with_columns(as_text, as_long) for name, frame in cohort.items()}
    assert criteria.classify(plain, source(), "observed").equals(criteria.classify(cohort, source(), "observed"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t.pop("doses"), "doses: expected this table"),
        (lambda t: t.update(readings=t["readings"].drop("value")), r"readings\.value: expected this column"),
        (lambda t: t.update(follow_up=t["follow_up"].clear()), "follow_up: expected a row for every patient"),
        (lambda t: t.update(readings=t["readings"].with_columns(taken_days=pl.lit(None, pl.Int32))), "2 rows without"),
        (lambda t: t.update(readings=t["readings"].with_columns(analyte=pl.lit("urea"))), r"readings\.analyte"),
    ],
)
def test_tables_that_cannot_be_classified(change, told):
    cohort = tables(adult().ill(0, 5))
    change(cohort)
    with pytest.raises(criteria.CriteriaError, match=told):
        criteria.classify(cohort, source(), "observed")


def test_unknown_view_and_unknown_patient():
    cohort = tables(adult().ill(0))
    with pytest.raises(criteria.CriteriaError, match="nearest: observed"):
        criteria.classify(cohort, source(), "observd")
    with pytest.raises(criteria.CriteriaError, match="patient 7"):
        criteria.verdict(cohort, source(), 0, 7, "observed")


def test_rows_of_others_are_left_aside():
    cohort = tables(adult().ill(0), adult().steroid(60, 0, 99).ill(0, 84), adult().ill(3))
    only = {**cohort, "patients": cohort["patients"].filter(pl.col("patient") == 1)}
    everybody = criteria.classify(cohort, source(), "observed")
    assert criteria.classify(only, source(), "observed").equals(everybody.filter(pl.col("patient") == 1))


@pytest.mark.slow
def test_the_same_without_compilation():
    files = [str(path) for path in sorted(Path(__file__).parent.glob("test_*.py")) if path.name in UNCOMPILED]
    assert len(files) == len(UNCOMPILED)
    arguments = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(arguments, env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def test_no_public_name_is_shadowed_by_a_module():
    folder = Path(criteria.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")}
    assert not modules & set(criteria.__all__)
