"""What the tables of a run mean: what one row is, and what each column says."""

from __future__ import annotations

from nephrosyn import vocabulary

ROWS: dict[str, str] = {
    "patients": "a person",
    "visits": "a visit",
    "readings": "a result of a visit",
    "diary": "a run of days with the same home dipstick grade",
    "doses": "a run of days on the same dose of a drug",
    "conditions": "a condition as it was noted",
    "follow_up": "the end of a person's follow-up",
    "truth/traits": "a person",
    "truth/events": "something that happened, or that the clinic concluded",
    "truth/proteinuria": "a piece of the path of the true ratio, until the next row",
    "truth/doses": "a run of days on the same dose of a drug, to the end of the course",
    "truth/conditions": "a condition as it was noted, to the end of the course",
    "truth/follow_up": "the end of a person's course",
    "labels": "the verdict on a person, by one definition set and one view",
}
"""What one row of each table is."""

_KEY_MEANINGS = {"replicate": "repeat of the cohort, from 0", "patient": "number of the person, from 0"}
_DOSES_MEANINGS = {
    **_KEY_MEANINGS,
    "drug": "drug",
    "first_days": "first day",
    "last_days": "last day, in it",
    "dose_mg": "prescribed on a dosing day",
    "schedule": "daily, on alternate days, or a single infusion",
    "mean_mg_per_day": "mean over the days of the row: half of an alternate-day dose",
    "dosing_weight_kg": "dry weight: of steroid at the start of the course, of a second agent at the latest review",
}
_CONDITIONS_MEANINGS = {
    **_KEY_MEANINGS,
    "noted_days": "day of the visit that noted it",
    "condition": "condition",
    "kind": "contraindication from onset, toxicity (of steroid), infection (a cold and the like), agent_toxicity (of a "
    "second agent), complication (thrombosis, serious infection), or provoking_factor found",
    "action": "what became of steroid because of it",
}
_FOLLOW_UP_MEANINGS = {
    **_KEY_MEANINGS,
    "end_days": "last day, in it",
    "reason": "why it ends; kidney_failure is filtration below the limit of the scenario",
}

MEANINGS: dict[str, dict[str, str]] = {
    "patients": {
        **_KEY_MEANINGS,
        "site": "clinic",
        "band": "age band of the scenario",
        "sex": "sex",
        "birth_days": "day of birth, before onset and so not above 0",
        "age_at_onset_years": "age on day 0",
        "weight_kg": "dry weight at presentation",
        "height_cm": "height at presentation",
        "lesion": "lesion, if a biopsy was taken",
        "biopsy_days": "day of the biopsy",
    },
    "visits": {
        **_KEY_MEANINGS,
        "visit": "number of the visit, from 0",
        "planned_days": "day for which it was planned",
        "actual_days": "day on which it was held; null if missed",
        "kind": "why it was held",
        "missed": "whether its readings are missing from the chart",
        "waited_days": "time waited for a slot of the clinic",
    },
    "readings": {
        **_KEY_MEANINGS,
        "visit": "number of the visit",
        "taken_days": "day",
        "analyte": "what was measured",
        "value": "result, rounded as it is kept; of a dipstick the band from 0 (negative) to 5 (4+)",
        "unit": "unit of the value",
        "below_limit": "whether the result lies below the detection limit, which then stands as the value",
        "reference_low": "lower limit of the reference range",
        "reference_high": "upper limit of the reference range",
    },
    "diary": {
        **_KEY_MEANINGS,
        "first_days": "first day",
        "last_days": "last day, in it",
        "grade": "grade of the strip",
    },
    "doses": _DOSES_MEANINGS,
    "conditions": _CONDITIONS_MEANINGS,
    "follow_up": _FOLLOW_UP_MEANINGS,
    "truth/traits": {
        **_KEY_MEANINGS,
        "lesion": "lesion, biopsied or not",
        "response": "response to adequate steroid at onset, were no provoking factor there",
        "age_at_onset_years": "age on day 0",
        "entry_days": "calendar day of onset at the site",
        "presentation_days": "time of the first visit",
        "never_relapses": "whether the relapse hazard is 0 for life",
        "frailty": "factor on the relapse hazard, mean 1",
        "relapse_rate_per_year": "hazard untriggered, off steroid, before the factor of a threshold",
        "threshold_mg_per_kg_per_day": "mean dose taken below which the hazard is raised; 0 if there is none",
        "spontaneous_days": "time at which proteinuria falls by itself, if it does",
        "nephrotic_upcr_mg_per_mg": "true ratio while nephrotic",
        "partial_upcr_mg_per_mg": "true ratio in partial remission",
        "remission_upcr_mg_per_mg": "true ratio in complete remission",
        "albumin_g_per_dl": "albumin without proteinuria",
        "albumin_catabolism_per_day": "share of albumin broken down a day; from the scenario, as the two that follow",
        "albumin_loss_per_day_per_mg_per_mg": "share of it lost a day per unit of the true ratio",
        "albumin_loss_saturates_at_mg_per_mg": "true ratio beyond which that loss no longer grows",
        "cholesterol_mg_per_dl": "cholesterol at normal albumin",
        "gfr_ml_per_min_per_1_73_m2": "filtration rate at onset",
        "taken_fraction": "share of the prescribed dose that is taken, until non-adherence is found and removed",
        "kidney_loss_factor": "factor on the yearly loss of filtration, of lesion and patient together",
        "prone_to_thrombosis": "whether a venous thrombosis can happen",
        "cyclophosphamide_requirement_mg_per_kg": "cumulative dose that gives 63% of the protection it can give",
        "gonadal_tolerance_mg_per_kg": "cumulative dose at which gonads come to harm",
        "bladder_tolerance_mg_per_kg": "cumulative dose at which the bladder comes to harm",
        **{
            name: f"whether {name.replace('_', ' ')} keeps steroid from working at onset"
            for name in vocabulary.PROVOKING_FACTORS
        },
    },
    "truth/events": {
        **_KEY_MEANINGS,
        "time_days": "time",
        "event": "event",
        "value": "a number that goes with it: of a relapse, infection, exertion or provocation test the how many-th; "
        "of a conclusion the ratio read; of a thrombosis or serious infection the albumin (g/dL); of what an agent "
        "does the code of the drug; of a biopsy, harm, treated complication or provoking factor its code",
    },
    "truth/proteinuria": {
        **_KEY_MEANINGS,
        "start_days": "time at which the piece begins",
        "upcr_start_mg_per_mg": "ratio there",
        "log_slope_per_day": "slope of its natural logarithm; 0 if it stays",
        "upcr_target_mg_per_mg": "ratio at which it stays once reached",
    },
    "truth/doses": _DOSES_MEANINGS,
    "truth/conditions": _CONDITIONS_MEANINGS,
    "truth/follow_up": _FOLLOW_UP_MEANINGS,
    "labels": {
        **_KEY_MEANINGS,
        "criteria": "name of the definition set",
        "view": "record judged: complete or observed",
        "applies": "whether the set is for this person; null if age or lesion would tell, but is not known",
        "category": "the one category",
        **dict.fromkeys(vocabulary.FLAGS, "flag; null if it cannot be judged, or the set does not define it"),
        **dict.fromkeys(vocabulary.COURSE_FLAGS, "named without being a category; null as for the flags"),
        "refractory": "whether any flag that the set counts is met; null if it cannot be judged",
        "refractory_kind": "false: refractory, but a provoking factor and a later response are shown; true: nothing "
        "shows that; null if not refractory",
        "first_met_days": "day on which the first counted flag was met",
    },
}
"""What each column says, by table."""
