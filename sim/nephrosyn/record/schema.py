"""The tables of a run: what one row is, and the type, unit and meaning of every column.

Column names carry the unit; categorical columns are enumerations of `vocabulary`. The schema, the data dictionary and
the reference page are all made from `TABLES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import polars as pl

from nephrosyn import vocabulary

ColumnType: TypeAlias = "pl.DataType | type[pl.DataType]"
Schema: TypeAlias = dict[str, ColumnType]
PATIENT_KEY = ["replicate", "patient"]
"""Columns that identify a patient in every table."""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    type : polars data type
        In memory and in Parquet.
    text : str
        Meaning.
    unit : str
        Unit of the value; empty if it has none.
    """

    type: ColumnType
    text: str
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes
    ----------
    row : str
        What one row is.
    columns : mapping of str to Column
        By name, in order.
    """

    row: str
    columns: Mapping[str, Column]

    @property
    def schema(self) -> Schema:
        """Type of each column, by name."""
        return {name: column.type for name, column in self.columns.items()}


SEX = pl.Enum(vocabulary.SEXES)
LESION = pl.Enum(vocabulary.LESIONS)
ANALYTE = pl.Enum(vocabulary.ANALYTES)
UNIT = pl.Enum(tuple(dict.fromkeys(vocabulary.UNITS.values())))
BAND = pl.Enum(vocabulary.DIPSTICK_BANDS)
VISIT_KIND = pl.Enum(vocabulary.VISIT_KINDS)
DRUG = pl.Enum(vocabulary.DRUGS)
SCHEDULE = pl.Enum(vocabulary.SCHEDULES)
ROUTE = pl.Enum(vocabulary.ROUTES)
CONDITION = pl.Enum(vocabulary.CONDITIONS)
CONDITION_KIND = pl.Enum(vocabulary.CONDITION_KINDS)
ACTION = pl.Enum(vocabulary.STEROID_ACTIONS)
END_REASON = pl.Enum(vocabulary.END_REASONS)
EVENT = pl.Enum(vocabulary.EVENTS)
VIEW = pl.Enum(vocabulary.VIEWS)
CATEGORY = pl.Enum(vocabulary.CATEGORIES)
RESPONSE = pl.Enum(("none", "partial", "complete"))


_KEY = {
    "replicate": Column(pl.Int32, "replicate of the cohort, from 0"),
    "patient": Column(pl.Int32, "number of the patient, from 0"),
}

_DOSES = {
    **_KEY,
    "drug": Column(DRUG, "drug"),
    "first_days": Column(pl.Int32, "first day", "days"),
    "last_days": Column(pl.Int32, "last day, inclusive", "days"),
    "dose_mg": Column(pl.Float64, "dose prescribed on a dosing day", "mg"),
    "schedule": Column(SCHEDULE, "daily, on alternate days, or a single infusion"),
    "route": Column(ROUTE, "oral, intravenous or subcutaneous"),
    "mean_mg_per_day": Column(pl.Float64, "mean over all days of the row; half of an alternate-day dose", "mg/day"),
    "dosing_weight_kg": Column(
        pl.Float64, "dry weight: of steroid at the start of the course, of a second agent at the latest review", "kg"
    ),
}

_CONDITIONS = {
    **_KEY,
    "noted_days": Column(pl.Int32, "day of the visit at which it was noted", "days"),
    "condition": Column(CONDITION, "condition"),
    "kind": Column(
        CONDITION_KIND,
        "contraindication from onset, toxicity (of steroid), infection (minor, such as a cold), agent_toxicity (of a "
        "second agent), complication (thrombosis, serious infection), provoking_factor found, genetic_form found, or "
        "cause_of_death",
    ),
    "action": Column(ACTION, "action on steroid because of it"),
}

_FOLLOW_UP = {
    **_KEY,
    "end_days": Column(pl.Int32, "last day, inclusive", "days"),
    "reason": Column(
        END_REASON, "why follow-up ends; kidney_failure is a filtration rate below the limit of the scenario"
    ),
}

_OBSERVED = {
    "patients": Table(
        "a patient",
        {
            **_KEY,
            "site": Column(pl.Int32, "clinic"),
            "band": Column(pl.String, "age band of the scenario"),
            "sex": Column(SEX, "sex"),
            "onset_date": Column(pl.Date, "date of day 0, the onset of the disease as recorded"),
            "birth_days": Column(pl.Int32, "day of birth, 0 or negative as it precedes onset", "days"),
            "age_at_onset_years": Column(pl.Float64, "age on day 0", "years"),
            "weight_kg": Column(pl.Float64, "dry weight at presentation", "kg"),
            "height_cm": Column(pl.Float64, "height at presentation", "cm"),
            "measured_days": Column(
                pl.Int32,
                "day of the first visit, at which weight and height were taken; null if the record ends before",
                "days",
            ),
            "lesion": Column(LESION, "lesion, if a biopsy was taken"),
            "biopsy_days": Column(pl.Int32, "day of the biopsy", "days"),
        },
    ),
    "visits": Table(
        "a visit",
        {
            **_KEY,
            "visit": Column(pl.Int32, "number of the visit, from 0"),
            "planned_days": Column(pl.Int32, "day planned", "days"),
            "actual_days": Column(pl.Int32, "day on which it took place; null if missed", "days"),
            "kind": Column(VISIT_KIND, "reason for the visit"),
            "missed": Column(pl.Boolean, "whether its readings are missing from the record"),
            "waited_days": Column(pl.Float64, "waiting time for a slot of the clinic", "days"),
        },
    ),
    "readings": Table(
        "a measurement at a visit",
        {
            **_KEY,
            "visit": Column(pl.Int32, "number of the visit"),
            "taken_days": Column(pl.Int32, "day", "days"),
            "analyte": Column(ANALYTE, "what was measured"),
            "value": Column(
                pl.Float64, "result, rounded as recorded; for a dipstick the grade from 0 (negative) to 5 (4+)"
            ),
            "unit": Column(UNIT, "unit of the value"),
            "below_limit": Column(
                pl.Boolean, "whether the result is below the detection limit, which is then recorded as the value"
            ),
            "reference_low": Column(pl.Float64, "lower limit of the reference range"),
            "reference_high": Column(pl.Float64, "upper limit of the reference range"),
        },
    ),
    "diary": Table(
        "an interval of days with the same home dipstick grade",
        {
            **_KEY,
            "first_days": Column(pl.Int32, "first day", "days"),
            "last_days": Column(pl.Int32, "last day, inclusive", "days"),
            "grade": Column(BAND, "dipstick grade"),
        },
    ),
    "doses": Table("an interval of days on the same dose of a drug", _DOSES),
    "conditions": Table("a condition noted", _CONDITIONS),
    "follow_up": Table("the end of a patient's follow-up", _FOLLOW_UP),
}

_TRUTH = {
    "truth/traits": Table(
        "a patient",
        {
            **_KEY,
            "lesion": Column(LESION, "lesion, biopsied or not"),
            "response": Column(
                RESPONSE, "response to adequate steroid at onset without a reversible cause of resistance"
            ),
            "age_at_onset_years": Column(pl.Float64, "age on day 0", "years"),
            "entry_days": Column(pl.Float64, "calendar day of onset at the site", "days"),
            "presentation_days": Column(pl.Float64, "time of the first visit", "days"),
            "never_relapses": Column(pl.Boolean, "whether the relapse hazard is always 0"),
            "genetic": Column(pl.Boolean, "whether it is a genetic form, which never responds"),
            "anti_pla2r_positive": Column(pl.Boolean, "whether there are anti-PLA2R antibodies in active disease"),
            "frailty": Column(pl.Float64, "factor on the relapse hazard, mean 1"),
            "relapse_rate_per_year": Column(
                pl.Float64, "relapse hazard without triggers and steroid, before the factor of a threshold", "1/year"
            ),
            "threshold_mg_per_kg_per_day": Column(
                pl.Float64, "mean dose taken below which the hazard is raised; 0 if there is no threshold", "mg/kg/day"
            ),
            "cured_days": Column(pl.Float64, "time after which no relapse begins, if there is one", "days"),
            "resistant_days": Column(pl.Float64, "time after which relapses do not respond to steroid, if any", "days"),
            "remission_time_score": Column(
                pl.Float64, "normal score of the part of times to remission that episodes share"
            ),
            "tests_at_home": Column(pl.Boolean, "whether the family tests the urine at home without a diary"),
            "spontaneous_days": Column(
                pl.Float64, "time at which proteinuria remits spontaneously, if it does", "days"
            ),
            "nephrotic_upcr_mg_per_mg": Column(pl.Float64, "true ratio while nephrotic", "mg/mg"),
            "partial_upcr_mg_per_mg": Column(pl.Float64, "true ratio in partial remission", "mg/mg"),
            "remission_upcr_mg_per_mg": Column(pl.Float64, "true ratio in complete remission", "mg/mg"),
            "albumin_g_per_dl": Column(pl.Float64, "albumin without proteinuria", "g/dL"),
            "albumin_catabolism_per_day": Column(
                pl.Float64,
                "share of albumin catabolised per day; a constant of the scenario, like the next two columns",
                "1/day",
            ),
            "albumin_loss_per_day_per_mg_per_mg": Column(
                pl.Float64, "share of albumin lost per day and unit of the true ratio", "1/day per mg/mg"
            ),
            "albumin_loss_saturates_at_mg_per_mg": Column(
                pl.Float64, "true ratio above which the loss no longer increases", "mg/mg"
            ),
            "cholesterol_mg_per_dl": Column(pl.Float64, "cholesterol at normal albumin", "mg/dL"),
            "gfr_ml_per_min_per_1_73_m2": Column(pl.Float64, "filtration rate at onset", "mL/min/1.73 m2"),
            "taken_fraction": Column(
                pl.Float64,
                "share of the prescribed dose that is taken, until non-adherence is found and corrected",
                "fraction",
            ),
            "kidney_loss_factor": Column(
                pl.Float64, "factor on the yearly loss of filtration, of lesion and patient combined"
            ),
            "prone_to_thrombosis": Column(pl.Boolean, "whether a venous thrombosis can occur"),
            "cyclophosphamide_requirement_mg_per_kg": Column(
                pl.Float64, "cumulative dose that gives 63% of the maximal protection", "mg/kg"
            ),
            "gonadal_tolerance_mg_per_kg": Column(
                pl.Float64, "cumulative dose at which gonadal toxicity occurs", "mg/kg"
            ),
            "bladder_tolerance_mg_per_kg": Column(
                pl.Float64, "cumulative dose at which bladder toxicity occurs", "mg/kg"
            ),
            **{
                name: Column(pl.Boolean, f"whether {name.replace('_', ' ')} keeps steroid from working at onset")
                for name in vocabulary.PROVOKING_FACTORS
            },
        },
    ),
    "truth/events": Table(
        "an event, or a conclusion of the clinic",
        {
            **_KEY,
            "time_days": Column(pl.Float64, "time", "days"),
            "event": Column(EVENT, "event"),
            "value": Column(
                pl.Float64,
                "value of the event: for a relapse, infection, exertion or provocation test its ordinal number; for a "
                "conclusion the ratio measured; for a thrombosis or serious infection the albumin (g/dL); for an "
                "event of an agent the code of the drug; for a biopsy, toxicity, treated complication or reversible "
                "cause of resistance its code; for a death the code of the condition that caused it",
            ),
        },
    ),
    "truth/proteinuria": Table(
        "a segment of the course of the true ratio, until the next row",
        {
            **_KEY,
            "start_days": Column(pl.Float64, "time at which the segment begins", "days"),
            "upcr_start_mg_per_mg": Column(pl.Float64, "ratio at that time", "mg/mg"),
            "log_slope_per_day": Column(
                pl.Float64, "slope of the natural logarithm of the ratio; 0 if constant", "1/day"
            ),
            "upcr_target_mg_per_mg": Column(pl.Float64, "ratio that the segment approaches and then keeps", "mg/mg"),
        },
    ),
    "truth/doses": Table("an interval of days on the same dose of a drug, to the end of the course", _DOSES),
    "truth/conditions": Table("a condition noted, to the end of the course", _CONDITIONS),
    "truth/follow_up": Table("the end of a patient's course", _FOLLOW_UP),
}

_DERIVED = {
    "labels": Table(
        "the classification of a patient by one definition set and one view",
        {
            **_KEY,
            "criteria": Column(pl.String, "name of the definition set"),
            "view": Column(VIEW, "record that was classified: complete or observed"),
            "applies": Column(
                pl.Boolean, "whether the patient is eligible for the set; null if age or lesion is needed but not known"
            ),
            "category": Column(CATEGORY, "category, exactly one for each patient"),
            **dict.fromkeys(
                vocabulary.FLAGS, Column(pl.Boolean, "flag; null if undetermined, or if the set does not define it")
            ),
            **dict.fromkeys(
                vocabulary.COURSE_FLAGS,
                Column(pl.Boolean, "course that is named but is not a category; null as for the flags"),
            ),
            "refractory": Column(
                pl.Boolean, "whether any flag that the set counts as refractory is met; null if undetermined"
            ),
            "refractory_kind": Column(
                pl.Boolean,
                "false: pseudo-refractory, as a reversible cause of resistance and a later response are "
                "recorded; true: "
                "refractory without such a record; null if not refractory",
            ),
            "first_met_days": Column(pl.Int32, "day on which the first counted flag was met", "days"),
        },
    ),
}


TABLES: dict[str, Table] = {**_OBSERVED, **_TRUTH, **_DERIVED}
"""Every table of a run by its name."""

OBSERVED: dict[str, Schema] = {name: table.schema for name, table in _OBSERVED.items()}
TRUTH: dict[str, Schema] = {name: table.schema for name, table in _TRUTH.items()}
DERIVED: dict[str, Schema] = {name: table.schema for name, table in _DERIVED.items()}
SCHEMAS: dict[str, Schema] = {**OBSERVED, **TRUTH, **DERIVED}
"""Type of each column, by table."""
