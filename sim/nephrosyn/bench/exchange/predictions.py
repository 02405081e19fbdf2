"""Predictions from a file, in any language: read, and refused with examples of every kind of fault.

Columns: `patient`, `perturbation`, `severity`, `replicate`, `predicted`, and perhaps `p_<class>`. The clean record is
perturbation ``none`` of severity 0 and replicate 0. Perturbations of labels and of the cohort leave the record as it
is, so that nothing is asked about them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.bench.classifiers.protocol import SUM_TOLERANCE, checked_answers
from nephrosyn.bench.perturbations import PERTURBATIONS, SEVERITIES, VERSION
from nephrosyn.bench.requirements import in_a_line
from nephrosyn.bench.run import Answers, Run, ask, with_reference
from nephrosyn.bench.score.conditions import CLEAN, KEYS, MOST_REPLICATES, Condition, conditions, shifts
from nephrosyn.bench.task import Task
from nephrosyn.errors import BenchError
from nephrosyn.runs.folder.layout import sha256
from nephrosyn.runs.run import Progress, silent
from nephrosyn.text_files import UTF16_SIGNATURES, UnreadableError, decoded, hidden, is_readable, parsed_json

COLUMNS = {"patient": pl.Int64, "perturbation": pl.String, "severity": pl.Int64, "replicate": pl.Int64}
WHERE = list(COLUMNS)
EXAMPLES = 3
SHOWN = 40
"""Characters of a value in a message."""
PARQUET = b"PAR1"


def read_content(path: Path) -> bytes:
    """Return what stands in a file, or comes through a pipe, which can be read once only.

    Raises
    ------
    BenchError
        If it cannot be read.
    """
    if not is_readable(path):
        raise BenchError([f"{path}: no such file"])
    try:
        return path.read_bytes()
    except OSError as error:
        raise BenchError([f"{path}: cannot be read: {error.strerror}"]) from None


def read(path: Path, content: bytes | None = None) -> pl.DataFrame:
    """Read a CSV or Parquet file, every column of a CSV as text.

    Parameters
    ----------
    path : Path
        Where it lies; what comes through a pipe is known for Parquet by its first bytes.
    content : bytes, optional
        Its content, if that has been read.

    Raises
    ------
    BenchError
        If it cannot be read.
    """
    content = read_content(path) if content is None else content
    try:
        if path.suffix.lower() in (".parquet", ".pq") or content.startswith(PARQUET):
            return pl.read_parquet(BytesIO(content), hive_partitioning=False)
        if content.startswith(UTF16_SIGNATURES):
            content = decoded(content).encode()
        return pl.read_csv(BytesIO(content), infer_schema=False)
    except UnreadableError as error:
        raise BenchError([f"{path}: {error}"]) from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise BenchError([f"{path}: cannot be read: {(str(error).splitlines() or ['damaged'])[0]}"]) from None


def predictions(
    path: Path, task: Task, patients: Sequence[int], asked: Sequence[Condition], content: bytes | None = None
) -> pl.DataFrame:
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
    content : bytes, optional
        What stands in the file, if that has been read.

    Returns
    -------
    polars.DataFrame
        `patient`, `perturbation`, `severity`, `replicate`, `predicted` and the `p_` columns.

    Raises
    ------
    BenchError
        With every kind of fault, how often it occurs, and example rows.
    """
    frame = read(path, content)
    allowed = {f"p_{name}": pl.Float64 for name in task.words}
    problems = _columns(path, frame, allowed) or _types(path, frame)
    if problems:
        raise BenchError(problems)
    frame = frame.with_row_index("line", 2)
    typed, problems = _typed(
        path, frame, {**COLUMNS, **{name: k for name, k in allowed.items() if name in frame.columns}}
    )
    known = pl.col("predicted").cast(pl.String).is_in(task.words).fill_null(False)
    words = ", ".join(task.words)
    problems += _faulty_rows(path, f"a label that is none of {words}", typed.filter(~known))
    problems += _probabilities(path, typed, [name for name in allowed if name in typed.columns])
    due = _due(patients, asked)
    problems += _faulty_rows(path, "a row that stands twice", typed.filter(~pl.struct(WHERE).is_first_distinct()))
    problems += _faulty_rows(path, "a row that nobody asked for", typed.join(due, on=WHERE, how="anti"))
    there = frame.select(_read_as(frame[name], COLUMNS[name]) for name in WHERE)  # answer readable or not
    problems += _faulty_rows(path, "a row that is missing", due.join(there, on=WHERE, how="anti"))
    if problems:
        raise BenchError(problems)
    return typed.drop("line")


def _columns(path: Path, frame: pl.DataFrame, allowed: dict[str, Any]) -> list[str]:
    due = [*WHERE, "predicted"]
    problems = [f"{path}: column {name} is missing" for name in due if name not in frame.columns]
    words = ", ".join([*due, *allowed])
    other = [name for name in frame.columns if name not in due and name not in allowed]
    return problems + [f"{path}: column {in_a_line(name)} is none of {words}" for name in other]


def _types(path: Path, frame: pl.DataFrame) -> list[str]:
    """Tell the columns of a type in which no such values can be, as lists, bytes or dates."""
    return [
        f"{path}: column {name}: expected {_wanted(name)}; found values of type {in_a_line(str(kind))}"
        for name, kind in frame.schema.items()
        if not (kind == pl.Null or kind.is_(pl.String) or _may_be(name, kind))
    ]


def _may_be(name: str, kind: pl.DataType) -> bool:
    if _wanted(name) == TEXT:
        return isinstance(kind, pl.Categorical | pl.Enum)
    return kind.is_numeric()


TEXT = "a text"


def _wanted(name: str) -> str:
    """Return in words what a column holds."""
    if name.startswith("p_"):
        return "a number"
    return TEXT if COLUMNS.get(name, pl.String) == pl.String else "a whole number"


def _typed(path: Path, frame: pl.DataFrame, kinds: dict[str, Any]) -> tuple[pl.DataFrame, list[str]]:
    """Give columns their types; what cannot be read is told, and its row left out."""
    problems, sound = [], pl.lit(True)
    typed = frame
    for name, kind in kinds.items():
        typed = typed.with_columns(_read_as(frame[name], kind))
        may_lack = name.startswith("p_")
        wrong = typed[name].is_null() & ~((frame[name].is_null() | (frame[name].cast(pl.String) == "")) & may_lack)
        problems += _faulty_rows(path, f"{name} that is not {_wanted(name)}", frame.filter(wrong))
        sound = sound & ~pl.lit(wrong)
    return typed.filter(sound), problems


def _read_as(column: pl.Series, kind: Any) -> pl.Series:
    """Return a column in a type, null where a value is none of it; 3.0 is a whole number, 3.5 is not."""
    if kind != pl.Int64:
        return column.cast(kind, strict=False)
    number = column.cast(pl.Float64, strict=False)
    whole = (number.abs() < 2.0**53) & (number == number.round())
    direct = column if column.dtype.is_integer() else column.cast(pl.String, strict=False)
    return direct.cast(pl.Int64, strict=False).fill_null(number.set(~whole.fill_null(False), None).cast(pl.Int64))


def _probabilities(path: Path, frame: pl.DataFrame, names: list[str]) -> list[str]:
    if not names:
        return []
    inside = pl.all_horizontal([pl.col(name).is_between(0, 1) | pl.col(name).is_null() for name in names])
    total = pl.sum_horizontal(names)
    given = pl.any_horizontal([pl.col(name).is_not_null() for name in names])
    off = given & inside & ((total - 1).abs() > SUM_TOLERANCE)
    return [
        *_faulty_rows(path, "a probability outside 0 to 1", frame.filter(~inside)),
        *_faulty_rows(path, "probabilities that do not sum to 1", frame.filter(off)),
    ]


def _due(patients: Sequence[int], asked: Sequence[Condition]) -> pl.DataFrame:
    rows = [(one.perturbation, one.severity, one.replicate) for one in asked]
    conditions = pl.DataFrame(rows, schema={name: COLUMNS[name] for name in KEYS}, orient="row")
    people = pl.DataFrame({"patient": pl.Series(patients, dtype=pl.Int64)})
    return people.join(conditions, how="cross").select(WHERE)


def _faulty_rows(path: Path, fault: str, rows: pl.DataFrame) -> list[str]:
    if not rows.height:
        return []
    shown = [
        ", ".join(f"{name} {in_a_line(str(value))[:SHOWN]}" for name, value in row.items() if _shown(name, fault))
        for row in rows.head(EXAMPLES).to_dicts()
    ]
    more = " ..." if rows.height > EXAMPLES else ""
    return [f"{path}: {fault}: {rows.height:,} rows, as ({'), ('.join(shown)}){more}"]


def _shown(name: str, fault: str) -> bool:
    """Whether an example row has a column: probabilities only where they are what is wrong."""
    return not name.startswith("p_") or "probabilit" in fault or fault.startswith(f"{name} ")


def with_records(asked: Sequence[Condition]) -> list[Condition]:
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
    name = path.stem
    if wrong := hidden(name):
        raise BenchError([f"{path}: its name, under which it is scored, holds {wrong}; give the file another one"])
    content = read_content(path)
    people = run.reference.frame.select("replicate", "patient")
    given = predictions(path, run.task, people["patient"].to_list(), with_records(asked), content)
    names = list(dict.fromkeys(c.perturbation for c in asked if c.perturbation != CLEAN))
    severities = sorted({c.severity for c in asked if c.perturbation != CLEAN})
    repeats = 1 + max(c.replicate for c in asked)
    own = ask(run, [], names, severities, repeats, seed=seed, progress=progress)
    seed = run.manifest["seed"] if seed is None else seed
    parts = {(c.perturbation, c.severity, c.replicate): _of(given, c, people, run.task) for c in with_records(asked)}
    clean = parts[CLEAN, 0, 0]
    classifiers = (run.task.definition.name, name if name != run.task.definition.name else f"{name}-file")
    frames = []
    for shift in shifts(run.observed, run.reference, asked, seed):
        c = shift.condition
        mine = parts.get((c.perturbation, c.severity, c.replicate), clean)
        frames.append(with_reference(mine, shift, classifiers[1], clean, classifiers))
    theirs = own.frame.with_columns(pl.col("classifier").cast(pl.String).cast(pl.Enum(classifiers)))
    mine_all = pl.concat([theirs, *frames], how="diagonal")
    about = {
        "criteria": run.task.definition.name,
        "criteria_asked": run.criteria,
        "target": run.task.target,
        "seed": seed,
        "perturbations_version": VERSION,
        "replicates": repeats,
        "classifiers": list(classifiers),
        "asked": [],
        "files_sha256": {path.name: hashlib.sha256(content).hexdigest()},
    }
    return Answers(run, about, mine_all)


def export_conditions(folder: Path, run: Run) -> tuple[list[Condition], int]:
    """Return the conditions of an export and its seed.

    An export of all perturbations of the record is also scored under those of labels and cohort, which need no records
    of their own; one of some perturbations is scored under these alone.

    Raises
    ------
    BenchError
        If there is no export of this run.
    """
    try:
        about = parsed_json((folder / "manifest.json").read_bytes())
        names, severities, repeats = about["perturbations"], about["severities"], about["replicates"]
        seed, digest, version = about["seed"], about["run_sha256"], about["constants_version"]
    except (OSError, ValueError, KeyError, TypeError):
        raise BenchError([f"{folder}: no export of the bench; make one with: nephrosyn bench export"]) from None
    problems = []
    if digest != sha256(run.folder / "manifest.json"):
        problems.append(f"{folder}: an export of another run than {run.folder}, or the run was judged again since")
    if version != VERSION:
        problems.append(f"{folder}: made with version {version} of the perturbations; this is version {VERSION}")
    if not problems and not _is_sound(names, severities, repeats, seed):
        problems.append(f"{folder}: its manifest.json is damaged; make the export again")
    if problems:
        raise BenchError(problems)
    whole = {name for name, one in PERTURBATIONS.items() if one.kind == "record"} <= set(names)
    rest = [name for name in PERTURBATIONS if name not in names] if whole else []
    return conditions([*names, *rest], severities, repeats), int(seed)


def _is_sound(names: Any, severities: Any, repeats: Any, seed: Any) -> bool:
    """Whether an export tells of conditions that there are."""
    texts = isinstance(names, list) and all(isinstance(name, str) and name in PERTURBATIONS for name in names)
    numbers = isinstance(severities, list) and all(type(one) is int and one in SEVERITIES for one in severities)
    return texts and numbers and type(repeats) is int and 0 < repeats <= MOST_REPLICATES and type(seed) is int


def _of(given: pl.DataFrame, c: Condition, people: pl.DataFrame, task: Task) -> pl.DataFrame:
    rows = given.filter(perturbation=c.perturbation, severity=c.severity, replicate=c.replicate).drop(KEYS)
    rows = rows.with_columns(pl.col("patient").cast(pl.Int32), replicate=pl.lit(0, pl.Int32))
    return checked_answers(rows, people, task)
