"""A job: everything that a worker needs to make any part of a run, as text that can be sent to it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from nephrosyn import criteria
from nephrosyn.errors import WorkerError
from nephrosyn.runs.folder import Format, part, storage
from nephrosyn.runs.run import LoadedSet, Plan, silent
from nephrosyn.scenario import Resolved

if TYPE_CHECKING:
    from nephrosyn.runs.folder.part import Record


TOO_LITTLE_MEMORY = "not enough memory to make a part; try fewer workers, or smaller parts (part_patients)"


def text(plan: Plan, format: Format, url: str, run: str, holder: str | None = None) -> str:
    """Return a job as text.

    Parameters
    ----------
    plan : Plan
        The run.
    format : {"parquet", "csv"}
        Format of the tables.
    url : str
        Where the parts are written.
    run : str
        Digest of the run, for the records of its parts.
    holder : str, optional
        Token of the run that has locked the folder; parts are written only while it has.
    """
    return json.dumps(
        {
            "resolved": plan.resolved.as_dict(),
            "sets": [{"asked": loaded.requested, "text": loaded.text} for loaded in plan.sets],
            "made_with": plan.made_with,
            "part_patients": plan.part_patients,
            "uncertainty": plan.drawn.draws if plan.drawn else None,
            "keep_draws": plan.drawn is not None and plan.drawn.keep,
            "format": format,
            "url": url,
            "holder": holder,
            "run": run,
        }
    )


class Job:
    """A run as a worker sees it.

    Parameters
    ----------
    job_text : str
        From `text`.
    plan : Plan, optional
        The same run, if this process has it.
    """

    def __init__(self, job_text: str, plan: Plan | None = None) -> None:
        values = json.loads(job_text)
        sets = [
            LoadedSet(entry["asked"], entry["text"], criteria.parse(entry["text"], entry["asked"]))
            for entry in values["sets"]
        ]
        options = {key: values[key] for key in ("part_patients", "uncertainty", "keep_draws")}
        self.plan = plan or Plan(Resolved.from_dict(values["resolved"]), silent, sets=sets, **options)
        if values["made_with"] != self.plan.made_with:
            expected, installed = (
                ", ".join(f"{name} {version}" for name, version in versions.items())
                for versions in (values["made_with"], self.plan.made_with)
            )
            raise WorkerError(f"a worker has {installed}; the run is made with {expected}")
        self._storage = storage.storage_at(values["url"], values["holder"])
        self._format: Format = values["format"]
        self._run = values["run"]

    def make(self, number: int) -> Record:
        """Simulate, record, classify and write one part, or count and write one chunk of draws.

        Raises
        ------
        RunFolderError
            If it cannot be written.
        """
        return part.write(self._storage, number, self.plan.make(number), self._format, self._run)


@lru_cache(maxsize=1)
def cached_job(job_text: str) -> Job:
    """Return a job, which each process parses once."""
    return Job(job_text)


def make(job_text: str, number: int) -> Record:
    """Make one part of a job, on any machine with the same software."""
    return cached_job(job_text).make(number)
