"""The phenotype of ICD-10-CM codes finds whom its description finds, read patient by patient."""

from __future__ import annotations

import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn.bench.classifiers.icd_phenotype import by_codes, cases, diagnoses
from nephrosyn.bench.classifiers.registry import find, titles

INCLUDES, UNSPECIFIED = {"N02.2", "N04.0", "N03.3", "N05.2"}, "N04.9"
EXCLUDES_AT_ONCE, EXCLUDES_TWICE = {"B18.1"}, {"N05.5"}


@pytest.fixture(scope="module", params=["baseline", "children-first-episode"])
def tables(request):
    return ns.run(request.param, patients=250, seed=3).tables


def as_described(rows):
    """Return the day on which a patient becomes a case, by the steps of the description; None if never."""
    totals = {"primary": 0, "unspecified": 0, "excluded": 0, "twice": 0}
    encounters: dict[float, list[tuple[str, float]]] = {}
    for day, code, age in rows:
        encounters.setdefault(day, []).append((code, age))
    for day in sorted(encounters):
        codes, age = {code for code, _ in encounters[day]}, encounters[day][0][1]
        totals["primary"] += bool(codes & INCLUDES)
        totals["unspecified"] += UNSPECIFIED in codes
        totals["excluded"] += bool(codes & EXCLUDES_AT_ONCE)
        totals["twice"] += bool(codes & EXCLUDES_TWICE)
        possible = totals["primary"] > 1 or (age < 20 and totals["primary"] + totals["unspecified"] > 1)
        if possible and not totals["excluded"] and totals["twice"] < 2:
            return day
    return None


def test_cases_are_those_of_the_description(tables):
    made = dict(cases(tables).select("patient", "case_days").iter_rows())
    coded = diagnoses(tables).partition_by("patient", as_dict=True)
    wanted = {}
    for (patient,), rows in coded.items():
        day = as_described(rows.select("day", "code", "age_years").rows())
        if day is not None:
            wanted[patient] = day
    assert made == pytest.approx(wanted)
    assert 0 < len(made) < tables["patients"].height


def test_known_weaknesses_show(tables):
    people = tables["patients"].join(cases(tables), on=["replicate", "patient"], how="left")
    case = pl.col("case_days").is_not_null()
    adults = pl.col("age_at_onset_years") >= 20
    assert not people.filter(adults, lesion="membranous").select(case.any()).item()
    assert not people.filter(adults, pl.col("lesion").is_null()).select(case.any()).item()
    minimal = people.filter(lesion="minimal_change")
    hepatitis = tables["conditions"].filter(condition="hepatitis")["patient"]
    kept = minimal.filter(~pl.col("patient").is_in(hepatitis.implode()))
    assert kept.height == 0 or kept.select(case.mean()).item() > 0.8


def test_everybody_gets_one_answer_and_only_cases_a_category(tables):
    given = by_codes(tables)
    assert given.height == tables["patients"].height == given["patient"].n_unique()
    found = set(cases(tables)["patient"])
    assert set(given.filter(pl.col("predicted") != "undetermined")["patient"]) <= found


def test_hepatitis_excludes():
    tables = dict(ns.run("children-first-episode", patients=20, seed=1).tables)
    (first, *_) = cases(tables).sort("patient")["patient"]
    noted = tables["conditions"].head(0)
    row = {"replicate": 0, "patient": first, "condition": "hepatitis", "kind": "contraindication", "action": "none"}
    row |= {"noted_days": 0}
    columns = {name: [row.get(name)] for name in noted.columns}
    tables["conditions"] = pl.DataFrame(columns, schema=noted.schema, strict=False)
    assert first not in set(cases(tables)["patient"])


def test_it_has_a_name():
    assert "icd-10-cm" in titles()
    assert find("icd-10-cm").name == "icd-10-cm"
