"""The README of an export: what it is, and what was not mapped."""

from __future__ import annotations

from collections.abc import Mapping

from nephrosyn.interchange.counts import Counts
from nephrosyn.interchange.record_part import ExportedRun
from nephrosyn.vocabulary import NOTICE, plain_name


def read_me(title: str, run: ExportedRun, counts: Counts) -> str:
    """Return the text of the file README.md.

    Parameters
    ----------
    title : str
        Name of the format.
    run : ExportedRun
        The run.
    counts : Counts
        Rows written and left out.
    """
    labels = ", ".join(run.labels) or "none"
    lines = [
        f"# {run.resolved.scenario.title}: {title}",
        "",
        f"{NOTICE} Exported by nephrosyn from the run {run.name} with seed {run.seed}: {run.persons:,} persons, "
        f"day zero {run.resolved.scenario.calendar.day_zero}. Labels: {labels}. The truth of the simulation is not "
        "part of it.",
        "",
        "## Rows written",
        "",
        *_table("table", counts.written),
        "## Rows that the format has no place for",
        "",
        *_table("rows", counts.left_out),
        "## Rows under codes of nephrosyn's own",
        "",
        "No standard code is known from two independent sources for these words, or `--codes local` was chosen.",
        "",
        *_table("word", {_word(key): rows for key, rows in counts.local.items()}),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _word(key: str) -> str:
    group, _, word = key.partition(".")
    return f"{plain_name(word)} ({plain_name(group)})"


def _table(head: str, rows: Mapping[str, int]) -> list[str]:
    shown = [f"| {name} | {count:,} |" for name, count in sorted(rows.items()) if count]
    return [f"| {head} | number |", "| --- | ---: |", *shown, ""] if shown else ["None.", ""]
