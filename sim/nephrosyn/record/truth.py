"""The tables of the truth: latent traits, all events, and the true course of proteinuria."""

from __future__ import annotations

import numpy as np
import polars as pl

from nephrosyn import vocabulary
from nephrosyn.course.state.events import Kind
from nephrosyn.record import schema
from nephrosyn.record.history import SortedHistory, conditions, decode, doses, follow_up
from nephrosyn.vocabulary import DAYS_PER_YEAR


def truth(history: SortedHistory) -> dict[str, pl.DataFrame]:
    """Return the tables of the truth.

    Parameters
    ----------
    history : SortedHistory
        What happened.

    Returns
    -------
    dict of str to polars.DataFrame
        The ``truth/...`` tables, columns not yet in their final types.
    """
    return {
        "truth/traits": _traits(history),
        "truth/events": _events(history),
        "truth/proteinuria": _proteinuria(history),
        "truth/doses": doses(history, observed=False),
        "truth/conditions": conditions(history, observed=False),
        "truth/follow_up": follow_up(history, observed=False),
    }


_NEVER_IS_INFINITE = ("cured_days", "resistant_days", "spontaneous_days")


def _traits(history: SortedHistory) -> pl.DataFrame:
    traits, albumin = history.traits, history.scenario.disease.albumin
    return history.frame(
        traits["patient"].astype(np.int32),
        {
            "lesion": decode(traits["lesion"], schema.LESION),
            "response": decode(traits["response"], schema.RESPONSE),
            "age_at_onset_years": traits["age_years"],
            "entry_days": traits["entry_days"],
            "presentation_days": traits["presentation_days"],
            "never_relapses": traits["never_relapses"] == 1,
            "genetic": traits["genetic"] == 1,
            "anti_pla2r_positive": traits["anti_pla2r_positive"] == 1,
            "frailty": traits["frailty"],
            "relapse_rate_per_year": traits["relapse_per_day"] * DAYS_PER_YEAR,
            "threshold_mg_per_kg_per_day": traits["threshold_mg_per_kg_per_day"],
            "cured_days": traits["cured_from_days"],
            "resistant_days": traits["resistant_from_days"],
            "remission_time_score": traits["remission_time_score"],
            "tests_at_home": traits["tests_at_home"] == 1,
            "spontaneous_days": traits["spontaneous_days"],
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
        },
    ).with_columns(pl.when(pl.col(name).is_finite()).then(name).alias(name) for name in _NEVER_IS_INFINITE)


def _events(history: SortedHistory) -> pl.DataFrame:
    rows = history.of(Kind.EVENT)
    frame = history.frame(
        rows["patient"],
        {"time_days": rows["time"], "event": decode(rows["code"], schema.EVENT), "value": rows["value"]},
    )
    return frame.with_columns(pl.col("value").fill_nan(None))


def _proteinuria(history: SortedHistory) -> pl.DataFrame:
    rows = history.of(Kind.PATH)
    return history.frame(
        rows["patient"],
        {
            "start_days": rows["time"],
            "upcr_start_mg_per_mg": np.exp(rows["value"]),
            "log_slope_per_day": rows["second_value"],
            "upcr_target_mg_per_mg": np.exp(rows["third_value"]),
        },
    )
