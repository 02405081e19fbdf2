"""The latent traits of patients: demography, response, relapse, safety and levels.

Every trait comes by inverse transform from keyed uniforms, so that a patient is the same in every cohort, and two
scenarios that differ in one distribution share all other traits. `nephrosyn.patients.draw` draws them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nephrosyn.kernels.fallback import INTERPRETED
from nephrosyn.scenario.schema.limits import MOST_STEPS
from nephrosyn.vocabulary import PROVOKING_FACTORS, TOXICITIES

if TYPE_CHECKING:
    from nephrosyn.scenario.schema.scenario import Scenario


INFECTION_STEPS = MOST_STEPS
"""Most age steps of the rate of infection."""

TRAITS = np.dtype(
    [
        ("patient", "i8"),
        ("site", "i4"),
        ("band", "i4"),
        ("sex", "i4"),
        ("lesion", "i4"),
        ("response", "i4"),  # to adequate steroid: 0 none, 1 partial, 2 complete
        ("contraindications", "i4"),  # bit mask over vocabulary.CONTRAINDICATIONS
        ("remission_time_table", "i4"),
        ("biopsy_at_presentation", "i4"),
        ("biopsy_at_resistance", "i4"),
        ("biopsy_at_partial_remission", "i4"),
        ("biopsy_before_agent", "i4"),
        ("never_relapses", "i4"),
        ("genetic", "i4"),  # a genetic form, which never responds
        ("tested_genetically", "i4"),  # if resistance is declared
        ("entry_days", "f8"),  # calendar day of onset at the site
        ("age_years", "f8"),
        ("weight_score", "f8"),  # normal score of weight for age and sex
        ("height_score", "f8"),
        ("presentation_days", "f8"),
        ("frailty", "f8"),
        ("frailty_score", "f8"),  # normal score of the frailty
        ("relapse_per_day", "f8"),  # off drug, untriggered
        ("cured_from_days", "f8"),  # no relapse begins after it
        ("remission_time_score", "f8"),  # the part of the times to remission that all episodes share
        ("resistant_from_days", "f8"),  # later relapses do not respond to steroid; inf = never
        ("tests_at_home", "i8"),
        ("albumin_loss_factor", "f8"),
        ("threshold_mg_per_kg_per_day", "f8"),  # 0 = none
        ("spontaneous_days", "f8"),  # start of a spontaneous fall; inf = never
        ("nephrotic_log_upcr", "f8"),
        ("partial_log_upcr", "f8"),
        ("remission_log_upcr", "f8"),
        ("rise_per_day", "f8"),
        ("fall_per_day", "f8"),
        ("spontaneous_fall_per_day", "f8"),
        ("albumin_g_per_dl", "f8"),
        ("cholesterol_mg_per_dl", "f8"),
        ("gfr_ml_per_min_per_1_73_m2", "f8"),
        ("taken_fraction", "f8"),
        ("urine_follows_days", "f8"),  # from the immunological response to the fall of proteinuria
        ("relapse_follows_days", "f8"),  # from the immunological relapse to the rise of proteinuria
        ("anti_pla2r_positive", "i8"),
        ("anti_pla2r_active_log", "f8"),  # log RU/mL while the disease is active
        ("anti_pla2r_background_log", "f8"),
        ("toxicity_per_day", "f8", (len(TOXICITIES),)),  # of steroid, at 1 mg/kg/day and this age
        ("infections_per_day", "f8", (INFECTION_STEPS,)),
        ("agent_score", "f8"),  # normal score shared by the responses to all agents
        ("requirement_mg_per_kg", "f8"),
        ("gonadal_tolerance_mg_per_kg", "f8"),
        ("bladder_tolerance_mg_per_kg", "f8"),
        ("loss_factor", "f8"),  # multiplies the loss of filtration; of lesion and patient together
        ("prone_to_thrombosis", "i8"),
        ("reluctant", "i8"),  # refuses second agents at first
        ("factors", "i8"),  # bit mask over vocabulary.PROVOKING_FACTORS
    ],
    align=True,
)

NON_ADHERENCE = PROVOKING_FACTORS.index("non_adherence")
YEARS_PER_DECADE = 10.0
NONE, PARTIAL, COMPLETE = 0, 1, 2
"""Response to adequate steroid."""


def records(count: int, dtype: np.dtype, *, zeroed: bool = True) -> np.ndarray:
    """Make records that event handlers can read by field name, compiled or not.

    Parameters
    ----------
    count : int
        Number of records.
    dtype : numpy.dtype
        A structured type.
    zeroed : bool
        Fill them with zeros; otherwise their content is arbitrary.

    Returns
    -------
    ndarray, shape (count,)
        A plain structured array for compiled code; a record array where compilation is switched off.
    """
    array = np.zeros(count, dtype) if zeroed else np.empty(count, dtype)
    return array.view(np.recarray) if INTERPRETED else array


def remission_time_tables(scenario: Scenario) -> list[tuple[str, str]]:
    """Band and lesion of each distribution of the time to remission, in the order of the tables.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.

    Returns
    -------
    list of (str, str)
        Band and lesion.
    """
    return [(band, lesion) for band in scenario.population.bands for lesion in scenario.disease.response[band]]
