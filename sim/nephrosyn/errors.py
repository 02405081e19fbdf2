"""Errors caused by user input, with one base class, and how their messages write names, values and limits.

::

    NephrosynError (a ValueError)
        ScenarioError          a scenario cannot be used
        CriteriaError          a definition set, or the tables to classify, cannot be used
        EngineError            an engine cannot simulate this scenario
        RunFolderError         a run folder is missing, incomplete or damaged
        WorkerError            workers or a scheduler cannot be used
        ComparisonError        two runs cannot be compared
        ReclassificationError  two definition sets cannot be compared
        EstimateError          the table of published estimates is invalid
        EvidenceError          a validation, calibration or sensitivity analysis cannot be done
        CasesError             cases cannot be built
        BenchError             classifiers, tasks or predictions cannot be used
        PerturbationError      a perturbation cannot be applied
        ExportError            a run cannot be exported
        ExploreError           a page about a scenario cannot be made
        OutsideRecordError     a record made elsewhere cannot be read

The text of each is ready to print. ``except ValueError`` and ``except nephrosyn.NephrosynError`` catch them all.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from numbers import Integral
from typing import Any

from nephrosyn.text_files import LINE_BREAKS, hidden, visible

NO_SUCH_NAME = "of this name"
"""End of the description of a name that no shipped file has."""


class NephrosynError(ValueError):
    """Base class of errors caused by user input; the text is ready to print."""


@dataclass(frozen=True)
class Problem:
    """One problem in a scenario or a definition set.

    Attributes
    ----------
    path : str
        Dotted key, or the name of the file or set.
    expected : str
        What is allowed there, with range and unit.
    actual : str
        What is there.
    nearest : str
        The nearest valid name, or empty.
    file : str
        The file that contains it, if that is not the requested one; otherwise empty.

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
    """A scenario cannot be used.

    Parameters
    ----------
    scenario : str
        Name or path, as requested.
    problems : iterable of Problem
        Everything that is wrong with it.
    """

    def __init__(self, scenario: str, problems: Iterable[Problem]) -> None:
        self.scenario = scenario
        self.problems = list(problems)
        super().__init__(scenario, self.problems)

    def __str__(self) -> str:
        return unknown_name("scenario", self.scenario, self.problems) or listed(
            f"scenario {self.scenario} has", self.problems
        )


class CriteriaError(NephrosynError):
    """A definition set, or tables to classify, cannot be used.

    Parameters
    ----------
    what : str
        Name or path of the set, or "tables".
    problems : iterable of Problem
        Everything that is wrong with it.

    Examples
    --------
    >>> print(CriteriaError("sorce", [Problem("sorce", "a set's name", "no set of this name", "source")]))
    No definition set 'sorce'. Did you mean source? `nephrosyn list` shows all.
    """

    def __init__(self, what: str, problems: Iterable[Problem]) -> None:
        self.what = what
        self.problems = list(problems)
        super().__init__(what, self.problems)

    def __str__(self) -> str:
        return unknown_name("definition set", self.what, self.problems) or listed(
            f"criteria {self.what}:", self.problems
        )


class EngineError(NephrosynError):
    """The selected engine cannot run a scenario."""


class RunFolderError(NephrosynError):
    """A run folder cannot be read or written."""


class WorkerError(NephrosynError):
    """Workers or a scheduler cannot be used."""


class ComparisonError(NephrosynError):
    """Two runs cannot be compared."""


class ReclassificationError(NephrosynError):
    """Two definition sets cannot be compared on a run."""


class ExportError(NephrosynError):
    """A run cannot be exported to another format."""


class ExploreError(NephrosynError):
    """A page about a scenario cannot be made or written."""


class OutsideRecordError(NephrosynError):
    """A record that was made elsewhere cannot be read, or is not enough to classify patients."""


class EstimateError(NephrosynError):
    """The table of published estimates, or a selection from it, cannot be used."""

    def __init__(self, what: str, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        many = f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"
        super().__init__("\n".join([f"{what} has {many}:", *(f"  {problem}" for problem in self.problems)]))


class EvidenceError(NephrosynError):
    """A setting, an estimate or a key cannot be used in a validation, calibration or sensitivity analysis."""


class CasesError(NephrosynError):
    """Cases cannot be built as requested."""


class BenchError(NephrosynError):
    """Classifiers, tasks or predictions cannot be used; one problem a line."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class PerturbationError(NephrosynError):
    """A perturbation cannot be applied, or a log does not belong to the record."""


MOST_PROBLEMS = 100
"""Number of problems listed; checks stop looking for more after that."""


def unknown_name(kind: str, name: str, problems: Sequence[Problem]) -> str:
    """Return the message for a shipped file that does not exist; empty if something else is wrong.

    Examples
    --------
    >>> unknown_name("scenario", "basline", [Problem("basline", "", "no scenario of this name", "baseline")])
    "No scenario 'basline'. Did you mean baseline? `nephrosyn list` shows all."
    """
    if len(problems) != 1 or problems[0].path != name or not problems[0].actual.endswith(NO_SUCH_NAME):
        return ""
    like = problems[0].nearest.split(", ")[0]
    suggestion = f" Did you mean {like}?" if like else ""
    return visible(f"No {kind} '{name}'.{suggestion} `nephrosyn list` shows all.")


def listed(heading: str, problems: Sequence[Problem]) -> str:
    """Return a heading with the number of problems, and one line for each of the first `MOST_PROBLEMS`.

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


LONGEST = 60
LONGEST_NAME = 200
"""Longer texts are not compared with valid names."""

MOST_PATIENTS = 100_000_000
"""Patients in each replicate."""
MOST_REPLICATES = 100_000
MOST_SEED = 2**63 - 1
MOST_WORKERS = 1024
MOST_PART_PATIENTS = 1_000_000
MOST_PARTS = 200_000


def nearest(name: str, names: Iterable[str], most: int = 3) -> str:
    """Return the valid names most similar to a given one, joined by commas; empty if none is similar.

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


def value_text(value: Any) -> str:
    """Describe a value of a file for a message.

    Examples
    --------
    >>> value_text("5 weeks")
    'the text "5 weeks"'
    >>> value_text([1, 2])
    'a list of 2'
    """
    if isinstance(value, str):
        short = value if len(value) <= LONGEST else value[: LONGEST - 3] + "..."
        return f'the text "{visible(short)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, date):
        return f"the date {value.isoformat()}"
    if isinstance(value, Mapping):
        return f"a table of {len(value)}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return f"a {type(value).__name__}"


def number_text(value: float) -> str:
    """Write a number without unneeded decimals, and no very long integer.

    Examples
    --------
    >>> number_text(5.0), number_text(0.125)
    ('5', '0.125')
    """
    if isinstance(value, int):
        return str(value) if abs(value) < 10**LONGEST else "a huge whole number"
    return format(value, ".12g")


def problem_of_hidden(path: Sequence[str], text: str, file: str = "") -> Problem:
    """Return the problem of a text that contains an invisible character."""
    first = hidden(text, keep=LINE_BREAKS) or hidden(text)
    return Problem(".".join(path), "text without control characters", f"{first} in {value_text(text)}", file=file)


def wrong_count(name: str, value: Any, least: int, most: int) -> list[str]:
    """Return what is wrong with an argument that must be a whole number within limits.

    Parameters
    ----------
    name : str
        Name of the argument or option.
    value : object
        Its value.
    least, most : int
        The limits.

    Returns
    -------
    list of str, length 0 or 1
        A message, if the value is not a whole number or is out of range.

    Examples
    --------
    >>> wrong_count("patients", 10**12, 1, MOST_PATIENTS)
    ['patients: expected a whole number from 1 to 100000000; found 1000000000000']
    >>> wrong_count("patients", 5, 1, MOST_PATIENTS)
    []
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if whole and least <= int(value) <= most:
        return []
    return [
        f"{name}: expected a whole number from {number_text(least)} to {number_text(most)}; found {value_text(value)}"
    ]
