"""The numbers of a scenario as compiled code reads them, by field name: one record by age band, one by regimen."""

from __future__ import annotations

import numpy as np

from nephrosyn.patients.traits import INFECTION_STEPS
from nephrosyn.scenario.schema.units import MOST_STEPS
from nephrosyn.vocabulary import AGENT_TOXICITIES, LESIONS, PROVOKING_FACTORS, TOXICITIES

FACTORS = len(PROVOKING_FACTORS)
LESION_COUNT = len(LESIONS)

UNTREATED = np.dtype(
    [
        ("treated_table", "i4"),
        ("filtration_factor", "f8"),
        ("lasting_loss", "f8"),
        ("fatality", "f8"),
    ],
    align=True,
)

AGENT = np.dtype(
    [
        ("drug", "i4"),
        ("amount", "f8"),
        ("per", "i4"),
        ("cap_mg", "f8"),
        ("every_days", "f8"),
        ("course_days", "f8"),
        ("courses", "i4"),
        ("most_mg_per_kg", "f8"),
        ("most_g", "f8"),
        ("onset_table", "i4"),
        ("offset_table", "i4"),
        ("relapse_factor", "f8"),
        ("rebound_factor", "f8"),
        ("rebound_days", "f8"),
        ("sensitive_response", "f8"),
        ("complete", "f8", (LESION_COUNT,)),
        ("partial", "f8", (LESION_COUNT,)),
        ("response_table", "i4"),
        ("fails_at_relapses", "i4"),
        ("fails_after_days", "f8"),
        ("visit_days", "f8"),
        ("infection_factor", "f8"),
        ("not_with", "i4"),  # bit mask over terms.CONTRAINDICATIONS
        ("toxicity_per_day", "f8", (len(AGENT_TOXICITIES),)),
        ("toxicity_stops", "i4", (len(AGENT_TOXICITIES),)),
    ],
    align=True,
)
"""A regimen of a second agent."""

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
        ("infection_rate_factor", "f8"),
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
        ("partial_fraction", "f8"),
        ("relapse_mg_per_mg", "f8"),
        ("relapse_readings", "i4"),
        ("diary_days", "i4"),
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
        # provoking factors
        ("search", "i4"),  # never, at presentation, at resistance
        ("search_after_days", "f8"),
        ("needed_mg_per_m2_per_day", "f8"),
        ("factor_exposure", "f8", (FACTORS,)),
        ("factor_speed", "f8", (FACTORS,)),
        ("factor_found_table", "i4", (FACTORS,)),
        ("factor_removed_table", "i4", (FACTORS,)),
        ("factor_remits", "f8", (FACTORS,)),
        # complications
        ("thrombosis_per_day", "f8", (LESION_COUNT,)),
        ("renal_vein_share", "f8", (LESION_COUNT,)),
        ("thrombosis_knee", "f8"),
        ("thrombosis_log_factor", "f8"),
        ("thrombosis_flat_below", "f8"),
        ("thrombosis_above_knee", "f8"),
        ("serious_infection_per_day", "f8"),
        ("low_albumin", "f8"),
        ("low_albumin_factor", "f8"),
        ("infection_log_steroid_factor", "f8"),
        ("thrombosis_course", UNTREATED),
        ("serious_infection_course", UNTREATED),
        ("loss_per_day", "f8", (3,)),  # by Phase
        ("failure_gfr", "f8"),
        # second-line care
        ("agents", "i4"),  # how many regimens there are
        ("response_correlation", "f8"),
        ("most_protection", "f8"),
        ("reaction_intercept", "f8"),
        ("reaction_per_g", "f8"),
        ("first_start", "i4"),
        ("last_start", "i4"),
        ("dependence_relapses", "i4"),
        ("dependence_within_days", "f8"),
        ("frequent_in_6_months", "i4"),
        ("six_months_days", "f8"),
        ("frequent_in_12_months", "i4"),
        ("twelve_months_days", "f8"),
        ("stop_by_clear_urine", "i4"),
        ("negative_mg_per_mg", "f8"),
        ("stray_readings", "i4"),
        ("negative_days", "f8"),
        ("normal_days", "f8"),
        ("provocation_tests", "i4"),
        ("provocation_check_days", "f8"),
    ],
    align=True,
)
