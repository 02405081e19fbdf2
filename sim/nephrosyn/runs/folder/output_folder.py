"""A folder of a few files, written whole or not at all, never in place of anything but one of its own kind."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder.layout import refuse_taken
from nephrosyn.text_files import parsed_json
from nephrosyn.vocabulary import NOTICE


@dataclass(frozen=True)
class Documents:
    """A kind of folder: what it is called, and how one is known when it is met again.

    Attributes
    ----------
    what : str
        For messages, as ``a comparison of nephrosyn``.
    files : frozenset of str
        All that such a folder holds.
    values : str
        The JSON file among them, by which it is known.
    key : str
        What that file has beside the notice.
    """

    what: str
    files: frozenset[str]
    values: str
    key: str

    def check(self, folder: Path, *, overwrite: bool) -> None:
        """Refuse a name that is taken by anything but an empty folder, or one of this kind that may be replaced.

        Parameters
        ----------
        folder : Path
            Where to write.
        overwrite : bool
            Whether one that stands there may be replaced.

        Raises
        ------
        RunFolderError
            If it is taken.
        """
        kind = f"{self.what}, or holds more"
        refuse_taken(folder.resolve(), overwrite=overwrite, replaceable=self._is_one, kind=kind)

    def _is_one(self, folder: Path) -> bool:
        try:
            values = parsed_json((folder / self.values).read_bytes())
        except (OSError, ValueError):
            return False
        ours = isinstance(values, dict) and values.get("notice") == NOTICE and self.key in values
        return ours and {path.name for path in folder.iterdir()} <= self.files

    def write(self, texts: Mapping[str, str], folder: Path, *, overwrite: bool) -> None:
        """Write texts into a folder that gets its name only when all of them stand.

        Parameters
        ----------
        texts : mapping of str to str
            Text by file name.
        folder : Path
            The final name.
        overwrite : bool
            Replace one of this kind that stands there.

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
            for name, text in texts.items():
                (partial / name).write_text(text, encoding="utf-8", newline="\n")
            self.check(folder, overwrite=overwrite)  # what stands there may have come since
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
