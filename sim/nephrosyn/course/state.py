"""The records of a patient's course: state that changes, parameters that are shared, and the names of the clocks.

All times are days from onset. Proteinuria is held as the natural logarithm of the true urine protein/creatinine ratio
in mg/mg. Compiled code reads these records by field name.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from nephrosyn.patients import INFECTION_STEPS
from nephrosyn.scenario.kinds import MOST_STEPS
from nephrosyn.terms import TOXICITIES


class Clock(IntEnum):
    """The clocks. Where two fall due together the lower number goes first."""

    REMISSION = 0
    RESPONSE = 1
    RELAPSE = 2
    SPONTANEOUS = 3
    INFECTION = 4
    INFECTION_ENDS = 5
    EXERTION = 6
    EXERTION_ENDS = 7
    BOUNDARY = 8
    TOXICITY = 9
    DOSE_STEP = 10
    SYMPTOM = 11
    DIARY = 12
    DROPOUT = 13
    VISIT = 14
    DEATH = 15
    END = 16


CLOCKS = len(Clock)

DUE, LEFT, RATE, SINCE = 0, 1, 2, 3
"""Rows of a patient's clock array: when due; budget left; rate it is spent at; since when."""


class Phase(IntEnum):
    """The true state of the disease."""

    NEPHROTIC = 0
    PARTIAL = 1
    REMISSION = 2


class Belief(IntEnum):
    """What the clinic holds to be the state of the disease."""

    NEPHROTIC = 0
    PARTIAL = 1
    REMISSION = 2
    RESISTANT = 3


class Treatment(IntEnum):
    """Where in a steroid course the patient is."""

    NONE = 0
    FULL_DOSE = 1
    TAPER = 2
    WITHDRAWAL = 3


STATE = np.dtype(
    [
        ("started", "i4"),
        ("now", "f8"),
        ("phase", "i4"),
        ("response", "i4"),
        ("falling", "i4"),
        ("spontaneous", "i4"),
        ("episode", "i4"),
        ("remission_since", "f8"),
        ("fall_per_day", "f8"),
        ("failed_mg_per_kg_per_day", "f8"),  # dose taken at the latest relapse
        ("path_start", "f8"),
        ("path_log", "f8"),
        ("path_slope", "f8"),
        ("path_target", "f8"),
        ("albumin", "f8"),
        ("cholesterol", "f8"),
        ("blood_time", "f8"),
        ("infections", "i4"),
        ("exertions", "i4"),
        ("infection_until", "f8"),
        ("exertion_until", "f8"),
        ("infection_to_note", "i4"),
        ("toxicities", "i4"),  # bit mask over terms.TOXICITIES
        ("toxicities_to_note", "i4"),
        ("symptoms", "i4"),
        ("treatment", "i4"),
        ("step", "i4"),
        ("last_step", "i4"),
        ("relapse_course", "i4"),
        ("steroid_limit", "f8"),  # 1 full, < 1 cut, 0 withheld or stopped
        ("steroid_barred", "i4"),
        ("full_since", "f8"),
        ("full_mg", "f8"),
        ("planned_mg", "f8"),
        ("dose_mg", "f8"),
        ("dose_schedule", "i4"),
        ("dose_first_day", "i4"),
        ("dosing_weight_kg", "f8"),
        ("run_weight_kg", "f8"),
        ("belief", "i4"),
        ("low_readings", "i4"),
        ("high_readings", "i4"),
        ("episode_first_reading", "f8"),
        ("visit", "i4"),
        ("visit_kind", "i4"),
        ("planned_day", "i4"),
        ("waited", "f8"),
        ("visits_allowed", "i8"),
        ("biopsied", "i4"),
        ("diary_grade", "i4"),
        ("diary_first", "i4"),
        ("diary_last", "i4"),
        ("diary_low_days", "i4"),
        ("diary_high_days", "i4"),
        ("dropped_out", "i4"),
        ("over", "i4"),
    ],
    align=True,
)

_COURSE = [
    ("amount", "f8"),
    ("per", "i4"),
    ("cap_mg", "f8"),
    ("full_dose_days", "f8"),
    ("after_remission_days", "f8"),
    ("resistance_days", "f8"),
    ("first_step", "i4"),
    ("last_step", "i4"),
]

PARAMETERS = np.dtype(
    [
        ("seed", "i8"),
        ("replicate", "i8"),
        ("follow_up_days", "f8"),
        # disease
        ("response_dose_mg_per_kg_per_day", "f8"),
        ("remits_on_failed_dose_probability", "f8"),
        ("late_resistance_probability", "f8"),
        ("resistance_reversal_probability", "f8"),
        ("remission_time_correlation", "f8"),
        ("dose_effect", "f8"),
        ("alternate_day_efficiency", "f8"),
        ("below_threshold_factor", "f8"),
        ("decline_from_years", "f8"),
        ("decline_per_year", "f8"),
        ("since_remission_steps", "i4"),
        ("since_remission_from_days", "f8", (MOST_STEPS,)),
        ("since_remission_factor", "f8", (MOST_STEPS,)),
        ("remission_below_log_upcr", "f8"),
        ("rise_per_day", "f8"),
        ("albumin_per_day", "f8"),
        ("albumin_loss", "f8"),
        ("loss_saturates_at", "f8"),
        ("oedema_below_g_per_dl", "f8"),
        ("oedema_weight_fraction", "f8"),
        ("cholesterol_rise", "f8"),
        ("cholesterol_per_day", "f8"),
        ("creatinine_constant", "f8", (2,)),  # male, female
        ("death_per_day", "f8"),
        ("death_nephrotic_factor", "f8"),
        # triggers
        ("infection_steps", "i4"),
        ("infection_from_years", "f8", (INFECTION_STEPS,)),
        ("infection_window_days", "f8"),
        ("infection_factor", "f8"),
        ("infection_noted_probability", "f8"),
        ("exertions_per_day", "f8"),
        ("exertion_window_days", "f8"),
        ("exertion_factor", "f8"),
        # care
        ("first", np.dtype(_COURSE, align=True)),
        ("relapse", np.dtype(_COURSE, align=True)),
        ("withdrawal_first_step", "i4"),
        ("withdrawal_last_step", "i4"),
        ("round_to_mg", "f8"),
        ("remission_mg_per_mg", "f8"),
        ("remission_readings", "i4"),
        ("relapse_mg_per_mg", "f8"),
        ("relapse_readings", "i4"),
        ("confirm_after_days", "f8"),
        ("visit_full_dose_days", "f8"),
        ("visit_taper_days", "f8"),
        ("visit_off_treatment_days", "f8"),
        ("visit_resistant_days", "f8"),
        ("symptom_probability", "f8"),
        ("symptom_table", "i4"),
        ("home_diary", "i4"),
        ("contraindicated_fraction", "f8"),
        ("cut_fraction", "f8"),
        ("toxicity_per_day", "f8", (len(TOXICITIES),)),
        ("toxicity_action", "i4", (len(TOXICITIES),)),
        ("visit_length_table", "i4"),
        ("dropout_per_day", "f8"),
        # readings
        ("upcr_low_log", "f8"),
        ("upcr_low_log_cv", "f8"),
        ("upcr_log_cv_slope", "f8"),
        ("upcr_high_log", "f8"),
        ("upcr_limit", "f8"),
        ("albumin_log_sd", "f8"),
        ("albumin_low", "f8"),
        ("albumin_bias_low", "f8"),
        ("albumin_high", "f8"),
        ("albumin_bias_high", "f8"),
        ("urine_creatinine_table", "i4"),
        ("dipstick_cuts", "f8", (5,)),
        ("band_error", "f8"),
        ("uacr_when_upcr_at_most", "f8"),
        ("uacr_share", "f8"),
        ("uacr_log_sd", "f8"),
        ("uacr_limit", "f8"),
        ("creatinine_log_sd", "f8"),
        ("cholesterol_log_sd", "f8"),
        ("weight_log_sd", "f8"),
    ],
    align=True,
)
