"""Output folders of commands: written completely or not at all, and replacing only a folder of the same kind."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder.layout import reason, rename_folder
from nephrosyn.text_files import parsed_json
from nephrosyn.vocabulary import NOTICE


@dataclass(frozen=True)
class OutputFolder:
    """A kind of output folder.

    Attributes
    ----------
    what : str
        Name of the kind for messages, for example ``a comparison of nephrosyn``.
    files : frozenset of str
        Names of the files and folders that it may hold.
    values : str
        The JSON file among them that identifies the kind.
    key : str
        A key of that file; the file has the notice too.
    """

    what: str
    files: frozenset[str]
    values: str
    key: str

    def check(self, folder: Path, *, overwrite: bool) -> None:
        """Refuse a path that is in use, unless it is an empty folder or a folder of this kind that may be replaced.

        Parameters
        ----------
        folder : Path
            Where to write.
        overwrite : bool
            Whether a folder of this kind may be replaced.

        Raises
        ------
        RunFolderError
            If the path is in use.
        """
        folder = folder.resolve()
        if not folder.exists():
            return
        if not folder.is_dir():
            raise RunFolderError(f"{folder} is a file; choose a folder with --out (in Python: out)")
        if folder == Path.cwd() or folder.is_mount():
            raise RunFolderError(f"{folder} cannot be replaced; choose a folder inside it with --out (in Python: out)")
        if not any(folder.iterdir()):
            return
        if not overwrite:
            raise RunFolderError(
                f"{folder} exists and is not empty; choose another folder with --out, or replace it with --overwrite "
                "(in Python: out, overwrite)"
            )
        if not self._matches(folder):
            raise RunFolderError(f"{folder} is not {self.what}, or holds more; it is never overwritten")

    def _matches(self, folder: Path) -> bool:
        """Whether a folder is of this kind and holds nothing else."""
        try:
            values = parsed_json((folder / self.values).read_bytes())
        except (OSError, ValueError):
            return False
        ours = isinstance(values, dict) and values.get("notice") == NOTICE and self.key in values
        return ours and {path.name for path in folder.iterdir()} <= self.files

    @contextmanager
    def writing(self, folder: Path, *, overwrite: bool) -> Iterator[Path]:
        """Provide a temporary folder to write into; it is renamed to the final folder when the block ends.

        Parameters
        ----------
        folder : Path
            The final folder.
        overwrite : bool
            Whether a folder of this kind may be replaced.

        Yields
        ------
        Path
            The temporary folder; an error inside the block removes it.

        Raises
        ------
        RunFolderError
            If the path is in use or cannot be written.
        """
        folder = folder.resolve()
        partial = folder.with_name(f".{folder.name}-{uuid.uuid4().hex[:12]}.partial") if folder.name else folder
        try:
            self.check(folder, overwrite=overwrite)
            partial.mkdir(parents=True)
            yield partial
            self.check(folder, overwrite=overwrite)  # it may have come into use meanwhile
            rename_folder(partial, folder)
        except OSError as error:
            raise RunFolderError(f"cannot write {folder}: {reason(error)}") from None
        finally:
            if partial != folder:
                shutil.rmtree(partial, ignore_errors=True)

    def write(self, texts: Mapping[str, str], folder: Path, *, overwrite: bool) -> None:
        """Write text files into a folder of this kind.

        Parameters
        ----------
        texts : mapping of str to str
            Texts by file name.
        folder : Path
            The final folder.
        overwrite : bool
            Whether a folder of this kind may be replaced.

        Raises
        ------
        RunFolderError
            If the path is in use or cannot be written.
        """
        with self.writing(folder, overwrite=overwrite) as partial:
            write_texts(texts, partial)


def write_texts(texts: Mapping[str, str], folder: Path) -> None:
    """Write text files in UTF-8, with the same line ends on every system."""
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
