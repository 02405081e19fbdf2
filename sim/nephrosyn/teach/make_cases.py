"""What the commands do: check the request, build cases, lint them and write them in every format; lint files."""

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
from nephrosyn.teach.lint.rules import Finding, lint_both, refuse
from nephrosyn.teach.model import CaseSet, UnitSystem
from nephrosyn.teach.request import Request
from nephrosyn.teach.run_source import Run, Source
from nephrosyn.text_files import MEGABYTE, UnreadableError, is_readable, parsed_json, read_bytes

if TYPE_CHECKING:
    from nephrosyn.runs.run import Progress


MOST_BYTES = 256 * MEGABYTE
"""Largest size of a file of cases; a hundred cases with pictures take about thirty megabytes."""
MOST_PROBLEMS = 10
"""Largest number of problems of a file that are listed."""


def is_ours(folder: Path) -> bool:
    """Whether a folder contains only files that the formats write."""
    written = re.compile("|".join(f"(?:{format_.files})" for format_ in FORMATS.values()))
    return folder.is_dir() and all(written.fullmatch(path.name) for path in folder.iterdir())


def check(
    request: Request, formats: Sequence[str], pick: str | None, folder: Path, *, overwrite: bool = False
) -> list[str]:
    """Check a request before anything is read, and return its formats.

    Parameters
    ----------
    request : Request
        The request.
    formats : sequence of str
        Formats as given on the command line.
    pick : str or None
        ``disagreement`` or nothing.
    folder : Path
        Folder for the cases.
    overwrite : bool
        Whether cases already in the folder may be replaced; other files never are.

    Raises
    ------
    CasesError
        If anything is wrong; the message lists all of it.
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
        wrong.append(f"pick: expected disagreement; got {pick}")
    taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if folder.exists() and (folder.resolve() == Path.cwd() or folder.is_mount()):
        wrong.append(f"out: {folder} cannot be replaced; choose a folder inside it")
    elif taken and not overwrite:
        wrong.append(
            f"out: {folder} exists and is not empty; choose another folder with --out, or replace its cases with "
            "--overwrite (in Python: out, overwrite)"
        )
    elif taken and not is_ours(folder):
        wrong.append(f"out: {folder} holds more than cases; it is never overwritten")
    if wrong:
        raise CasesError("\n".join(wrong))
    return names


def write(
    cohort: Run, request: Request, formats: Sequence[str], folder: Path, case: str | None, progress: Progress
) -> tuple[CaseSet, list[Path]]:
    """Build cases, lint them and write them in every format.

    Parameters
    ----------
    cohort : Run
        The run.
    request : Request
        The request.
    formats : sequence of str
        Names of the formats.
    folder : Path
        Folder for the cases, checked before; cases in it are replaced. It appears complete or not at all.
    case : str or None
        Id of a single case to build again.
    progress : callable
        Called with (stage, done, total).

    Returns
    -------
    CaseSet
        The cases in the primary units.
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
    """Return the findings on the cases of a file or a folder, and the number of cases.

    Parameters
    ----------
    path : Path
        A JSON file of cases, or a folder with such files.
    criteria : sequence of str
        Files of definition sets that are not shipped.

    Raises
    ------
    CasesError
        If there is no such file, or a file is not a set of cases.
    """
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files or not all(map(is_readable, files)):
        raise CasesError(f"{path}: expected a JSON file of cases, or a folder with such files")
    definitions = {definition.name: definition for definition in map(load, criteria)}
    case_sets = [_read(file) for file in files]
    same_ids: dict[frozenset[str], list[CaseSet]] = {}
    for cases in case_sets:
        same_ids.setdefault(frozenset(case.id for case in cases.cases), []).append(cases)
    findings: list[Finding] = []
    for group in same_ids.values():
        by_units = {cases.units: cases for cases in group}
        findings += lint_both(by_units, definitions)
    return findings, len({case.id for cases in case_sets for case in cases.cases})


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
        for problem in error.errors(include_url=False, include_input=False)[:MOST_PROBLEMS]
    ]
    more = error.error_count() - len(problems)
    heading = f"{file}: expected a set of cases as JSON; found {error.error_count()} problems:"
    return "\n".join([heading, *problems, *([f"  and {more} more"] if more else [])])
