"""Errors that a user can put right: one base, one kind for each part of the package.

::

    NephrosynError (a ValueError)
        ScenarioError          a scenario cannot be used
        CriteriaError          a definition set, or the tables to classify, cannot be used
        EngineError            an engine cannot simulate this scenario
        RunFolderError         a run folder is missing, incomplete or damaged
        ClusterError           workers or a scheduler cannot be used
        ComparisonError        two runs cannot be compared
        ReclassificationError  two definition sets cannot be compared
        FigureError            the table of published figures is unsound
        RefusalError           a validation, calibration or sensitivity analysis cannot be done
        CasesError             cases cannot be made
        BenchError             classifiers, tasks or predictions cannot be used
        PerturbationError      a perturbation cannot be applied

The text of each is ready to print. ``except ValueError`` and ``except nephrosyn.NephrosynError`` catch them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nephrosyn.text_files import visible


class NephrosynError(ValueError):
    """Anything wrong with what a user handed in; its text is ready to print."""


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
    actual: str
    nearest: str = ""
    file: str = ""

    def __str__(self) -> str:
        nearest = f"; nearest: {self.nearest}" if self.nearest else ""
        file = f" (in {self.file})" if self.file else ""
        return visible(f"{self.path}: expected {self.expected}; found {self.actual}{nearest}{file}")


class ScenarioError(NephrosynError):
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


class CriteriaError(NephrosynError):
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


class EngineError(NephrosynError):
    """A scenario that the chosen engine cannot run."""


class RunFolderError(NephrosynError):
    """A run folder that cannot be read or written, with the reason in words for the user."""


class ClusterError(NephrosynError):
    """Workers or a scheduler that cannot be used, with the reason in words for the user."""


class ComparisonError(NephrosynError):
    """Runs that cannot be compared, with the reason in words for the user."""


class ReclassificationError(NephrosynError):
    """Sets between which nobody can move, or a run that does not tell, with the reason in words for the user."""


class FigureError(NephrosynError):
    """A table of figures, or a choice from it, that cannot be used; its text is ready to print."""

    def __init__(self, what: str, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        many = f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"
        super().__init__("\n".join([f"{what} has {many}:", *(f"  {problem}" for problem in self.problems)]))


class RefusalError(NephrosynError):
    """A choice of setting, figure or key that cannot be used; its text is ready to print."""


class CasesError(NephrosynError):
    """Cases that cannot be made as asked, with everything that is wrong in words for the user."""


class BenchError(NephrosynError):
    """Everything wrong with what was asked, one problem a line; its text is ready to print."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class PerturbationError(NephrosynError):
    """A perturbation that cannot be made, or a log that does not belong to the record; ready to print."""


MOST_PROBLEMS = 100
"""So many are listed; whoever looks for more stops there."""


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
