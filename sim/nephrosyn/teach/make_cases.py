"""What the verbs do: check everything that is asked, build, lint, write in every format; and lint files."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from nephrosyn.criteria import load
from nephrosyn.errors import CasesError
from nephrosyn.runs.run import cores
from nephrosyn.teach.formats.registry import FORMATS, selected, writer
from nephrosyn.teach.items.case_set import build, builder
from nephrosyn.teach.lint.finding import Finding
from nephrosyn.teach.lint.rules import lint_both, refuse
from nephrosyn.teach.model import CaseSet, UnitSystem
from nephrosyn.teach.request import Request
from nephrosyn.teach.run_source import Run, Source
from nephrosyn.text_files import MEGABYTE, UnreadableError, is_readable, parsed_json, read_bytes

if TYPE_CHECKING:
    from nephrosyn.runs.run import Progress


MOST_BYTES = 256 * MEGABYTE
"""Of a file of cases; a hundred with their pictures have about thirty megabytes."""
MOST = 10
"""So many problems of a file are listed."""


def is_ours(folder: Path) -> bool:
    """Whether a folder holds what the formats write, and nothing else."""
    written = re.compile("|".join(f"(?:{format_.files})" for format_ in FORMATS.values()))
    return folder.is_dir() and all(written.fullmatch(path.name) for path in folder.iterdir())


def check(
    request: Request, formats: Sequence[str], pick: str | None, folder: Path, *, overwrite: bool = False
) -> list[str]:
    """Return the formats; refuse everything that is wrong at once, before anything is read.

    Parameters
    ----------
    request : Request
        What is asked for.
    formats : sequence of str
        As given.
    pick : str or None
        ``disagreement`` or nothing.
    folder : Path
        Where the cases go.
    overwrite : bool
        Whether cases that stand there may be replaced; nothing else ever is.

    Raises
    ------
    CasesError
        With everything that is wrong.
    """
    wrong: list[str] = []
    names: list[str] = []
    try:
        request.check()
        request.shares()
    except CasesError as error:
        wrong.append(str(error))
    try:
        names = selected(formats)
        for name in names:
            writer(name)
    except CasesError as error:
        wrong.append(str(error))
    if pick not in (None, "disagreement"):
        wrong.append(f"--pick: expected disagreement; got {pick}")
    taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if folder.exists() and (folder.resolve() == Path.cwd() or folder.is_mount()):
        wrong.append(f"--out: {folder} cannot be replaced; name a folder inside it")
    elif taken and not overwrite:
        wrong.append(f"--out: expected a folder that is new or empty; {folder} is taken (--overwrite replaces cases)")
    elif taken and not is_ours(folder):
        wrong.append(f"--out: {folder} holds more than cases; it is never overwritten")
    if wrong:
        raise CasesError("\n".join(wrong))
    return names


def write(
    cohort: Run, request: Request, formats: Sequence[str], folder: Path, case: str | None, progress: Progress
) -> tuple[CaseSet, list[Path]]:
    """Make cases, lint them, and write them in every format.

    Parameters
    ----------
    cohort : Run
        The run.
    request : Request
        What is asked for.
    formats : sequence of str
        Names of formats.
    folder : Path
        Where to, as checked before; cases that stand there are replaced. It appears whole or not at all.
    case : str or None
        Make this one again, alone.
    progress : callable
        Called with (stage, done, total).

    Returns
    -------
    CaseSet
        In the primary units.
    list of Path
        The files.
    """
    source = Source(cohort, progress)
    sets = build(source, request, case, cores())
    definitions = {definition.name: definition for definition in builder(source, request).definitions}
    refuse(lint_both(sets, definitions))
    primary: UnitSystem = request.units  # type: ignore[assignment]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".cases-") as scratch:
        files: list[Path] = []
        for place, name in enumerate(formats):
            progress("write", place, len(formats))
            files += writer(name)(sets, primary, Path(scratch))
        if folder.is_dir():
            shutil.rmtree(folder)
        folder.mkdir()
        for path in Path(scratch).iterdir():
            shutil.move(path, folder / path.name)
    progress("write", len(formats), len(formats))
    return sets[primary], [folder / path.relative_to(scratch) for path in files]


def lint_files(path: Path, criteria: Sequence[str]) -> tuple[list[Finding], int]:
    """Return what is wrong with the cases of a file or a folder, and how many were looked at.

    Parameters
    ----------
    path : Path
        A JSON file of cases, or a folder in which such files lie.
    criteria : sequence of str
        Definition sets that are not shipped, as files.

    Raises
    ------
    CasesError
        If there is none, or one is no set of cases.
    """
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files or not all(map(is_readable, files)):
        raise CasesError(f"{path}: expected a file of cases (JSON), or a folder with some; got nothing of the kind")
    definitions = {definition.name: definition for definition in map(load, criteria)}
    read = [_read(file) for file in files]
    alike: dict[frozenset[str], list[CaseSet]] = {}
    for cases in read:
        alike.setdefault(frozenset(case.id for case in cases.cases), []).append(cases)
    findings: list[Finding] = []
    for group in alike.values():
        by_units = {cases.units: cases for cases in group}
        findings += lint_both(by_units, definitions)
    return findings, len({case.id for cases in read for case in cases.cases})


def _read(file: Path) -> CaseSet:
    try:
        return CaseSet.model_validate(parsed_json(read_bytes(file, MOST_BYTES)))
    except UnreadableError as error:
        raise CasesError(f"{file}: {error}") from None
    except ValidationError as error:
        raise CasesError(_problems_text(file, error)) from None


def _problems_text(file: Path, error: ValidationError) -> str:
    problems = [
        f"  {'.'.join(map(str, problem['loc']))}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in error.errors(include_url=False, include_input=False)[:MOST]
    ]
    more = error.error_count() - len(problems)
    heading = f"{file}: expected a set of cases as JSON; found {error.error_count()} problems:"
    return "\n".join([heading, *problems, *([f"  and {more} more"] if more else [])])
