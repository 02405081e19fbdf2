"""What is wrong with a scenario: every problem of it at once, each with its place and what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nephrosyn.scenario.files.text_files import LINE_BREAKS, hidden, visible

LONGEST = 60
LONGEST_NAME = 200
"""Nobody meant a valid name by a longer one."""
MOST_PROBLEMS = 100
"""So many are listed; whoever looks for more stops there."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a scenario.

    Attributes
    ----------
    path : str
        Dotted key, or the file or name itself.
    expected : str
        What should stand there, with range and unit.
    found : str
        What stands there.
    nearest : str
        The nearest valid name, or empty.
    file : str
        The file that holds it, where it is not the scenario asked for; or empty.

    Examples
    --------
    >>> print(Problem("patients", "a whole number of at least 1", "0"))
    patients: expected a whole number of at least 1; found 0
    """

    path: str
    expected: str
    found: str
    nearest: str = ""
    file: str = ""

    def __str__(self) -> str:
        nearest = f"; nearest: {self.nearest}" if self.nearest else ""
        file = f" (in {self.file})" if self.file else ""
        return visible(f"{self.path}: expected {self.expected}; found {self.found}{nearest}{file}")


class ScenarioError(Exception):
    """A scenario that cannot be used; its text is ready to print.

    Parameters
    ----------
    scenario : str
        Name or path, as asked for.
    problems : iterable of Problem
        All that is wrong with it.
    """

    def __init__(self, scenario: str, problems: Iterable[Problem]) -> None:
        self.scenario = scenario
        self.problems = list(problems)
        super().__init__(scenario, self.problems)

    def __str__(self) -> str:
        return listed(f"scenario {self.scenario} has", self.problems)


def listed(heading: str, problems: Sequence[Problem]) -> str:
    """Return a heading with the number of problems, and a line for each of the first `MOST_PROBLEMS`.

    Examples
    --------
    >>> print(listed("mine.toml has", [Problem("seed", "a whole number", "nothing")]))
    mine.toml has 1 problem:
      seed: expected a whole number; found nothing
    """
    count = len(problems)
    many = f"{count} problem{'s' if count > 1 else ''}"
    if count > MOST_PROBLEMS:
        many = f"more than {MOST_PROBLEMS} problems, of which these are the first"
    lines = (f"  {problem}" for problem in problems[:MOST_PROBLEMS])
    return "\n".join([f"{visible(heading)} {many}:", *lines])


def nearest(name: str, names: Iterable[str], most: int = 3) -> str:
    """Return the valid names most like a given one, joined by commas; empty if none is like it.

    Examples
    --------
    >>> nearest("fgs", ["fsgs", "iga"])
    'fsgs'
    """
    if len(name) > LONGEST_NAME:
        return ""
    known = {valid.lower(): valid for valid in names}
    close = difflib.get_close_matches(name.lower(), known, n=most, cutoff=0.5)
    return ", ".join(known[key] for key in close)


def shown(value: Any) -> str:
    """Return how a value found in a file is named in a message.

    Examples
    --------
    >>> shown("5 weeks")
    'the text "5 weeks"'
    >>> shown([1, 2])
    'a list of 2'
    """
    if isinstance(value, str):
        short = value if len(value) <= LONGEST else value[: LONGEST - 3] + "..."
        return f'the text "{visible(short)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, Mapping):
        return f"a table of {len(value)}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return f"a {type(value).__name__}"


def number_text(value: float) -> str:
    """Write a number briefly: no needless decimals, no endless integer.

    Examples
    --------
    >>> number_text(5.0), number_text(0.125)
    ('5', '0.125')
    """
    if isinstance(value, int):
        return str(value) if abs(value) < 10**LONGEST else "a huge whole number"
    return format(value, ".12g")


def problem_of_hidden(path: Sequence[str], text: str, file: str = "") -> Problem:
    """Return what is wrong with a text that holds a character that does not show itself."""
    first = hidden(text, keep=LINE_BREAKS) or hidden(text)
    return Problem(".".join(path), "text without control characters", f"{first} in {shown(text)}", file=file)
