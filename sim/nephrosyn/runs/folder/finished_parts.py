"""The finished parts of a run that is being written, and the checks that they belong to this run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder import identity, part
from nephrosyn.runs.folder.layout import JOURNAL, MANIFEST, RECORD, as_json, part_number
from nephrosyn.runs.folder.storage import Storage
from nephrosyn.text_files import parsed_json
from nephrosyn.vocabulary import NOTICE


def journal(about: Mapping[str, Any], run: str) -> bytes:
    """Return the content of the journal: the description of a run until its manifest is written.

    The digest `run` reveals damage.
    """
    return as_json({**about, "run": run})


def known_run(storage: Storage) -> dict[str, Any]:
    """Return the description of a finished or unfinished run; empty if it is missing or damaged."""
    for name in (MANIFEST, JOURNAL):
        try:
            content = parsed_json(storage.get(name) or b"")
        except ValueError:
            continue
        if not isinstance(content, dict) or content.get("notice") != NOTICE:
            continue
        if name == MANIFEST or content.get("run") == identity.digest(content):
            return content
    return {}


class Parts:
    """The finished parts of a run.

    Parameters
    ----------
    storage : Storage
        Where they are written.
    folder : str
        Name of the run in messages.
    run : str
        Digest of the run.

    Attributes
    ----------
    done : dict of int to Record
        Files of each finished part.
    """

    def __init__(self, storage: Storage, folder: str, run: str) -> None:
        self._storage, self._folder, self._run = storage, folder, run
        self._by_manifest: dict[int, part.Record] = {}
        self.done: dict[int, part.Record] = {}

    def resume(self, previous: Mapping[str, Any], about: Mapping[str, Any], *, unknown: bool) -> None:
        """Resume what is stored there, if it is this run.

        Parameters
        ----------
        previous : mapping
            From `known_run`.
        about : mapping
            Description of this run, for the manifest.
        unknown : bool
            Whether to accept a folder without any description of a run.

        Raises
        ------
        RunFolderError
            If it is another run, or cannot be identified as this one.
        """
        numbers = [part_number(name) for name in self._storage.names() if RECORD.fullmatch(name)]
        runs = {record["run"] for record in (part.recorded(self._storage, n) for n in numbers) if record}
        if runs == {self._run} and identity.digest(previous) != self._run:
            return  # the parts belong to this run: the description that contradicts them is damaged
        if previous:
            identity.refuse_other(previous, about, self._folder)
            files = previous.get("files")
            self._by_manifest = part.by_number(files) if isinstance(files, dict) else {}
            return
        if runs - {self._run} or not (runs or unknown):
            raise RunFolderError(
                f"{self._folder} is not a run of nephrosyn, is another run, or has a damaged manifest; it was left as "
                "it is; choose another folder with --out, or replace it with --overwrite (in Python: out, overwrite)"
            )

    def finished(self, number: int) -> bool:
        """Whether a part is complete and unchanged; it is then added to `done`."""
        record = part.finished(self._storage, number, self._run) or part.verified(
            self._storage, self._by_manifest.get(number, {})
        )
        if record is not None:
            self.done[number] = record
        return record is not None

    def note(self, number: int, record: part.Record) -> None:
        """Record that a part was written.

        Raises
        ------
        RunFolderError
            If its files differ from those of the interrupted run.
        """
        before = self._by_manifest.get(number, {})
        if any(name in record and record[name]["sha256"] != fact["sha256"] for name, fact in before.items()):
            raise RunFolderError(
                f"part {number} of {self._folder} differs from its first version: this machine computes differently; "
                "make the run again with --overwrite (in Python: overwrite)"
            )
        self.done[number] = record

    def files(self) -> part.Record:
        """Return all files, in the order of the parts."""
        return {name: fact for number in sorted(self.done) for name, fact in self.done[number].items()}
