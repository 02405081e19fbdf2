"""What a calibration may be set to, and what never: one third, and the rows kept for validation."""

from __future__ import annotations

from collections.abc import Sequence

from nephrosyn.errors import RefusalError
from nephrosyn.evidence.published.estimates_table import Figure, figures
from nephrosyn.scenario.messages import nearest

ONE_THIRD = ("one-third", "one third", "1/3", "0.333", "33%", "33.3%", "third")


def targets(ids: Sequence[str]) -> list[Figure]:
    """Return the figures a calibration may be set to.

    Raises
    ------
    RefusalError
        With the reason for each that may not: one third, a validation row, a row that is not simulated, an unknown one.
    """
    known = figures()
    found: list[Figure] = []
    refused: list[str] = []
    for asked in ids:
        if asked.lower() in ONE_THIRD:
            refused.append(f"{asked}: one third is never a calibration target; the share is what follows")
            continue
        here = [one for one in known if asked in (one.id, one.evidence)]
        fit = [one for one in here if one.use == "fit"]
        found += fit
        if not fit:
            refused.append(f"{asked}: {_reason(asked, here)}")
    if refused:
        raise RefusalError("\n  ".join(["these figures cannot be fitted:", *refused]))
    return list({one.id: one for one in found}.values())


def _reason(asked: str, here: Sequence[Figure]) -> str:
    if not here:
        like = nearest(asked, [one.id for one in figures()])
        return "no such figure" + (f"; nearest: {like}" if like else "")
    if here[0].evidence.startswith("R"):
        return "a share of refractory disease is never a calibration target; it is what follows"
    if any(one.use == "validation" for one in here):
        return "a validation row: nothing is ever set to it"
    return f"not simulated: {here[0].note}"
