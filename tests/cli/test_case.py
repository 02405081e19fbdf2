"""One patient in words: drugs beside steroid, what events and conditions say, steroid apart from all that."""

from __future__ import annotations

import re

import polars as pl
import pytest

from nephrosyn import vocabulary
from nephrosyn.cli.console.patient import agents, conditions, event_value, steroid
from nephrosyn.criteria.explanation.supporting_rows import SupportingRows

DOSES = [
    ("prednisone", 0, 20, 60.0, "daily"),
    ("cyclophosphamide", 5, 5, 500.0, "single"),
    ("cyclophosphamide", 19, 19, 500.0, "single"),
    ("prednisone", 21, 60, 40.0, "alternate_day"),
    ("cyclophosphamide", 33, 33, 520.0, "single"),
    ("mycophenolate", 70, 200, 1000.0, "daily"),
    ("cyclophosphamide", 300, 300, 520.0, "single"),
    ("levamisole", 320, 400, 50.0, "alternate_day"),
]


@pytest.fixture
def doses():
    names = ("drug", "first_days", "last_days", "dose_mg", "schedule")
    frame = pl.DataFrame(DOSES, schema=names, orient="row")
    return frame.with_columns(mean_mg_per_day=pl.col("dose_mg"))


def test_steroid_of_a_day_is_prednisone(doses):
    assert [steroid(doses, day) for day in (5, 19, 33, 70)] == ["60 mg", "60 mg", "40 mg on alternate days", "none"]


def test_proof_of_a_clause_about_steroid_quotes_prednisone(doses):
    told = [row.text for row in SupportingRows({"doses": doses}, "observed").doses(0, 1000)]
    assert len(told) == 2
    assert all(text.startswith("prednisone") for text in told)


def test_other_drugs_are_told_as_courses(doses):
    mine = {"doses": doses, "follow_up": pl.DataFrame({"end_days": [400]})}
    assert agents(mine) == [
        ("day 5", "to 33", "cyclophosphamide, 3 infusions of 500 to 520 mg"),
        ("day 70", "to 200", "mycophenolate, 1000 mg daily"),
        ("day 300", "", "cyclophosphamide, 1 infusion of 520 mg"),
        ("day 320", "to 400", "levamisole, 50 mg on alternate days, ongoing at the end of the record"),
    ]


@pytest.mark.parametrize(
    ("event", "value", "told"),
    [
        ("agent_stopped", 7.0, "rituximab"),
        ("agent_failed", 3.0, "mycophenolate"),
        ("agent_toxicity", 0.0, "leukopenia"),
        ("steroid_toxicity", 4.0, "cataract"),
        ("provoking_factor_found", 2.0, "non-adherence"),
        ("complication_treated", float(vocabulary.CONDITIONS.index("venous_thrombosis")), "venous thrombosis"),
        ("serious_infection", 1.8765, "albumin 1.9 g/dL"),
        ("declared_relapse", 5.494, "UPCR 5.49 mg/mg"),
        ("relapse", 2.0, ""),
        ("agent_stopped", None, ""),
    ],
)
def test_events_are_told_in_words(event, value, told):
    assert event_value(event, value) == told


def test_conditions_say_their_kind_and_never_that_steroid_is_unchanged():
    noted = pl.DataFrame(
        [
            (3, "peptic_ulcer", "contraindication", "withheld"),
            (9, "infection", "infection", "none"),
            (20, "leukopenia", "agent_toxicity", "none"),
            (30, "renal_vein_thrombosis", "complication", "none"),
            (40, "under_dosing", "provoking_factor", "none"),
            (50, "cataract", "toxicity", "none"),
        ],
        schema=("noted_days", "condition", "kind", "action"),
        orient="row",
    )
    assert conditions({"conditions": noted}) == [
        ("day 3", "peptic ulcer", "contraindication to steroid, steroid withheld"),
        ("day 9", "infection", ""),
        ("day 20", "leukopenia", "toxicity of another drug"),
        ("day 30", "renal vein thrombosis", "complication"),
        ("day 40", "under-dosing", "reversible cause of apparent resistance"),
        ("day 50", "cataract", "steroid toxicity"),
    ]
    proof = SupportingRows({"conditions": noted}, "observed")
    told = [row.text for kind in vocabulary.CONDITION_KINDS for row in proof.conditions(kind)]
    assert told == [
        "peptic ulcer, steroid withheld",
        "cataract, steroid unchanged",
        "infection",
        "leukopenia",
        "renal vein thrombosis",
        "under-dosing",
    ]


def test_every_kind_of_condition_has_its_words():
    assert tuple(vocabulary.KIND_NAMES) == vocabulary.CONDITION_KINDS


def test_explain_tells_the_drugs_of_everybody(cli, tmp_path):
    run = tmp_path / "run"
    assert cli("run", "source-combined-care", "--patients", 12, "--out", run, "--no-report").exit_code == 0
    doses = pl.read_parquet(run / "observed/doses/*.parquet").with_columns(pl.col("drug").cast(pl.String))
    assert doses["drug"].n_unique() > 2
    for patient in range(12):
        told = cli("explain", run, patient).stdout
        mine = doses.filter(patient=patient)
        listed = told.partition("other drugs")[2].partition("conditions noted")[0]
        for drug in set(mine["drug"]) - {"prednisone"}:
            assert f"{drug}, " in listed
        assert ("other drugs" in told) == bool(set(mine["drug"]) - {"prednisone"})
        steroid = set(mine.filter(drug="prednisone")["dose_mg"])
        visits = told.partition("record: what was written down")[2].partition("\n\n")[0]
        shown = {float(dose) for dose in re.findall(r"([\d.]+) mg\b", visits)} - {0.0}
        assert shown <= steroid
