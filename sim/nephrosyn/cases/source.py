"""The run that cases are made from: its observed tables and what the definition sets say of them. Never the truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl

from nephrosyn.cases.display import OBSERVED
from nephrosyn.criteria import DefinitionSet, classify
from nephrosyn.plan import silent

if TYPE_CHECKING:
    from nephrosyn.api import Cohort
    from nephrosyn.plan import Progress

Patient = tuple[int, int]
BATCH = 200


class Source:
    """A run to make cases from.

    Parameters
    ----------
    cohort : Cohort
        Opened, or in memory.
    progress : callable, optional
        Called with (stage, done, total).
    """

    def __init__(self, cohort: Cohort, progress: Progress | None = None) -> None:
        self.cohort, self.progress = cohort, progress or silent
        resolved = cohort.resolved
        self.scenario, self.digest = resolved.name, resolved.digest()
        self.seed, self.size = int(cohort.manifest["seed"]), int(cohort.manifest["patients"])

    @property
    def made_from(self) -> str:
        """Scenario, digest and seed of the run."""
        return f"{self.scenario}-{self.digest}, seed {self.seed}"

    def judge(self, definitions: Sequence[DefinitionSet]) -> pl.DataFrame:
        """Return the labels of everybody to whom the sets apply, in memory, whether or not the run holds them.

        Parameters
        ----------
        definitions : sequence of DefinitionSet
            The sets.
        """
        labels = []
        for done, tables in enumerate(self._parts()):
            self.progress("classify", done, 0)
            labels.append(classify(tables, definitions, "observed", keep_going=True))
        return pl.concat(labels).filter(pl.col("applies").fill_null(value=False))

    def _parts(self) -> Iterator[dict[str, pl.DataFrame]]:
        folder = self.cohort._disk
        if folder is None:
            yield {name: self.cohort.tables[name] for name in OBSERVED}
            return
        for number in range(folder.parts("patients")):
            yield {name: folder.part(name, number) for name in OBSERVED}

    def records(self, patients: Iterable[Patient]) -> Iterator[tuple[Patient, dict[str, pl.DataFrame]]]:
        """Yield the observed tables of some patients, in their order, read in batches.

        Parameters
        ----------
        patients : iterable of (int, int)
            Replicate and number.
        """
        waiting = list(patients)
        for begin in range(0, len(waiting), BATCH):
            batch = waiting[begin : begin + BATCH]
            who = pl.DataFrame(batch, schema={"replicate": pl.Int32, "patient": pl.Int32}, orient="row")
            split = {name: self._split(name, who) for name in OBSERVED}
            for patient in batch:
                yield patient, {name: split[name][0].get(patient, split[name][1]) for name in OBSERVED}

    def _split(self, name: str, who: pl.DataFrame) -> tuple[dict[Patient, pl.DataFrame], pl.DataFrame]:
        folder = self.cohort._disk
        lazy = self.cohort.tables[name].lazy() if folder is None else folder.lazy(name)
        rows = lazy.join(who.lazy(), on=["replicate", "patient"], how="semi", maintain_order="left").collect()
        parts = rows.partition_by("replicate", "patient", as_dict=True)
        return {(key[0], key[1]): frame for key, frame in parts.items()}, rows.clear()
