"""What a suite is: its splits, tasks and metrics, read from a TOML file."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nephrosyn import criteria
from nephrosyn.bench.perturbations.constants import OF_RECORDS, unknown
from nephrosyn.bench.score.conditions import CLEAN_RECORD, MOST_REPLICATES, Condition, conditions
from nephrosyn.bench.task import Target, Task
from nephrosyn.errors import MOST_SEED, BenchError, nearest, value_text
from nephrosyn.text_files import UnreadableError, parsed_toml, read_text

FOLDER = Path(__file__).parent / "definitions"
RETIRED = "retired.toml"
DIGESTS = ".digests.json"
"""End of the name of the file with the digests of a suite."""
MOST_PATIENTS = 100_000
MOST_DAYS = 36_525
Role = Literal["train", "validation", "test", "out_of_distribution"]
SCORED_ROLES: tuple[Role, ...] = ("test", "out_of_distribution")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Split(_Part):
    """A cohort.

    Attributes
    ----------
    what : str
        Who the patients are.
    scenario : str
        The shipped scenario.
    overrides : tuple of str
        ``KEY=VALUE`` for keys of the scenario that differ.
    patients, seed : int
        Size and seed.
    """

    what: str
    scenario: str
    overrides: tuple[str, ...] = ()
    patients: int = Field(ge=1, le=MOST_PATIENTS)
    seed: int = Field(ge=0, le=MOST_SEED)


class SuiteTask(_Part):
    """A question, the splits that it is asked about, and the perturbations of its test split.

    Attributes
    ----------
    title : str
        The question in a few words.
    criteria : str
        The definition set.
    target : {"category", "refractory"}
        What to predict.
    until_days : int or None, days
        Classifiers see what was recorded before this day from onset; None for the whole record.
    label_days : int or None, days
        Day of the right answer; None for the end of follow-up.
    train, validation, test : str
        Names of splits.
    out_of_distribution : tuple of str
        Names of splits of other settings, patients or care.
    perturbations : tuple of str
        Perturbations of the record of the test split.
    severities : tuple of int
        Their severities, 1 to 5.
    replicates, seed : int
        Repeats and seed of the random draws of the perturbations.
    """

    title: str
    criteria: str
    target: Target
    until_days: int | None = Field(None, ge=1, le=MOST_DAYS)
    label_days: int | None = Field(None, ge=1, le=MOST_DAYS)
    train: str
    validation: str
    test: str
    out_of_distribution: tuple[str, ...]
    perturbations: tuple[str, ...] = Field(min_length=1)
    severities: tuple[int, ...] = Field(min_length=1)
    replicates: int = Field(ge=1, le=MOST_REPLICATES)
    seed: int = Field(ge=0, le=MOST_SEED)

    @property
    def roles(self) -> dict[str, Role]:
        """The role of each split in this task, by name."""
        outside: dict[str, Role] = dict.fromkeys(self.out_of_distribution, "out_of_distribution")
        return {self.train: "train", self.validation: "validation", self.test: "test", **outside}

    @property
    def scored_splits(self) -> list[str]:
        """The splits that are scored: test, then out of distribution."""
        return [name for name, role in self.roles.items() if role in SCORED_ROLES]

    def conditions(self, split: str) -> list[Condition]:
        """Return the conditions of a split: the unperturbed record and, for the test split, every perturbation."""
        if split != self.test:
            return [CLEAN_RECORD]
        return conditions(self.perturbations, self.severities, self.replicates)

    def question(self) -> Task:
        """Return the question as the bench puts it; its right answers are those of `label_days`."""
        return Task(criteria.load(self.criteria), self.target, self.label_days)


class Metrics(_Part):
    """The metrics of a suite by where they are stored.

    Attributes
    ----------
    primary : str
        The metric that ranks classifiers.
    unperturbed, by_group, perturbed, averages : tuple of str
        Metrics of the unperturbed record, of its groups of patients, of every condition, and means over conditions.
    """

    primary: str
    unperturbed: tuple[str, ...]
    by_group: tuple[str, ...]
    perturbed: tuple[str, ...]
    averages: tuple[str, ...]


class Definition(_Part):
    """A suite.

    Attributes
    ----------
    name : str
        Name with the version, as ``nephro-1``.
    title : str
        What it tests.
    perturbations_version : int
        Version of the table of constants of the perturbations.
    reference_classifiers : tuple of str
        Classifiers with a committed result.
    metrics : Metrics
        What is scored.
    splits : dict of str to Split
        The cohorts.
    tasks : dict of str to SuiteTask
        The questions.
    """

    name: str
    title: str
    perturbations_version: int
    reference_classifiers: tuple[str, ...]
    metrics: Metrics
    splits: dict[str, Split]
    tasks: dict[str, SuiteTask] = Field(min_length=1)

    @cached_property
    def sha256(self) -> str:
        """Digest of the definition: its values as JSON with sorted keys."""
        content = self.model_dump(mode="json")
        return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()

    def selected_tasks(self, names: tuple[str, ...] | list[str] | None) -> list[str]:
        """Return the tasks by name, all by default, in the order of the suite.

        Raises
        ------
        BenchError
            If there is no such task, with the nearest name.
        """
        wrong = [name for name in names or () if name not in self.tasks]
        if wrong:
            raise BenchError([self._no_task(name) for name in wrong])
        return [name for name in self.tasks if not names or name in names]

    def _no_task(self, name: str) -> str:
        like = nearest(name, self.tasks, 1)
        hint = f"did you mean {like}? " if like else ""
        return f"{self.name} has no task {name}; {hint}its tasks: {', '.join(self.tasks)}"


def shipped() -> dict[str, str]:
    """Return the shipped suites and their titles.

    Examples
    --------
    >>> list(shipped())
    ['nephro-1']
    """
    paths = sorted(path for path in FOLDER.glob("*.toml") if path.name != RETIRED)
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8"))["title"] for path in paths}


def path_of(name: str) -> Path:
    """Return the file of a suite.

    Parameters
    ----------
    name : str
        A shipped suite, or the path of a TOML file.

    Raises
    ------
    BenchError
        If there is no such suite, or this version no longer builds it.
    """
    if name.endswith(".toml"):
        return Path(name)
    path = FOLDER / f"{name}.toml"
    if name in shipped():
        return path
    retired = tomllib.loads((FOLDER / RETIRED).read_text(encoding="utf-8"))
    if name in retired:
        raise BenchError(
            [f"suite {name}: this version of nephrosyn no longer builds its records; release {retired[name]} does"]
        )
    like = nearest(name, [*shipped(), *retired], 1)
    hint = f"did you mean {like}?" if like else f"suites: {', '.join(shipped())}."
    raise BenchError([f"there is no suite {name}; {hint} A TOML file of your own also works."])


def load(name: str) -> Definition:
    """Read a suite.

    Parameters
    ----------
    name : str
        A shipped suite, or the path of a TOML file.

    Returns
    -------
    Definition
        The checked suite.

    Raises
    ------
    BenchError
        If there is no such suite, or its file is not valid, with all problems.

    Examples
    --------
    >>> load("nephro-1").metrics.primary
    'accuracy'
    """
    path = path_of(name)
    try:
        content = parsed_toml(read_text(path))
    except UnreadableError as error:
        raise BenchError([f"suite {name}: {error}"]) from None
    try:
        definition = Definition.model_validate(content)
    except ValidationError as error:
        raise BenchError([f"suite {name}: {problem}" for problem in described(error)]) from None
    problems = [f"suite {name}: {problem}" for problem in _contradictions(definition)]
    if problems:
        raise BenchError(problems)
    return definition


def described(error: ValidationError) -> list[str]:
    """Return the problems of a file that pydantic refused: dotted path, what was expected, what is there."""
    return [_described(detail) for detail in error.errors()]


def _described(detail: Any) -> str:
    path = ".".join(str(key) for key in detail["loc"]) or "the file"
    if detail["type"] == "missing":
        return f"{path}: missing"
    if detail["type"] == "extra_forbidden":
        return f"{path}: not a key of this format"
    expected = str(detail["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{path}: expected {expected[:1].lower()}{expected[1:]}; found {value_text(detail['input'])}"


def _contradictions(definition: Definition) -> Iterator[str]:
    seeds: dict[int, str] = {}
    for name, split in definition.splits.items():
        if split.seed in seeds:
            yield f"splits.{name}.seed: expected a seed of its own; found that of {seeds[split.seed]}"
        seeds.setdefault(split.seed, name)
    for name, task in definition.tasks.items():
        places = [task.train, task.validation, task.test, *task.out_of_distribution]
        for split_name in places:
            if split_name not in definition.splits:
                like = nearest(split_name, definition.splits)
                yield f"tasks.{name}: there is no split {split_name}{f'; nearest: {like}' if like else ''}"
        if name in definition.splits:
            yield f"tasks.{name}: expected a name that no split has"
        if len(set(places)) < len(places):
            yield f"tasks.{name}: expected a different split for each role; found {', '.join(places)}"
        for perturbation in task.perturbations:
            if perturbation not in OF_RECORDS:
                yield f"tasks.{name}.perturbations: {unknown(perturbation)} (perturbations of the record only)"
        if set(task.severities) - set(range(1, 6)):
            yield f"tasks.{name}.severities: expected 1 to 5; found {', '.join(map(str, task.severities))}"
        if task.until_days and task.label_days and task.until_days > task.label_days:
            yield f"tasks.{name}.until_days: expected no later than label_days ({task.label_days})"
