"""Defaults for the sections that a definition set omits: every clause is off."""

from __future__ import annotations

from typing import Any

from nephrosyn import vocabulary

CITATION = "the set does not define it"


def _off(unit: str, value: Any = "off") -> dict[str, Any]:
    return {"value": value, "unit": unit, "grade": "D", "citation": CITATION}


_NEVER_FREQUENT = {
    "count": _off("relapses"),
    "length": _off("days", 1),
    "window": _off("name", "sliding"),
    "begins": _off("days", 0),
}
SWITCHED_OFF: dict[str, dict[str, Any]] = {
    "partial": {
        "upcr_below": _off("mg/mg"),
        "fall": _off("fraction"),
        "albumin": _off("g/dL"),
        "band_below": _off("dipstick band"),
    },
    "lesser_response": {
        "upcr": _off("mg/mg"),
        "limit": _off("name", "below"),
        "fall": _off("fraction"),
        "band_below": _off("dipstick band"),
    },
    "resistance": {
        **{key: _off("weeks") for key in ("course", "relapse_course", "slow_course", "umbrella", "confirmation")},
        "slow_lesions": _off("names", []),
        "confirmation_for": _off("name", "any"),
        "response": _off("name", "complete"),
    },
    "dependence": {
        "rule": _off("name"),
        "relapses": _off("relapses", 1),
        "consecutive": _off("name", "any"),
        "off_days": _off("days", 0),
        "raise_within": _off("days", 1),
        "effective_within": _off("days", 1),
    },
    "frequent": {
        "anchor": _off("name", "remission"),
        "presenting": _off("name", "not_counted"),
        **dict.fromkeys(("six_months", "twelve_months", "any_six_months"), _NEVER_FREQUENT),
    },
    "intolerance": dict.fromkeys(
        ("contraindications", "contraindication_actions", "toxicities", "toxicity_actions"), _off("names", [])
    ),
    "persistence": {
        "length": _off("days"),
        "episodes": _off("name", "first"),
        "other_agent": _off("name", "not_required"),
        "response": _off("name", "complete"),
    },
    "course_flags": {
        "late_responder": _off("name"),
        "secondary_course": _off("weeks"),
        "partial_remission": _off("name"),
    },
    "other_agents": {
        "calcineurin_inhibitors": _off("names", []),
        "calcineurin_course": _off("days"),
        "calcineurin_response": _off("name", "complete"),
        "multidrug_course": _off("days"),
        "multidrug_classes": _off("classes", 1),
        "multidrug_each": _off("days", 1),
        "multidrug_response": _off("name", "complete"),
        "longest_break": _off("days", 1),
        "single_dose_lasts": _off("days", 1),
    },
}
"""Sections, and the rules within `frequent`, that may be omitted. Numbers of clauses that are off are never used."""


NOT_STATED = "the set does not state it"


def _usual(unit: str, value: Any) -> dict[str, Any]:
    return {"value": value, "unit": unit, "grade": "D", "citation": NOT_STATED}


OPTIONAL: dict[str, dict[str, Any]] = {
    "urine": {"same_day": _usual("name", "clinic"), "relapse_window": _usual("days", "off")},
    "steroid": {"longest_break": _usual("days", 1)},
    "resistance": {"after_other_agent": _usual("name", "counts")},
    "dependence": {
        "response": _usual("name", "complete"),
        "schedules": _usual("names", list(vocabulary.SCHEDULES)),
        "days_before": _usual("days", 1),
    },
    "persistence": {"other_agent_days": _usual("days", 1), "adequate_days": _usual("days", 0)},
    "other_agents": {"calcineurin_relapses": _usual("name", "not_counted")},
}
"""Keys that a section may omit, with their defaults."""


def completed(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a set with the sections and keys that it omits."""
    whole = {**SWITCHED_OFF, **content}
    for name, keys in OPTIONAL.items():
        if isinstance(whole.get(name), dict):
            whole[name] = {**keys, **whole[name]}
    if isinstance(whole["frequent"], dict):
        rules = {name: SWITCHED_OFF["frequent"][name] for name in ("six_months", "twelve_months", "any_six_months")}
        whole["frequent"] = {**rules, **whole["frequent"]}
    return whole
