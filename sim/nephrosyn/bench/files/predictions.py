"""Predictions from a file: read, checked, and scored. Every kind of fault is reported with example rows.

Columns: `patient`, `perturbation`, `severity`, `replicate`, `predicted`, and optionally `p_<class>`. The unperturbed
record is perturbation ``none`` of severity 0 and replicate 0. No predictions are due for perturbations of labels and of
the cohort, which leave the record unchanged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.bench.answers import Answers, settings
from nephrosyn.bench.asking import with_reference
from nephrosyn.bench.classifiers.protocol import checked_answers, outside_unit_interval, wrong_sum
from nephrosyn.bench.opened_run import Run
from nephrosyn.bench.optional_packages import in_a_line
from nephrosyn.bench.perturbations import PERTURBATIONS, SEVERITIES, VERSION
from nephrosyn.bench.perturbations.constants import OF_RECORDS, SHIPPED, of_records
from nephrosyn.bench.run import ask
from nephrosyn.bench.score.conditions import CLEAN, CLEAN_RECORD, KEYS, MOST_REPLICATES, Condition, conditions, shifts
from nephrosyn.bench.task import Task
from nephrosyn.errors import BenchError
from nephrosyn.runs.folder.layout import sha256
from nephrosyn.runs.run import Progress, silent
from nephrosyn.text_files import UTF16_SIGNATURES, UnreadableError, decoded, hidden, is_readable, parsed_json

COLUMNS = {"patient": pl.Int64, "perturbation": pl.String, "severity": pl.Int64, "replicate": pl.Int64}
WHERE = list(COLUMNS)
EXAMPLES = 3
SHOWN = 40
"""Length at which a value in a message is cut off, in characters."""
PARQUET = b"PAR1"
DAYS = ("until_days", "label_days")
MANIFEST_KEYS = ("perturbations", "severities", "replicates", "seed", "run_sha256", "constants_version")
"""What the manifest of an export must hold to score predictions about it."""


def read_content(path: Path) -> bytes:
    """Return the content of a file, or of a pipe, which can be read only once.

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
    """Read a CSV or Parquet file; all columns of a CSV as strings.

    Parameters
    ----------
    path : Path
        Path of the file. Parquet is recognised by its suffix or its first bytes.
    content : bytes, optional
        Content of the file, if already read.

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
    path: Path, task: Task, patients: Sequence[int], requested: Sequence[Condition], content: bytes | None = None
) -> pl.DataFrame:
    """Return the predictions of a file, one per patient and condition.

    Parameters
    ----------
    path : Path
        CSV or Parquet.
    task : Task
        The question.
    patients : sequence of int
        Patients for whom predictions are due.
    requested : sequence of Condition
        Conditions for which predictions are due.
    content : bytes, optional
        Content of the file, if already read.

    Returns
    -------
    polars.DataFrame
        `patient`, `perturbation`, `severity`, `replicate`, `predicted` and the `p_` columns.

    Raises
    ------
    BenchError
        With every kind of fault, the number of rows that have it, and example rows.
    """
    frame = read(path, content)
    allowed = {f"p_{name}": pl.Float64 for name in task.valid_answers}
    problems = _columns(path, frame, allowed) or _types(path, frame)
    if problems:
        raise BenchError(problems)
    frame = frame.with_row_index("line", 2)
    given = {name: kind for name, kind in allowed.items() if name in frame.columns}
    typed, problems = _typed(path, frame, {**COLUMNS, **given})
    known = pl.col("predicted").cast(pl.String).is_in(task.valid_answers).fill_null(False)
    words = ", ".join(task.valid_answers)
    problems += _faulty_rows(path, f"a label that is none of {words}", typed.filter(~known))
    problems += _probabilities(path, typed, list(given))
    due = _due(patients, requested)
    problems += _faulty_rows(path, "a duplicate row", typed.filter(~pl.struct(WHERE).is_first_distinct()))
    problems += _faulty_rows(path, "a row that is not due", typed.join(due, on=WHERE, how="anti"))
    present = frame.select(_read_as(frame[name], COLUMNS[name]) for name in WHERE)  # whether the answer is valid or not
    problems += _faulty_rows(path, "a missing row", due.join(present, on=WHERE, how="anti"))
    if problems:
        raise BenchError(problems)
    return typed.drop("line")


def _columns(path: Path, frame: pl.DataFrame, allowed: dict[str, Any]) -> list[str]:
    due = [*WHERE, "predicted"]
    problems = [f"{path}: column {name} is missing" for name in due if name not in frame.columns]
    words = ", ".join([*due, *allowed])
    return problems + [
        f"{path}: column {in_a_line(name)} is none of {words}"
        for name in frame.columns
        if name not in due and name not in allowed
    ]


def _types(path: Path, frame: pl.DataFrame) -> list[str]:
    """Return a problem for each column whose type cannot hold its values, such as lists, bytes or dates."""
    return [
        f"{path}: column {name}: expected {_expected(name)}; found values of type {in_a_line(str(kind))}"
        for name, kind in frame.schema.items()
        if not (kind == pl.Null or kind.is_(pl.String) or _may_be(name, kind))
    ]


def _may_be(name: str, kind: pl.DataType) -> bool:
    if _expected(name) == TEXT:
        return isinstance(kind, pl.Categorical | pl.Enum)
    return kind.is_numeric()


TEXT = "a text"


def _expected(name: str) -> str:
    """Return in words what a column should hold."""
    if name.startswith("p_"):
        return "a number"
    return TEXT if COLUMNS.get(name, pl.String) == pl.String else "a whole number"


def _typed(path: Path, frame: pl.DataFrame, kinds: dict[str, Any]) -> tuple[pl.DataFrame, list[str]]:
    """Convert columns to their types; rows that cannot be converted are reported and dropped."""
    problems, sound = [], pl.lit(True)
    typed = frame
    for name, kind in kinds.items():
        typed = typed.with_columns(_read_as(frame[name], kind))
        may_lack = name.startswith("p_")
        wrong = typed[name].is_null() & ~((frame[name].is_null() | (frame[name].cast(pl.String) == "")) & may_lack)
        problems += _faulty_rows(path, f"{name} that is not {_expected(name)}", frame.filter(wrong))
        sound = sound & ~pl.lit(wrong)
    return typed.filter(sound), problems


def _read_as(column: pl.Series, kind: Any) -> pl.Series:
    """Return a column converted to a type, null where impossible; 3.0 is a whole number, 3.5 is not."""
    if kind != pl.Int64:
        return column.cast(kind, strict=False)
    number = column.cast(pl.Float64, strict=False)
    whole = (number.abs() < 2.0**53) & (number == number.round())
    direct = column if column.dtype.is_integer() else column.cast(pl.String, strict=False)
    return direct.cast(pl.Int64, strict=False).fill_null(number.set(~whole.fill_null(False), None).cast(pl.Int64))


def _probabilities(path: Path, frame: pl.DataFrame, names: list[str]) -> list[str]:
    if not names:
        return []
    return [
        *_faulty_rows(path, "a probability outside 0 to 1", frame.filter(outside_unit_interval(names))),
        *_faulty_rows(path, "probabilities that do not sum to 1", frame.filter(wrong_sum(names))),
    ]


def _due(patients: Sequence[int], requested: Sequence[Condition]) -> pl.DataFrame:
    rows = [(condition.perturbation, condition.severity, condition.replicate) for condition in requested]
    conditions = pl.DataFrame(rows, schema={name: COLUMNS[name] for name in KEYS}, orient="row")
    people = pl.DataFrame({"patient": pl.Series(patients, dtype=pl.Int64)})
    return people.join(conditions, how="cross").select(WHERE)


def _faulty_rows(path: Path, fault: str, rows: pl.DataFrame) -> list[str]:
    """Return the problem of some rows, with examples; nothing for no rows."""
    if not rows.height:
        return []
    examples = [
        ", ".join(f"{name} {in_a_line(str(value))[:SHOWN]}" for name, value in row.items() if _shown(name, fault))
        for row in rows.head(EXAMPLES).to_dicts()
    ]
    more = " ..." if rows.height > EXAMPLES else ""
    return [f"{path}: {fault}: {rows.height:,} rows, as ({'), ('.join(examples)}){more}"]


def _shown(name: str, fault: str) -> bool:
    """Return whether an example row shows a column: probabilities only if they are at fault."""
    return not name.startswith("p_") or "probabilit" in fault or fault.startswith(f"{name} ")


def with_records(requested: Sequence[Condition]) -> list[Condition]:
    """Return the conditions for which predictions are due: the unperturbed record, and perturbations of the record."""
    return [condition for condition in requested if condition.perturbation in (CLEAN, *of_records())]


def score_file(
    run: Run, path: Path, requested: Sequence[Condition], *, seed: int | None = None, progress: Progress = silent
) -> Answers:
    """Return the predictions of a file with the right answers, and those of the definition set itself.

    Parameters
    ----------
    run : Run
        The run whose records were exported.
    path : Path
        The predictions.
    requested : sequence of Condition
        All conditions, the clean one first.
    seed : int, optional
        Seed of the perturbations; by default that of the run.
    progress : callable
        Called with (stage, done, total).

    Returns
    -------
    Answers
        Named after the file, and those of the definition set.

    Raises
    ------
    BenchError
        If the file is not valid, with every kind of fault.
    """
    name = path.stem
    if wrong := hidden(name):
        raise BenchError([f"{path}: its name, under which it is scored, holds {wrong}; rename the file"])
    content = read_content(path)
    patients = run.reference.frame.select("replicate", "patient")
    given = predictions(path, run.task, patients["patient"].to_list(), with_records(requested), content)
    perturbed = [condition for condition in requested if condition.perturbation != CLEAN]
    names = list(dict.fromkeys(condition.perturbation for condition in perturbed))
    severities = sorted({condition.severity for condition in perturbed})
    replicates = 1 + max(condition.replicate for condition in requested)
    of_set = ask(run, [], names, severities, replicates, seed=seed, progress=progress).frame
    seed = run.manifest["seed"] if seed is None else seed
    parts = {condition: _under(condition, given, patients, run.task) for condition in with_records(requested)}
    clean = parts[CLEAN_RECORD]
    set_name = run.task.definition.name
    classifiers = (set_name, name if name != set_name else f"{name}-file")
    frames = [of_set.with_columns(pl.col("classifier").cast(pl.String).cast(pl.Enum(classifiers)))]
    for shift in shifts(run.observed, run.reference, requested, seed):
        part = parts.get(shift.condition, clean)
        frames.append(with_reference(part, shift, classifiers[1], clean, classifiers))
    files = {path.name: hashlib.sha256(content).hexdigest()}
    return Answers(run, settings(run, seed, replicates, classifiers, files=files), pl.concat(frames, how="diagonal"))


def _under(condition: Condition, given: pl.DataFrame, patients: pl.DataFrame, task: Task) -> pl.DataFrame:
    """Return the checked predictions under one condition."""
    rows = given.filter(
        perturbation=condition.perturbation, severity=condition.severity, replicate=condition.replicate
    ).drop(KEYS)
    rows = rows.with_columns(pl.col("patient").cast(pl.Int32), replicate=pl.lit(0, pl.Int32))
    return checked_answers(rows, patients, task)


def export_conditions(folder: Path, run: Run) -> tuple[list[Condition], int]:
    """Return the conditions of an export, and its seed.

    An export of all perturbations of the record is also scored under those of labels and cohort, which need no
    records; an export of some perturbations is scored under these alone.

    Raises
    ------
    BenchError
        If the folder is not an export of this run.
    """
    about = _manifest(folder)
    names, severities, replicates = about["perturbations"], about["severities"], about["replicates"]
    seed, digest, version = about["seed"], about["run_sha256"], about["constants_version"]
    problems = []
    if digest != sha256(run.folder / "manifest.json"):
        problems.append(f"{folder}: an export of another run than {run.folder}, or the run was classified again since")
    if version != VERSION:
        problems.append(f"{folder}: made with version {version} of the perturbations; this is version {VERSION}")
    if any(about.get(name) != getattr(run.task, name) for name in DAYS):
        problems.append(f"{folder}: for another part of the record than the run was opened with; see `export_days`")
    if not problems and not _is_sound(names, severities, replicates, seed):
        problems.append(f"{folder}: its manifest.json is damaged; export again")
    if problems:
        raise BenchError(problems)
    is_complete = set(OF_RECORDS) <= set(names)
    without_records = [name for name in SHIPPED if name not in names] if is_complete else []
    return conditions([*names, *without_records], severities, replicates), int(seed)


def export_days(folder: Path) -> dict[str, Any]:
    """Return the days of an early prediction that an export is for, as `open_run` takes them.

    Raises
    ------
    BenchError
        If the folder is not an export.
    """
    about = _manifest(folder)
    return {name: about.get(name) for name in DAYS}


def _manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of an export."""
    try:
        about: dict[str, Any] = parsed_json((folder / "manifest.json").read_bytes())
        if set(MANIFEST_KEYS) <= set(about):
            return about
    except (OSError, ValueError, TypeError):
        pass
    raise BenchError([f"{folder}: no export of the bench; make one with: nephrosyn bench export"])


def _is_sound(names: Any, severities: Any, replicates: Any, seed: Any) -> bool:
    """Return whether the settings of an export are valid."""
    texts = isinstance(names, list) and all(isinstance(name, str) and name in PERTURBATIONS for name in names)
    numbers = isinstance(severities, list) and all(type(value) is int and value in SEVERITIES for value in severities)
    return texts and numbers and type(replicates) is int and 0 < replicates <= MOST_REPLICATES and type(seed) is int
