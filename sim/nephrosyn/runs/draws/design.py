"""Which drawn values each draw of a run has.

The mix of patients (lesions, ages) and all other numbers are drawn apart. Draws 0 and 1 have the same mix, draws 1 and
2 the same numbers, and so on in a chain. So the variance between draws can be split into that of the mix and that of
the numbers without further draws, and the first draws are the same however many follow.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from nephrosyn.errors import EngineError, Problem, ScenarioError, wrong_count

if TYPE_CHECKING:
    from nephrosyn.scenario import Resolved
    from nephrosyn.uncertainty import Quantity

FEWEST_DRAWS, MOST_DRAWS = 20, 10_000
FEWEST_PATIENTS = 2
"""Least number of patients of a draw: the chance of a single one cannot be estimated."""


class Values(NamedTuple):
    """The drawn values of one draw: the numbers of its mix and of its other numbers."""

    mix: int
    number: int


def values_of(draw: int, *, paired: bool) -> Values:
    """Return the drawn values of a draw.

    Parameters
    ----------
    draw : int
        Its number, from 0.
    paired : bool
        Whether both kinds are uncertain; with a single kind every draw has values of its own.

    Examples
    --------
    >>> [tuple(values_of(draw, paired=True)) for draw in range(4)]
    [(0, 0), (0, 1), (1, 1), (1, 2)]
    """
    return Values(draw // 2, (draw + 1) // 2) if paired else Values(draw, draw)


def in_chunk(part_patients: int, patients: int) -> int:
    """Return the number of draws that are made and written at a time.

    Examples
    --------
    >>> in_chunk(2_100, 1_000)
    2
    """
    return max(1, part_patients // patients)


def check_draws(draws: Any) -> int:
    """Return the number of draws.

    Raises
    ------
    EngineError
        If it is not a whole number from 20 to 10,000.
    """
    wrong = wrong_count("uncertainty", draws, FEWEST_DRAWS, MOST_DRAWS)
    if wrong:
        raise EngineError(f"{wrong[0]}: with fewer draws, an interval of 95% has no meaning")
    return int(draws)


def check_patients(patients: int) -> None:
    """Refuse draws with too few patients.

    Raises
    ------
    EngineError
        If each draw has a single patient.
    """
    if patients < FEWEST_PATIENTS:
        raise EngineError(
            f"uncertainty: expected at least {FEWEST_PATIENTS} patients in each draw, as the chance of a single one "
            f"cannot be estimated; found {patients}: make --patients larger"
        )


def uncertain(resolved: Resolved) -> tuple[Quantity, ...]:
    """Return the uncertain numbers of a scenario.

    Raises
    ------
    ScenarioError
        If it has none.
    """
    from nephrosyn.uncertainty import uncertainty_of

    quantities = uncertainty_of(resolved)
    if not quantities:
        expected = "at least one number whose source says how well it is known"
        raise ScenarioError(resolved.name, [Problem("uncertainty", expected, "none: all numbers are fixed")])
    return tuple(quantities)


def described(quantities: Iterable[Quantity]) -> list[dict[str, Any]]:
    """Return uncertain numbers as the manifest of a run describes them."""
    return [{"keys": list(q.keys), "kind": q.kind, "law": str(q.law), "source": q.source} for q in quantities]


def is_paired(quantities: Iterable[Quantity]) -> bool:
    """Whether both the mix of patients and other numbers are uncertain."""
    return len({quantity.kind for quantity in quantities}) > 1


class DrawnScenarios:
    """The scenarios of all draws.

    Parameters
    ----------
    resolved : Resolved
        The scenario.
    paired : bool
        Whether both kinds of numbers are uncertain.
    checked : bool
        Check each draw for contradictions.
    """

    def __init__(self, resolved: Resolved, *, paired: bool, checked: bool = True) -> None:
        self._resolved, self._paired, self._checked = resolved, paired, checked
        self._with_mix: tuple[int, Resolved] | None = None

    def of(self, draw: int) -> Resolved:
        """Return the scenario with the values of one draw.

        Raises
        ------
        ScenarioError
            If its numbers contradict each other.
        """
        from nephrosyn import uncertainty

        values = values_of(draw, paired=self._paired)
        if not self._paired:
            return uncertainty.draw(self._resolved, draw, checked=self._checked)
        if self._with_mix is None or self._with_mix[0] != values.mix:  # the next draw often has the same mix
            with_mix = uncertainty.draw(self._resolved, values.mix, only="mix", checked=False)
            self._with_mix = values.mix, with_mix
        return uncertainty.draw(self._with_mix[1], values.number, only="number", checked=self._checked)
