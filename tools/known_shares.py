"""Write the table of the shipped analysis (``make docs``): the refractory share of each scenario with its uncertainty.

Takes about 90 s on one core. Tests check that the table has the scenarios as they are, and play some of them again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from nephrosyn.report.findings import known_shares, uncertainty
from nephrosyn.report.findings.known_shares import DIGITS, KnownShare, content_digest
from nephrosyn.runs.draws.counts import TABLES
from nephrosyn.runs.run import Plan
from nephrosyn.scenario import Resolved, load, shipped
from nephrosyn.uncertainty import uncertainty_of

FILE = Path(known_shares.__file__).with_name(known_shares.FILE)
SIZES = {"baseline": (200, 500)}
"""Draws and patients of the scenario that `make run` plays, whose result is quoted most."""
SIZE = (40, 150)
"""Draws and patients of all others."""
SIZE_WITH_CLINIC = (20, 600)
"""Where patients share a clinic: two sites of 300, between which chance is estimated."""
PLACES = 4


def planned(name: str) -> tuple[Resolved, int] | None:
    """Return a scenario with the number of patients, and the number of draws; None if all its numbers are fixed."""
    resolved = load(name)
    if not uncertainty_of(resolved):
        return None
    has_clinic = resolved.scenario.care.clinic.slots != "unlimited"
    draws, patients = SIZE_WITH_CLINIC if has_clinic else SIZES.get(name, SIZE)
    return load(name, [f"patients={patients}"]), draws


def rows_of(resolved: Resolved, draws: int) -> Iterator[KnownShare]:
    """Play the draws of a scenario, and yield what they say by definition set and view."""
    plan = Plan(resolved, uncertainty=draws)
    drawn = plan.drawn
    assert drawn is not None
    counted = [drawn.tables(chunk) for chunk in range(len(drawn.chunks))]
    known = uncertainty.find(
        drawn.about(), resolved, *(pl.concat([tables[name] for tables in counted]) for name in TABLES)
    )
    digest = content_digest(resolved.scenario.model_dump(mode="json"))
    sets = {loaded.definition.name: loaded.manifest_entry()["sha256"][:DIGITS] for loaded in plan.sets}
    for item in known.sets:
        ends = (round(item.low, PLACES), round(item.high, PLACES))
        key = (resolved.name, digest, item.criteria, sets[item.criteria], item.view)
        yield KnownShare(*key, draws, drawn.patients, *ends)


def table(rows: Iterable[KnownShare]) -> str:
    """Return rows as the content of the file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(KnownShare._fields)
    writer.writerows(rows)
    return text.getvalue()


def main() -> None:
    """Write the table."""
    plans = [plan for name in shipped() if (plan := planned(name)) is not None]
    FILE.write_text(table(row for plan in plans for row in rows_of(*plan)), encoding="utf-8")


if __name__ == "__main__":
    main()
