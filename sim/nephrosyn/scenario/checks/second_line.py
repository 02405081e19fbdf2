"""Checks of second-line care: existing regimens, finite sequences, doses within their caps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from nephrosyn.errors import nearest, number_text
from nephrosyn.scenario.checks.partial_tree import Mismatches, ValidParts, together
from nephrosyn.scenario.tree import Path
from nephrosyn.vocabulary import DRUG_TABLE

REGIMENS = ("second_line", "regimens")
POLICY = ("second_line", "policy")
_MG_PER_G = 1000.0
_ROUNDING = 1e-9
_LEAST_INTERVAL_DAYS = 7


def sequences(parts: ValidParts) -> Mismatches:
    """Check that every regimen of a sequence exists, and that no entry is repeated, because a loop would never end."""
    known = parts.names(*REGIMENS)
    for path, sequence in _sequences(parts):
        earlier: list[set[str]] = []
        for number, entry in enumerate(sequence):
            place = (*path, str(number))
            unknown = False
            for member, name in enumerate(together(entry)):
                if known is not None and name not in known:
                    unknown = True
                    where = place if isinstance(entry, str) else (*place, str(member))
                    yield where, "a regimen of second_line.regimens", (f'"{name}"', nearest(name, known))
            if not unknown and set(together(entry)) in earlier:
                yield place, "a sequence in which each regimen occurs once", f"{_named(entry)} again: it loops"
            earlier.append(set(together(entry)))


def combined(parts: ValidParts) -> Mismatches:
    """Check that what is given together may be: neither two drugs of one class nor two of `never_together`."""
    never = parts.value("second_line", "never_together") or []
    for path, sequence in _sequences(parts):
        for number, entry in enumerate(sequence):
            drugs = {name: parts.value(*REGIMENS, name, "drug") for name in together(entry)}
            if len(drugs) < len(together(entry)):
                yield (*path, str(number)), "different regimens to be given together", _named(entry)
                continue
            for first, second in combinations([drug for drug in drugs.values() if drug is not None], 2):
                reason = _against(first, second, never)
                if reason:
                    expected = f"regimens that may be given together ({reason})"
                    yield (*path, str(number)), expected, _named(entry)
                    break


def _against(first: str, second: str, never: list[list[str]]) -> str:
    """Return why two drugs may not be given together; empty if they may."""
    classes = {drug.name: drug.drug_class for drug in DRUG_TABLE}
    if first == second:
        return f"both are {first}"
    if classes[first] == classes[second]:
        return f"{first} and {second} are of one class, {classes[first].replace('_', ' ')}"
    if any(first in drugs and second in drugs for drugs in never):
        return f"{first} and {second} are in second_line.never_together"
    return ""


def _named(entry: str | list[str]) -> str:
    names = ", ".join(f'"{name}"' for name in together(entry))
    return names if isinstance(entry, str) else f"[{names}]"


def _sequences(parts: ValidParts) -> Iterator[tuple[Path, list[str | list[str]]]]:
    for band in parts.names(*POLICY) or []:
        for place, start in enumerate(_starts(parts, band)):
            yield (*POLICY, band, "starts", str(place), "sequence"), start["sequence"]


def _starts(parts: ValidParts, band: str) -> list[dict[str, Any]]:
    starts = parts.value(*POLICY, band, "starts")
    return starts if isinstance(starts, list) else []


def regimen_names(parts: ValidParts) -> Mismatches:
    """Check that regimens can be named by a dotted path."""
    for name in parts.names(*REGIMENS) or []:
        if not name or "." in name:
            yield (*REGIMENS, name), "a name without a dot", f'"{name}"'


def caps(parts: ValidParts) -> Mismatches:
    """Check that no dose exceeds its cap, and no planned course the cumulative caps."""
    for name in parts.names(*REGIMENS) or []:
        regimen = parts.table(*REGIMENS, name)
        if regimen is None or "dose" not in regimen:
            continue
        amount, per, cap = (regimen["dose"][key] for key in ("amount", "per", "cap_mg"))
        if per == "patient" and amount > cap:
            where = (*REGIMENS, name, "dose", "amount")
            yield where, f"a dose of at most cap_mg, {number_text(cap)} (mg)", number_text(amount)
        limit_of = {"kg": ("most_mg_per_kg", 1.0), "patient": ("most_g", _MG_PER_G)}
        if per not in limit_of:
            continue
        key, unit = limit_of[per]
        total = amount * _doses(regimen) / unit
        if isinstance(regimen[key], float | int) and total > regimen[key] + _ROUNDING:
            expected = f"a course within {key}, {number_text(regimen[key])}"
            actual = f"{number_text(amount)} mg x {_doses(regimen)} doses, {number_text(total)}"
            yield (*REGIMENS, name, "course_days"), expected, actual


def _doses(regimen: dict[str, Any]) -> int:
    """Return the number of doses of a course."""
    return max(int(-(-regimen["course_days"] // regimen["every_days"])), 1)


def reaction(parts: ValidParts) -> Mismatches:
    """Check that the probability of a reaction rises with the single dose."""
    path = ("second_line", "cyclophosphamide", "reaction")
    for low, high, unit in (
        ("low_single_dose_g", "high_single_dose_g", " (g)"),
        ("probability_at_low", "probability_at_high", ""),
    ):
        least, most = parts.value(*path, low), parts.value(*path, high)
        if least is not None and most is not None and most <= least:
            yield (*path, high), f"a number above {low}, {number_text(least)}{unit}", number_text(most)


def responses(parts: ValidParts) -> Mismatches:
    """Check that the probabilities of complete and partial response to an agent sum to at most 1."""
    for name in parts.names(*REGIMENS) or []:
        for lesion in parts.names(*REGIMENS, name, "resistant_response") or []:
            path = (*REGIMENS, name, "resistant_response", lesion)
            complete, partial = parts.value(*path, "complete"), parts.value(*path, "partial")
            if complete is not None and partial is not None and complete + partial > 1 + 1e-6:
                yield path, "complete + partial of at most 1", number_text(complete + partial)


def relapse_numbers(parts: ValidParts) -> Mismatches:
    """Check that the number of a relapse is given only where relapses are counted."""
    for band in parts.names(*POLICY) or []:
        for place, start in enumerate(_starts(parts, band)):
            if start["when"] != "relapse" and start["number"] != 1:
                where = (*POLICY, band, "starts", str(place), "number")
                yield where, f'1 where when = "{start["when"]}"', number_text(start["number"])


def intervals(parts: ValidParts) -> Mismatches:
    """Check that doses are daily, on alternate days, or at least a week apart."""
    for name in parts.names(*REGIMENS) or []:
        days = parts.value(*REGIMENS, name, "every_days")
        if days is not None and days not in (1, 2) and days < _LEAST_INTERVAL_DAYS:
            yield (*REGIMENS, name, "every_days"), "1, 2, or 7 and more (days)", number_text(days)


CHECKS = (intervals, regimen_names, sequences, combined, caps, reaction, responses, relapse_numbers)
