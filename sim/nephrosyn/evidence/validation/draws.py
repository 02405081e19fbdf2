"""Simulate the settings of published estimates under draws of their uncertain numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from zlib import crc32

from nephrosyn.evidence.measures.estimators import Estimate
from nephrosyn.evidence.published.estimates_table import PublishedEstimate
from nephrosyn.evidence.simulate_setting import MeasureCall, count_measures
from nephrosyn.runs.draws.design import MOST_DRAWS, uncertain
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import Resolved, load

MOST_PATIENTS_OF_DRAW = 500
"""Most patients of a setting in one draw: more than in most studies, whose sampling error is then the greater one."""
DRAWS_OF_TASK = 10
SETTINGS_APART = 100_000
"""Numbers for the settings in the replicates of their patients, so that no two settings share patients."""
Arms = dict[tuple[str, str], list[Estimate]]
"""Estimates in each draw, by id and setting."""
MeasuredIn = Sequence[PublishedEstimate]


def patients_of_draw(patients: int) -> int:
    """Return how many patients each draw of a setting has, from the number of the setting's own cohort."""
    return min(patients, MOST_PATIENTS_OF_DRAW)


def replicate_of(name: str, draw: int) -> int:
    """Return the replicate of the patients of a setting in a draw; 0 is that of the setting's own cohort.

    Draws have patients of their own, and so have the two arms of a comparison: their chance is then independent.
    """
    return 1 + draw + MOST_DRAWS * (crc32(name.encode()) % SETTINGS_APART)


@cache
def setting(name: str, seed: int) -> Resolved:
    """Return a shipped setting with a seed; its numbers are drawn by that seed.

    Raises
    ------
    ScenarioError
        If none of its numbers is uncertain.
    """
    resolved = load(name)
    uncertain(resolved)
    return replace(resolved, scenario=resolved.scenario.model_copy(update={"seed": seed}))


def simulate_draws(
    estimates: MeasuredIn, names: Sequence[str], patients: int, seed: int, draws: int, *, workers: int,
    progress: Progress = silent,
) -> Arms:  # fmt: skip
    """Return the simulated values of estimates in every draw, by id and setting.

    Parameters
    ----------
    estimates : sequence of PublishedEstimate
        What to measure.
    names : sequence of str
        The settings, those of second arms among them.
    patients : int
        Patients of each setting in each draw.
    seed : int
        Seed of draws and patients. A number that is uncertain in several settings has the same quantile in all of them.
    draws : int
        Number of draws.
    workers : int
        Number of processes; results do not depend on it.
    progress : callable
        Called with (stage, done, total).
    """
    for name in names:
        setting(name, seed)
    tasks = [(name, draw) for name in names for draw in range(0, draws, DRAWS_OF_TASK)]
    calls = [(estimates, name, patients, seed, range(draw, min(draw + DRAWS_OF_TASK, draws))) for name, draw in tasks]
    results: dict[int, Arms] = {}
    progress("draws", 0, len(tasks))
    for done, (place, arms) in enumerate(_results(calls, workers), 1):
        results[place] = arms
        progress("draws", done, len(tasks))
    together: Arms = {}
    for place in range(len(tasks)):
        for key, values in results[place].items():
            together.setdefault(key, []).extend(values)
    return together


def _results(calls: Sequence[tuple[MeasuredIn, str, int, int, range]], workers: int) -> Iterator[tuple[int, Arms]]:
    if workers == 1:
        yield from ((place, simulate_some(*call)) for place, call in enumerate(calls))
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(simulate_some, *call): place for place, call in enumerate(calls)}
        for future in as_completed(futures):
            yield futures[future], future.result()


def simulate_some(estimates: MeasuredIn, name: str, patients: int, seed: int, draws: Iterable[int]) -> Arms:
    """Return the values of the estimates that refer to a setting, in some draws."""
    from nephrosyn import uncertainty

    of_setting = [published for published in estimates if name in (published.scenario, published.against)]
    calls: list[MeasureCall] = [(published.measure, published.arguments) for published in of_setting]
    arms: Arms = {(published.id, name): [] for published in of_setting}
    for draw in draws:
        drawn = uncertainty.draw(setting(name, seed), draw).scenario
        counts = count_measures(drawn, calls, patients, seed, replicate=replicate_of(name, draw))
        for values, counted in zip(arms.values(), counts, strict=True):
            values.append(counted.estimate())
    return arms
