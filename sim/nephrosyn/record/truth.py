"""The latent traits of patients, and the true course of their proteinuria, as columns of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nephrosyn import vocabulary
from nephrosyn.vocabulary import DAYS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nephrosyn.record.columns import Proteinuria
    from nephrosyn.scenario.schema.scenario import Scenario


def traits_of(scenario: Scenario, traits: NDArray[np.void]) -> dict[str, Any]:
    """Return the columns of the latent traits.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    traits : ndarray of TRAITS, shape (n,)
        The patients.

    Returns
    -------
    dict of str to ndarray or polars.Series, shape (n,)
        The columns of ``truth/traits`` after the keys; terms are codes.
    """
    albumin = scenario.disease.albumin
    return {
        "lesion": traits["lesion"].astype(np.uint8),
        "response": traits["response"].astype(np.uint8),
        "age_at_onset_years": traits["age_years"],
        "entry_days": traits["entry_days"],
        "presentation_days": traits["presentation_days"],
        "never_relapses": traits["never_relapses"] == 1,
        "genetic": traits["genetic"] == 1,
        "anti_pla2r_positive": traits["anti_pla2r_positive"] == 1,
        "frailty": traits["frailty"],
        "relapse_rate_per_year": traits["relapse_per_day"] * DAYS_PER_YEAR,
        "threshold_mg_per_kg_per_day": traits["threshold_mg_per_kg_per_day"],
        "cured_days": _unless_never(traits["cured_from_days"]),
        "resistant_days": _unless_never(traits["resistant_from_days"]),
        "remission_time_score": traits["remission_time_score"],
        "tests_at_home": traits["tests_at_home"] == 1,
        "spontaneous_days": _unless_never(traits["spontaneous_days"]),
        "nephrotic_upcr_mg_per_mg": np.exp(traits["nephrotic_log_upcr"]),
        "partial_upcr_mg_per_mg": np.exp(traits["partial_log_upcr"]),
        "remission_upcr_mg_per_mg": np.exp(traits["remission_log_upcr"]),
        "albumin_g_per_dl": traits["albumin_g_per_dl"],
        "albumin_catabolism_per_day": np.full(len(traits), albumin.catabolism_per_day),
        "albumin_loss_per_day_per_mg_per_mg": albumin.loss_per_day_per_mg_per_mg * traits["albumin_loss_factor"],
        "albumin_loss_saturates_at_mg_per_mg": np.full(len(traits), albumin.loss_saturates_at_mg_per_mg),
        "cholesterol_mg_per_dl": traits["cholesterol_mg_per_dl"],
        "gfr_ml_per_min_per_1_73_m2": traits["gfr_ml_per_min_per_1_73_m2"],
        "taken_fraction": traits["taken_fraction"],
        "kidney_loss_factor": traits["loss_factor"],
        "prone_to_thrombosis": traits["prone_to_thrombosis"] == 1,
        "cyclophosphamide_requirement_mg_per_kg": traits["requirement_mg_per_kg"],
        "gonadal_tolerance_mg_per_kg": traits["gonadal_tolerance_mg_per_kg"],
        "bladder_tolerance_mg_per_kg": traits["bladder_tolerance_mg_per_kg"],
        **{name: traits["factors"] >> bit & 1 == 1 for bit, name in enumerate(vocabulary.PROVOKING_FACTORS)},
    }


def _unless_never(days: NDArray[np.float64]) -> pl.Series:
    """Return times (days), null where infinite."""
    return pl.Series(days).set(pl.Series(np.isinf(days)), None)


def segments(path: Proteinuria) -> dict[str, NDArray[Any]]:
    """Return the columns of the true course of proteinuria after the first key.

    numpy's exponential function serves, which differs from the C library's in the last bit.

    Parameters
    ----------
    path : Proteinuria
        The segments, with logarithms.

    Returns
    -------
    dict of str to ndarray, shape (segments,)
        The columns of ``truth/proteinuria`` from the patient on.
    """
    return {
        "patient": path.patient,
        "start_days": path.start_days,
        "upcr_start_mg_per_mg": np.exp(path.log_start),
        "log_slope_per_day": path.log_slope_per_day,
        "upcr_target_mg_per_mg": np.exp(path.log_target),
    }
