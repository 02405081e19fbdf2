"""What a worker has to know to make any part of a run, as text that can be sent anywhere."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from nephrosyn import criteria
from nephrosyn.errors import ClusterError
from nephrosyn.runs.folder import Format, location, part
from nephrosyn.runs.run import Chosen, Plan, silent
from nephrosyn.scenario import Resolved

if TYPE_CHECKING:
    from nephrosyn.runs.folder.part import Record


TOO_LITTLE_MEMORY = "too little memory to make a part; try fewer --workers, or a smaller --part-patients"


def text(plan: Plan, format: Format, url: str, run: str, holder: str | None = None) -> str:
    """Return a job as text.

    Parameters
    ----------
    plan : Plan
        The run.
    format : {"parquet", "csv"}
        Of the tables.
    url : str
        Where the parts go.
    run : str
        Digest of the run, for the records of its parts.
    holder : str, optional
        Token of who holds the place; parts are written for that one alone.
    """
    return json.dumps(
        {
            "resolved": plan.resolved.as_dict(),
            "sets": [{"asked": one.asked, "text": one.text} for one in plan.chosen],
            "made_with": plan.made_with,
            "part_patients": plan.part_patients,
            "format": format,
            "url": url,
            "holder": holder,
            "run": run,
        }
    )


class Job:
    """A run in the hands of a worker.

    Parameters
    ----------
    told : str
        From `text`.
    plan : Plan, optional
        The same run, where it is known.
    """

    def __init__(self, told: str, plan: Plan | None = None) -> None:
        values = json.loads(told)
        sets = [Chosen(one["asked"], one["text"], criteria.parse(one["text"], one["asked"])) for one in values["sets"]]
        self.plan = plan or Plan(Resolved.from_dict(values["resolved"]), silent, values["part_patients"], sets)
        if values["made_with"] != self.plan.made_with:
            asked, here = (
                ", ".join(f"{k} {v}" for k, v in w.items()) for w in (values["made_with"], self.plan.made_with)
            )
            raise ClusterError(f"a worker has {here}; the run is made with {asked}")
        self._parts = self.plan.parts
        self._place = location.at(values["url"], values["holder"])
        self._format: Format = values["format"]
        self._run = values["run"]

    def make(self, number: int) -> Record:
        """Simulate, chart, judge and write one part.

        Raises
        ------
        RunFolderError
            If it cannot be written.
        """
        return part.write(self._place, number, self.plan.tables(self._parts[number]), self._format, self._run)


@lru_cache(maxsize=1)
def known(told: str) -> Job:
    """Return a job, read once in each process."""
    return Job(told)


def make(told: str, number: int) -> Record:
    """Make one part of a job, on any machine that has this version of the package."""
    return known(told).make(number)
