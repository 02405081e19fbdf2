"""The frozen digests of a suite, and how a build differs from them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from nephrosyn import __version__, vocabulary
from nephrosyn.bench.perturbations import VERSION
from nephrosyn.bench.score.conditions import Condition
from nephrosyn.bench.score.metrics import ALL
from nephrosyn.bench.suite.build import name_of
from nephrosyn.bench.suite.definition import DIGESTS, Definition, described, load, path_of, shipped
from nephrosyn.bench.suite.digests import combined
from nephrosyn.bench.suite.evaluate import Evaluator, TaskResult, in_processes
from nephrosyn.bench.suite.scores import Count, Evaluation, Stored, StoredScore
from nephrosyn.errors import MOST_WORKERS, BenchError, wrong_count
from nephrosyn.runs.run import Progress, silent
from nephrosyn.text_files import UnreadableError, parsed_json, read_bytes

MOST_BYTES = 50_000_000


class SplitFacts(Stored):
    """What every result about a split of a task must agree with.

    Attributes
    ----------
    patients, scored, outside_the_set, not_classifiable : int
        Number of patients.
    right : dict of str to int
        Number of patients by right answer.
    accuracy : dict of str to float
        Accuracy of the definition set by condition, to which corruption errors are relative.
    scores : dict of str to list of str
        The scores that every result has, as ``metric of``: those of the unperturbed record, of each perturbed one, and
        the averages.
    """

    patients: Count
    scored: Count
    outside_the_set: Count
    not_classifiable: Count
    right: dict[str, Count]
    accuracy: dict[str, float]
    scores: dict[str, tuple[str, ...]]


class Frozen(Stored):
    """The digests of a suite.

    Attributes
    ----------
    notice : str
        What the data are.
    suite : str
        Name of the suite.
    nephrosyn : str
        The release that built it.
    perturbations_version : int
        Version of the constants of the perturbations.
    definition_sha256 : str
        Digest of the definition.
    tables : dict of str to str
        Digest of every table, by name.
    columns : dict of str to dict
        Digests of the columns of the tables that are not perturbed.
    splits : dict of str to SplitFacts
        Counts by ``task/split``.
    """

    notice: str
    suite: str
    nephrosyn: str
    perturbations_version: int
    definition_sha256: str
    tables: dict[str, str] = Field(min_length=1)
    columns: dict[str, dict[str, str]]
    splits: dict[str, SplitFacts]

    @property
    def digest(self) -> str:
        """One digest of all tables, which results carry."""
        return combined(self.tables)


def read_frozen(name: str) -> Frozen:
    """Read the digests of a suite.

    Parameters
    ----------
    name : str
        A shipped suite, or the path of a TOML file, beside which they are.

    Raises
    ------
    BenchError
        If there are none, or the file is damaged.
    """
    path = frozen_path(name)
    try:
        return Frozen.model_validate(parsed_json(read_bytes(path, MOST_BYTES)))
    except UnreadableError as error:
        if not path.exists():
            raise BenchError([f"suite {name}: its digests are not frozen yet; expected the file {path.name}"]) from None
        raise BenchError([f"suite {name}: {path.name}: {error}"]) from None
    except ValidationError as error:
        raise BenchError([f"suite {name}: {path.name}: {problem}" for problem in described(error)]) from None


def frozen_path(name: str) -> Path:
    """Return the path of the digests of a suite."""
    path = path_of(name)
    return path.with_name(path.stem + DIGESTS)


def freeze(name: str, *, workers: int | None = None, progress: Progress = silent) -> Frozen:
    """Build a suite and write its digests beside its definition.

    Parameters
    ----------
    name : str
        A shipped suite, or the path of a TOML file.
    workers : int, optional
        Number of processes.
    progress : callable
        Called with (stage, done, total).

    Returns
    -------
    Frozen
        The digests, also written.

    Raises
    ------
    BenchError
        If the suite is not valid, or for another version of the perturbations.
    """
    definition = load(name)
    if definition.perturbations_version != VERSION:
        given = definition.perturbations_version
        raise BenchError([f"suite {name}: perturbations_version: expected {VERSION}, the version here; found {given}"])
    evaluator = Evaluator(definition.model_dump(mode="json"))
    results = list(in_processes(evaluator, list(definition.tasks), workers, progress))
    tables = {key: value for result in results for key, value in result.digests.items()}
    columns = {key: value for result in results for key, value in result.columns.items()}
    facts = {
        f"{result.task}/{split}": _facts(result.evaluations[definition.tasks[result.task].criteria][split])
        for result in results
        for split in definition.tasks[result.task].scored_splits
    }
    frozen = Frozen(
        notice=vocabulary.NOTICE,
        suite=definition.name,
        nephrosyn=__version__,
        perturbations_version=VERSION,
        definition_sha256=definition.sha256,
        tables=dict(sorted(tables.items())),
        columns=dict(sorted(columns.items())),
        splits=dict(sorted(facts.items())),
    )
    text = json.dumps(frozen.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"
    frozen_path(name).write_text(text, encoding="utf-8")
    return frozen


def freeze_own(
    file: Path, *, workers: int | None = None, overwrite: bool = False, progress: Progress = silent
) -> tuple[Frozen, Path]:
    """Freeze a suite of a user.

    Parameters
    ----------
    file : Path
        Its TOML file.
    workers : int, optional
        Number of processes.
    overwrite : bool
        Replace earlier digests.
    progress : callable
        Called with (stage, done, total).

    Returns
    -------
    frozen : Frozen
        The digests.
    path : Path
        Where they were written.

    Raises
    ------
    BenchError
        If the file is not a suite, has the name of a shipped one, or was frozen before.
    """
    if file.suffix != ".toml":
        raise BenchError([f"{file}: expected a TOML file; a shipped suite is frozen already"])
    definition, path = load(str(file)), frozen_path(str(file))
    if definition.name in shipped():
        raise BenchError([f"suite {file}: {definition.name} is the name of a shipped suite; choose a different name"])
    if path.exists() and not overwrite:
        raise BenchError([f"{path} exists; a suite that changes gets a new name, or replace it with --overwrite"])
    if workers is not None and (wrong := wrong_count("--workers", workers, 1, MOST_WORKERS)):
        raise BenchError(wrong)
    return freeze(str(file), workers=workers, progress=progress), path


def _facts(evaluation: Evaluation) -> SplitFacts:
    clean = evaluation.conditions[0]
    accuracy: dict[str, float] = {}
    for part in evaluation.conditions:
        value = next(score.value for score in part.scores if score.metric == "accuracy" and score.of == ALL)
        accuracy[name_of(Condition(part.perturbation, part.severity, part.replicate))] = value or 0.0
    return SplitFacts(
        patients=evaluation.patients,
        scored=evaluation.scored,
        outside_the_set=evaluation.outside_the_set,
        not_classifiable=evaluation.not_classifiable,
        right={name: sum(row) for name, row in zip(evaluation.classes, clean.confusion, strict=True)},
        accuracy=accuracy,
        scores={
            "unperturbed": score_names(clean.scores),
            "perturbed": score_names(evaluation.conditions[-1].scores if len(accuracy) > 1 else ()),
            "averages": score_names(evaluation.averages),
        },
    )


def score_names(scores: Sequence[StoredScore]) -> tuple[str, ...]:
    """Return the names of scores: metric, and the class or group that it is of."""
    return tuple(f"{score.metric} {score.of}" for score in scores)


def differences(frozen: Frozen, definition: Definition, results: Sequence[TaskResult]) -> Iterator[str]:
    """Yield how a build differs from the frozen suite: each table by name, with its columns."""
    if frozen.definition_sha256 != definition.sha256:
        yield "its definition is not the one that was frozen"
    if frozen.perturbations_version != VERSION:
        yield (
            f"it was frozen with version {frozen.perturbations_version} of the perturbations; "
            f"this nephrosyn has version {VERSION}"
        )
    tasks = [result.task for result in results]
    expected = {name: digest for name, digest in frozen.tables.items() if _of_tasks(name, definition, tasks)}
    built = {name: digest for result in results for name, digest in result.digests.items()}
    columns = {name: of_table for result in results for name, of_table in result.columns.items()}
    for name in sorted({*expected, *built}):
        if name not in built:
            yield f"{name}: not built"
        elif name not in expected:
            yield f"{name}: not among the frozen tables"
        elif built[name] != expected[name]:
            yield f"{name} differs{_where(frozen.columns.get(name, {}), columns.get(name, {}))}"


def _where(frozen: Mapping[str, str], built: Mapping[str, str]) -> str:
    names = [name for name in sorted({*frozen, *built}) if frozen.get(name) != built.get(name)]
    return f" in {', '.join(names)}" if names else ""


def _of_tasks(table: str, definition: Definition, tasks: Sequence[str]) -> bool:
    """Return whether a table is of some tasks: of a task itself, or of a split that it uses."""
    first = table.partition("/")[0]
    return first in tasks or any(first in definition.tasks[task].roles for task in tasks)


def require_same(name: str, frozen: Frozen, definition: Definition, results: Sequence[TaskResult]) -> None:
    """Raise an error unless a build is the frozen suite.

    Raises
    ------
    BenchError
        With every table that differs, and the release that builds the suite.
    """
    problems = [f"suite {name}: {problem}" for problem in differences(frozen, definition, results)]
    if problems:
        raise BenchError([*problems, _advice(name, frozen)])


def _advice(name: str, frozen: Frozen) -> str:
    if frozen.nephrosyn != __version__:
        return f"suite {name}: nephrosyn {frozen.nephrosyn} builds it; this is {__version__}, use that release"
    return f"suite {name}: frozen with nephrosyn {frozen.nephrosyn}, as here; these records are not comparable with it"
