"""Traits beyond steroid: response to agents and tolerance of them, complications, provoking factors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nephrosyn.kernels.random_streams import Purpose
from nephrosyn.kernels.special_functions import special_functions
from nephrosyn.scenario.schema.distributions import quantiles
from nephrosyn.vocabulary import LESIONS, PROVOKING_FACTORS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nephrosyn.scenario.schema.scenario import Scenario

    Floats = NDArray[np.float64]
    Draws = Callable[[Purpose, int], Floats]

SECOND_LINE_TRAITS = [
    ("agent_score", "f8"),  # normal score shared by the responses to all agents
    ("requirement_mg_per_kg", "f8"),
    ("gonadal_tolerance_mg_per_kg", "f8"),
    ("bladder_tolerance_mg_per_kg", "f8"),
    ("loss_factor", "f8"),  # multiplies the loss of filtration; of lesion and patient together
    ("prone_to_thrombosis", "i8"),
    ("reluctant", "i8"),  # refuses second agents at first
    ("factors", "i8"),  # bit mask over vocabulary.PROVOKING_FACTORS
]
"""Fields of the traits that are drawn here."""

NON_ADHERENCE = PROVOKING_FACTORS.index("non_adherence")


def draw_second_line_traits(traits: NDArray[np.void], scenario: Scenario, draws: Draws) -> None:
    """Draw the traits of second-line treatment and complications, in place; adherence must have been drawn before.

    Parameters
    ----------
    traits : ndarray of TRAITS, shape (n,)
        The patients.
    scenario : Scenario
        A resolved scenario.
    draws : callable
        Uniforms by purpose and number of blocks of four, shape (n, 4 * blocks).
    """
    ndtri = special_functions().ndtri

    agent = scenario.second_line.cyclophosphamide
    uniforms = draws(Purpose.SECOND_LINE, 1)
    traits["agent_score"] = ndtri(uniforms[:, 0])
    traits["requirement_mg_per_kg"] = quantiles(agent.requirement_mg_per_kg, uniforms[:, 1])
    traits["gonadal_tolerance_mg_per_kg"] = quantiles(agent.gonadal_tolerance_mg_per_kg, uniforms[:, 2])
    traits["bladder_tolerance_mg_per_kg"] = quantiles(agent.bladder_tolerance_mg_per_kg, uniforms[:, 3])
    uniforms = draws(Purpose.KIDNEY, 1)
    loss = scenario.complications.kidney_loss
    by_lesion = np.array([loss.lesion_factor.get(name, 0.0) for name in LESIONS])
    traits["loss_factor"] = by_lesion[traits["lesion"]] * quantiles(loss.patient_factor, uniforms[:, 0])
    traits["prone_to_thrombosis"] = uniforms[:, 1] < scenario.complications.venous_thrombosis.prone_share
    refusal = np.array([scenario.second_line.policy[band].refusal.share for band in scenario.population.bands])
    if refusal.any():
        traits["reluctant"] = draws(Purpose.RELUCTANCE, 1)[:, 0] < refusal[traits["band"]]
    traits["factors"] = _factors(traits, scenario, draws(Purpose.FACTORS, 2))


def _factors(traits: NDArray[np.void], scenario: Scenario, uniforms: Floats) -> NDArray[np.int64]:
    """Draw which provoking factors are present at onset; non-adherence is known from the fraction taken."""
    bands = list(scenario.population.bands)
    mask = np.zeros(len(traits), np.int64)
    for name, factor in scenario.provoking_factors.factors.items():
        bit = PROVOKING_FACTORS.index(name)
        if bit == NON_ADHERENCE:
            here = traits["taken_fraction"] < 1.0
        else:
            here = uniforms[:, bit] < np.array([factor.share[band] for band in bands])[traits["band"]]
        mask |= here.astype(np.int64) << bit
    return mask
