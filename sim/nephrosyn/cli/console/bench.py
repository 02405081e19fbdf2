"""Results of the bench: the leaderboard, classifiers that failed, and one patient explained."""

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


def bench(results: Bench, folder: Path) -> None:
    """Print a bench.

    Parameters
    ----------
    results : Bench
        The results.
    folder : Path
        Where they were written.
    """
    from nephrosyn.bench.output import draws_tables, leaderboard, page, time_tables, training_tables
    from nephrosyn.bench.output.results import PAGE

    prose(page.sentence(results))
    say(vocabulary.NOTICE)
    say()
    rows = leaderboard.leaderboard(results)
    heading(rows.caption)
    table(rows.head, rows.rows, right=range(1, len(rows.head)))
    for drawn in draws_tables.drawn_tables(results):
        say()
        heading(drawn.caption)
        table(drawn.head, drawn.rows, right=range(drawn.words, len(drawn.head)))
    if ranks := draws_tables.ranks(results):
        prose(ranks)
    learnt = training_tables.console_table(results)
    if learnt is not None:
        say()
        heading(learnt.caption)
        table(learnt.head, learnt.rows, right=range(learnt.words, len(learnt.head)))
    over_time = time_tables.since_onset(results)
    if over_time.rows:
        say()
        heading(over_time.caption)
        table(over_time.head, over_time.rows, right=range(over_time.words, len(over_time.head)))
    silent = leaderboard.without_score(results)
    if silent.rows:
        say()
        heading(silent.caption)
        table(silent.head, silent.rows)
    wrong = leaderboard.faults(results)
    if wrong.rows:
        say()
        heading(wrong.caption)
        table(wrong.head, wrong.rows[:SHOWN], right=(2, 3))
        if len(wrong.rows) > SHOWN:
            say(f"and {len(wrong.rows) - SHOWN} more")
    say()
    say(f"page  {folder / PAGE}")
    if results.boundary is None:  # the patients of a boundary cohort are in no run folder
        say(f"next  {command_line('bench', 'explain', str(_example(results)), '--results', folder)}")


def _example(results: Bench) -> int:
    """Return a patient whose prediction changes, if there is one."""
    import polars as pl

    frame = results.frame
    flipped = frame.filter(pl.col("predicted") != pl.col("clean"))
    return int((flipped if flipped.height else frame)["patient"][0])


def bench_patient(explanation: Explained) -> None:
    """Print one patient: the right answer, the predictions, and which perturbations change them."""
    say(vocabulary.NOTICE)
    right = vocabulary.PLAIN_NAMES.get(explanation.reference, explanation.reference)
    say(f"patient {explanation.patient}: the right answer is {right}")
    say()
    heading("On the unperturbed record")
    table(
        ("classifier", "prediction"),
        [(name, vocabulary.PLAIN_NAMES.get(answer, answer)) for name, answer in explanation.clean.items()],
    )
    say()
    if not explanation.flips:
        say(f"No perturbation changes any prediction ({explanation.conditions} perturbed records).")
        return
    heading("Predictions that change")
    rows = [
        (
            flip.classifier,
            f"{flip.perturbation}, replicate {flip.replicate}",
            ", ".join(map(str, flip.severities)),
            vocabulary.PLAIN_NAMES.get(flip.after, flip.after),
            flip.mechanism,
            str(flip.changes),
        )
        for flip in explanation.flips
    ]
    table(("classifier", "perturbation", "at severity", "prediction", "mechanism", "changes"), rows, right=(5,))
    for flip in explanation.flips:
        if flip.cause is not None:
            say()
            changes = f"{_count(flip.cause.height)} of {flip.changes}"
            heading(f"{flip.classifier}, {flip.perturbation} at {flip.severity}: {changes}")
            for row in flip.cause.head(CHANGES_SHOWN).to_dicts():
                say(f"  {_change(row)}")
            if flip.cause.height > CHANGES_SHOWN:
                say(f"  and {flip.cause.height - CHANGES_SHOWN} more")


def _count(changes: int) -> str:
    return "one change is enough, out" if changes == 1 else f"{changes} changes together are enough, out"


def _change(row: dict[str, object]) -> str:
    where = f"{row['table']} row {row['row']}"
    if row["change"] == "changed":
        return f"{where}: {row['column']} {row['before']} becomes {row['after']}"
    return f"{where}: {str(row['change']).replace('_', ' ')}"
