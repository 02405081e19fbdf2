"""Hazard ratios in simulated patients who differ in one variable."""

from __future__ import annotations

import numpy as np

from .cohorts import play


def _rate(events, days):
    return len(events) / np.sum(days)


def thrombosis_ratio_per_g_per_dl():
    """Hazard of thrombosis for each g/dL less of albumin, below the threshold: at 2.52 and at 1.8 g/dL."""
    rates = []
    for loss in (0.003, 0.006):
        cohort = play("constant-albumin", 6000, f"disease.albumin.loss_per_day_per_mg_per_mg={loss}")
        first = np.minimum(cohort.first("venous_thrombosis"), cohort.first("renal_vein_thrombosis"))
        rates.append(np.isfinite(first).sum() / np.minimum(first, cohort.end).sum())
    albumin = [0.036 * 4.2 / (0.036 + 8 * loss) for loss in (0.003, 0.006)]
    return float((rates[1] / rates[0]) ** (1.0 / (albumin[0] - albumin[1])))


def infection_ratio_by_albumin():
    """Hazard of serious infection at an albumin of 1.4 g/dL over that at 1.8 g/dL."""
    cohorts = [
        play("constant-albumin", 6000, f"disease.albumin.loss_per_day_per_mg_per_mg={loss}") for loss in (0.009, 0.006)
    ]
    low, higher = (_rate(cohort.all("serious_infection"), cohort.end) for cohort in cohorts)
    return float(low / higher)


def infection_ratio_by_dose():
    """Hazard of serious infection on 1 mg/kg/day of steroid over that without: twelve weeks, and after withdrawal."""
    cohort = play("constant-albumin", 6000, "disease.albumin.loss_per_day_per_mg_per_mg=0.006")
    start = cohort.traits["presentation_days"]
    stop = cohort.first("steroid_stopped")
    whole = np.isfinite(stop) & (stop < cohort.end) & (cohort.first("steroid_toxicity") > cohort.end)
    on = cohort.count("serious_infection", start, start + 7 * 12)[whole].sum() / (7 * 12 * whole.sum())
    off = cohort.count("serious_infection", stop, cohort.end)[whole].sum() / np.sum((cohort.end - stop)[whole])
    return float(on / off)
