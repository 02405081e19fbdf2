"""Records written by hand: a few people with readings, doses, conditions and an end of follow-up."""

from __future__ import annotations

import polars as pl

from nephrosyn import criteria
from nephrosyn.evidence.measures.study_view import Study
from nephrosyn.record.schema import OBSERVED

ILL, CLEAR, PARTIAL = 8.0, 0.05, 1.0


def person(number, end=1000, lesion=None, age=5.0, sex="male", reason="end_of_study"):
    """Rows of a person by table, without treatment or readings."""
    who = {"replicate": 0, "patient": number}
    about = {"site": 0, "band": "children", "birth_days": -int(age * 365), "weight_kg": 20.0, "height_cm": 110.0}
    return {
        "patients": [{**who, **about, "sex": sex, "age_at_onset_years": age, "lesion": lesion, "biopsy_days": None}],
        "visits": [visit(who, 0)],
        "readings": [],
        "doses": [],
        "conditions": [],
        "follow_up": [{**who, "end_days": end, "reason": reason}],
    }


def visit(who, day):
    """A visit that was held."""
    return {
        **who,
        "visit": 0,
        "planned_days": day,
        "actual_days": day,
        "kind": "scheduled",
        "missed": False,
        "waited_days": 0.0,
    }


def read(rows, *pairs):
    """Add readings of the ratio, pairs of day and value; each is repeated on the next day, so that it is confirmed."""
    who = {name: rows["patients"][0][name] for name in ("replicate", "patient")}
    for day, value in pairs:
        for later in (0, 1):
            rows["readings"].append(
                {**who, "visit": day, "taken_days": day + later, "analyte": "upcr", "value": value, "unit": "mg/mg",
                 "below_limit": False, "reference_low": None, "reference_high": 0.2}
            )  # fmt: skip
    return rows


def dose(rows, drug, first, last, mg=40.0, schedule="daily"):
    """Add a run of days on a drug."""
    who = {name: rows["patients"][0][name] for name in ("replicate", "patient")}
    rows["doses"].append(
        {**who, "drug": drug, "first_days": first, "last_days": last, "dose_mg": mg, "schedule": schedule,
         "mean_mg_per_day": mg, "dosing_weight_kg": 20.0}
    )  # fmt: skip
    return rows


def note(rows, condition, day, kind="complication"):
    """Add a condition as it was noted."""
    who = {name: rows["patients"][0][name] for name in ("replicate", "patient")}
    rows["conditions"].append({**who, "noted_days": day, "condition": condition, "kind": kind, "action": "none"})
    return rows


def child(number, remission=10, relapses=(), end=1000, start=5, **more):
    """A child on steroid from day 5 with remission on a day (None: never) and relapses of ten days each."""
    rows = dose(person(number, end, **more), "prednisone", start, start + 27)
    read(rows, (start, ILL))
    if remission is not None:
        read(rows, (remission, CLEAR))
    for day in relapses:
        dose(read(rows, (day, ILL), (day + 10, CLEAR)), "prednisone", day, day + 20)
    return rows


def study(*people):
    """The people as a study sees them; every definition set is the source set."""
    frames = {}
    for name, schema in OBSERVED.items():
        rows = [row for tables in people for row in tables.get(name, [])]
        frames[name] = pl.DataFrame(rows, schema=schema, orient="row")
    return Study(frames, lambda name: criteria.load("source"))
