"""One run: asked for, checked, simulated, charted, judged, and kept in memory or on disk."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Any

import polars as pl

from nephrosyn import __version__, criteria
from nephrosyn import engine as engines
from nephrosyn.engine import Part
from nephrosyn.errors import Problem
from nephrosyn.kernels.compile import KEPT_IN
from nephrosyn.record.observed import record
from nephrosyn.runs.folder import Format
from nephrosyn.scenario import Resolved

Progress = Callable[[str, int, int], None]
MADE_WITH = ("polars", "numpy", "scipy", "numba", "llvmlite")
"""Packages that the bytes of a run may depend on, beside SimPy, which is loaded only where patients share a clinic."""


def silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Plan:
    """One run: what is asked for, checked before anything is simulated.

    Parameters
    ----------
    resolved : Resolved
        The scenario.
    progress : callable
        Called with (stage, done, total).
    part_patients : int, optional
        About so many patients are simulated, judged and written at a time, in whole sites.
    chosen : sequence of Chosen, optional
        The definition sets, if they are loaded; those of the scenario by default.
    """

    def __init__(
        self,
        resolved: Resolved,
        progress: Progress = silent,
        part_patients: int | None = None,
        chosen: Sequence[Chosen] | None = None,
    ) -> None:
        self.resolved, self.scenario, self.progress = resolved, resolved.scenario, progress
        self.engine = engines.choose(self.scenario, self.scenario.engine, self.scenario.patients)
        self.chosen = list(chosen) if chosen is not None else load_sets(self.scenario.criteria)
        self.part_patients = engines.part_size(self.scenario, part_patients)
        engines.check_parts(self.scenario.patients, self.scenario.replicates, self.part_patients)
        self._player = engines.Player(self.scenario, self.engine, self.scenario.seed)
        self._aside: criteria.Aside | None = None

    def about(self, format: Format) -> dict[str, Any]:
        """What the manifest tells of the run."""
        scenario = self.scenario
        return {
            "version": __version__,
            "made_with": self.made_with,
            "format": format,
            "engine": self.engine,
            "seed": scenario.seed,
            "patients": scenario.patients,
            "replicates": scenario.replicates,
            "part_patients": self.part_patients,
            "criteria": list(scenario.criteria),
            "sets": {one.definition.name: one.kept() for one in self.chosen},
            "digest": self.resolved.digest(),
            "scenario": self.resolved.as_dict(),
        }

    @property
    def made_with(self) -> dict[str, str]:
        """Versions that the bytes of a run may depend on: who computes, and who encodes the tables."""
        python = ".".join(map(str, sys.version_info[:2]))
        packages = {name: import_module(name).__version__ for name in MADE_WITH}
        return {"nephrosyn": __version__, "python": python, **packages, "simpy": version("simpy")}

    @property
    def parts(self) -> list[Part]:
        """Whole sites to be played together."""
        return engines.cut(self.scenario.patients, self.scenario.replicates, self.part_patients)

    @property
    def is_compiled(self) -> bool:
        """Whether the model was compiled on this machine before."""
        return engines.is_compiled(self.engine)

    def compile_aside(self) -> None:
        """Compile the criteria in another process while the first part is played, which compiles the model."""
        self.progress("compile", 0, 1)
        self._aside = criteria.Aside() if KEPT_IN else None

    def tables(self, part: Part) -> dict[str, pl.DataFrame]:
        """Return a part: simulated, charted, judged."""
        history = self._player.play(part)
        frames = record(self.scenario, self.scenario.seed, part.replicate, history.traits, history.rows)
        if self._aside is not None:
            self._aside.wait()
            self._aside = None
        return {**frames, "labels": judge(frames, [one.definition for one in self.chosen])}

    def in_memory(self) -> dict[str, pl.DataFrame]:
        """All tables at once."""
        done, total = 0, self.scenario.patients * self.scenario.replicates
        if not self.is_compiled:
            self.compile_aside()
        self.progress("simulate", 0, total)
        found = []
        for part in self.parts:
            found.append(self.tables(part))
            done += part.patients
            self.progress("simulate", done, total)
        return {table: pl.concat([tables[table] for tables in found]) for table in found[0]}


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
    if not names:
        raise criteria.CriteriaError("names", [Problem("names", "at least one definition set", "none")])
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
        Labels, patient by patient; of each set by set, the complete record first.
    """
    frames = [criteria.classify(tables, sets, view, keep_going=keep_going) for view in ("complete", "observed")]
    return by_patient(pl.concat([frame.filter(criteria=one.name) for one in sets for frame in frames]))


def by_patient(labels: pl.DataFrame) -> pl.DataFrame:
    """Return labels patient by patient, so that their order does not tell in which parts they were made."""
    return labels.sort("replicate", "patient", maintain_order=True)
