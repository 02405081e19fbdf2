"""Check the draws of a run before anything is simulated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from nephrosyn.errors import Problem, ScenarioError
from nephrosyn.runs.draws.design import DrawnScenarios

if TYPE_CHECKING:
    from collections.abc import Callable

    from nephrosyn.scenario import Resolved
    from nephrosyn.uncertainty import Quantity

ENOUGH = 10
"""Number of impossible draws after which no more are looked for."""
NAMED = 3
"""Number of draws, and of uncertain numbers, that are named."""


def check_draws_of(
    resolved: Resolved,
    quantities: Iterable[Quantity],
    draws: int,
    *,
    paired: bool,
    progress: Callable[[str, int, int], None],
) -> None:
    """Refuse distributions whose draws contradict each other.

    Parameters
    ----------
    resolved : Resolved
        The scenario.
    quantities : iterable of Quantity
        Its uncertain numbers.
    draws : int
        Number of draws.
    paired : bool
        Whether both the mix and other numbers are uncertain.
    progress : callable
        Called with (stage, done, total).

    Raises
    ------
    ScenarioError
        If some draws are not valid scenarios: which keys, in which draws, and which uncertain numbers to narrow.
    """
    scenarios = DrawnScenarios(resolved, paired=paired)
    impossible: dict[str, list[tuple[int, Problem]]] = {}
    failed = done = 0
    for draw in range(draws):
        progress("check draws", draw, draws)
        done = draw + 1
        try:
            scenarios.of(draw)
        except ScenarioError as error:
            failed += 1
            for problem in error.problems:
                impossible.setdefault(problem.path, []).append((draw, problem))
            if failed == ENOUGH:
                break
    progress("check draws", draws, draws)
    if impossible:
        entries = list(quantities)
        raise ScenarioError(resolved.name, [_summary(path, cases, entries, done) for path, cases in impossible.items()])


def _summary(path: str, cases: list[tuple[int, Problem]], quantities: list[Quantity], checked: int) -> Problem:
    """Return one problem for all draws in which a key is impossible."""
    draws = [draw for draw, _ in cases]
    first = cases[0][1]
    where = first.actual.removesuffix(f" in draw {_number_of(first)}")
    named = ", ".join(map(str, draws[:NAMED])) + (" and others" if len(draws) > NAMED else "")
    many = f"draw{'s' if len(draws) > 1 else ''} {named} ({len(draws)} of the first {checked:,})"
    return replace(first, actual=f"{where} in {many}; narrow {', '.join(_near(path, quantities))} in [uncertainty]")


def _number_of(problem: Problem) -> str:
    return problem.actual.rpartition(" in draw ")[2]


def _near(path: str, quantities: list[Quantity]) -> list[str]:
    """Return the entries of the uncertain numbers that a key depends on, nearest first."""
    alike = {quantity.entry: max(_common(path, key) for key in quantity.keys) for quantity in quantities}
    most = max(alike.values())
    return [entry for entry, common in alike.items() if common == most][:NAMED]


def _common(one_path: str, other_path: str) -> int:
    """Return the number of leading names that two keys have in common."""
    pairs = zip(one_path.split("."), other_path.split("."), strict=False)
    count = 0
    for first, second in pairs:
        if first != second:
            break
        count += 1
    return count
