"""Predictions from a file, in any language: read, and refused with examples of every kind of fault.

Columns: `patient`, `perturbation`, `severity`, `replicate`, `predicted`, and perhaps `p_<class>`. The clean record is
perturbation ``none`` of severity 0 and replicate 0. Perturbations of labels and of the cohort leave the record as it
is, so that nothing is asked about them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.bench.classifiers.protocol import SUM_TOLERANCE, checked
from nephrosyn.bench.conditions import CLEAN, KEYS, Condition, conditions, shifts
from nephrosyn.bench.errors import BenchError
from nephrosyn.bench.perturbations import PERTURBATIONS, VERSION
from nephrosyn.bench.running import Answers, Run, ask, beside
from nephrosyn.bench.task import Task
from nephrosyn.cohort import reading
from nephrosyn.cohort.layout import sha256
from nephrosyn.plan import Progress, silent

COLUMNS = {"patient": pl.Int64, "perturbation": pl.String, "severity": pl.Int64, "replicate": pl.Int64}
WHERE = list(COLUMNS)
EXAMPLES = 3


def read(path: Path) -> pl.DataFrame:
    """Read a CSV or Parquet file, every column of a CSV as text.

    Raises
    ------
    BenchError
        If it cannot be read.
    """
    if not path.is_file():
        raise BenchError([f"{path}: no such file"])
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return reading.read_parquet(path)
        return reading.read_csv(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BenchError([f"{path}: cannot be read: {str(error).splitlines()[0]}"]) from None


def predictions(path: Path, task: Task, patients: Sequence[int], asked: Sequence[Condition]) -> pl.DataFrame:
    """Return the predictions of a file, one for each patient and condition.

    Parameters
    ----------
    path : Path
        CSV or Parquet.
    task : Task
        The question.
    patients : sequence of int
        Everybody who was asked about.
    asked : sequence of Condition
        Every condition for which an answer is due.

    Returns
    -------
    polars.DataFrame
        `patient`, `perturbation`, `severity`, `replicate`, `predicted` and the `p_` columns.

    Raises
    ------
    BenchError
        With every kind of fault, how often it occurs, and example rows.
    """
    frame = read(path)
    allowed = {f"p_{name}": pl.Float64 for name in task.words}
    problems = _columns(path, frame, allowed)
    if problems:
        raise BenchError(problems)
    frame = frame.with_row_index("line", 2)
    typed, problems = _typed(
        path, frame, {**COLUMNS, **{name: k for name, k in allowed.items() if name in frame.columns}}
    )
    known = pl.col("predicted").cast(pl.String).is_in(task.words).fill_null(False)
    words = ", ".join(task.words)
    problems += _told(path, f"a label that is none of {words}", typed.filter(~known))
    problems += _probabilities(path, typed, [name for name in allowed if name in typed.columns])
    due = _due(patients, asked)
    problems += _told(path, "a row that stands twice", typed.filter(~pl.struct(WHERE).is_first_distinct()))
    problems += _told(path, "a row that nobody asked for", typed.join(due, on=WHERE, how="anti"))
    there = frame.select(pl.col(name).cast(COLUMNS[name], strict=False) for name in WHERE)  # answer readable or not
    problems += _told(path, "a row that is missing", due.join(there, on=WHERE, how="anti"))
    if problems:
        raise BenchError(problems)
    return typed.drop("line")


def _columns(path: Path, frame: pl.DataFrame, allowed: dict[str, Any]) -> list[str]:
    due = [*WHERE, "predicted"]
    problems = [f"{path}: column {name} is missing" for name in due if name not in frame.columns]
    words = ", ".join([*due, *allowed])
    other = [name for name in frame.columns if name not in due and name not in allowed]
    return problems + [f"{path}: column {name} is none of {words}" for name in other]


def _typed(path: Path, frame: pl.DataFrame, kinds: dict[str, Any]) -> tuple[pl.DataFrame, list[str]]:
    """Give columns their types; what cannot be read is told, and its row left out."""
    problems, sound = [], pl.lit(True)
    typed = frame
    for name, kind in kinds.items():
        typed = typed.with_columns(pl.col(name).cast(kind, strict=False))
        may_lack = name.startswith("p_")
        wrong = typed[name].is_null() & ~((frame[name].is_null() | (frame[name].cast(pl.String) == "")) & may_lack)
        wanted = "a text" if kind == pl.String else "a number" if may_lack else "a whole number"
        problems += _told(path, f"{name} that is not {wanted}", frame.filter(wrong))
        sound = sound & ~pl.lit(wrong)
    return typed.filter(sound), problems


def _probabilities(path: Path, frame: pl.DataFrame, names: list[str]) -> list[str]:
    if not names:
        return []
    inside = pl.all_horizontal([pl.col(name).is_between(0, 1) | pl.col(name).is_null() for name in names])
    total = pl.sum_horizontal(names)
    given = pl.any_horizontal([pl.col(name).is_not_null() for name in names])
    off = given & inside & ((total - 1).abs() > SUM_TOLERANCE)
    return [
        *_told(path, "a probability outside 0 to 1", frame.filter(~inside)),
        *_told(path, "probabilities that do not sum to 1", frame.filter(off)),
    ]


def _due(patients: Sequence[int], asked: Sequence[Condition]) -> pl.DataFrame:
    rows = [(one.perturbation, one.severity, one.replicate) for one in asked]
    conditions = pl.DataFrame(rows, schema={name: COLUMNS[name] for name in KEYS}, orient="row")
    people = pl.DataFrame({"patient": pl.Series(patients, dtype=pl.Int64)})
    return people.join(conditions, how="cross").select(WHERE)


def _told(path: Path, fault: str, rows: pl.DataFrame) -> list[str]:
    if not rows.height:
        return []
    shown = [
        ", ".join(f"{name} {value}" for name, value in row.items() if not name.startswith("p_"))
        for row in rows.head(EXAMPLES).to_dicts()
    ]
    more = " ..." if rows.height > EXAMPLES else ""
    return [f"{path}: {fault}: {rows.height:,} rows, as ({'), ('.join(shown)}){more}"]


def due_of(asked: Sequence[Condition]) -> list[Condition]:
    """Return the conditions that show another record, and the clean one."""
    return [c for c in asked if c.perturbation == CLEAN or PERTURBATIONS[c.perturbation].kind == "record"]


def score_file(
    run: Run, path: Path, asked: Sequence[Condition], *, seed: int | None = None, progress: Progress = silent
) -> Answers:
    """Put the predictions of a file beside the right answers, and beside those of the definition set itself.

    Parameters
    ----------
    run : Run
        Whose records were given away.
    path : Path
        The predictions.
    asked : sequence of Condition
        All conditions, the clean one first.
    seed : int, optional
        Address of the perturbations' draws; that of the run without it.
    progress : callable
        Called with (stage, done, total).

    Raises
    ------
    BenchError
        If the file is wrong, with every kind of fault.
    """
    people = run.reference.frame.select("replicate", "patient")
    given = predictions(path, run.task, people["patient"].to_list(), due_of(asked))
    name = path.stem
    names = list(dict.fromkeys(c.perturbation for c in asked if c.perturbation != CLEAN))
    severities = sorted({c.severity for c in asked if c.perturbation != CLEAN})
    repeats = 1 + max(c.replicate for c in asked)
    own = ask(run, [], names, severities, repeats, seed=seed, progress=progress)
    seed = run.manifest["seed"] if seed is None else seed
    parts = {(c.perturbation, c.severity, c.replicate): _of(given, c, people, run.task) for c in due_of(asked)}
    clean = parts[CLEAN, 0, 0]
    classifiers = (run.task.definition.name, name if name != run.task.definition.name else f"{name}-file")
    frames = []
    for shift in shifts(run.observed, run.reference, asked, seed):
        c = shift.condition
        mine = parts.get((c.perturbation, c.severity, c.replicate), clean)
        frames.append(beside(mine, shift, classifiers[1], clean, classifiers))
    theirs = own.frame.with_columns(pl.col("classifier").cast(pl.String).cast(pl.Enum(classifiers)))
    mine_all = pl.concat([theirs, *frames], how="diagonal")
    about = {
        "criteria": run.task.definition.name,
        "criteria_asked": run.asked,
        "target": run.task.target,
        "seed": seed,
        "perturbations_version": VERSION,
        "replicates": repeats,
        "classifiers": list(classifiers),
        "asked": [],
        "files_sha256": {path.name: sha256(path)},
    }
    return Answers(run, about, mine_all)


def asked_in(folder: Path, run: Run) -> tuple[list[Condition], int]:
    """Return the conditions of an export and its seed.

    An export of all perturbations of the record is also scored under those of labels and cohort, which need no records
    of their own; one of some perturbations is scored under these alone.

    Raises
    ------
    BenchError
        If there is no export of this run.
    """
    try:
        about = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        names, severities, repeats = about["perturbations"], about["severities"], about["replicates"]
        seed, digest, version = about["seed"], about["run_sha256"], about["constants_version"]
    except (OSError, ValueError, KeyError):
        raise BenchError([f"{folder}: no export of the bench; make one with: nephrosyn bench export"]) from None
    problems = []
    if digest != sha256(run.folder / "manifest.json"):
        problems.append(f"{folder}: an export of another run than {run.folder}, or the run was judged again since")
    if version != VERSION:
        problems.append(f"{folder}: made with version {version} of the perturbations; this is version {VERSION}")
    if problems:
        raise BenchError(problems)
    whole = {name for name, one in PERTURBATIONS.items() if one.kind == "record"} <= set(names)
    rest = [name for name in PERTURBATIONS if name not in names] if whole else []
    return conditions([*names, *rest], severities, repeats), int(seed)


def _of(given: pl.DataFrame, c: Condition, people: pl.DataFrame, task: Task) -> pl.DataFrame:
    rows = given.filter(perturbation=c.perturbation, severity=c.severity, replicate=c.replicate).drop(KEYS)
    rows = rows.with_columns(pl.col("patient").cast(pl.Int32), replicate=pl.lit(0, pl.Int32))
    return checked(rows, people, task)
