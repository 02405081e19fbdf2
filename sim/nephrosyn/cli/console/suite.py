"""Results of a frozen benchmark: accuracy by task, and what was verified."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nephrosyn import vocabulary
from nephrosyn.cli.console.terminal import command_line, heading, say, table

if TYPE_CHECKING:
    from nephrosyn.bench.suite.benchmark import Verified
    from nephrosyn.bench.suite.frozen import Frozen
    from nephrosyn.bench.suite.result import Result


def suite_verified(verified: Verified) -> None:
    """Print what was compared with the frozen digests."""
    say(vocabulary.NOTICE)
    frozen = verified.frozen
    say(f"{frozen.suite}: {verified.tables:,} tables have the digests frozen with nephrosyn {frozen.nephrosyn}")
    say(f"digest  {frozen.digest}")


def suite_frozen(frozen: Frozen, path: Path) -> None:
    """Print what was frozen."""
    say(vocabulary.NOTICE)
    say(f"{frozen.suite}: digests of {len(frozen.tables):,} tables in {path}")
    say(f"digest  {frozen.digest}")


def suite_results(results: Sequence[Result], folder: Path) -> None:
    """Print the accuracy of the classifiers of a run, task by task."""
    say(vocabulary.NOTICE)
    _tables(results)
    say()
    say(f"results  {folder.resolve()}")
    say(f"next     {command_line('bench', 'leaderboard', folder, '--out', f'{results[0].suite.name}.html')}")


def suite_result(result: Result, file: Path) -> None:
    """Print the accuracy of one classifier."""
    say(vocabulary.NOTICE)
    _tables([result])
    say()
    say(f"result  {file}")
    say(f"next    {command_line('bench', 'submit-check', file)}")


def suite_checked(result: Result, file: Path) -> None:
    """Print that a result is complete."""
    splits = sum(len(of_task) for of_task in result.tasks.values())
    tasks = ", ".join(result.tasks)
    say(f"{file}: a complete result of {result.classifier.name} on {result.suite.name}")
    say(f"tasks {tasks}; {splits} splits; records and scores agree with the suite and with each other")


def _tables(results: Sequence[Result]) -> None:
    from nephrosyn.bench.suite.leaderboard import summary

    tasks = dict.fromkeys(name for result in results for name in result.tasks)
    for name in tasks:
        rows = summary(results, name)
        say()
        heading(rows.caption)
        table(rows.head, rows.rows, right=range(1, len(rows.head)))
