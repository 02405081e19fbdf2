"""Whether the laws of the uncertain numbers contradict each other, or the numbers that are fixed.

A run with draws checks the scenario of every draw. `nephrosyn check` does not know the draws, and tries the ends of the
laws: in a few scenarios, each with every law at its lower or upper end, so chosen that any two laws meet in
all four ways [1]_.

References
----------
.. [1] Kleitman DJ, Spencer J. Families of k-independent sets. Discrete Math 1973;6:255-262.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, islice
from math import comb
from typing import Any

from nephrosyn.errors import Problem, ScenarioError, number_text
from nephrosyn.scenario import Resolved
from nephrosyn.scenario.checks.cross_field import contradictions
from nephrosyn.scenario.checks.partial_tree import ValidParts
from nephrosyn.scenario.tree import Path, get, is_distribution, split, with_value
from nephrosyn.statistics.uncertain_numbers import Dirichlet, Drawn
from nephrosyn.uncertainty.quantities import Quantity, uncertainty_of

REMOTE, REMOTE_OF_TWO = 1e-6, 1e-3
"""Probability beyond which the end of a law is not considered, alone and together with that of another."""
Values = Mapping[str, float]
Ends = tuple[Values, Values]
"""Values of the keys of a law at its lower and upper end."""


def check_distributions(resolved: Resolved) -> None:
    """Check that the laws of a scenario go together.

    Parameters
    ----------
    resolved : Resolved
        The scenario.

    Raises
    ------
    ScenarioError
        With every law that can contradict a fixed number, and each two laws that can contradict each other. More than
        two laws that contradict each other only together are not looked for.

    Examples
    --------
    >>> from nephrosyn.scenario import load
    >>> check_distributions(load("baseline"))
    """
    tree, quantities = resolved.scenario.model_dump(mode="json"), uncertainty_of(resolved)
    problems = dict(_alone(tree, _ends(tree, quantities, REMOTE)))
    rest = {key: ends for key, ends in _ends(tree, quantities, REMOTE_OF_TWO).items() if key not in problems}
    problems |= dict(_in_pairs(tree, rest))
    if problems:
        raise ScenarioError(resolved.name, list(problems.values()))


def _ends(tree: Any, quantities: tuple[Quantity, ...], remote: float) -> dict[str, Ends]:
    """Return the values at both ends of each law, up to a probability, by its entry; a mix of lesions has none.

    Draws of a table are those of a whole row, the ones in which the number is least and greatest.
    """
    ends: dict[str, Ends] = {}
    for quantity in quantities:
        if isinstance(quantity.law, Drawn):
            order = sorted(range(len(quantity.law.values)), key=quantity.law.values.__getitem__)
            ends[quantity.entry] = (
                _row(tree, quantities, quantity.law, order[0]),
                _row(tree, quantities, quantity.law, order[-1]),
            )
        elif not isinstance(quantity.law, Dirichlet):
            low, high = (quantity.values(tree, [probability]) for probability in (remote, 1.0 - remote))
            ends[quantity.entry] = low, high
    return ends


def _row(tree: Any, quantities: tuple[Quantity, ...], law: Drawn, row: int) -> Values:
    """Return the values of all keys of a table in one row."""
    values: dict[str, float] = {}
    for quantity in quantities:
        if isinstance(quantity.law, Drawn) and quantity.law.table == law.table:
            values |= quantity.at(tree, quantity.law.values[row])
    return values


def _rows(many: int) -> Iterator[tuple[bool, ...]]:
    """Yield ends for some laws (upper or not), so that any two laws have all four combinations in some row.

    Of an odd number of rows beside one in which all are low, each law is high in another set of just over half.

    Examples
    --------
    >>> rows = list(_rows(9))
    >>> {(row[2], row[7]) for row in rows} == {(False, False), (False, True), (True, False), (True, True)}
    True
    """
    half = next(half for half in range(1, 20) if comb(2 * half - 1, half) >= many)
    high_in = list(islice(combinations(range(2 * half - 1), half), many))
    yield (False,) * many
    for row in range(2 * half - 1):
        yield tuple(row in combined for combined in high_in)


def _at_ends(ends: Mapping[str, Ends], is_high: Iterable[bool]) -> dict[str, Values]:
    """Return the values of each law at one of its ends."""
    return {key: sides[way] for (key, sides), way in zip(ends.items(), is_high, strict=True)}


def _wrong(tree: Any, changes: Iterable[Values]) -> Problem | None:
    """Return the first contradiction of a scenario with some values changed."""
    changed: set[Path] = set()
    for values in changes:
        for key, value in values.items():
            path = split(key)
            tree = with_value(tree, path, value)
            changed.add(path[:-1] if is_distribution(get(tree, path[:-1])) else path)
    return next((problem for _, problem in contradictions(ValidParts(tree, set()), changed)), None)


def _alone(tree: Any, ends: Mapping[str, Ends]) -> Iterator[tuple[str, Problem]]:
    for key, sides in ends.items():
        for values in sides:
            if problem := _wrong(tree, (values,)):
                yield key, _named(key, [], problem, values)


def _in_pairs(tree: Any, ends: Mapping[str, Ends]) -> Iterator[tuple[str, Problem]]:
    """Yield the pairs of laws that contradict each other, found by leaving out law after law from a wrong scenario."""
    for row in _rows(len(ends)):
        combined = _at_ends(ends, row)
        if not _wrong(tree, combined.values()):
            continue
        for key in list(combined):
            without = {name: values for name, values in combined.items() if name != key}
            if _wrong(tree, without.values()):
                combined = without
        problem = _wrong(tree, combined.values())
        if problem and len(combined) == 2:
            first, second = combined
            yield first, _named(first, [second], problem, {**combined[first], **combined[second]})


def _named(key: str, others: list[str], problem: Problem, values: Values) -> Problem:
    """Return the problem of a law, from that of the scenario with it."""
    at = ", ".join(f"{name} = {number_text(round(value, 9))}" for name, value in values.items())
    together = (
        f"a law that goes with that of {' and '.join(others)}" if others else "a law whose values are all allowed"
    )
    return Problem(
        f"uncertainty.{key}", f"{together} ({problem.path}: {problem.expected})", f"{problem.actual} at {at}"
    )
