"""The findings as plain values, for a program to read."""

from __future__ import annotations

import json
import math
from typing import Any

from nephrosyn.comparison.care import text
from nephrosyn.comparison.care.findings import Contrast, Findings, Row
from nephrosyn.vocabulary import NOTICE

FLOATS = (
    "reference_mean",
    "other_mean",
    "difference",
    "low",
    "high",
    "variance_saved_fraction",
    "times_more_patients",
)


def as_dict(found: Findings) -> dict[str, Any]:
    """Return all but the single patients as plain values that JSON can hold; what has no value is None."""
    return {
        "notice": NOTICE,
        "sentence": text.sentence(found),
        **{key: found.manifest[key] for key in ("version", "seed", "patients", "replicates")},
        "criteria": found.criteria,
        "view": found.view,
        "reference": found.reference,
        "comparisons": [_contrast(contrast) for contrast in found.contrasts],
    }


def json_text(found: Findings) -> str:
    """Return `as_dict` as JSON."""
    return json.dumps(as_dict(found), indent=1, ensure_ascii=False, allow_nan=False)


def _contrast(contrast: Contrast) -> dict[str, Any]:
    return {
        "run": contrast.name,
        "settings": [{"key": key, "reference": mine, "other": theirs} for key, mine, theirs in contrast.settings],
        "outcomes": [plain(row) for row in contrast.rows],
        "changes": [{"from": before, "to": after, "patients": n} for (before, after), n in contrast.changes.items()],
        "outside": contrast.outside,
    }


def plain(row: Row) -> dict[str, Any]:
    """Return one outcome of one run; what has no value, or no end, is None."""
    outcome, found = row.outcome, row.paired
    values = {
        "outcome": outcome.name,
        "title": outcome.title,
        "group": outcome.group,
        "unit": outcome.unit,
        "yes_no": outcome.yes_no,
        "better_if": outcome.better,
        "patients": found.patients,
        "reference_mean": found.reference,
        "other_mean": found.other,
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "better": row.better,
        "same": found.same,
        "worse": row.worse,
        "variance_saved_fraction": found.saved_fraction,
        "times_more_patients": found.times_more_patients,
    }
    return {key: None if isinstance(x, float) and not math.isfinite(x) else x for key, x in values.items()}
