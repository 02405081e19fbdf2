"""Lines, tables and messages. Colour only on a terminal."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import JustifyMethod


def say(text: str = "") -> None:
    """Print one line as it stands."""
    print(text, flush=True)


def prose(text: str) -> None:
    """Print a paragraph: wrapped at words on a terminal, one line in a pipe."""
    if sys.stdout.isatty():
        text = textwrap.fill(text, shutil.get_terminal_size().columns - 1)
    say(text)


def complain(error: object) -> None:
    """Print a message to the user on standard error, one problem a line."""
    print(f"nephrosyn: {error}", file=sys.stderr, flush=True)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print rows in aligned columns; on a narrow terminal the longer cells wrap, the first column never.

    Parameters
    ----------
    headings : sequence of str
        One for each column; without a text in any, no line of headings.
    rows : iterable of sequences of str
        Cells; a row of empty cells leaves a line free.
    right : sequence of int
        Columns of numbers, aligned to the right.
    """
    cells = [tuple(row) for row in rows]
    lines = _fitted(headings, cells, right) if sys.stdout.isatty() else _aligned(headings, cells, right)
    for line in lines:
        say(line.rstrip())


def _aligned(headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> Iterator[str]:
    # A pipe has no width: every row is one line, however long, so that it can be searched.
    shown = [headings, *rows] if any(headings) else rows
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = zip(row, widths, strict=True)
        yield "  ".join(cell.rjust(w) if n in right else cell.ljust(w) for n, (cell, w) in enumerate(cells))


def _fitted(headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> Iterator[str]:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, header_style="bold", show_header=any(headings))
    for place, name in enumerate(headings):
        side: JustifyMethod = "right" if place in right else "left"
        drawn.add_column(Text(name), justify=side, no_wrap=not place, overflow="fold")
    for row in rows:
        drawn.add_row(*map(Text, row))
    screen = Console(highlight=False)
    with screen.capture() as captured:
        screen.print(drawn)
    yield from captured.get().splitlines()


def heading(text: str) -> None:
    """Print a heading, bold on a terminal."""
    if sys.stdout.isatty():
        from rich import print as draw
        from rich.text import Text

        draw(Text(text, style="bold"))
    else:
        say(text)
