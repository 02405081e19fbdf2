"""Calibration targets: published estimates with use ``fit``; never one third, and never a validation row."""

from __future__ import annotations

from collections.abc import Sequence

from nephrosyn.errors import EvidenceError, nearest
from nephrosyn.evidence.published.estimates_table import PublishedEstimate, published_estimates

ONE_THIRD = ("one-third", "one third", "1/3", "0.333", "33%", "33.3%", "third")


def targets(ids: Sequence[str]) -> list[PublishedEstimate]:
    """Return the estimates that a calibration may be fitted to.

    Raises
    ------
    EvidenceError
        With the reason for each that may not be fitted: one third, a validation row, not simulated, or unknown.
    """
    known = published_estimates()
    accepted: dict[str, PublishedEstimate] = {}
    refused: list[str] = []
    for name in ids:
        if name.lower() in ONE_THIRD:
            refused.append(f"{name}: one third is never a calibration target; the share is a result of the model")
            continue
        matching = [estimate for estimate in known if name in (estimate.id, estimate.evidence)]
        fit = {estimate.id: estimate for estimate in matching if estimate.use == "fit"}
        accepted |= fit
        if not fit:
            refused.append(f"{name}: {_reason(name, matching)}")
    if refused:
        raise EvidenceError("\n  ".join(["these estimates cannot be fitted:", *refused]))
    return list(accepted.values())


def _reason(name: str, matching: Sequence[PublishedEstimate]) -> str:
    if not matching:
        like = nearest(name, [estimate.id for estimate in published_estimates()])
        return "no such estimate" + (f"; nearest: {like}" if like else "")
    if matching[0].evidence.startswith("R"):
        return "a share of refractory disease is never a calibration target; it is a result of the model"
    if any(estimate.use == "validation" for estimate in matching):
        return "held out for validation: no parameter is ever fitted to it"
    return f"not simulated: {matching[0].note}"
