"""The tables of a run: what one row is, and the type, unit and meaning of every column.

Column names carry the unit; names in columns are enumerations of `vocabulary`. The schema, the data dictionary and the
reference page are all made from `TABLES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import polars as pl

from nephrosyn import vocabulary

ColumnType: TypeAlias = "pl.DataType | type[pl.DataType]"
Schema: TypeAlias = dict[str, ColumnType]


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    type : polars data type
        In memory and in Parquet.
    text : str
        What it says.
    unit : str
        Of the value; empty where it has none.
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
CONDITION = pl.Enum(vocabulary.CONDITIONS)
CONDITION_KIND = pl.Enum(vocabulary.CONDITION_KINDS)
ACTION = pl.Enum(vocabulary.STEROID_ACTIONS)
END_REASON = pl.Enum(vocabulary.END_REASONS)
EVENT = pl.Enum(vocabulary.EVENTS)
VIEW = pl.Enum(vocabulary.VIEWS)
CATEGORY = pl.Enum(vocabulary.CATEGORIES)
RESPONSE = pl.Enum(("none", "partial", "complete"))


_KEY = {
    "replicate": Column(pl.Int32, "repeat of the cohort, from 0"),
    "patient": Column(pl.Int32, "number of the person, from 0"),
}

_DOSES = {
    **_KEY,
    "drug": Column(DRUG, "drug"),
    "first_days": Column(pl.Int32, "first day", "days"),
    "last_days": Column(pl.Int32, "last day, in it", "days"),
    "dose_mg": Column(pl.Float64, "prescribed on a dosing day", "mg"),
    "schedule": Column(SCHEDULE, "daily, on alternate days, or a single infusion"),
    "mean_mg_per_day": Column(pl.Float64, "mean over the days of the row: half of an alternate-day dose", "mg/day"),
    "dosing_weight_kg": Column(
        pl.Float64, "dry weight: of steroid at the start of the course, of a second agent at the latest review", "kg"
    ),
}

_CONDITIONS = {
    **_KEY,
    "noted_days": Column(pl.Int32, "day of the visit that noted it", "days"),
    "condition": Column(CONDITION, "condition"),
    "kind": Column(
        CONDITION_KIND,
        "contraindication from onset, toxicity (of steroid), infection (a cold and the like), agent_toxicity (of a "
        "second agent), complication (thrombosis, serious infection), or provoking_factor found",
    ),
    "action": Column(ACTION, "what became of steroid because of it"),
}

_FOLLOW_UP = {
    **_KEY,
    "end_days": Column(pl.Int32, "last day, in it", "days"),
    "reason": Column(END_REASON, "why it ends; kidney_failure is filtration below the limit of the scenario"),
}

_OBSERVED = {
    "patients": Table(
        "a person",
        {
            **_KEY,
            "site": Column(pl.Int32, "clinic"),
            "band": Column(pl.String, "age band of the scenario"),
            "sex": Column(SEX, "sex"),
            "birth_days": Column(pl.Int32, "day of birth, before onset and so not above 0", "days"),
            "age_at_onset_years": Column(pl.Float64, "age on day 0", "years"),
            "weight_kg": Column(pl.Float64, "dry weight at presentation", "kg"),
            "height_cm": Column(pl.Float64, "height at presentation", "cm"),
            "lesion": Column(LESION, "lesion, if a biopsy was taken"),
            "biopsy_days": Column(pl.Int32, "day of the biopsy", "days"),
        },
    ),
    "visits": Table(
        "a visit",
        {
            **_KEY,
            "visit": Column(pl.Int32, "number of the visit, from 0"),
            "planned_days": Column(pl.Int32, "day for which it was planned", "days"),
            "actual_days": Column(pl.Int32, "day on which it was held; null if missed", "days"),
            "kind": Column(VISIT_KIND, "why it was held"),
            "missed": Column(pl.Boolean, "whether its readings are missing from the chart"),
            "waited_days": Column(pl.Float64, "time waited for a slot of the clinic", "days"),
        },
    ),
    "readings": Table(
        "a result of a visit",
        {
            **_KEY,
            "visit": Column(pl.Int32, "number of the visit"),
            "taken_days": Column(pl.Int32, "day", "days"),
            "analyte": Column(ANALYTE, "what was measured"),
            "value": Column(
                pl.Float64, "result, rounded as it is kept; of a dipstick the band from 0 (negative) to 5 (4+)"
            ),
            "unit": Column(UNIT, "unit of the value"),
            "below_limit": Column(
                pl.Boolean, "whether the result lies below the detection limit, which then stands as the value"
            ),
            "reference_low": Column(pl.Float64, "lower limit of the reference range"),
            "reference_high": Column(pl.Float64, "upper limit of the reference range"),
        },
    ),
    "diary": Table(
        "a run of days with the same home dipstick grade",
        {
            **_KEY,
            "first_days": Column(pl.Int32, "first day", "days"),
            "last_days": Column(pl.Int32, "last day, in it", "days"),
            "grade": Column(BAND, "grade of the strip"),
        },
    ),
    "doses": Table("a run of days on the same dose of a drug", _DOSES),
    "conditions": Table("a condition as it was noted", _CONDITIONS),
    "follow_up": Table("the end of a person's follow-up", _FOLLOW_UP),
}

_TRUTH = {
    "truth/traits": Table(
        "a person",
        {
            **_KEY,
            "lesion": Column(LESION, "lesion, biopsied or not"),
            "response": Column(RESPONSE, "response to adequate steroid at onset, were no provoking factor there"),
            "age_at_onset_years": Column(pl.Float64, "age on day 0", "years"),
            "entry_days": Column(pl.Float64, "calendar day of onset at the site", "days"),
            "presentation_days": Column(pl.Float64, "time of the first visit", "days"),
            "never_relapses": Column(pl.Boolean, "whether the relapse hazard is 0 for life"),
            "frailty": Column(pl.Float64, "factor on the relapse hazard, mean 1"),
            "relapse_rate_per_year": Column(
                pl.Float64, "hazard untriggered, off steroid, before the factor of a threshold", "1/year"
            ),
            "threshold_mg_per_kg_per_day": Column(
                pl.Float64, "mean dose taken below which the hazard is raised; 0 if there is none", "mg/kg/day"
            ),
            "spontaneous_days": Column(pl.Float64, "time at which proteinuria falls by itself, if it does", "days"),
            "nephrotic_upcr_mg_per_mg": Column(pl.Float64, "true ratio while nephrotic", "mg/mg"),
            "partial_upcr_mg_per_mg": Column(pl.Float64, "true ratio in partial remission", "mg/mg"),
            "remission_upcr_mg_per_mg": Column(pl.Float64, "true ratio in complete remission", "mg/mg"),
            "albumin_g_per_dl": Column(pl.Float64, "albumin without proteinuria", "g/dL"),
            "albumin_catabolism_per_day": Column(
                pl.Float64, "share of albumin broken down a day; from the scenario, as the two that follow", "1/day"
            ),
            "albumin_loss_per_day_per_mg_per_mg": Column(
                pl.Float64, "share of it lost a day per unit of the true ratio", "1/day per mg/mg"
            ),
            "albumin_loss_saturates_at_mg_per_mg": Column(
                pl.Float64, "true ratio beyond which that loss no longer grows", "mg/mg"
            ),
            "cholesterol_mg_per_dl": Column(pl.Float64, "cholesterol at normal albumin", "mg/dL"),
            "gfr_ml_per_min_per_1_73_m2": Column(pl.Float64, "filtration rate at onset", "mL/min/1.73 m2"),
            "taken_fraction": Column(
                pl.Float64,
                "share of the prescribed dose that is taken, until non-adherence is found and removed",
                "fraction",
            ),
            "kidney_loss_factor": Column(
                pl.Float64, "factor on the yearly loss of filtration, of lesion and patient together"
            ),
            "prone_to_thrombosis": Column(pl.Boolean, "whether a venous thrombosis can happen"),
            "cyclophosphamide_requirement_mg_per_kg": Column(
                pl.Float64, "cumulative dose that gives 63% of the protection it can give", "mg/kg"
            ),
            "gonadal_tolerance_mg_per_kg": Column(pl.Float64, "cumulative dose at which gonads come to harm", "mg/kg"),
            "bladder_tolerance_mg_per_kg": Column(
                pl.Float64, "cumulative dose at which the bladder comes to harm", "mg/kg"
            ),
            **{
                name: Column(pl.Boolean, f"whether {name.replace('_', ' ')} keeps steroid from working at onset")
                for name in vocabulary.PROVOKING_FACTORS
            },
        },
    ),
    "truth/events": Table(
        "something that happened, or that the clinic concluded",
        {
            **_KEY,
            "time_days": Column(pl.Float64, "time", "days"),
            "event": Column(EVENT, "event"),
            "value": Column(
                pl.Float64,
                "a number that goes with it: of a relapse, infection, exertion or provocation test its ordinal number; "
                "of a conclusion the ratio read; of a thrombosis or serious infection the albumin (g/dL); of what an "
                "agent does the code of the drug; of a biopsy, harm, treated complication or provoking factor its code",
            ),
        },
    ),
    "truth/proteinuria": Table(
        "a piece of the path of the true ratio, until the next row",
        {
            **_KEY,
            "start_days": Column(pl.Float64, "time at which the piece begins", "days"),
            "upcr_start_mg_per_mg": Column(pl.Float64, "ratio there", "mg/mg"),
            "log_slope_per_day": Column(pl.Float64, "slope of its natural logarithm; 0 if it stays", "1/day"),
            "upcr_target_mg_per_mg": Column(pl.Float64, "ratio at which it stays once reached", "mg/mg"),
        },
    ),
    "truth/doses": Table("a run of days on the same dose of a drug, to the end of the course", _DOSES),
    "truth/conditions": Table("a condition as it was noted, to the end of the course", _CONDITIONS),
    "truth/follow_up": Table("the end of a person's course", _FOLLOW_UP),
}

_DERIVED = {
    "labels": Table(
        "the verdict on a person, by one definition set and one view",
        {
            **_KEY,
            "criteria": Column(pl.String, "name of the definition set"),
            "view": Column(VIEW, "record judged: complete or observed"),
            "applies": Column(
                pl.Boolean, "whether the set is for this person; null if age or lesion would tell, but is not known"
            ),
            "category": Column(CATEGORY, "the one category"),
            **dict.fromkeys(
                vocabulary.FLAGS, Column(pl.Boolean, "flag; null if it cannot be judged, or the set does not define it")
            ),
            **dict.fromkeys(
                vocabulary.COURSE_FLAGS, Column(pl.Boolean, "named without being a category; null as for the flags")
            ),
            "refractory": Column(
                pl.Boolean, "whether any flag that the set counts is met; null if it cannot be judged"
            ),
            "refractory_kind": Column(
                pl.Boolean,
                "false: refractory, but a provoking factor and a later response are shown; true: nothing shows that; "
                "null if not refractory",
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
