"""A setting simulated and seen as its studies saw it, part by part, so that memory does not grow with the cohort."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from nephrosyn import engine
from nephrosyn.evidence.definitions import definition
from nephrosyn.evidence.measures.registry import Counted, joined, measures
from nephrosyn.evidence.measures.study_view import Study
from nephrosyn.record.observed import record
from nephrosyn.scenario import Scenario

READ = ("patients", "visits", "readings", "diary", "doses", "conditions", "follow_up")
"""The tables a study sees: the record, and nothing of the truth."""

Question = tuple[str, Mapping[str, Any]]
Watch = Callable[[int], None]


def unwatched(done: int) -> None:
    """Progress that nobody watches."""


def studies(scenario: Scenario, patients: int, seed: int) -> Iterator[Study]:
    """Yield a cohort part by part as studies see it.

    Parameters
    ----------
    scenario : Scenario
        The setting.
    patients : int
        How many in all.
    seed : int
        Address of all draws: with one seed patient i is the same in every setting, which couples runs.
    """
    driver = engine.choose(scenario, scenario.engine, patients)
    for part in engine.simulate(scenario, driver, seed, 0, patients):
        frames = record(scenario, seed, 0, part.traits, part.rows)
        yield Study(_seen(frames), definition)


def _seen(frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    kept = pl.col("analyte").is_in(["upcr", "dipstick", "albumin"])
    return {name: frames[name].filter(kept) if name == "readings" else frames[name] for name in READ}


def count(
    scenario: Scenario, questions: Sequence[Question], patients: int, seed: int, watch: Watch = unwatched
) -> list[Counted]:
    """Return what several measures count in one cohort.

    Parameters
    ----------
    scenario : Scenario
        The setting.
    questions : sequence of (str, mapping)
        Names of measures, each with its arguments.
    patients, seed : int
        Size and address of the cohort.
    watch : callable
        Called with the number of patients done.
    """
    parts: list[list[Counted]] = [[] for _ in questions]
    done = 0
    for study in studies(scenario, patients, seed):
        for place, (name, arguments) in enumerate(questions):
            parts[place].append(measures()[name](study, **arguments))
        done += study.people.height
        watch(done)
    return [joined(each) for each in parts]
