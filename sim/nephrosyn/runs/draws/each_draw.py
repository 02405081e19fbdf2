"""Play the same draw of one or more scenarios, draw after draw, and keep what a function makes of their tables.

Here every draw has values of its own for all uncertain numbers; the chain of a run with ``--uncertainty``, which splits
the variance between mix and numbers, is in `design`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from nephrosyn import engine
from nephrosyn.record.tables import build_tables
from nephrosyn.runs.draws.design import check_draws, uncertain
from nephrosyn.runs.run import Progress, cores, silent

if TYPE_CHECKING:
    from nephrosyn.scenario import Resolved

Result = TypeVar("Result")
Tables = Mapping[str, pl.DataFrame]


def map_draws(
    function: Callable[[int, Sequence[Tables]], Result],
    scenarios: Sequence[Resolved],
    draws: int,
    *,
    workers: int | None = None,
    progress: Progress = silent,
) -> list[Result]:
    """Return what a function makes of each draw.

    In a draw, numbers that are uncertain in several scenarios have the same quantile of their laws in all of them, and
    all scenarios have the same random numbers, so that they are compared with all else equal. Two draws have different
    random numbers, those of the replicate of their number, so that the chance of patients is not common to all draws.

    Parameters
    ----------
    function : callable
        From the number of a draw and the tables of each scenario in it (without labels; `replicate` is the number of
        the draw) to a result. With more than one worker, function and results must be such as can be sent to another
        process.
    scenarios : sequence of Resolved
        The scenarios, with their own numbers of patients; one of them at least has uncertain numbers.
    draws : int
        Number of draws, at least 20.
    workers : int, optional
        Number of processes; one for each core by default. Results do not depend on it.
    progress : callable
        Called with (stage, done, total).

    Returns
    -------
    list
        One result for each draw, in order.

    Raises
    ------
    EngineError
        If the number of draws is out of range.
    ScenarioError
        If no number of any scenario is uncertain, or a draw is not a valid scenario.
    """
    check_draws(draws)
    if all(not _is_uncertain(resolved) for resolved in scenarios):
        uncertain(scenarios[0])
    workers = min(workers or cores(), draws)
    if workers > 1:
        return _in_processes(function, scenarios, draws, workers, progress)
    results = []
    for draw in range(draws):
        progress("draws", draw, draws)
        results.append(_result(function, scenarios, draw))
    progress("draws", draws, draws)
    return results


def _is_uncertain(resolved: Resolved) -> bool:
    from nephrosyn.uncertainty import uncertainty_of

    return bool(uncertainty_of(resolved))


def _result(function: Callable[[int, Sequence[Tables]], Result], scenarios: Sequence[Resolved], draw: int) -> Result:
    from nephrosyn import uncertainty

    return function(draw, [tables_of(uncertainty.draw(resolved, draw), draw) for resolved in scenarios])


def tables_of(resolved: Resolved, replicate: int = 0) -> dict[str, pl.DataFrame]:
    """Return the tables of one replicate of a scenario, without labels."""
    scenario = resolved.scenario
    driver = engine.choose_engine(scenario, scenario.engine, scenario.patients)
    parts = [
        build_tables(scenario, scenario.seed, replicate, history.traits, history.rows)
        for history in engine.simulate(scenario, driver, scenario.seed, replicate, scenario.patients)
    ]
    return {name: pl.concat([part[name] for part in parts]) for name in parts[0]}


def _in_processes(
    function: Callable[[int, Sequence[Tables]], Any],
    scenarios: Sequence[Resolved],
    draws: int,
    workers: int,
    progress: Progress,
) -> list[Any]:
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    results: list[Any] = [None] * draws
    progress("draws", 0, draws)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(_result, function, scenarios, draw): draw for draw in range(draws)}
        for done, future in enumerate(as_completed(futures), 1):
            results[futures[future]] = future.result()
            progress("draws", done, draws)
    return results
