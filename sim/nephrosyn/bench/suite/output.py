"""Writes the results of a suite into a folder, one file for each classifier."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nephrosyn import vocabulary
from nephrosyn.bench.suite.result import Result, as_text, file_name
from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder import OutputFolder
from nephrosyn.runs.folder.layout import reason
from nephrosyn.runs.folder.output_folder import write_texts
from nephrosyn.text_files import parsed_json

INDEX = "suite.json"
KEY = "suite_results"


def kind_of(files: Sequence[str] = ()) -> OutputFolder:
    """Return the kind of folder that holds results."""
    return OutputFolder("results of a suite of nephrosyn", frozenset({INDEX, *files}), INDEX, KEY)


def write_results(results: Sequence[Result], folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Write results into a folder, which appears only when complete.

    Parameters
    ----------
    results : sequence of Result
        The results.
    folder : Path
        A folder that does not exist yet, or is empty.
    overwrite : bool
        Replace earlier results of a suite, never anything else.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    RunFolderError
        If the folder is in use or cannot be written.
    """
    texts: dict[str, str] = {}
    for result in results:
        texts[file_name(result.classifier.name, list(texts))] = result.text()
    folder = folder.resolve()
    index = {"notice": vocabulary.NOTICE, KEY: results[0].suite.name, "files": list(texts)}
    with kind_of(_earlier(folder)).writing(folder, overwrite=overwrite) as partial:
        write_texts({**texts, INDEX: as_text(index)}, partial)
    return [folder / name for name in texts]


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Raise an error unless results can be written to a folder.

    Raises
    ------
    RunFolderError
        If it is in use.
    """
    kind_of(_earlier(folder)).check(folder, overwrite=overwrite)


def check_file(path: Path, *, overwrite: bool) -> None:
    """Raise an error unless a file can be written.

    Raises
    ------
    RunFolderError
        If it exists and is not to be replaced, or its folder does not exist.
    """
    if path.is_dir():
        raise RunFolderError(f"{path} is a folder; choose a file with --out")
    if path.exists() and not overwrite:
        raise RunFolderError(f"{path} exists; choose another file with --out, or replace it with --overwrite")
    if not path.resolve().parent.is_dir():
        raise RunFolderError(f"{path}: there is no folder {path.parent}")


def write_file(text: str, path: Path, *, overwrite: bool = False) -> None:
    """Write a file, which appears only when complete.

    Raises
    ------
    RunFolderError
        If it is in use or cannot be written.
    """
    check_file(path, overwrite=overwrite)
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise RunFolderError(f"cannot write {path}: {reason(error)}") from None


def _earlier(folder: Path) -> list[str]:
    """Return the result files that the folder's own list names, which may be replaced."""
    try:
        index = parsed_json((folder / INDEX).read_bytes())
        return [name for name in index["files"] if isinstance(name, str)]
    except (OSError, ValueError, KeyError, TypeError):
        return []
