"""A comparison as plain values, for programs."""

from __future__ import annotations

import math
from typing import Any

from nephrosyn.comparison.care import text
from nephrosyn.comparison.care.findings import Contrast, Findings, Row
from nephrosyn.report import formatting
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
WITH_NUMBERS = (
    "expected_difference",
    "low_with_numbers",
    "high_with_numbers",
    "low_error",
    "high_error",
    "chance_variance",
    "numbers_variance",
)
"""What draws of the uncertain numbers add to an outcome."""
GROUPS = {"adverse_events": "harms"}
"""Groups that have another name in the JSON."""


def as_dict(findings: Findings) -> dict[str, Any]:
    """Return everything except the rows by patient as JSON values; missing values are None."""
    return {
        "notice": NOTICE,
        "sentence": text.sentence(findings),
        **{key: findings.manifest[key] for key in ("version", "seed", "patients", "replicates")},
        "criteria": findings.criteria,
        "view": findings.view,
        "reference": findings.reference,
        **({"uncertainty": findings.uncertainty.as_dict()} if findings.uncertainty else {}),
        "comparisons": [_contrast(findings, contrast) for contrast in findings.contrasts],
    }


def json_text(findings: Findings) -> str:
    """Return `as_dict` as JSON."""
    return formatting.json_text(as_dict(findings))


def _contrast(findings: Findings, contrast: Contrast) -> dict[str, Any]:
    return {
        "run": contrast.name,
        "settings": [dict(zip(("key", "reference", "other"), setting, strict=True)) for setting in contrast.settings],
        "outcomes": [outcome_as_json(row, drawn=findings.uncertainty is not None) for row in contrast.rows],
        "changes": [{"from": before, "to": after, "patients": n} for (before, after), n in contrast.changes.items()],
        "outside": contrast.outside,
    }


def outcome_as_json(row: Row, *, drawn: bool = False) -> dict[str, Any]:
    """Return one outcome of one run, with the values of `WITH_NUMBERS` if drawn; missing, infinite ones are None."""
    outcome, paired = row.outcome, row.paired
    values = {
        "outcome": outcome.name,
        "title": outcome.title,
        "group": GROUPS.get(outcome.group, outcome.group),
        "unit": outcome.unit,
        "yes_no": outcome.yes_no,
        "better_if": outcome.better,
        "patients": paired.patients,
        "reference_mean": paired.reference,
        "other_mean": paired.alternative,
        "difference": paired.difference,
        "low": paired.low,
        "high": paired.high,
        "better": row.better,
        "same": paired.same,
        "worse": row.worse,
        "variance_saved_fraction": paired.saved_fraction,
        "times_more_patients": paired.times_more_patients,
    }
    return {key: _finite_or_none(value) for key, value in {**values, **(_with_numbers(row) if drawn else {})}.items()}


def _with_numbers(row: Row) -> dict[str, Any]:
    numbers = row.numbers
    if numbers is None:
        return dict.fromkeys(WITH_NUMBERS)
    ends = (numbers.expected, numbers.low, numbers.high, numbers.low_error, numbers.high_error)
    return dict(zip(WITH_NUMBERS, (*ends, row.paired.chance, numbers.numbers), strict=True))


def _finite_or_none(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
