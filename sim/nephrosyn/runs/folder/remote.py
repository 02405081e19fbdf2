"""A run at a URL that fsspec can open: written part by part, the manifest last, and read like a local folder.

An object store can neither lock nor rename: an unfinished run is stored at its final URL, without a manifest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import polars as pl

from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder import identity, reading
from nephrosyn.runs.folder import manifest as manifests
from nephrosyn.runs.folder.descriptions import describe
from nephrosyn.runs.folder.finished_parts import Parts, journal, known_run
from nephrosyn.runs.folder.folder import COLUMNS, Folder
from nephrosyn.runs.folder.layout import CONTENT, FILE, JOURNAL, LAYOUT, MANIFEST, REPAIR, as_json
from nephrosyn.runs.folder.lock import LOCK, new_token
from nephrosyn.runs.folder.remote_storage import RemoteStorage
from nephrosyn.runs.folder.storage import WRITERS
from nephrosyn.vocabulary import NOTICE


class RemoteWriter:
    """Writes a run to a URL.

    Parameters are those of `Writer`, with a URL in place of the folder.

    Raises
    ------
    RunFolderError
        If the URL cannot be reached, or holds another run or anything else.
    """

    def __init__(
        self,
        url: str,
        *,
        overwrite: bool = False,
        resume: bool = False,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.storage = RemoteStorage(url)
        self.shared: tuple[int, ...] = ()
        self.about: dict[str, Any] = {"notice": NOTICE, "layout": LAYOUT, **(about or {})}
        self.holder = new_token(identity.named(self.about))
        self.run = identity.digest(self.about)
        self.parts = Parts(self.storage, url, self.run)
        if not (resume or overwrite):
            self._begin()
        else:
            self._take_over(resume=resume)

    def _begin(self) -> None:
        """Begin at an empty URL."""
        self._refuse_content()
        self.storage.claim(self.holder)
        try:
            self._refuse_content()  # a run may have been there between the first look and the claim
            self.storage.put(JOURNAL, journal(self.about, self.run))
        except BaseException:
            self.storage.release()
            raise

    def _refuse_content(self) -> None:
        """Refuse a URL that is not empty; a lock alone is not content."""
        if set(self.storage.names()) - {LOCK}:
            self.storage.refuse_held(self.holder)
            raise RunFolderError(
                f"{self.storage.url} is not empty; choose another URL with --out, continue the run with --resume, or "
                "replace it with --overwrite (in Python: out, resume, overwrite)"
            )

    def _take_over(self, *, resume: bool) -> None:
        """Continue or replace what is at the URL, and take it from a run that writes there."""
        existing = self.storage.names()
        begun = not set(existing) <= {JOURNAL, LOCK}
        resume = resume and begun  # without a finished part the run starts from the beginning
        if resume:
            self.parts.resume(known_run(self.storage), self.about, unknown=False)
        elif begun:
            self._refuse_other_content(existing)
        self.storage.take(self.holder)
        if MANIFEST not in existing or not resume:
            self.storage.put(JOURNAL, journal(self.about, self.run))
        if not resume:
            self._clear(existing)

    def _refuse_other_content(self, existing: list[str]) -> None:
        """Refuse to replace anything but a run."""
        if not known_run(self.storage) or not {name.split("/")[0] for name in existing} <= {*CONTENT, JOURNAL}:
            raise RunFolderError(
                f"{self.storage.url} is not a run of nephrosyn, or holds more; it is never overwritten"
            )

    def _clear(self, existing: list[str]) -> None:
        """Remove a run that is replaced; meanwhile the journal identifies the new run."""
        for name in sorted(existing, key=lambda name: name != MANIFEST):  # the manifest first
            if name not in (JOURNAL, LOCK):
                self.storage.remove(name)

    def finish(self) -> None:
        """Write the descriptions, and the manifest, which completes the run."""
        files = self.parts.files()
        for name in self.storage.names():
            if FILE.fullmatch(name) and name not in files:
                self.storage.remove(name)
        manifest = {**self.about, "files": files}
        for name, content in describe(manifest).items():
            self.storage.put(name, content)
        self.storage.put(MANIFEST, as_json(manifest))
        self.storage.remove(JOURNAL)
        self.storage.release()

    def stop(self) -> None:
        """Keep the finished parts to be resumed; remove the journal if there are none."""
        with suppress(RunFolderError):  # another run may have taken over the URL
            if not self.parts.done and set(self.storage.names()) <= {JOURNAL, LOCK}:
                self.storage.remove(JOURNAL)
        self.storage.release()


class RemoteFolder(Folder):
    """The tables of a finished run at a URL; each file is fetched and checked on access."""

    def __init__(self, url: str) -> None:
        self._storage = RemoteStorage(url)
        self.url = self.where = url
        super().__init__(None)

    def _read_manifest(self) -> dict[str, Any]:
        content = self._storage.get(MANIFEST)
        if content is None:
            raise RunFolderError(f"{self.url} is not a finished run of nephrosyn: it has no {MANIFEST}")
        return manifests.read(content, self.url)

    def _check_size(self, name: str, fact: Mapping[str, Any]) -> None:
        """Check nothing: every file is checked when it is fetched."""

    def _frame(self, table: str, name: str) -> pl.DataFrame:
        content = self._storage.get(name)
        if content is None or hashlib.sha256(content).hexdigest() != self._files[name]["sha256"]:
            raise RunFolderError(f"{self.url}: {name} was changed after the run; {REPAIR}")
        with reading.refused(self.url):
            rows = reading.decoded(content, self.manifest["format"], COLUMNS[table])
        if rows.height != self._files[name]["rows"]:
            raise RunFolderError(f"{self.url}: {MANIFEST} was changed: {name} has {rows.height:,} rows; {REPAIR}")
        return rows

    def lazy(self, table: str) -> pl.LazyFrame:
        """Return a table as a lazy frame; all of it is fetched."""
        return self.part(table, *range(self.parts(table))).lazy()

    def part(self, table: str, *numbers: int, patients: tuple[int, int] | None = None) -> pl.DataFrame:
        """Return some parts of a table, concatenated; see `Folder.part`. Their files are fetched at the same time."""
        names = [self._names(table)[number] for number in numbers]
        with ThreadPoolExecutor(WRITERS) as readers:
            rows = pl.concat(readers.map(lambda name: self._frame(table, name), names))
        return rows if patients is None else rows.filter(pl.col("patient").is_between(*patients))


def require_local(folder: Folder) -> None:
    """Refuse a run that is not a local folder.

    Raises
    ------
    RunFolderError
        If the run is at a URL.
    """
    if isinstance(folder, RemoteFolder):
        raise RunFolderError(f"{folder.url} is not a local folder: copy the run to classify it by further sets")
