"""Lines, tables and messages. Colour only on a terminal."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from nephrosyn.cli.console.output import as_printed, give_up, is_unicode
from nephrosyn.text_files import HIDDEN, LINE_BREAKS, visible

if TYPE_CHECKING:
    from rich.console import JustifyMethod

COLUMN_GAP = 1
"""Columns between two columns of a table on a terminal."""
NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def command_line(*words: object) -> str:
    """Return a command of nephrosyn as it can be typed into a shell.

    Examples
    --------
    >>> command_line("explain", "my runs/a", 3), command_line("report", "-dash")
    ("nephrosyn explain 'my runs/a' 3", 'nephrosyn report ./-dash')
    """
    typed = [f"./{word}" if re.match("-[^-]", str(word)) else str(word) for word in words]
    return shlex.join(["nephrosyn", *typed])


def say(text: str = "") -> None:
    """Print one line; invisible characters are escaped."""
    _write(visible(text, keep=LINE_BREAKS))


def _write(text: str) -> None:
    try:
        print(text, flush=True)
    except OSError as error:
        give_up(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            error.filename = "standard output"
        raise


def say_json(text: str) -> None:
    """Print JSON; if standard output cannot show every character, those beyond ASCII are escaped."""
    beyond = HIDDEN if is_unicode(sys.stdout) else NOT_ASCII
    _write("".join(line if line == "\n" else beyond.sub(_escaped, line) for line in re.split("(\n)", text)))


def _escaped(match: re.Match[str]) -> str:
    import json

    return json.dumps(match[0])[1:-1]


def warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Show a warning of the package as a message, any other as Python does; replaces ``warnings.showwarning``."""
    if category.__module__.startswith("nephrosyn."):
        complain(message)
    else:
        announce(warnings.formatwarning(message, category, filename, lineno, line).rstrip())


def prose(text: str) -> None:
    """Print a paragraph, wrapped on a terminal, as one line in a pipe."""
    if sys.stdout.isatty():
        text = textwrap.fill(text, shutil.get_terminal_size().columns - 1)
    say(text)


def complain(error: object) -> None:
    """Print a message on standard error, one problem per line."""
    announce(f"nephrosyn: {error}")


def announce(text: str) -> None:
    """Print a line on standard error; a closed stream is ignored."""
    try:
        print(visible(text, keep=LINE_BREAKS), file=sys.stderr, flush=True)
    except OSError:
        give_up(sys.stderr)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print rows in aligned columns.

    On a narrow terminal long cells wrap between words; where not even that makes the columns fit, each row becomes a
    block with a line for each column.

    Parameters
    ----------
    headings : sequence of str
        One for each column; if all are empty there is no heading line.
    rows : iterable of sequences of str
        Cells; a row of empty cells is a blank line.
    right : sequence of int
        Indices of right-aligned columns.
    """
    headings = tuple(map(as_printed, headings))
    cells = [tuple(as_printed(visible(cell)) for cell in row) for row in rows]
    lines = _fitted(headings, cells, right) if sys.stdout.isatty() else _aligned(headings, cells, right)
    for line in lines:
        _write(line.rstrip())


def _aligned(headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> Iterator[str]:
    # A pipe has no width: every row is one line, so that it can be searched.
    lines = [headings, *rows] if any(headings) else rows
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for row in lines:
        cells = zip(row, widths, strict=True)
        yield "  ".join(cell.rjust(w) if n in right else cell.ljust(w) for n, (cell, w) in enumerate(cells))


def _fitted(headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> Iterator[str]:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    screen = Console(highlight=False)
    widths = _widths(headings, rows, screen.width) if any(headings) else [None] * len(headings)
    if widths is None:
        yield from _stacked(headings, rows, screen.width)
        return
    drawn = Table(box=None, pad_edge=False, header_style="bold", show_header=any(headings))
    for place, (name, width) in enumerate(zip(headings, widths, strict=True)):
        side: JustifyMethod = "right" if place in right else "left"
        drawn.add_column(Text(name), justify=side, no_wrap=not place and width is None, overflow="fold", width=width)
    for row in rows:
        drawn.add_row(*map(Text, row))
    with screen.capture() as captured:
        screen.print(drawn)
    yield from captured.get().splitlines()


def _widths(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[int | None] | None:
    """Return the width of each column, at least that of its longest word; None if the columns cannot fit."""
    columns = list(zip(headings, *rows, strict=True))
    natural = [max(map(len, column)) for column in columns]
    least = [max((len(word) for text in column for word in text.split()), default=0) for column in columns]
    room = width - COLUMN_GAP * (len(columns) - 1)
    first = natural[0] if natural[0] + sum(least[1:]) <= room else least[0]
    least[0] = first
    if sum(least) > room:
        return None
    widths = list(natural)
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda place: (widths[place] > least[place], widths[place]))
        widths[widest] -= 1
    return [*widths]


def _stacked(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Yield each row as a block: its first cell, then a line for every other cell that is not empty."""
    label = max(map(len, headings[1:]), default=0)
    for row in rows:
        if row[0]:
            yield row[0]
        for name, cell in zip(headings[1:], row[1:], strict=True):
            if cell:
                start = f"  {name.ljust(label)}  "
                text = textwrap.fill(
                    cell,
                    max(width - 1, len(start) + 1),
                    initial_indent=start,
                    subsequent_indent=" " * len(start),
                    break_long_words=False,
                    break_on_hyphens=False,
                )
                yield from text.splitlines()


def heading(text: str) -> None:
    """Print a heading, bold on a terminal."""
    if sys.stdout.isatty():
        from rich import print as draw
        from rich.text import Text

        draw(Text(visible(text), style="bold"))
    else:
        say(text)
