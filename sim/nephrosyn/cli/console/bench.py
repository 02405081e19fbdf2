"""The bench: the leaderboard, what failed, and one patient explained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nephrosyn import vocabulary
from nephrosyn.cli.console.terminal import command_line, heading, prose, say, table

if TYPE_CHECKING:
    from nephrosyn.bench.flips.explain import Explained
    from nephrosyn.bench.output.results import Bench

SHOWN = 8
CHANGES_SHOWN = 5


def bench(found: Bench, folder: Path) -> None:
    """Print a bench.

    Parameters
    ----------
    found : Bench
        What was found.
    folder : Path
        Where it was written.
    """
    from nephrosyn.bench.output import leaderboard, page
    from nephrosyn.bench.output.results import PAGE

    prose(page.sentence(found))
    say(vocabulary.NOTICE)
    say()
    rows = leaderboard.leaderboard(found)
    heading(rows.caption)
    table(rows.head, rows.rows, right=range(1, len(rows.head)))
    silent = leaderboard.without_score(found)
    if silent.rows:
        say()
        heading(silent.caption)
        table(silent.head, silent.rows)
    wrong = leaderboard.faults(found)
    if wrong.rows:
        say()
        heading(wrong.caption)
        table(wrong.head, wrong.rows[:SHOWN], right=(2, 3))
        if len(wrong.rows) > SHOWN:
            say(f"and {len(wrong.rows) - SHOWN} more")
    say()
    say(f"page  {folder / PAGE}")
    say(f"next  {command_line('bench', 'explain', str(_example(found)), '--results', folder)}")


def _example(found: Bench) -> int:
    """A patient whom somebody flips, if there is one."""
    import polars as pl

    frame = found.frame
    flipped = frame.filter(pl.col("predicted") != pl.col("clean"))
    return int((flipped if flipped.height else frame)["patient"][0])


def bench_patient(told: Explained) -> None:
    """Print one patient: what is right, what is said, what flips it and by which changes."""
    say(vocabulary.NOTICE)
    say(f"patient {told.patient}: right is {vocabulary.PLAIN_NAMES.get(told.reference, told.reference)}")
    say()
    heading("On the clean record")
    table(("classifier", "says"), [(name, vocabulary.PLAIN_NAMES.get(said, said)) for name, said in told.clean.items()])
    say()
    if not told.flips:
        say(f"No perturbation changes any answer ({told.conditions} perturbed records).")
        return
    heading("Says something else")
    rows = [
        (
            one.classifier,
            f"{one.perturbation}, replicate {one.replicate}",
            ", ".join(map(str, one.severities)),
            vocabulary.PLAIN_NAMES.get(one.after, one.after),
            one.mechanism,
            str(one.changes),
        )
        for one in told.flips
    ]
    table(("classifier", "perturbation", "at severity", "says then", "mechanism", "changes"), rows, right=(5,))
    for one in told.flips:
        if one.cause is not None:
            say()
            heading(
                f"{one.classifier}, {one.perturbation} at {one.severity}: {_count(one.cause.height)} of {one.changes}"
            )
            for row in one.cause.head(CHANGES_SHOWN).to_dicts():
                say(f"  {_change(row)}")
            if one.cause.height > CHANGES_SHOWN:
                say(f"  and {one.cause.height - CHANGES_SHOWN} more")


def _count(changes: int) -> str:
    return "one change suffices, out" if changes == 1 else f"{changes} changes together suffice, out"


def _change(row: dict[str, object]) -> str:
    where = f"{row['table']} row {row['row']}"
    if row["change"] == "changed":
        return f"{where}: {row['column']} {row['before']} becomes {row['after']}"
    return f"{where}: {str(row['change']).replace('_', ' ')}"
