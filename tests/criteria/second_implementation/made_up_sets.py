"""Made-up definition sets: a shipped one with many thresholds changed, whatever sense they make together."""

from __future__ import annotations

import tomllib
from copy import deepcopy

from nephrosyn import criteria
from nephrosyn.criteria.definition.inheritance import written
from nephrosyn.criteria.definition.omitted_sections import completed

CHOICES = {
    "population.age_from": (0, 0.25, 1),
    "population.unknown_lesion": ("applies", "undetermined"),
    "urine.remission_limit": ("at_most", "below"),
    "urine.remission_albumin": ("off", "off", 3.0, 3.5),
    "urine.missing_albumin": ("ignored", "passes"),
    "urine.relapse_limit": ("at_least", "above"),
    "urine.remission_band": ("negative", "trace"),
    "urine.relapse_band": ("2+", "3+", "4+"),
    "urine.home_days": (1, 2, 3, 5),
    "urine.clinic_readings": (1, 2, 3),
    "urine.max_gap": (30, 60, 120),
    "urine.relapse_in_taper": ("counts", "not_counted"),
    "urine.same_day": ("clinic", "diary"),
    "urine.relapse_window": ("off", "off", 3, 5, 9),
    "lesser_response.upcr": ("off", 1.0, 3.5),
    "lesser_response.limit": ("at_most", "below"),
    "lesser_response.fall": ("off", 0.5),
    "lesser_response.band_below": ("off", "2+", "3+"),
    "partial.upcr_below": ("off", 1.0, 2.0),
    "partial.fall": ("off", 0.5),
    "partial.albumin": ("off", 2.5, 3.0),
    "partial.band_below": ("off", "1+", "2+", "3+"),
    "steroid.alternate_per_kg": ("off", 1.5),
    "steroid.alternate_per_m2": ("off", 40.0),
    "steroid.alternate_cap": ("off", 40.0),
    "steroid.alternate_after": (0, 0, 4, 8),
    "steroid.maintenance_per_kg": ("off", 0.2),
    "steroid.maintenance": (10.0, 20.0),
    "steroid.longest_break": (1, 2, 8),
    "resistance.course": ("off", 4, 8, 12),
    "resistance.relapse_course": ("off", 4, 8, 12),
    "resistance.slow_lesions": ([], ["fsgs"], ["fsgs", "minimal_change"]),
    "resistance.slow_course": ("off", "off", 12, 16),
    "resistance.umbrella": ("off", "off", 3, 4),
    "resistance.confirmation": ("off", 6, 10),
    "resistance.confirmation_for": ("any", "partial"),
    "resistance.response": ("complete", "partial", "lesser"),
    "resistance.after_other_agent": ("counts", "not_counted"),
    "dependence.rule": ("raise_clears", "on_steroid"),
    "dependence.relapses": (1, 2, 3),
    "dependence.consecutive": ("any", "consecutive"),
    "dependence.off_days": (0, 1, 14),
    "dependence.raise_within": (3, 30, 90),
    "dependence.effective_within": (20, 84),
    "dependence.response": ("complete", "partial"),
    "dependence.schedules": (["alternate_day"], ["daily"], ["daily", "alternate_day", "single"]),
    "dependence.days_before": (1, 1, 2, 4),
    "frequent.anchor": ("remission", "presentation", "course_end"),
    "frequent.presenting": ("counts", "not_counted"),
    **{
        f"frequent.{rule}.{key}": values
        for rule in ("six_months", "twelve_months", "any_six_months")
        for key, values in {
            "count": ("off", 1, 2, 3, 4),
            "length": (60, 183, 365),
            "window": ("first", "sliding", "blocks"),
            "begins": (0, 0, 1, 90),
        }.items()
    },
    "intolerance.contraindications": (["diabetes", "hepatitis"],),
    "intolerance.contraindication_actions": (["none", "cut"],),
    "persistence.length": ("off", 90, 183),
    "persistence.episodes": ("first", "any"),
    "persistence.other_agent": ("required", "not_required"),
    "persistence.other_agent_days": (1, 30, 150),
    "persistence.adequate_days": (0, 28, 90),
    "persistence.response": ("complete", "partial", "lesser"),
    "course_flags.late_responder": ("off", "reported"),
    "course_flags.secondary_course": ("off", 4, 8),
    "course_flags.partial_remission": ("off", "reported"),
    "other_agents.calcineurin_inhibitors": (["ciclosporin"], ["ciclosporin", "tacrolimus"]),
    "other_agents.calcineurin_course": ("off", 90, 183),
    "other_agents.calcineurin_response": ("complete", "partial", "lesser"),
    "other_agents.calcineurin_relapses": ("counts", "not_counted"),
    "other_agents.multidrug_course": ("off", 100, 365),
    "other_agents.multidrug_classes": (1, 2),
    "other_agents.multidrug_each": (1, 28),
    "other_agents.multidrug_response": ("complete", "partial", "lesser"),
    "other_agents.longest_break": (1, 30),
    "other_agents.single_dose_lasts": (1, 30, 183),
}


def definition(random, name):
    """One set; those that contradict themselves are thrown away and drawn again."""
    while True:
        try:
            return criteria.parse(written(_content(random, name)), name)
        except criteria.CriteriaError:
            continue


def _content(random, name):
    base = random.choice(criteria.sets())
    content = deepcopy(completed(tomllib.loads(criteria.whole(criteria.text(base), base))))
    frequent = content["frequent"]
    content["frequent"] = {key: deepcopy(value) for key, value in frequent.items()}  # rules left out share one table
    for place, values in CHOICES.items():
        if random.random() < 0.5:
            *path, key = place.split(".")
            here = content
            for part in path:
                here = here[part]
            citation = {what: here[key][what] for what in ("unit", "grade", "citation")}
            here[key] = {**citation, "value": random.choice(values)}
    flags = [flag for flag, is_defined in _flags(content).items() if is_defined]
    random.shuffle(flags)
    content["verdict"]["precedence"]["value"] = flags
    content["verdict"]["refractory"]["value"] = flags[: random.randint(1, max(1, len(flags)))]
    return {**content, "name": name}


def _flags(content):
    """Which flags a set defines; a threshold that differs between children and adults is not off."""
    frequent, harm = content["frequent"], content["intolerance"]

    def is_on(threshold):
        return threshold.get("value") not in ("off", [])

    return {
        "resistant": is_on(content["resistance"]["course"]),
        "dependent": is_on(content["dependence"]["rule"]),
        "frequent": any(is_on(frequent[r]["count"]) for r in ("six_months", "twelve_months", "any_six_months")),
        "intolerant": is_on(harm["contraindications"]) or is_on(harm["toxicities"]),
        "non_remitting": is_on(content["persistence"]["length"]),
    }
