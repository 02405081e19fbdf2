"""What is wrong with a definition set or with tables handed in: every problem at once, ready to print."""

from __future__ import annotations

from collections.abc import Iterable

from nephrosyn.scenario.errors import Problem, listed


class CriteriaError(Exception):
    """A definition set, or tables, that cannot be used; its text is ready to print.

    Parameters
    ----------
    what : str
        What was asked for: a set's name or path, or the tables.
    problems : iterable of Problem
        All that is wrong with it.

    Examples
    --------
    >>> print(CriteriaError("sorce", [Problem("sorce", "a set's name", "no such set", "source")]))
    criteria sorce: 1 problem:
      sorce: expected a set's name; found no such set; nearest: source
    """

    def __init__(self, what: str, problems: Iterable[Problem]) -> None:
        self.what = what
        self.problems = list(problems)
        super().__init__(what, self.problems)

    def __str__(self) -> str:
        return listed(f"criteria {self.what}:", self.problems)
