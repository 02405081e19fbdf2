"""Keys of earlier versions, and the keys that took their place."""

from __future__ import annotations

RETIRED = {
    "disease.late_resistance_probability": "disease.late_resistance (share and after_days)",
    "disease.relapse.below_threshold_factor": "disease.relapse.bands.BAND.below_threshold_factor",
    "disease.relapse.since_remission_from_days": "disease.relapse.bands.BAND.since_remission_from_days",
    "disease.relapse.since_remission_factor": "disease.relapse.bands.BAND.since_remission_factor",
    "disease.relapse.remission_time_correlation": "disease.remission_time.frailty_correlation",
}
"""From the dotted key of an earlier version to what to write instead."""
