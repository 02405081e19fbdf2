"""Draw the latent patients of a cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nephrosyn.patients.compiled_traits import draw
from nephrosyn.patients.trait_numbers import TraitNumbers, trait_numbers
from nephrosyn.patients.traits import TRAITS, records

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nephrosyn.scenario.schema.scenario import Scenario

_known: list[tuple[Scenario, TraitNumbers]] = []
"""The scenario that was drawn from last, with its numbers."""


def draw_patients(scenario: Scenario, seed: int, replicate: int, patients: NDArray[np.int64]) -> NDArray[np.void]:
    """Draw the traits of some patients.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    seed, replicate : int
        Seed and replicate of all random draws.
    patients : ndarray of int64, shape (n,)
        Patient numbers.

    Returns
    -------
    ndarray of TRAITS, shape (n,)
        One record a patient; times in days from onset.

    Examples
    --------
    >>> import numpy as np
    >>> from nephrosyn.scenario import load
    >>> traits = draw_patients(load("baseline").scenario, 1, 0, np.arange(3))
    >>> traits["patient"].tolist(), bool((traits["age_years"] >= 1.0).all())
    ([0, 1, 2], True)
    """
    traits = records(len(patients), TRAITS)
    draw(seed, replicate, patients, _numbers(scenario), traits)
    return traits


def _numbers(scenario: Scenario) -> TraitNumbers:
    """Return the numbers of a scenario; all parts of a cohort share them."""
    if not _known or _known[0][0] is not scenario:
        _known[:] = [(scenario, trait_numbers(scenario))]
    return _known[0][1]
