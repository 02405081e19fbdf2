"""Write a run folder: completely or not at all, and resumed after an interruption."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder import identity
from nephrosyn.runs.folder.descriptions import describe
from nephrosyn.runs.folder.finished_parts import Parts, journal, known_run
from nephrosyn.runs.folder.layout import (
    CONTENT,
    FILE,
    JOURNAL,
    LAYOUT,
    MANIFEST,
    reason,
    rename_folder,
    write_manifest,
)
from nephrosyn.runs.folder.lock import LOCK, FolderLock, described, holder
from nephrosyn.runs.folder.output_folder import OutputFolder
from nephrosyn.runs.folder.remote_storage import RemoteStorage
from nephrosyn.runs.folder.storage import UNFINISHED, LocalStorage, is_remote, local
from nephrosyn.vocabulary import NOTICE

REPLACES = "replaces"
"""Key of the journal: whether the run may replace a finished one; a resumed run may do so, too."""
RUN = OutputFolder("a run of nephrosyn", frozenset(CONTENT), MANIFEST, "files")


class Writer:
    """Writes a run into a temporary folder, which gets its final name when the run is complete.

    Until then it is called ``.NAME.partial``; it is kept after an interruption if parts of it are finished.

    Parameters
    ----------
    folder : Path
        The final folder.
    overwrite : bool
        Replace a finished or unfinished run; anything else is never replaced.
    resume : bool
        Resume an unfinished run, or repair a finished one; start a new one if no part is finished.
    about : mapping
        Description of the run for the manifest.

    Raises
    ------
    RunFolderError
        If the folder is in use, cannot be written, or holds another run or anything else.
    """

    def __init__(
        self,
        folder: Path,
        *,
        overwrite: bool = False,
        resume: bool = False,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder, self._overwrite = folder.resolve(), overwrite
        self.about: dict[str, Any] = {"notice": NOTICE, "layout": LAYOUT, **(about or {})}
        self.run = identity.digest(self.about)
        beside = _beside(self.folder)
        self._in_place = resume and not _has_parts(beside) and _has_content(self.folder)
        self.partial = self.folder if self._in_place else beside
        if self._in_place:
            _refuse_other_content(self.folder)
        resume = self._in_place or (resume and _has_parts(beside))  # without a finished part it starts anew
        if resume:
            self._overwrite = _journal(self.partial).get(REPLACES) is True
        if not self._in_place:
            self._check()
        self._lock = self._take(resume)
        self.parts = Parts(self.storage, str(self.folder), self.run)
        try:
            self._begin(resume)
        except BaseException:
            if not resume and all(path.name == LOCK for path in self.partial.iterdir()):
                shutil.rmtree(self.partial, ignore_errors=True)  # nothing was written
            self._lock.release(self.partial)
            raise

    @property
    def storage(self) -> LocalStorage:
        """Where parts are written."""
        return LocalStorage(self.partial, self._lock.token)

    @property
    def holder(self) -> str:
        """Token by which workers check that the folder still belongs to this writer."""
        return self._lock.token

    @property
    def shared(self) -> tuple[int, ...]:
        """File descriptors that workers inherit to share the lock of the folder."""
        return self._lock.shared

    def _check(self) -> None:
        """Refuse a path that is in use, unless it is an empty folder or a run that may be replaced."""
        RUN.check(self.folder, overwrite=self._overwrite)

    def _take(self, resume: bool) -> FolderLock:
        try:
            if not resume:
                self.folder.parent.mkdir(parents=True, exist_ok=True)
                self.partial.mkdir(exist_ok=True)  # with the umask of the user
            return FolderLock(self.partial, identity.named(self.about))
        except BlockingIOError:
            raise RunFolderError(
                f"{self.folder} is being written by {described(holder(self.partial))}; wait, or choose another folder "
                "with --out (in Python: out)"
            ) from None
        except OSError as error:
            raise RunFolderError(f"cannot write to {self.folder.parent}: {reason(error)}") from None

    def _begin(self, resume: bool) -> None:
        if resume:
            self.parts.resume(_journal(self.partial), self.about, unknown=not self._in_place)
        elif _has_parts(self.partial) and not self._overwrite:
            raise RunFolderError(
                f"an unfinished run of {self.folder} is stored in {self.partial}; "
                "continue it with --resume, or discard it with --overwrite (in Python: resume, overwrite)"
            )
        if not self._in_place:
            replaces = {REPLACES: True} if self._overwrite else {}
            self.storage.put(JOURNAL, journal({**self.about, **replaces}, self.run))
        if not resume:
            _empty(self.partial)  # after the journal, so that an interruption leaves a run that can be identified

    def finish(self) -> None:
        """Write the descriptions and the manifest, and rename the folder."""
        files = self.parts.files()
        self._sweep(files)
        manifest = {**self.about, "files": files}
        for name, content in describe(manifest).items():
            self.storage.put(name, content)
        write_manifest(self.partial, manifest)
        if not self._in_place:
            self._check()  # the path may have come into use meanwhile
            self.storage.remove(JOURNAL)
            self._name()
        self._lock.release(self.folder)

    def _sweep(self, files: Mapping[str, Any]) -> None:
        """Remove remains of killed processes, and files of a run with other parts."""
        for name in self.storage.names():
            if name.endswith(UNFINISHED) or (FILE.fullmatch(name) and name not in files):
                self.storage.remove(name)

    def _sweep_unfinished(self) -> None:
        """Remove what killed workers were writing."""
        for name in self.storage.names():
            if name.endswith(UNFINISHED):
                self.storage.remove(name)

    def _name(self) -> None:
        try:
            rename_folder(self.partial, self.folder)
        except OSError as error:
            raise RunFolderError(f"cannot rename {self.partial} to {self.folder}: {reason(error)}") from None

    def stop(self) -> None:
        """Keep the finished parts to be resumed; remove the folder if there are none. A second call does nothing."""
        if not self._in_place and not _has_parts(self.partial):
            self.discard()
            return
        if self._lock.held:
            with suppress(OSError, RunFolderError):  # a run that is resumed removes them, too
                self._sweep_unfinished()
        self._lock.release(self.partial)

    def discard(self) -> None:
        """Remove an unfinished folder."""
        if not self._in_place and self._lock.held:  # else another process may have taken it over
            shutil.rmtree(self.partial, ignore_errors=True)
        self._lock.release(self.partial)


def _has_parts(folder: Path) -> bool:
    """Whether a folder holds a finished part of a run."""
    return (folder / MANIFEST).is_file() or any((folder / "parts").glob("part-*.json"))


def _has_content(folder: Path) -> bool:
    return folder.is_dir() and any(path.name != LOCK for path in folder.iterdir())


def _refuse_other_content(folder: Path) -> None:
    """Refuse to resume a folder that is not a run."""
    if not any((folder / name).exists() for name in (JOURNAL, MANIFEST, "parts")):
        raise RunFolderError(f"{folder} is not a run of nephrosyn; there is nothing to resume")


def _beside(folder: Path) -> Path:
    if not folder.name:
        raise RunFolderError(f"{folder} cannot be replaced; choose a folder inside it with --out (in Python: out)")
    return folder.with_name(f".{folder.name}.partial")


def run_description(folder: str | Path) -> dict[str, Any]:
    """Return the description of the finished or unfinished run of a folder or URL; empty if there is none."""
    if is_remote(folder):
        return known_run(RemoteStorage(str(folder)))
    final = local(folder).resolve()
    return _journal(_beside(final)) or _journal(final)


def _journal(folder: Path) -> dict[str, Any]:
    return known_run(LocalStorage(folder)) if folder.is_dir() else {}


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name in (LOCK, JOURNAL):
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()
