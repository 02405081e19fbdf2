"""Whether two runs are the same, and how they differ."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from nephrosyn.errors import RunFolderError

KEYS = (
    "version",
    "made_with",
    "layout",
    "seed",
    "patients",
    "replicates",
    "engine",
    "format",
    "part_patients",
    "criteria",
    "sets",
    "scenario",
)
"""Entries of the manifest that the bytes of a run depend on, in the order in which differences are listed."""
SHOWN = 5
LONG = 60


def digest(about: Mapping[str, Any]) -> str:
    """Return a digest of everything that the bytes of a run depend on."""
    text = json.dumps(_plain(about), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def named(about: Mapping[str, Any]) -> str:
    """Return scenario, seed and size of a run, for messages.

    Examples
    --------
    >>> named({"scenario": {"name": "baseline"}, "seed": 1, "patients": 2000, "replicates": 1})
    'baseline (seed 1, 2,000 patients)'
    """
    scenario, size = about.get("scenario"), about.get("patients")
    name = scenario.get("name") if isinstance(scenario, dict) else None
    facts = [f"seed {about.get('seed')}", f"{size:,} patients" if isinstance(size, int) else ""]
    return f"{name or 'a run'} ({', '.join(fact for fact in facts if fact)})"


def _plain(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries that identify a run; the names of its scenario and set files do not count."""
    entries = {key: about.get(key) for key in KEYS}
    if drawn := about.get("uncertainty"):
        entries["uncertainty"] = drawn.get("draws") if isinstance(drawn, dict) else drawn
        if isinstance(drawn, dict) and drawn.get("kept"):
            entries["keep_draws"] = True
    if isinstance(entries["scenario"], dict):
        entries["scenario"] = entries["scenario"].get("scenario")
    if isinstance(entries["sets"], dict):
        entries["sets"] = {name: (entry or {}).get("sha256") for name, entry in entries["sets"].items()}
    return json.loads(json.dumps(entries))  # type: ignore[no-any-return]


def refuse_other(previous: Mapping[str, Any], requested: Mapping[str, Any], where: str) -> None:
    """Refuse to resume a different run.

    Raises
    ------
    RunFolderError
        If they differ; the message lists the differences.
    """
    before, now = _plain(previous), _plain(requested)
    _leave_out_later_sets(before, now)
    differences = [text for text in _differences(before, now, "") if not text.startswith("sources.")]
    if differences:
        more = f" and {len(differences) - SHOWN} more" if len(differences) > SHOWN else ""
        raise RunFolderError(
            f"{where} holds another run and cannot be resumed: {'; '.join(differences[:SHOWN])}{more}; "
            "choose another folder with --out, or replace it with --overwrite (in Python: out, overwrite)"
        )


def _leave_out_later_sets(before: dict[str, Any], now: dict[str, Any]) -> None:
    """Leave out the definition sets that a run was classified by later: they do not make it a different run."""
    requested = now["criteria"] or []
    if (before["criteria"] or [])[: len(requested)] == requested:
        before["criteria"] = requested
        before["sets"] = {name: entry for name, entry in (before["sets"] or {}).items() if name in (now["sets"] or {})}


def _differences(before: Any, now: Any, name: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*before, *now]):
            yield from _differences(before.get(key), now.get(key), f"{name}.{key}" if name else key)
    elif before != now:
        # the scenario repeats entries of the manifest
        inner = name.removeprefix("scenario.")
        if name == inner or inner not in KEYS:
            yield f"{inner} was {_short(before)}, now {_short(now)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONG else f"{text[: LONG - 1]}…"
