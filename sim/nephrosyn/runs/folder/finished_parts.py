"""The parts of a run that is being written: which are finished, and whether what lies there is this run at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder import identity, part
from nephrosyn.runs.folder.layout import JOURNAL, MANIFEST, RECORD, as_json, part_number
from nephrosyn.runs.folder.location import Place
from nephrosyn.text_files import parsed_json
from nephrosyn.vocabulary import NOTICE


def journal(about: Mapping[str, Any], run: str) -> bytes:
    """Return what tells, until the manifest stands, which run is being written; `run` shows damage."""
    return as_json({**about, "run": run})


def known(place: Place) -> dict[str, Any]:
    """Return what is known of a run that was begun or finished; nothing if that is missing or damaged."""
    for name in (MANIFEST, JOURNAL):
        try:
            found = parsed_json(place.get(name) or b"")
        except ValueError:
            continue
        if not isinstance(found, dict) or found.get("notice") != NOTICE:
            continue
        if name == MANIFEST or found.get("run") == identity.digest(found):
            return found
    return {}


class Parts:
    """The parts of a run in its place.

    Parameters
    ----------
    place : Place
        Where they are written.
    folder : str
        How the run is called, for messages.
    run : str
        Which run.

    Attributes
    ----------
    done : dict of int to Record
        Files of the parts that are finished.
    """

    def __init__(self, place: Place, folder: str, run: str) -> None:
        self._place, self._folder, self._run = place, folder, run
        self._told: dict[int, part.Record] = {}
        self.done: dict[int, part.Record] = {}

    def go_on(self, kept: Mapping[str, Any], about: Mapping[str, Any], *, unknown: bool) -> None:
        """Go on with what lies there, if it is this run.

        Parameters
        ----------
        kept : mapping
            From `known`.
        about : mapping
            What the manifest is to tell of the run.
        unknown : bool
            Whether a place that tells nothing of any run may be taken.

        Raises
        ------
        RunFolderError
            If it is another run, or cannot be known to be this one.
        """
        numbers = [part_number(name) for name in self._place.names() if RECORD.fullmatch(name)]
        runs = {found["run"] for found in (part.recorded(self._place, n) for n in numbers) if found}
        if runs == {self._run} and identity.digest(kept) != self._run:
            return  # the parts are of this run: what tells otherwise of them is damaged
        if kept:
            identity.refuse_other(kept, about, self._folder)
            files = kept.get("files")
            self._told = part.by_number(files) if isinstance(files, dict) else {}
            return
        if runs - {self._run} or not (runs or unknown):
            raise RunFolderError(
                f"{self._folder} is no run of nephrosyn, or another one, or its manifest is damaged: nothing tells "
                "that it is this run, and so it is left alone; choose another --out, or --overwrite it"
            )

    def finished(self, number: int) -> bool:
        """Whether a part stands as it was written; it is then counted as done."""
        record = part.finished(self._place, number, self._run) or part.told(self._place, self._told.get(number, {}))
        if record is not None:
            self.done[number] = record
        return record is not None

    def note(self, number: int, record: part.Record) -> None:
        """Note that a part is written.

        Raises
        ------
        RunFolderError
            If it is not the part it was before.
        """
        before = self._told.get(number, {})
        if any(name in record and record[name]["sha256"] != fact["sha256"] for name, fact in before.items()):
            raise RunFolderError(
                f"part {number} of {self._folder} came out otherwise than before: this machine computes differently; "
                "make the run again (--overwrite)"
            )
        self.done[number] = record

    def files(self) -> part.Record:
        """All files, in the order of the parts."""
        return {name: fact for number in sorted(self.done) for name, fact in self.done[number].items()}
