"""The tables of a run: their columns and types. Column names carry the unit; words are enumerations of ``terms``."""

from __future__ import annotations

from typing import TypeAlias

import polars as pl

from nephrosyn import vocabulary

Schema: TypeAlias = dict[str, "pl.DataType | type[pl.DataType]"]

_KEY: Schema = {"replicate": pl.Int32, "patient": pl.Int32}
_DAY = pl.Int32

SEX = pl.Enum(vocabulary.SEXES)
LESION = pl.Enum(vocabulary.LESIONS)
ANALYTE = pl.Enum(vocabulary.ANALYTES)
UNIT = pl.Enum(tuple(dict.fromkeys(vocabulary.UNITS.values())))
BAND = pl.Enum(vocabulary.DIPSTICK_BANDS)
VISIT_KIND = pl.Enum(vocabulary.VISIT_KINDS)
DRUG = pl.Enum(vocabulary.DRUGS)
SCHEDULE = pl.Enum(vocabulary.SCHEDULES)
CONDITION = pl.Enum(vocabulary.CONDITIONS)
CONDITION_KIND = pl.Enum(vocabulary.CONDITION_KINDS)
ACTION = pl.Enum(vocabulary.STEROID_ACTIONS)
END_REASON = pl.Enum(vocabulary.END_REASONS)
EVENT = pl.Enum(vocabulary.EVENTS)
VIEW = pl.Enum(vocabulary.VIEWS)
CATEGORY = pl.Enum(vocabulary.CATEGORIES)
RESPONSE = pl.Enum(("none", "partial", "complete"))

_DOSES: Schema = {
    **_KEY,
    "drug": DRUG,
    "first_days": _DAY,
    "last_days": _DAY,
    "dose_mg": pl.Float64,
    "schedule": SCHEDULE,
    "mean_mg_per_day": pl.Float64,
    "dosing_weight_kg": pl.Float64,
}
_CONDITIONS: Schema = {
    **_KEY,
    "noted_days": _DAY,
    "condition": CONDITION,
    "kind": CONDITION_KIND,
    "action": ACTION,
}
_FOLLOW_UP: Schema = {**_KEY, "end_days": _DAY, "reason": END_REASON}

OBSERVED: dict[str, Schema] = {
    "patients": {
        **_KEY,
        "site": pl.Int32,
        "band": pl.String,
        "sex": SEX,
        "birth_days": _DAY,
        "age_at_onset_years": pl.Float64,
        "weight_kg": pl.Float64,
        "height_cm": pl.Float64,
        "lesion": LESION,
        "biopsy_days": _DAY,
    },
    "visits": {
        **_KEY,
        "visit": pl.Int32,
        "planned_days": _DAY,
        "actual_days": _DAY,
        "kind": VISIT_KIND,
        "missed": pl.Boolean,
        "waited_days": pl.Float64,
    },
    "readings": {
        **_KEY,
        "visit": pl.Int32,
        "taken_days": _DAY,
        "analyte": ANALYTE,
        "value": pl.Float64,
        "unit": UNIT,
        "below_limit": pl.Boolean,
        "reference_low": pl.Float64,
        "reference_high": pl.Float64,
    },
    "diary": {**_KEY, "first_days": _DAY, "last_days": _DAY, "grade": BAND},
    "doses": _DOSES,
    "conditions": _CONDITIONS,
    "follow_up": _FOLLOW_UP,
}

TRUTH: dict[str, Schema] = {
    "truth/traits": {
        **_KEY,
        "lesion": LESION,
        "response": RESPONSE,
        "age_at_onset_years": pl.Float64,
        "entry_days": pl.Float64,
        "presentation_days": pl.Float64,
        "never_relapses": pl.Boolean,
        "frailty": pl.Float64,
        "relapse_rate_per_year": pl.Float64,
        "threshold_mg_per_kg_per_day": pl.Float64,
        "spontaneous_days": pl.Float64,
        "nephrotic_upcr_mg_per_mg": pl.Float64,
        "partial_upcr_mg_per_mg": pl.Float64,
        "remission_upcr_mg_per_mg": pl.Float64,
        "albumin_g_per_dl": pl.Float64,
        "albumin_catabolism_per_day": pl.Float64,
        "albumin_loss_per_day_per_mg_per_mg": pl.Float64,
        "albumin_loss_saturates_at_mg_per_mg": pl.Float64,
        "cholesterol_mg_per_dl": pl.Float64,
        "gfr_ml_per_min_per_1_73_m2": pl.Float64,
        "taken_fraction": pl.Float64,
        "kidney_loss_factor": pl.Float64,
        "prone_to_thrombosis": pl.Boolean,
        "cyclophosphamide_requirement_mg_per_kg": pl.Float64,
        "gonadal_tolerance_mg_per_kg": pl.Float64,
        "bladder_tolerance_mg_per_kg": pl.Float64,
        **dict.fromkeys(vocabulary.PROVOKING_FACTORS, pl.Boolean),
    },
    "truth/events": {**_KEY, "time_days": pl.Float64, "event": EVENT, "value": pl.Float64},
    "truth/proteinuria": {
        **_KEY,
        "start_days": pl.Float64,
        "upcr_start_mg_per_mg": pl.Float64,
        "log_slope_per_day": pl.Float64,
        "upcr_target_mg_per_mg": pl.Float64,
    },
    "truth/doses": _DOSES,
    "truth/conditions": _CONDITIONS,
    "truth/follow_up": _FOLLOW_UP,
}

DERIVED: dict[str, Schema] = {
    "labels": {
        **_KEY,
        "criteria": pl.String,
        "view": VIEW,
        "applies": pl.Boolean,
        "category": CATEGORY,
        "resistant": pl.Boolean,
        "dependent": pl.Boolean,
        "frequent": pl.Boolean,
        "intolerant": pl.Boolean,
        "non_remitting": pl.Boolean,
        **dict.fromkeys(vocabulary.COURSE_FLAGS, pl.Boolean),
        "refractory": pl.Boolean,
        "refractory_kind": pl.Boolean,
        "first_met_days": _DAY,
    },
}

SCHEMAS: dict[str, Schema] = {**OBSERVED, **TRUTH, **DERIVED}
