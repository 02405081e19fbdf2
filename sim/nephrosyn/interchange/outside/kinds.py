"""The kind of each condition, for records that do not say it."""

from __future__ import annotations

from nephrosyn import vocabulary

KINDS = {
    **dict.fromkeys(vocabulary.CONTRAINDICATIONS, "contraindication"),
    **dict.fromkeys(vocabulary.TOXICITIES, "toxicity"),
    **dict.fromkeys(vocabulary.AGENT_TOXICITIES, "agent_toxicity"),
    **dict.fromkeys(vocabulary.COMPLICATIONS, "complication"),
    **dict.fromkeys(vocabulary.PROVOKING_FACTORS, "provoking_factor"),
    **dict.fromkeys(vocabulary.CAUSES_OF_DEATH, "cause_of_death"),
    "infection": "infection",
    "genetic_form": "genetic_form",
}
"""Kind of each condition, where a record does not say it."""
