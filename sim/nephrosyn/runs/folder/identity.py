"""What makes two runs the same, and where two of them differ."""

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
"""Of the manifest, all that the bytes of a run depend on, in the order in which differences are told."""
SHOWN = 5
LONG = 60


def digest(about: Mapping[str, Any]) -> str:
    """Return a digest of all that the bytes of a run depend on."""
    text = json.dumps(_plain(about), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(about: Mapping[str, Any]) -> dict[str, Any]:
    """The same run may have been asked for by another name of its files."""
    found = {key: about.get(key) for key in KEYS}
    if isinstance(found["scenario"], dict):
        found["scenario"] = found["scenario"].get("scenario")
    if isinstance(found["sets"], dict):
        found["sets"] = {name: (kept or {}).get("sha256") for name, kept in found["sets"].items()}
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def refuse_other(kept: Mapping[str, Any], asked: Mapping[str, Any], where: str) -> None:
    """Refuse to go on with a run that was another one.

    Raises
    ------
    RunFolderError
        Naming the differences.
    """
    before, now = _plain(kept), _plain(asked)
    _leave_out_later_sets(before, now)
    found = [told for told in _differences(before, now, "") if not told.startswith("sources.")]
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        told = "; ".join(found[:SHOWN]) + more
        raise RunFolderError(
            f"{where} holds another run and cannot be gone on with: {told}; choose another --out, or --overwrite it"
        )


def _leave_out_later_sets(before: dict[str, Any], now: dict[str, Any]) -> None:
    """Leave out of a run the definition sets by which it was classified later: they are no other run."""
    asked = now["criteria"] or []
    if (before["criteria"] or [])[: len(asked)] == asked:
        before["criteria"] = asked
        before["sets"] = {name: kept for name, kept in (before["sets"] or {}).items() if name in (now["sets"] or {})}


def _differences(kept: Any, asked: Any, name: str) -> Iterator[str]:
    if isinstance(kept, dict) and isinstance(asked, dict):
        for key in dict.fromkeys([*kept, *asked]):
            yield from _differences(kept.get(key), asked.get(key), f"{name}.{key}" if name else key)
    elif kept != asked:
        # the scenario repeats what has a line of its own
        inner = name.removeprefix("scenario.")
        if name == inner or inner not in KEYS:
            yield f"{inner} was {_short(kept)}, now {_short(asked)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONG else f"{text[: LONG - 1]}…"
