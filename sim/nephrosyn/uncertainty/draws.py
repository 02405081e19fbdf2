"""Draws of a scenario from what its sources leave open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from zlib import crc32

import numpy as np

from nephrosyn.errors import ScenarioError
from nephrosyn.kernels.random_streams import Purpose, lanes_at
from nephrosyn.scenario import Resolved
from nephrosyn.scenario.checks.validate import validated
from nephrosyn.scenario.schema.scenario import Scenario
from nephrosyn.scenario.schema.uncertainty import Fixed
from nephrosyn.scenario.tree import split
from nephrosyn.uncertainty.quantities import Kind, Quantity, uncertainty_of


def draw(resolved: Resolved, draw: int, only: Kind | None = None, *, checked: bool = True) -> Resolved:
    """Return a scenario with its uncertain numbers drawn from their laws.

    What is drawn is a function of the seed of the scenario, the number of the draw and the name of each key alone; of
    numbers that were calibrated together, of the name of their table of draws, from which all take the same row.
    In the result the numbers drawn are fixed, so that a draw of the mix of patients can be drawn again for the numbers.

    Parameters
    ----------
    resolved : Resolved
        The scenario.
    draw : int
        Number of the draw, from 0.
    only : {"number", "mix"}, optional
        Draw numbers of this kind only, and keep the rest; all by default.
    checked : bool
        Check the drawn numbers for contradictions, which takes most of the time. Not needed for a draw that has passed
        these checks before.

    Returns
    -------
    Resolved
        The drawn scenario, checked like any other.

    Raises
    ------
    ScenarioError
        If numbers drawn are not a valid scenario together.

    Examples
    --------
    >>> from nephrosyn.scenario import load
    >>> baseline = load("baseline")
    >>> shares = [draw(baseline, place).scenario.disease.spontaneous["membranous"].share for place in (0, 1)]
    >>> [0.2 < share < 0.45 for share in shares], shares[0] != shares[1]
    ([True, True], True)
    """
    quantities = [quantity for quantity in uncertainty_of(resolved) if only in (None, quantity.kind)]
    if not quantities:
        return resolved
    tree = resolved.scenario.model_dump(mode="json")
    drawn = _drawn(tree, quantities, resolved.scenario.seed, draw)
    for key, value in drawn.items():
        _set(tree, key, value)
    for quantity in quantities:
        tree["uncertainty"][quantity.entry] = Fixed(fixed=f"draw {draw} of {quantity.law}").model_dump()
    if not checked:
        return replace(resolved, scenario=Scenario.model_validate(tree))
    scenario, problems, _ = validated(tree)
    if scenario is None:
        wrong = [replace(problem, actual=f"{problem.actual} in draw {draw}") for problem in problems.values()]
        raise ScenarioError(resolved.name, wrong)
    return replace(resolved, scenario=scenario)


def drawn_values(resolved: Resolved, draws: Iterable[int], only: Kind | None = None) -> Iterator[dict[str, float]]:
    """Yield the values that `draw` gives the uncertain numbers, without making and checking scenarios.

    Parameters
    ----------
    resolved : Resolved
        The scenario.
    draws : iterable of int
        Numbers of the draws.
    only : {"number", "mix"}, optional
        Numbers of this kind only; all by default.

    Yields
    ------
    dict of str to float
        Value of each dotted key, in its unit.

    Examples
    --------
    >>> from nephrosyn.scenario import load
    >>> (values,) = drawn_values(load("baseline"), [0])
    >>> share = draw(load("baseline"), 0).scenario.disease.spontaneous["membranous"].share
    >>> values["disease.spontaneous.membranous.share"] == share
    True
    """
    quantities = [quantity for quantity in uncertainty_of(resolved) if only in (None, quantity.kind)]
    tree = resolved.scenario.model_dump(mode="json")
    return (_drawn(tree, quantities, resolved.scenario.seed, number) for number in draws)


def _drawn(tree: Any, quantities: list[Quantity], seed: int, draw: int) -> dict[str, float]:
    """Return the value of each key that is drawn, from one uniform number for each name."""
    names = [name for quantity in quantities for name in quantity.names]
    keys = np.array([crc32(name.encode()) for name in names], np.int64)
    uniforms = iter(lanes_at(seed, draw, int(Purpose.UNCERTAINTY), keys, np.zeros(len(keys), np.int64)).tolist())
    values: dict[str, float] = {}
    for quantity in quantities:
        values |= quantity.values(tree, [next(uniforms) for _ in quantity.names])
    return values


def _set(tree: Any, key: str, value: float) -> None:
    *above, last = split(key)
    for name in above:
        tree = tree[int(name)] if isinstance(tree, list) else tree[name]
    tree[int(last) if isinstance(tree, list) else last] = value
