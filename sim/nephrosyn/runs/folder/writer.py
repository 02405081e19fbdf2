"""A run folder as it is written: whole or not at all, and gone on with after a break."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder import identity
from nephrosyn.runs.folder.finished_parts import Parts, journal, known
from nephrosyn.runs.folder.layout import FILE, JOURNAL, LAYOUT, MANIFEST, is_run, reason, refuse_taken, write_manifest
from nephrosyn.runs.folder.location import UNFINISHED, LocalPlace, RemotePlace, is_remote, local
from nephrosyn.runs.folder.lock import LOCK, Hold
from nephrosyn.vocabulary import NOTICE

REPLACES = "replaces"
"""Of the journal: whether the run may replace one that is finished, also when it is gone on with."""


class Writer:
    """Writes a run into a folder that gets its name only when it is complete.

    Until then it lies beside it as ``.NAME.partial``, and stays there if parts of it are finished.

    Parameters
    ----------
    folder : Path
        The final name.
    overwrite : bool
        Replace a run that stands there, and an unfinished one. Anything that is not a run is never replaced.
    resume : bool
        Go on with an unfinished run, or mend a finished one; begin it if nothing of it is finished.
    about : mapping
        What the manifest tells of the run beside its files.

    Raises
    ------
    RunFolderError
        If the folder is in use, or there is no right or no room to write; if it holds another run, or none.
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
        resume = self._in_place or (resume and _has_parts(beside))  # else nothing was finished: it begins
        if resume:
            self._overwrite = _journal(self.partial).get(REPLACES) is True
        if not self._in_place:
            self._check()
        self._hold = self._take(resume)
        self.parts = Parts(self.place, str(self.folder), self.run)
        try:
            self._begin(resume)
        except BaseException:
            if not resume and all(path.name == LOCK for path in self.partial.iterdir()):
                shutil.rmtree(self.partial, ignore_errors=True)  # nothing was begun
            self._hold.release(self.partial)
            raise

    @property
    def place(self) -> LocalPlace:
        """Where parts are written."""
        return LocalPlace(self.partial, self._hold.token)

    @property
    def holder(self) -> str:
        """Token by which whoever writes parts knows that the folder is still this writer's."""
        return self._hold.token

    @property
    def shared(self) -> tuple[int, ...]:
        """File descriptors by which a worker shares the lock of the folder."""
        return self._hold.shared

    def _check(self) -> None:
        """Refuse a name that is taken by anything but an empty folder, or a run that may be replaced."""
        kind = "a run of nephrosyn, or holds more than one"
        refuse_taken(self.folder, overwrite=self._overwrite, replaceable=is_run, kind=kind)

    def _take(self, resume: bool) -> Hold:
        try:
            if not resume:
                self.folder.parent.mkdir(parents=True, exist_ok=True)
                self.partial.mkdir(exist_ok=True)  # with the user's umask
            return Hold(self.partial)
        except BlockingIOError:
            raise RunFolderError(
                f"{self.folder} is being written by another nephrosyn; wait, or choose another --out"
            ) from None
        except OSError as error:
            raise RunFolderError(f"cannot write to {self.folder.parent}: {reason(error)}") from None

    def _begin(self, resume: bool) -> None:
        if resume:
            self.parts.go_on(_journal(self.partial), self.about, unknown=not self._in_place)
        elif _has_parts(self.partial) and not self._overwrite:
            raise RunFolderError(
                f"an unfinished run of {self.folder} is kept in {self.partial}; "
                "go on with it (--resume), or throw it away (--overwrite)"
            )
        if not self._in_place:
            replaces = {REPLACES: True} if self._overwrite else {}
            self.place.put(JOURNAL, journal({**self.about, **replaces}, self.run))
        if not resume:
            _empty(self.partial)  # after the journal: whoever is stopped meanwhile has begun this run

    def finish(self) -> None:
        """Write the manifest and give the folder its name."""
        files = self.parts.files()
        self._sweep(files)
        write_manifest(self.partial, {**self.about, "files": files})
        if not self._in_place:
            self._check()  # what stands there may have come since
            self.place.remove(JOURNAL)
            self._name()
        self._hold.release(self.folder)

    def _sweep(self, files: Mapping[str, Any]) -> None:
        """Remove what a process that died left behind, or a run in other parts."""
        for name in self.place.names():
            if name.endswith(UNFINISHED) or (FILE.fullmatch(name) and name not in files):
                self.place.remove(name)

    def _name(self) -> None:
        old = self.partial.with_suffix(".old")
        replaces = self.folder.exists()
        try:
            if replaces:
                shutil.rmtree(old, ignore_errors=True)  # left by a process that died here
                self.folder.rename(old)
            try:
                self.partial.rename(self.folder)
            except BaseException:
                if replaces:
                    old.rename(self.folder)
                raise
        except OSError as error:
            raise RunFolderError(f"cannot give {self.folder} its name: {reason(error)}") from None
        shutil.rmtree(old, ignore_errors=True)

    def stop(self) -> None:
        """Keep what is finished, for another time; remove all if nothing is. To stop twice does nothing more."""
        if self._in_place or _has_parts(self.partial):
            self._hold.release(self.partial)
        else:
            self.discard()

    def discard(self) -> None:
        """Remove what was written, if it has not got its name."""
        if not self._in_place and self._hold.held:  # else it may be another process's by now
            shutil.rmtree(self.partial, ignore_errors=True)
        self._hold.release(self.partial)


def _has_parts(folder: Path) -> bool:
    """Whether any part of a run is finished there."""
    return (folder / MANIFEST).is_file() or any((folder / "parts").glob("part-*.json"))


def _has_content(folder: Path) -> bool:
    return folder.is_dir() and any(path.name != LOCK for path in folder.iterdir())


def _refuse_other_content(folder: Path) -> None:
    """Refuse to mend what is no run."""
    if not any((folder / name).exists() for name in (JOURNAL, MANIFEST, "parts")):
        raise RunFolderError(f"{folder} is no run of nephrosyn; there is nothing to go on with")


def _beside(folder: Path) -> Path:
    if not folder.name:
        raise RunFolderError(f"{folder} cannot be replaced; name a folder inside it with --out")
    return folder.with_name(f".{folder.name}.partial")


def begun(folder: str | Path) -> dict[str, Any]:
    """Return what is known of a run that was begun, or finished, under a name; nothing if there is none."""
    if is_remote(folder):
        return known(RemotePlace(str(folder)))
    final = local(folder).resolve()
    return _journal(_beside(final)) or _journal(final)


def _journal(folder: Path) -> dict[str, Any]:
    return known(LocalPlace(folder)) if folder.is_dir() else {}


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name in (LOCK, JOURNAL):
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()
