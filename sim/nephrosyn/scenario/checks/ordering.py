"""Checks of order: lists of equal length, rising or falling numbers, lower and upper thresholds."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from nephrosyn.errors import number_text
from nephrosyn.scenario.checks.partial_tree import Mismatches, ValidParts
from nephrosyn.scenario.schema.care import STEROID_COURSES
from nephrosyn.scenario.schema.limits import GROWTH_CURVES
from nephrosyn.scenario.tree import Path

DIPSTICK_CUTS = 5


def _listed(numbers: list[float]) -> str:
    return "[" + ", ".join(map(number_text, numbers)) + "]"


def _rising(parts: ValidParts, path: Path) -> Mismatches:
    numbers = parts.numbers(*path)
    if numbers == []:
        yield path, "at least one number", "an empty list"
    if numbers and any(second <= first for first, second in pairwise(numbers)):
        yield path, "a list that rises", _listed(numbers)


def _as_long(parts: ValidParts, leader: Path, followers: list[str]) -> Mismatches:
    first = parts.numbers(*leader)
    for name in followers:
        path = (*leader[:-1], name)
        follower = parts.numbers(*path)
        if first is not None and follower is not None and len(first) != len(follower):
            yield path, f"as many entries as {leader[-1]}, {len(first)}", str(len(follower))


def _starts(parts: ValidParts, path: Path, most: float, why: str) -> Mismatches:
    numbers = parts.numbers(*path)
    if numbers and numbers[0] > most:
        yield path, f"a list that starts at {number_text(most)}{why}", _listed(numbers)


def lists(parts: ValidParts) -> Mismatches:
    """Check that steps rise, start early enough, and have as many entries as the lists that go with them."""
    growth = ("population", "growth", "age_years")
    yield from _rising(parts, growth)
    yield from _as_long(parts, growth, list(GROWTH_CURVES))
    death = ("disease", "death", "from_years")
    yield from _rising(parts, death)
    yield from _as_long(parts, death, ["background_per_year"])
    yield from _starts(parts, death, 0.0, ", so that every age has a rate")
    infection = ("triggers", "infection", "from_years")
    yield from _rising(parts, infection)
    yield from _as_long(parts, infection, ["rate_per_year", "shape"])
    yield from _starts(parts, infection, 0.0, ", so that every age has a rate")
    for band in parts.names("disease", "relapse", "bands") or []:
        since = ("disease", "relapse", "bands", band, "since_remission_from_days")
        yield from _rising(parts, since)
        yield from _as_long(parts, since, ["since_remission_factor"])
        yield from _starts(parts, since, 0.0, ", the day of remission")
    cuts = ("readings", "dipstick", "cuts_mg_per_dl")
    yield from _rising(parts, cuts)
    numbers = parts.numbers(*cuts)
    if numbers is not None and len(numbers) != DIPSTICK_CUTS:
        yield cuts, f"{DIPSTICK_CUTS} lower cuts, for trace, 1+, 2+, 3+ and 4+ (mg/dL)", f"{len(numbers)}"


PAIRS = (
    ("readings.upcr", "low_mg_per_mg", "high_mg_per_mg"),
    ("readings.albumin", "low_g_per_dl", "high_g_per_dl"),
    ("care.regimen.*.watch", "remission_mg_per_mg", "relapse_mg_per_mg"),
    ("complications.acute_kidney_injury", "deepest_at_g_per_dl", "below_g_per_dl"),
    ("disease.proteinuria.variation", "partial_at_least_mg_per_mg", "partial_at_most_mg_per_mg"),
    ("disease.proteinuria.variation", "partial_at_most_mg_per_mg", "nephrotic_at_least_mg_per_mg"),
)
PAIRS_OR_EQUAL = (*((f"care.regimen.*.{course}", "full_dose_weeks", "resistance_weeks") for course in STEROID_COURSES),)


def _places(parts: ValidParts, pattern: str) -> list[Path]:
    places: list[Path] = [()]
    for key in pattern.split("."):
        places = [(*place, name) for place in places for name in (parts.names(*place) or [] if key == "*" else [key])]
    return places


def thresholds(parts: ValidParts) -> Mismatches:
    """Check that lower thresholds are below upper ones."""
    for pairs, word in ((PAIRS, "above"), (PAIRS_OR_EQUAL, "at least")):
        for pattern, low_key, high_key in pairs:
            for place in _places(parts, pattern):
                low, high = parts.value(*place, low_key), parts.value(*place, high_key)
                if low is not None and high is not None and (high < low or (high == low and word == "above")):
                    yield (*place, high_key), f"a number {word} {low_key}, {number_text(low)}", number_text(high)
    for analyte in parts.names("readings", "reference") or []:
        path = ("readings", "reference", analyte)
        ends = parts.numbers(*path)
        if ends and ends[0] >= ends[1]:
            yield path, "a lower and a higher limit", _listed(ends)


def tapers(parts: ValidParts) -> Mismatches:
    """Check that a taper never rises. Doses in different units (per m2, per kg) are not compared."""
    for band in parts.names("care", "regimen") or []:
        regimen = ("care", "regimen", band)
        for course in STEROID_COURSES:
            dose = parts.table(*regimen, course, "dose")
            if dose and dose["per"] == "full":
                actual = "full, which only a taper can refer to"
                yield (*regimen, course, "dose", "per"), "m2, kg or patient", actual
            yield from _falling(parts, (*regimen, course, "taper"), dose)
        yield from _falling(parts, (*regimen, "withdrawal"), None)


def _falling(parts: ValidParts, path: Path, full: dict[str, Any] | None) -> Mismatches:
    steps = parts.value(*path)
    if not isinstance(steps, list):
        return
    before = {"amount": full["amount"], "per": full["per"], "schedule": "daily"} if full else None
    for place, step in enumerate(steps):
        where = (*path, str(place))
        now, top = _per_day(step), 1.0 if step["per"] == "full" else None
        if before is not None and before["per"] == step["per"]:
            top = _per_day(before)
        if top is not None and now > top:
            expected = f"a dose that does not rise in a taper: at most {number_text(top)} a day, averaged over two days"
            yield where, expected, number_text(now)
        before = step


def _per_day(step: dict[str, Any]) -> float:
    return float(step["amount"]) * (0.5 if step["schedule"] == "alternate_day" else 1.0)


def pulses(parts: ValidParts) -> Mismatches:
    """Check that pulses begin before resistance is declared."""
    for band in parts.names("care", "regimen") or []:
        course = ("care", "regimen", band, "first")
        given = parts.table(*course, "pulses")
        end = parts.value(*course, "resistance_weeks")
        if given and end is not None and given["number"] > 0 and given["after_weeks"] >= end:
            expected = f"fewer weeks than resistance_weeks, {number_text(end)}"
            yield (*course, "pulses", "after_weeks"), expected, number_text(given["after_weeks"])


CHECKS = (lists, thresholds, tapers, pulses)
