"""Runs made by hand: a few patients whose every outcome can be worked out on paper."""

from __future__ import annotations

import polars as pl

from nephrosyn import vocabulary

PEOPLE = 4
YEAR_DAYS = 365.25


def manifest(**changed):
    settings = {
        "title": "by hand",
        "population": {"follow_up_days": 730.5},
        "disease": {"relapse": {"rate_per_year": 1.0}},
        "care": {"clinic": {"slots": 0}},
        "sources": {"care.clinic.slots": "assumed: any"},
    }
    about = {"version": "0", "seed": 1, "patients": PEOPLE, "replicates": 1, "criteria": ["source"]}
    return {**about, "scenario": {"name": "by-hand", "files": [], "scenario": settings}, **changed}


def rows(columns, found):
    keyed = {"replicate": pl.Int32, "patient": pl.Int32, **columns}
    return pl.DataFrame([(0, *row) for row in found], schema=keyed, orient="row")


def tables(events=(), doses=(), conditions=(), ends=None, labels=None):
    """Tables of four patients followed for two years; labels are (category, refractory) in the order of patients."""
    ends = ends or [(patient, 730, "end_of_study") for patient in range(PEOPLE)]
    dose = {"drug": pl.String, "first_days": pl.Int32, "last_days": pl.Int32, "dose_mg": pl.Float64}
    dose |= {"schedule": pl.String, "mean_mg_per_day": pl.Float64, "dosing_weight_kg": pl.Float64}
    closing = [(patient, float(day) + 0.5, reason) for patient, day, reason in ends]
    return {
        "truth/traits": rows(
            {"lesion": pl.String, "response": pl.String, "age_at_onset_years": pl.Float64,
             "never_relapses": pl.Boolean, "frailty": pl.Float64},
            [(patient, "fsgs", "complete", 5.0 + patient, False, 1.0) for patient in range(PEOPLE)],
        ),
        "truth/events": rows({"time_days": pl.Float64, "event": pl.String}, sorted([*events, *closing])),
        "truth/doses": rows(dose, doses),
        "truth/conditions": rows(
            {"noted_days": pl.Int32, "condition": pl.String, "kind": pl.String, "action": pl.String}, conditions
        ),
        "truth/follow_up": rows({"end_days": pl.Int32, "reason": pl.String}, ends),
        "labels": label_table(labels or [("non_relapsing", False)] * PEOPLE),
    }  # fmt: skip


def label_table(verdicts, criteria="source"):
    frames = [
        rows({"category": pl.String, "refractory": pl.Boolean}, [(n, *verdict) for n, verdict in enumerate(verdicts)])
        .with_columns(criteria=pl.lit(criteria), view=pl.lit(view), applies=pl.lit(value=True))
        for view in vocabulary.VIEWS
    ]  # fmt: skip
    return pl.concat(frames)


class MadeUp:
    """A run in memory."""

    def __init__(self, name="by-hand", about=None, **given):
        self.manifest = about or manifest()
        self.manifest["scenario"] = {**self.manifest["scenario"], "name": name}
        self.tables = tables(**given)
        self.folder = None
