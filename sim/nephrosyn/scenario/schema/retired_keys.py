"""Keys of earlier versions, and the keys that took their place."""

from __future__ import annotations

from nephrosyn.vocabulary import CONTRAINDICATIONS

RETIRED = {
    "disease.late_resistance_probability": "disease.late_resistance (share and after_days)",
    "complications.kidney_loss.partial_remission": "complications.kidney_loss.proteinuria_power",
    "disease.death.rate_per_year": "disease.death.background_per_year (by the ages of from_years)",
    "population.bands.adults.height_log_sd": "population.growth.male_height_spread and female_height_spread",
    "population.bands.adults.weight_log_sd": "population.growth.male_weight_spread and female_weight_spread",
    "population.bands.children.height_log_sd": "population.growth.male_height_spread and female_height_spread",
    "population.bands.children.weight_log_sd": "population.growth.male_weight_spread and female_weight_spread",
    "disease.relapse.below_threshold_factor": "disease.relapse.bands.BAND.below_threshold_factor",
    "disease.relapse.since_remission_from_days": "disease.relapse.bands.BAND.since_remission_from_days",
    "disease.relapse.since_remission_factor": "disease.relapse.bands.BAND.since_remission_factor",
    "disease.relapse.remission_time_correlation": "disease.remission_time.frailty_correlation",
    **{
        f"care.contraindications.{name}.{band}": f"care.contraindications.{name}.share.{band}"
        for name in CONTRAINDICATIONS
        for band in ("children", "adults")
    },
}
"""From the dotted key of an earlier version to what to write instead."""
