"""A comparison on disk: a folder of a few files, written whole or not at all, never in place of anything else."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from nephrosyn.cohort import RunFolderError
from nephrosyn.cohort.layout import refuse_taken
from nephrosyn.terms import NOTICE

VALUES = "compare.json"
FILES = {VALUES, "compare.html", "compare.md", "differences.svg", "paired.csv"}


def check(folder: Path, *, overwrite: bool) -> None:
    """Refuse a name that is taken by anything but an empty folder, or a comparison that may be replaced.

    Parameters
    ----------
    folder : Path
        Where to write.
    overwrite : bool
        Whether a comparison there may be replaced.

    Raises
    ------
    RunFolderError
        If it is taken.
    """
    kind = "a comparison of nephrosyn, or holds more"
    refuse_taken(folder.resolve(), overwrite=overwrite, replaceable=_is_comparison, kind=kind)


def _is_comparison(folder: Path) -> bool:
    try:
        values = json.loads((folder / VALUES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    ours = isinstance(values, dict) and values.get("notice") == NOTICE and "comparisons" in values
    return ours and {path.name for path in folder.iterdir()} <= FILES


def write(files: Mapping[str, str], folder: Path, *, overwrite: bool, check: Callable[..., None] = check) -> None:
    """Write texts into a folder that gets its name only when all of them stand.

    Parameters
    ----------
    files : mapping of str to str
        Text by file name.
    folder : Path
        The final name.
    overwrite : bool
        Replace a comparison that stands there.
    check : callable
        Refuses a folder that is taken; by default, by anything but a comparison.

    Raises
    ------
    RunFolderError
        If the folder is taken, or cannot be written.
    """
    folder = folder.resolve()
    partial = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".partial", dir=folder.parent))
        partial.chmod(0o755)
        for name, text in files.items():
            (partial / name).write_text(text, encoding="utf-8", newline="\n")
        check(folder, overwrite=overwrite)  # what stands there may have come since
        _name(partial, folder)
    except OSError as error:
        raise RunFolderError(f"cannot write {folder}: {error.strerror or error}") from None
    finally:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)


def _name(partial: Path, folder: Path) -> None:
    """Give a written folder its name; what had it comes back if that fails."""
    old = partial.with_suffix(".old")
    replaces = folder.exists()
    if replaces:
        folder.rename(old)
    try:
        partial.rename(folder)
    except BaseException:
        if replaces:
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
