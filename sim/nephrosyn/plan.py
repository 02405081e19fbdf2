"""One run: asked for, checked, simulated, charted, judged, and kept in memory or on disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn import __version__, criteria
from nephrosyn import engine as engines
from nephrosyn.chart import record
from nephrosyn.cohort import Format, Writer
from nephrosyn.compiling import KEPT_IN
from nephrosyn.scenario import Problem, Resolved

Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Plan:
    """One run: what is asked for, checked before anything is simulated."""

    def __init__(self, resolved: Resolved, progress: Progress) -> None:
        self.resolved, self.scenario, self.progress = resolved, resolved.scenario, progress
        self.engine = engines.choose(self.scenario, self.scenario.engine, self.scenario.patients)
        self.chosen = load_sets(self.scenario.criteria)

    def about(self, format: Format) -> dict[str, Any]:
        """What the manifest tells of the run."""
        scenario = self.scenario
        return {
            "version": __version__,
            "format": format,
            "engine": self.engine,
            "seed": scenario.seed,
            "patients": scenario.patients,
            "replicates": scenario.replicates,
            "criteria": list(scenario.criteria),
            "sets": {one.definition.name: one.kept() for one in self.chosen},
            "digest": self.resolved.digest(),
            "scenario": self.resolved.as_dict(),
        }

    def parts(self) -> Iterator[dict[str, pl.DataFrame]]:
        """The cohort part by part: simulated, charted, judged."""
        scenario, done = self.scenario, 0
        total = scenario.patients * scenario.replicates
        aside = None
        if not engines.is_compiled(self.engine):
            self.progress("compile", 0, 1)
            aside = criteria.compile_aside() if KEPT_IN else None
        self.progress("simulate", 0, total)
        for replicate in range(scenario.replicates):
            for history in engines.simulate(scenario, self.engine, scenario.seed, replicate, scenario.patients):
                frames = record(scenario, scenario.seed, replicate, history.traits, history.rows)
                if aside is not None:
                    aside.wait()
                yield {**frames, "labels": judge(frames, [one.definition for one in self.chosen])}
                done += len(history.traits)
                self.progress("simulate", done, total)

    def in_memory(self) -> dict[str, pl.DataFrame]:
        """All tables at once."""
        parts = list(self.parts())
        return {table: pl.concat([part[table] for part in parts]) for table in parts[0]}

    def on_disk(self, folder: Path, format: Format, overwrite: bool) -> None:
        """Write the tables into a run folder, part by part."""
        writer = Writer(folder, format, overwrite=overwrite)
        try:
            try:
                for number, part in enumerate(self.parts()):
                    for table, frame in part.items():
                        writer.write(table, number, frame)
                writer.finish(self.about(format))
            finally:
                writer.discard()
        finally:  # polars raises an interrupt by itself and Python then raises the same one again, in the clean-up
            writer.discard()


@dataclass(frozen=True)
class Chosen:
    """A definition set to judge by: how it was asked for, its text, and what the text says."""

    asked: str
    text: str
    definition: criteria.DefinitionSet

    def kept(self) -> dict[str, str]:
        """What the manifest keeps of it, so that its verdicts can be explained when its file is gone or changed."""
        digest = hashlib.sha256(self.text.encode()).hexdigest()
        return {"asked": self.asked, "sha256": digest, "text": self.text}


def load_sets(names: Sequence[str]) -> list[Chosen]:
    """Load definition sets, no two of one name.

    Raises
    ------
    CriteriaError
        If a set is unknown or wrong, or two have one name: their labels could not be told apart.
    """
    texts = [criteria.whole(criteria.text(name), str(name)) for name in names]
    sets = [Chosen(str(n), t, criteria.parse(t, str(n))) for n, t in zip(names, texts, strict=True)]
    seen = [one.definition.name for one in sets]
    twice = sorted({name for name in seen if seen.count(name) > 1})
    if twice:
        found = [Problem(name, "definition sets of different names", "the same name twice") for name in twice]
        raise criteria.CriteriaError(", ".join(names), found)
    return sets


def judge(
    tables: Mapping[str, pl.DataFrame], sets: Sequence[criteria.DefinitionSet], *, keep_going: bool = False
) -> pl.DataFrame:
    """Judge every patient by some definition sets, on the complete and on the observed record.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Observed tables and truth.
    sets : sequence of DefinitionSet
        By what to judge.
    keep_going : bool
        Leave patients with impossible values undetermined, instead of refusing the record.

    Returns
    -------
    polars.DataFrame
        Labels.
    """
    frames = [criteria.classify(tables, sets, view, keep_going=keep_going) for view in ("complete", "observed")]
    return pl.concat([frame.filter(criteria=one.name) for one in sets for frame in frames])
