"""A resolved scenario as rows of key, value, unit and source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nephrosyn.errors import number_text
from nephrosyn.scenario.checks.uncertainty import entry_of, followers
from nephrosyn.scenario.files.provenance import ASSUMED, ids
from nephrosyn.scenario.loading import Resolved
from nephrosyn.scenario.schema import paths
from nephrosyn.scenario.schema.care import Step
from nephrosyn.scenario.schema.uncertainty import Counts, Entry, Fixed, Interval, Posterior
from nephrosyn.scenario.tree import Path, dotted, get, is_distribution, is_number, is_numeric, leaves, split
from nephrosyn.statistics.uncertain_numbers import Drawn

TEXTS = {("title",), ("description",)}
DOSE = "mg per `per`"
PER = {"m2": "mg/m2", "kg": "mg/kg", "patient": "mg", "full": "of the full dose"}


def rows(resolved: Resolved) -> list[tuple[str, str, str, str]]:
    """Return the rows that `nephrosyn check` prints.

    Parameters
    ----------
    resolved : Resolved
        The scenario.

    Returns
    -------
    list of tuple of str, shape (n, 4)
        Dotted key, value, unit and source of each number, list of numbers, distribution, taper step and choice,
        in the order of the schema. The source of a choice that is not a number may be empty.

    Examples
    --------
    >>> from nephrosyn.scenario import load
    >>> rows(load("baseline", ["patients=10"]))[0]
    ('patients', '10', 'count', 'set on the command line')
    """
    values = resolved.scenario.model_dump(mode="json")
    rows_by_key: dict[str, tuple[str, str, str, str]] = {}
    for path, value in leaves(values):
        source = resolved.origins.get(dotted(path), "")
        step = get(values, path[:-1])
        if _is_step(step) and _one_source(resolved, path[:-1], step):
            key = dotted(path[:-1])
            rows_by_key.setdefault(key, (key, step_text(step), PER[step["per"]], source))
        elif path not in TEXTS:
            key = dotted(path)
            rows_by_key[key] = (key, value_text(value), _unit(values, path), source)
    return list(rows_by_key.values())


def uncertainty(resolved: Resolved) -> dict[str, str]:
    """Return how well the numbers of a scenario are known, as `nephrosyn check` prints it beside each row.

    Parameters
    ----------
    resolved : Resolved
        The scenario.

    Returns
    -------
    dict of str to str
        By the key of a row: counts, a 95% interval or a range, with evidence ids or "assumed"; or "fixed". Of a table
        of draws, the 95% interval of the number alone, with the name of the table. Rows without a number are left out.

    Examples
    --------
    >>> from nephrosyn.scenario import load
    >>> texts = uncertainty(load("baseline"))
    >>> texts["disease.spontaneous.membranous.share"], texts["care.cut_fraction"]
    ('104 of 328 (A22)', 'fixed')
    """
    values = resolved.scenario.model_dump(mode="json")
    numbers = [(split(key), key) for key, *_ in rows(resolved)]
    entries = resolved.scenario.uncertainty
    known = {
        key: _known(entries, values, path)
        for path, key in numbers
        if is_numeric(get(values, path)) or _is_step(get(values, path))
    }
    for key, entry in entries.items():
        if not isinstance(entry, Fixed):
            known |= dict.fromkeys(followers(values, split(key), entries), f"follows {key}")
    return known


def fixed_because(resolved: Resolved, keys: Iterable[str]) -> list[tuple[str, str]]:
    """Return why some numbers are fixed: the reason of each entry that holds for any of them, with its key."""
    entries = (entry_of(resolved.scenario.uncertainty, split(key)) for key in keys)
    reasons = {entry[0]: entry[1].fixed for entry in entries if entry and isinstance(entry[1], Fixed)}
    return list(reasons.items())


def _known(entries: Mapping[str, Entry], values: dict[str, Any], path: Path) -> str:
    stated = entry_of(entries, path)
    if stated is None:
        return "fixed"
    key, entry = stated
    if isinstance(entry, Fixed):
        return "fixed"
    source = str(entry.source)
    named = ", ".join([*ids(source), *(["assumed"] if ASSUMED in source else [])])
    if isinstance(entry, Counts):
        return f"{_counted(entry, values, split(key), path)} ({named})"
    inside = f"{dotted(path)}."
    part = f"{key.removeprefix(inside)} " if key.startswith(inside) else ""
    if isinstance(entry, Interval):
        return f"{part}{_ends(entry.interval)}, 95% ({named})"
    if isinstance(entry, Posterior):
        low, high = Drawn(entry.posterior, tuple(entry.draws or ())).interval
        return f"{part}{low:.3g} to {high:.3g}, 95%, by draws of {entry.posterior} ({named})"
    return f"{part}{_ends(entry.range)}, range ({named})"


def _counted(entry: Counts, values: dict[str, Any], key: Path, path: Path) -> str:
    met, of = entry.counts[0], entry.counts[-1]
    if len(path) > len(key):
        met, of = entry.counts[list(get(values, key)).index(path[-1])], sum(entry.counts)
    return f"{number_text(met)} of {number_text(of)}"


def _ends(ends: tuple[float, float]) -> str:
    return f"{number_text(ends[0])} to {number_text(ends[1])}"


def _is_step(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == set(Step.model_fields)


def _one_source(resolved: Resolved, path: Path, step: dict[str, Any]) -> bool:
    numbers = [dotted((*path, key)) for key, value in step.items() if is_number(value)]
    return len({resolved.origins.get(key, "") for key in numbers}) == 1


def step_text(step: dict[str, Any]) -> str:
    """Describe a step of a taper in one line.

    Examples
    --------
    >>> step_text({"weeks": 4.0, "amount": 40.0, "per": "m2", "cap_mg": 60.0, "schedule": "alternate_day"})
    '40 every other day for 4 weeks, at most 60 mg'
    """
    often = {"daily": "daily", "alternate_day": "every other day"}[step["schedule"]]
    amount, weeks, cap = (number_text(step[key]) for key in ("amount", "weeks", "cap_mg"))
    return f"{amount} {often} for {weeks} weeks, at most {cap} mg"


def value_text(value: Any) -> str:
    """Return the value of a leaf as text.

    Examples
    --------
    >>> value_text({"dist": "gamma", "a": 2.0, "scale": 3.0})
    'gamma(a = 2, scale = 3)'
    """
    if is_distribution(value):
        parameters = {key: number for key, number in value.items() if key != "dist"}
        if value["dist"] == "fixed":
            return number_text(parameters["value"])
        return f"{value['dist']}({', '.join(f'{key} = {number_text(number)}' for key, number in parameters.items())})"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(value_text, value))
    return number_text(value) if is_number(value) else str(value)


def _unit(values: dict[str, Any], path: Path) -> str:
    unit = paths.unit(path)
    if unit == DOSE:
        return PER[get(values, (*path[:-1], "per"))]
    return "" if isinstance(get(values, path), str) else unit
