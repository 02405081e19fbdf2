"""Simulate a setting and observe it as its studies did, part by part, so that memory use stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import polars as pl

from nephrosyn import criteria, engine
from nephrosyn.evidence.measures.registry import Counted, joined, measures
from nephrosyn.evidence.measures.study_view import Study
from nephrosyn.record.tables import build_tables
from nephrosyn.scenario import Scenario

STUDY_TABLES = ("patients", "visits", "readings", "diary", "doses", "conditions", "follow_up")
"""The tables that a study sees: the observed record only."""

MeasureCall = tuple[str, Mapping[str, Any]]
"""Name of a measure, and its arguments."""
OnProgress = Callable[[int], None]


def no_progress(done: int) -> None:
    """Progress callback that does nothing."""


@cache
def definition(name: str) -> criteria.DefinitionSet:
    """Return a shipped definition set; each is loaded once."""
    return criteria.load(name)


def studies(scenario: Scenario, patients: int, seed: int, replicate: int = 0) -> Iterator[Study]:
    """Yield the parts of a cohort as studies see them.

    Parameters
    ----------
    scenario : Scenario
        The setting.
    patients : int
        Size of the cohort.
    seed : int
        With the same seed, patient i has the same random numbers in every setting (common random numbers).
    replicate : int
        Replicate of the patients; those of another have other random numbers.
    """
    driver = engine.choose_engine(scenario, scenario.engine, patients)
    for part in engine.simulate(scenario, driver, seed, replicate, patients):
        frames = build_tables(scenario, seed, replicate, part.traits, part.rows)
        yield Study(_study_tables(frames), definition)


def _study_tables(frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    used = pl.col("analyte").is_in(["upcr", "dipstick", "albumin"])
    return {name: frames[name].filter(used) if name == "readings" else frames[name] for name in STUDY_TABLES}


def count_measures(
    scenario: Scenario,
    calls: Sequence[MeasureCall],
    patients: int,
    seed: int,
    on_progress: OnProgress = no_progress,
    *,
    replicate: int = 0,
) -> list[Counted]:
    """Simulate a cohort and return what several measures count in it.

    Parameters
    ----------
    scenario : Scenario
        The setting.
    calls : sequence of (str, mapping)
        Names of measures with their arguments.
    patients, seed : int
        Size and seed of the cohort.
    on_progress : callable
        Called with the number of patients done.
    replicate : int
        Replicate of the patients.
    """
    parts: list[list[Counted]] = [[] for _ in calls]
    done = 0
    for study in studies(scenario, patients, seed, replicate):
        for place, (name, arguments) in enumerate(calls):
            parts[place].append(measures()[name](study, **arguments))
        done += study.people.height
        on_progress(done)
    return [joined(counted) for counted in parts]
