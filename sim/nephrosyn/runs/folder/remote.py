"""A run in a place that fsspec reaches: written part by part, the manifest last, and read as a folder is.

An object store has neither locks nor names to change: an unfinished run lies where the finished one will, without a
manifest.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import polars as pl

from nephrosyn.errors import RunFolderError
from nephrosyn.record.schema import SCHEMAS
from nephrosyn.runs.folder import identity, manifest, reading
from nephrosyn.runs.folder.finished_parts import Parts, journal, known
from nephrosyn.runs.folder.folder import Folder
from nephrosyn.runs.folder.layout import CONTENT, FILE, JOURNAL, LAYOUT, MANIFEST, MEND, as_json
from nephrosyn.runs.folder.location import RemotePlace
from nephrosyn.runs.folder.lock import LOCK
from nephrosyn.vocabulary import NOTICE


class RemoteWriter:
    """Writes a run to a URL.

    Parameters are those of `Writer`, with a URL in place of the folder.

    Raises
    ------
    RunFolderError
        If the place cannot be reached or is taken; if there is nothing to go on with, or it is another run.
    """

    def __init__(
        self,
        url: str,
        *,
        overwrite: bool = False,
        resume: bool = False,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.place = RemotePlace(url)
        self.holder = f"{os.getpid()} {os.urandom(8).hex()}"
        self.shared: tuple[int, ...] = ()
        self.about: dict[str, Any] = {"notice": NOTICE, "layout": LAYOUT, **(about or {})}
        self.run = identity.digest(self.about)
        self.parts = Parts(self.place, url, self.run)
        there = self.place.names()
        begun = not set(there) <= {JOURNAL, LOCK}
        if there and not resume and not overwrite:
            raise RunFolderError(f"{url} is not empty; choose another --out, go on (--resume), or --overwrite it")
        resume = resume and begun  # where nothing is finished it begins
        if resume:
            self.parts.go_on(known(self.place), self.about, unknown=False)
        elif begun:
            self._refuse_other_content(there)
        self.place.take(self.holder)
        if MANIFEST not in there or not resume:
            self.place.put(JOURNAL, journal(self.about, self.run))
        if not resume:
            self._clear(there)

    def _refuse_other_content(self, there: list[str]) -> None:
        """Refuse to replace anything but a run."""
        if not known(self.place) or not {name.split("/")[0] for name in there} <= {*CONTENT, JOURNAL}:
            raise RunFolderError(
                f"{self.place.url} is not a run of nephrosyn, or holds more than one; it is never overwritten"
            )

    def _clear(self, there: list[str]) -> None:
        """Remove a run that is replaced; the journal of the new one makes it known for a run meanwhile."""
        for name in sorted(there, key=lambda name: name != MANIFEST):  # first what makes it a run
            if name not in (JOURNAL, LOCK):
                self.place.remove(name)

    def finish(self) -> None:
        """Write the manifest, which makes it a run."""
        files = self.parts.files()
        for name in self.place.names():
            if FILE.fullmatch(name) and name not in files:
                self.place.remove(name)
        self.place.put(MANIFEST, as_json({**self.about, "files": files}))
        self.place.remove(JOURNAL)
        self.place.let_go()

    def stop(self) -> None:
        """Keep what was begun, for another time; remove the journal if nothing was."""
        with suppress(RunFolderError):  # as when another run has taken the place
            if not self.parts.done and set(self.place.names()) <= {JOURNAL, LOCK}:
                self.place.remove(JOURNAL)
        self.place.let_go()


class RemoteFolder(Folder):
    """The tables of a finished run at a URL; each file is fetched, and checked, when it is asked for."""

    def __init__(self, url: str) -> None:
        self._place = RemotePlace(url)
        self.url = self.where = url
        super().__init__(None)

    def _read_manifest(self) -> dict[str, Any]:
        content = self._place.get(MANIFEST)
        if content is None:
            raise RunFolderError(f"{self.url} is not a finished run of nephrosyn: it has no {MANIFEST}")
        return manifest.read(content, self.url)

    def _check_size(self, name: str, facts: Mapping[str, Any]) -> None:
        """Nothing is asked of a far place before it is needed; every file is checked when it is read."""

    def _frame(self, table: str, name: str) -> pl.DataFrame:
        content = self._place.get(name)
        if content is None or hashlib.sha256(content).hexdigest() != self._files[name]["sha256"]:
            raise RunFolderError(f"{self.url}: {name} was changed after the run; {MEND}")
        with reading.refused(self.url):
            rows = reading.decoded(content, self.manifest["format"], SCHEMAS[table])
        if rows.height != self._files[name]["rows"]:
            raise RunFolderError(f"{self.url}: {MANIFEST} was changed: {name} has {rows.height:,} rows; {MEND}")
        return rows

    def lazy(self, table: str) -> pl.LazyFrame:
        """A table; all of it is fetched."""
        return self.part(table, *range(self.parts(table))).lazy()

    def part(self, table: str, *numbers: int) -> pl.DataFrame:
        """Some parts of a table, one below the other."""
        names = self._names(table)
        return pl.concat([self._frame(table, names[number]) for number in numbers])


def here(folder: Folder) -> None:
    """Refuse what is not a folder of this machine.

    Raises
    ------
    RunFolderError
        If it is far away.
    """
    if isinstance(folder, RemoteFolder):
        raise RunFolderError(f"{folder.url} is not a folder of this machine: copy the run to judge it anew")
