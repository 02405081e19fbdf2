"""Write a run as a MEDS dataset."""

from __future__ import annotations

import json

import polars as pl

from nephrosyn import __version__
from nephrosyn.interchange.counts import Counts
from nephrosyn.interchange.meds import code_list
from nephrosyn.interchange.meds.events import Events
from nephrosyn.interchange.meds.labels import label_frames
from nephrosyn.interchange.output import Output
from nephrosyn.interchange.record_part import ExportedRun, RecordPart
from nephrosyn.interchange.splits import split_of
from nephrosyn.runs.folder.reading import read_parquet

VERSION = "0.4.1"
CREATED = "1970-01-01T00:00:00"
"""MEDS asks when a dataset was made; the bytes of an export do not depend on when it is made."""


class Format:
    """MEDS 0.4.

    Parameters
    ----------
    run : ExportedRun
        The run.
    """

    title = "MEDS 0.4"

    def __init__(self, run: ExportedRun) -> None:
        self._run = run

    def write_part(self, part: RecordPart, output: Output) -> Counts:
        """Write a shard of data, and the labels of its subjects."""
        events = Events(part)
        shard = f"{part.number:05d}.parquet"
        output.parquet(f"data/{shard}", events.frame())
        for name, frame in label_frames(part, events.counts):
            output.parquet(f"labels/{name}/{shard}", frame)
        if self._run.split:
            persons = part.persons["person_id"]
            splits = pl.DataFrame(
                {"subject_id": persons, "split": split_of(persons, self._run.split, self._run.seed)},
            )
            output.parquet(f"metadata/.splits/{shard}", splits)
        return events.counts

    def finish(self, counts: Counts, output: Output) -> Counts:
        """Write the metadata: codes, dataset and splits."""
        output.parquet("metadata/codes.parquet", code_list.frame(self._run.codes))
        output.put("metadata/dataset.json", (json.dumps(self._about(), indent=1) + "\n").encode())
        if self._run.split:
            parts = sorted(name for name in output.files if name.startswith("metadata/.splits/"))
            frames = [read_parquet(output.folder / name) for name in parts]
            output.remove(parts)
            output.parquet("metadata/subject_splits.parquet", pl.concat(frames))
        return Counts()

    def _about(self) -> dict[str, object]:
        scenario = self._run.resolved.scenario
        return {
            "dataset_name": f"nephrosyn {self._run.name}, SYNTHETIC",
            "dataset_version": f"seed {self._run.seed}, day zero {scenario.calendar.day_zero}",
            "etl_name": "nephrosyn",
            "etl_version": __version__,
            "meds_version": VERSION,
            "created_at": CREATED,
            "site_id_columns": [],
            "other_extension_columns": ["unit"],
            "code_modifier_columns": ["unit"],
        }
