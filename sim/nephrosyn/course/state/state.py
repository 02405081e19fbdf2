"""The state of a patient during the course, and the names of the clocks.

All times are days from onset. Proteinuria is held as the natural logarithm of the true urine protein/creatinine ratio
in mg/mg. Compiled code reads these records by field name.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from nephrosyn.scenario.schema.limits import MOST_REGIMENS


class Clock(IntEnum):
    """The clocks. Of two that are due at the same time, the lower number goes first."""

    REMISSION = 0
    RESPONSE = 1
    AGENT_RESPONSE = 2
    RELAPSE = 3
    SPONTANEOUS = 4
    URINE = 5
    INFECTION = 6
    INFECTION_ENDS = 7
    EXERTION = 8
    EXERTION_ENDS = 9
    BOUNDARY = 10
    TOXICITY = 11
    AGENT_TOXICITY = 12
    THROMBOSIS = 13
    SERIOUS_INFECTION = 14
    COMPLICATION_ENDS = 15
    FACTOR = 16
    DOSE_STEP = 17
    AGENT_START = 18
    AGENT_DOSE = 19
    AGENT_EFFECT = 20
    SYMPTOM = 21
    DIARY = 22
    LEVEL = 23
    DROPOUT = 24
    VISIT = 25
    KIDNEY_FAILURE = 26
    DEATH = 27
    END = 28


CLOCKS = len(Clock)
CLOCK_COLUMNS = 32
"""Columns of a patient's clock array, a power of two for the search of the earliest clock; the last are never due."""

DUE, LEFT, RATE, SINCE = 0, 1, 2, 3
"""Rows of a patient's clock array: due time; budget left; rate of spending; time of the last change of rate."""


RELAPSES_KEPT = 8
"""Number of latest relapses whose times are stored, to count frequent relapses."""

REGIMEN_BITS = 8
"""Bits of a draw's index that hold the regimen; the episode or course stands above them."""

TOXICITY_BITS = 4
"""Bits of a draw's index that hold the number of adverse events had in a course."""


class Phase(IntEnum):
    """True state of the disease."""

    NEPHROTIC = 0
    PARTIAL = 1
    REMISSION = 2


class Assessment(IntEnum):
    """The clinic's assessment of the disease."""

    NEPHROTIC = 0
    PARTIAL = 1
    REMISSION = 2
    RESISTANT = 3


class SteroidCourse(IntEnum):
    """Kinds of courses of steroid."""

    FIRST = 0
    RELAPSE = 1
    FREQUENT_RELAPSE = 2


class Treatment(IntEnum):
    """Stage of the steroid course."""

    NONE = 0
    FULL_DOSE = 1
    TAPER = 2
    WITHDRAWAL = 3


class Plan(IntEnum):
    """Why an agent is to start."""

    FIRST = 0  # the first of a rule, if what the rule waits for still holds
    NEXT = 1  # after a relapse or a failure
    IF_NEEDED = 2  # after a pause, if the patient is not in remission without steroid


STATE = np.dtype(
    [
        ("started", "i4"),
        ("now", "f8"),
        ("phase", "i4"),
        ("response", "i4"),
        ("falling", "i4"),
        ("episode", "i4"),
        ("remission_since", "f8"),
        ("remission_factor", "f8"),  # of the relapse hazard, by what brought the present remission
        ("fall_per_day", "f8"),
        ("planned_height", "f8"),  # of the fall of the present episode, in log units
        ("failed_mg_per_kg_per_day", "f8"),  # dose on which the latest relapse happened; 0 if it may still work
        ("path_start", "f8"),
        ("path_log", "f8"),
        ("path_slope", "f8"),
        ("path_target", "f8"),
        ("varying", "i4"),  # 1 while the path is slow variation, not a fall or rise
        ("variation_start", "f8"),  # of the periods of variation, as a fraction of one
        ("albumin", "f8"),
        ("cholesterol", "f8"),
        ("blood_time", "f8"),
        ("infections", "i4"),
        ("exertions", "i4"),
        ("infection_until", "f8"),
        ("exertion_until", "f8"),
        ("infection_to_note", "i4"),
        ("toxicities", "i4"),  # bit mask over vocabulary.TOXICITIES
        ("toxicities_to_note", "i4"),
        ("symptoms", "i4"),
        ("late_resistance", "i4"),  # 1 once it has come
        ("oedema_is_noticed", "i4"),  # whether oedema of this relapse brings the patient in
        ("oedema_delay_days", "f8"),
        ("oedema_visit", "f8"),  # when it does; inf while there is none
        ("home_test_visit", "f8"),  # when a home test brings the patient in; inf = never
        ("injury_depth", "f8"),  # fraction of filtration that this episode takes at the lowest albumin
        ("treatment", "i4"),
        ("step", "i4"),
        ("last_step", "i4"),
        ("course", "i4"),  # SteroidCourse
        ("steroid_limit", "f8"),  # 1 full, < 1 cut, 0 withheld or stopped
        ("steroid_barred", "i4"),
        ("untreated", "i4"),  # bit mask over vocabulary.CONTRAINDICATIONS, of those not yet treated
        ("presented", "f8"),
        ("reconsidered", "f8"),  # when the next of them has been treated; inf = never
        ("cut_at", "f8"),  # the latest cut for toxicity
        ("courses", "i4"),  # of steroid, begun so far
        ("pulses_left", "i4"),
        ("full_since", "f8"),
        ("full_mg", "f8"),
        ("planned_mg", "f8"),
        ("dose_mg", "f8"),
        ("dose_schedule", "i4"),
        ("dose_first_day", "i4"),
        ("dosing_weight_kg", "f8"),
        ("run_weight_kg", "f8"),
        ("assessment", "i4"),
        ("low_readings", "i4"),
        ("high_readings", "i4"),
        ("halved_readings", "i4"),  # in a row, without steroid: partial remission
        ("episode_first_reading", "f8"),
        ("visit", "i4"),
        ("visit_kind", "i4"),
        ("planned_day", "i4"),
        ("waited", "f8"),
        ("latest_visit_day", "i8"),
        ("visits_allowed", "i8"),
        ("biopsied", "i4"),
        ("diary_grade", "i4"),
        ("diary_first", "i4"),
        ("diary_last", "i4"),
        ("diary_low_days", "i4"),
        ("diary_high_days", "i4"),
        ("dropped_out", "i4"),
        ("over", "i4"),
        ("events", "i4"),  # played so far
        ("latest_events", "i4", (CLOCKS,)),  # by clock, counted near the limit on events
        # the fall of proteinuria, and causes of apparent resistance
        ("goal", "i4"),  # Phase that the present fall leads to
        ("factors", "i4"),  # bit mask over vocabulary.PROVOKING_FACTORS, of those still there
        ("factor_to_note", "i4"),
        ("factor_found", "i4"),  # the one found and not yet removed, or -1
        ("taken_fraction", "f8"),
        ("dose_by_surface", "i4"),
        ("retry_steroid", "i4"),  # steroid is to be tried again at the next visit
        # membranous nephropathy: urine follows the immunological response or relapse
        ("urine_event", "i4"),  # what the urine does next: an event, as its code
        ("urine_goal", "i4"),  # Phase that this fall leads to
        ("urine_fall_per_day", "f8"),
        ("urine_factor", "f8"),  # remission_factor of this fall
        ("anti_pla2r_log", "f8"),
        ("anti_pla2r_since", "f8"),
        ("anti_pla2r_slope", "f8"),
        ("anti_pla2r_target", "f8"),
        # genetic test
        ("genetic_result_day", "f8"),  # inf = no result to come
        ("genetic_test_considered", "i4"),
        ("genetic_found", "i4"),
        # complications and the kidney
        ("thrombosis_candidates", "i4"),
        ("serious_infection_candidates", "i4"),
        ("complication", "i4"),  # the one not yet treated, as a code of vocabulary.CONDITIONS, or -1
        ("complication_filtration", "f8"),  # what it leaves of the filtration meanwhile
        ("complications_to_note", "i4"),  # bit mask over vocabulary.COMPLICATIONS
        ("gfr", "f8"),
        ("gfr_since", "f8"),
        ("gfr_loss_per_day", "f8"),
        # supportive care
        ("albumin_read", "f8"),  # at the latest visit
        ("blockade", "i4"),  # 1 while the renin-angiotensin system is blocked
        ("blockade_first_day", "i4"),
        ("blockade_mg", "f8"),
        ("blockade_weight_kg", "f8"),
        ("anticoagulated", "i4"),
        # second agents
        ("rule", "i4"),  # row of the start rules that is followed, or -1
        ("place", "i4"),  # in its sequence
        ("plan", "i4"),  # why an agent is to start: Plan
        ("rules_used_up", "i8"),  # bit mask over the rules of the band
        ("against_when_used_up", "i4"),  # contraindications known when the latest rule was used up
        ("agents_given", "i4"),  # bit mask over regimens
        ("entry", "i4"),  # bit mask over regimens: the latest entry of the sequence, without what was not tolerated
        ("entry_since", "f8"),
        ("entry_upcr", "f8"),  # read at its start
        ("entry_relapses", "i4"),
        ("upcr_read", "f8"),
        ("refused", "f8"),  # when agents were first refused; inf = never
        ("accepts_agents", "i4"),
        ("not_tolerated", "f8"),  # when an agent was last stopped for an adverse event; -inf = never
        ("serious_infection_treated", "f8"),  # the latest; -inf = never
        ("agent_since", "f8", (MOST_REGIMENS,)),
        ("agent_until", "f8", (MOST_REGIMENS,)),
        ("agent_dose_due", "f8", (MOST_REGIMENS,)),
        ("agent_mg", "f8", (MOST_REGIMENS,)),
        ("agent_run_first_day", "i4", (MOST_REGIMENS,)),
        ("agent_run_weight_kg", "f8", (MOST_REGIMENS,)),
        ("agent_counted_day", "i4", (MOST_REGIMENS,)),  # doses before it are counted
        ("agent_toxicity_due", "f8", (MOST_REGIMENS,)),
        ("agent_response_due", "f8", (MOST_REGIMENS,)),
        ("agent_course_toxicities", "i4", (MOST_REGIMENS,)),  # bit masks over vocabulary.AGENT_TOXICITIES
        ("gut_reaction_draws", "i4"),
        ("agent_weight_kg", "f8"),
        ("agent_courses", "i4", (MOST_REGIMENS,)),
        ("agent_mg_per_kg", "f8", (MOST_REGIMENS,)),
        ("agent_g", "f8", (MOST_REGIMENS,)),
        ("agents_failed", "i4"),  # bit mask over regimens
        ("agents_not_tolerated", "i4"),  # bit mask over regimens
        ("agents_in_effect", "i4"),  # bit mask over regimens
        ("effect_from", "f8", (MOST_REGIMENS,)),
        ("effect_until", "f8", (MOST_REGIMENS,)),
        ("rebound_until", "f8", (MOST_REGIMENS,)),
        ("agent_factor", "f8"),  # multiplies the relapse hazard
        ("agent_infection_factor", "f8"),
        ("agent_level", "i4"),  # Phase that the response to come leads to
        ("responding_agent", "i4"),  # regimen it is a response to
        ("cyclophosphamide_mg_per_kg", "f8"),
        ("agent_toxicities", "i4"),  # bit mask over vocabulary.AGENT_TOXICITIES
        ("agent_toxicities_to_note", "i4"),
        # what care counts
        ("nephrotic_since", "f8"),  # start of the episode, by the clinic's assessment
        ("relapses_declared", "i4"),
        ("relapses_on_steroid", "i4"),  # in a row
        ("relapse_times", "f8", (RELAPSES_KEPT,)),
        ("steroid_ended", "f8"),
        ("withdraw_steroid", "i4"),  # withdrawn as soon as it is reduced, not tapered
        ("steroid_held_until", "f8"),  # not reduced before, while a second agent is built up
        ("uacr_read", "f8"),
        ("clear_since", "f8"),
        ("unclear_readings", "i4"),
        ("provocations", "i4"),
        ("provoked", "f8"),
        ("discharged", "i4"),
        # arguments and values of functions that take long, kept for the next call: see kept_values
        ("kept_log_upcr", "f8"),
        ("kept_upcr", "f8"),
        ("kept_step_days", "f8"),
        ("kept_cholesterol_left", "f8"),
        ("kept_read_log_upcr", "f8"),
        ("kept_upcr_log_sd", "f8"),
        ("kept_half_years", "i4"),
        ("kept_onset_factor", "f8"),
        ("kept_years", "f8"),
        ("kept_age_factor", "f8"),
        ("kept_acting_dose", "f8"),
        ("kept_dose_factor", "f8"),
        ("kept_taken_dose", "f8"),
        ("kept_infection_factor", "f8"),
    ],
    align=True,
)
