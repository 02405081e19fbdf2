"""A job: everything that a worker needs to make any part of a run, as text that can be sent to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nephrosyn.errors import WorkerError
from nephrosyn.runs.folder import part, storage
from nephrosyn.runs.made_with import made_with

if TYPE_CHECKING:
    import polars as pl

    from nephrosyn.runs.folder import Format
    from nephrosyn.runs.folder.part import Record
    from nephrosyn.runs.run import Plan

    Maker = Callable[[int], dict[str, pl.DataFrame]]

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
            **(_of_draws(plan) if plan.drawn else _of_cohort(plan)),
            "made_with": made_with(),
            "part_patients": plan.part_patients,
            "format": format,
            "url": url,
            "holder": holder,
            "run": run,
        }
    )


def _of_cohort(plan: Plan) -> dict[str, Any]:
    """Return what is simulated as plain values, which were checked and are not checked again in every worker."""
    from nephrosyn.criteria.definition.compiled import prepare
    from nephrosyn.scenario.plain import as_plain

    sets = [prepare(loaded.definition).as_dict() for loaded in plan.sets]
    return {"scenario": as_plain(plan.scenario), "engine": plan.engine, "prepared_sets": sets}


def _of_draws(plan: Plan) -> dict[str, Any]:
    """Return the scenario with its uncertain numbers, which draws need as a whole."""
    return {
        "resolved": plan.resolved.as_dict(),
        "sets": [{"asked": loaded.requested, "text": loaded.text} for loaded in plan.sets],
        "uncertainty": plan.drawn.draws if plan.drawn else None,
        "keep_draws": plan.drawn is not None and plan.drawn.keep,
    }


def _maker(values: Mapping[str, Any]) -> Maker:
    """Return what makes the parts of a job from their numbers."""
    if "resolved" in values:
        return _plan(values).make
    from nephrosyn.criteria.definition.prepared import PreparedSet
    from nephrosyn.runs.parts import Parts
    from nephrosyn.scenario.plain import from_plain

    sets = [PreparedSet.from_dict(entry) for entry in values["prepared_sets"]]
    return Parts(from_plain(values["scenario"]), values["engine"], sets, values["part_patients"]).make


def _plan(values: Mapping[str, Any]) -> Plan:
    from nephrosyn import criteria
    from nephrosyn.runs.run import LoadedSet, Plan, silent
    from nephrosyn.scenario import Resolved

    sets = [
        LoadedSet(entry["asked"], entry["text"], criteria.parse(entry["text"], entry["asked"]))
        for entry in values["sets"]
    ]
    options = {key: values[key] for key in ("part_patients", "uncertainty", "keep_draws")}
    return Plan(Resolved.from_dict(values["resolved"]), silent, sets=sets, **options)


class Job:
    """A run as a worker sees it.

    Parameters
    ----------
    job_text : str
        From `text`.
    plan : Plan, optional
        The same run, if this process has it.

    Raises
    ------
    WorkerError
        If the run is made with other software.
    """

    def __init__(self, job_text: str, plan: Plan | None = None) -> None:
        values = json.loads(job_text)
        if values["made_with"] != (here := made_with()):
            expected, installed = (
                ", ".join(f"{name} {version}" for name, version in versions.items())
                for versions in (values["made_with"], here)
            )
            raise WorkerError(f"a worker has {installed}; the run is made with {expected}")
        self._tables: Maker = plan.make if plan else _maker(values)
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
        return part.write(self._storage, number, self._tables(number), self._format, self._run)


@lru_cache(maxsize=1)
def cached_job(job_text: str) -> Job:
    """Return a job, which each process parses once."""
    return Job(job_text)


def make(job_text: str, number: int) -> Record:
    """Make one part of a job, on any machine with the same software."""
    return cached_job(job_text).make(number)
