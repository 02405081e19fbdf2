"""One run: checked, simulated, recorded and classified, part by part."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nephrosyn import __version__, criteria
from nephrosyn import engine as engines
from nephrosyn.engine import Part
from nephrosyn.errors import Problem
from nephrosyn.kernels.compile import caches
from nephrosyn.runs.cores import cores as cores
from nephrosyn.runs.draws import draw_tables
from nephrosyn.runs.draws.design import check_draws
from nephrosyn.runs.made_with import made_with
from nephrosyn.runs.parts import Parts

if TYPE_CHECKING:
    import polars as pl

    from nephrosyn.runs.draws.play import DrawnRun
    from nephrosyn.runs.folder import Format
    from nephrosyn.scenario import Resolved

Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """A progress callback that does nothing."""


class Plan:
    """One run, checked before anything is simulated.

    Parameters
    ----------
    resolved : Resolved
        The scenario.
    progress : callable
        Called with (stage, done, total).
    part_patients : int, optional
        Approximate number of patients that are simulated, classified and written at a time; sites are never divided.
    sets : sequence of LoadedSet, optional
        Definition sets to classify by; those of the scenario by default.
    uncertainty : int, optional
        Number of draws of the scenario's uncertain numbers that are played besides.
    keep_draws : bool
        Keep the labels, tables and truth of every draw, and not only counts.

    Attributes
    ----------
    drawn : DrawnRun or None
        The draws.
    """

    def __init__(
        self,
        resolved: Resolved,
        progress: Progress = silent,
        part_patients: int | None = None,
        sets: Sequence[LoadedSet] | None = None,
        uncertainty: int | None = None,
        keep_draws: bool = False,
    ) -> None:
        self.resolved, self.scenario, self.progress = resolved, resolved.scenario, progress
        self.engine = engines.choose_engine(self.scenario, self.scenario.engine, self.scenario.patients)
        self.sets = list(sets) if sets is not None else load_sets(self.scenario.criteria)
        self.part_patients = engines.part_size(self.scenario, part_patients)
        engines.check_parts(self.scenario.patients, self.scenario.replicates, self.part_patients)
        keep = draw_tables.check_option(keep_draws, uncertainty)
        self.drawn = self._draws(uncertainty, keep=keep) if uncertainty is not None else None
        definitions = [loaded.definition for loaded in self.sets]
        self._parts = Parts(self.scenario, self.engine, definitions, self.part_patients)
        self._compilation: criteria.BackgroundCompilation | None = None

    def _draws(self, draws: int, *, keep: bool) -> DrawnRun:
        """Return the draws; their driver is that of a large cohort, as both give the same patients."""
        from nephrosyn.runs.draws.play import DrawnRun

        patients = self.scenario.patients * check_draws(draws)
        driver = engines.choose_engine(self.scenario, self.scenario.engine, patients)
        sets = [loaded.definition for loaded in self.sets]
        return DrawnRun(self.resolved, draws, driver, sets, self.part_patients, keep=keep)

    def check(self) -> None:
        """Check the numbers of all draws, before anything is simulated.

        Raises
        ------
        ScenarioError
            If those of some draw contradict each other.
        """
        if self.drawn is not None:
            self.drawn.check(self.progress)

    def sample(self) -> dict[str, pl.DataFrame]:
        """Return the tables of some first patients, from which the size of a run is estimated."""
        if not self.is_compiled:
            self.compile_ahead()
        return self.tables(Part(0, 0, 0, min(draw_tables.SAMPLE_PATIENTS, self.scenario.patients)))

    def about(self, format: Format) -> dict[str, Any]:
        """Return the entries of the manifest that describe the run."""
        scenario = self.scenario
        return {
            "version": __version__,
            "made_with": made_with(),
            "format": format,
            "engine": self.engine,
            "seed": scenario.seed,
            "patients": scenario.patients,
            "replicates": scenario.replicates,
            "part_patients": self.part_patients,
            "criteria": list(scenario.criteria),
            "sets": {loaded.definition.name: loaded.manifest_entry() for loaded in self.sets},
            "digest": self.resolved.digest(),
            "scenario": self.resolved.as_dict(),
            **({"uncertainty": self.drawn.about()} if self.drawn else {}),
        }

    @property
    def parts(self) -> list[Part]:
        """The parts of the cohort, each of whole sites."""
        return self._parts.all

    @property
    def sizes(self) -> list[int]:
        """Patients of everything that is made at a time: the parts of the cohort, then the chunks of draws."""
        chunks = [len(draws) * self.scenario.patients for draws in self.drawn.chunks] if self.drawn else []
        return [*(part.patients for part in self.parts), *chunks]

    def make(self, number: int) -> dict[str, pl.DataFrame]:
        """Return the tables of a part, or what is kept of a chunk of draws, which are numbered after the parts."""
        parts = self.parts
        if self.drawn is not None and number >= len(parts):
            return self.drawn.tables(number - len(parts))
        return self.tables(parts[number])

    @property
    def is_compiled(self) -> bool:
        """Whether a compiled model is at hand."""
        return engines.is_compiled(self.scenario, self.engine)

    def compile_ahead(self) -> None:
        """Start compiling the criteria in another process, while the first part compiles the model in this one."""
        self.progress("compile", 0, 1)
        self._compilation = criteria.BackgroundCompilation() if caches() else None

    def tables(self, part: Part) -> dict[str, pl.DataFrame]:
        """Simulate, record and classify one part."""
        frames = self._parts.record(part)
        if self._compilation is not None:
            self._compilation.wait()
            self._compilation = None
        return self._parts.classified(frames)

    def in_memory(self) -> dict[str, pl.DataFrame]:
        """Run all parts, and all draws, and return their tables joined."""
        import polars as pl

        self.check()
        if self.drawn is not None and self.drawn.keep:
            draw_tables.check_memory(self.drawn.draws, self.drawn.patients, self.sample())
        done, total = 0, sum(self.sizes)
        if not self.is_compiled:
            self.compile_ahead()
        self.progress("simulate", 0, total)
        joined: dict[str, list[pl.DataFrame]] = {}
        for number, patients in enumerate(self.sizes):
            for table, frame in self.make(number).items():
                joined.setdefault(table, []).append(frame)
            done += patients
            self.progress("simulate", done, total)
        return {table: pl.concat(frames) for table, frames in joined.items()}


@dataclass(frozen=True)
class LoadedSet:
    """A definition set with the name or path it was requested by and the text of its file."""

    requested: str
    text: str
    definition: criteria.DefinitionSet

    def manifest_entry(self) -> dict[str, str]:
        """Return what the manifest stores, so that verdicts can be explained after the file has changed."""
        digest = hashlib.sha256(self.text.encode()).hexdigest()
        return {"asked": self.requested, "sha256": digest, "text": self.text}


def load_sets(names: Sequence[str]) -> list[LoadedSet]:
    """Load definition sets.

    Raises
    ------
    CriteriaError
        If a set is unknown or invalid, or two sets have the same name.
    """
    if not names:
        raise criteria.CriteriaError("names", [Problem("names", "at least one definition set", "none")])
    texts = [criteria.whole(criteria.text(name), str(name)) for name in names]
    sets = [LoadedSet(str(n), t, criteria.parse(t, str(n))) for n, t in zip(names, texts, strict=True)]
    loaded_names = [loaded.definition.name for loaded in sets]
    repeated = sorted({name for name in loaded_names if loaded_names.count(name) > 1})
    if repeated:
        problems = [Problem(name, "definition sets with different names", "the same name twice") for name in repeated]
        raise criteria.CriteriaError(", ".join(names), problems)
    return sets
