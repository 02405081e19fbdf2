"""Categories can be told apart by colour, with and without full colour vision."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from nephrosyn import vocabulary
from nephrosyn.report.figures.style import CATEGORY_COLOURS, colour_of

OKABE_ITO = ("#000000", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")
"""M. Okabe, K. Ito, Color universal design (2008): made to be told apart whatever the colour vision."""
# Full deficiency: G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, IEEE Trans Vis Comput Graph 15 (2009) 1291-1298.
VISION = {
    "full": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                            [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip
SRGB_TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                        [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(colour):
    value = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(light):
    x = SRGB_TO_XYZ @ np.clip(light, 0, 1) / WHITE
    f = np.where(x > 216 / 24389, np.cbrt(x), (24389 / 27 * x + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def nearest(colours):
    """Return the least CIELAB distance between any two of some colours, whatever the vision."""
    return min(
        np.linalg.norm(lab(seen @ linear(one)) - lab(seen @ linear(other)))
        for seen in VISION.values()
        for one, other in combinations(colours, 2)
    )


def test_every_category_has_a_colour_of_its_own():
    assert {*CATEGORY_COLOURS} == {*vocabulary.CATEGORIES}
    assert len({colour_of(name) for name in vocabulary.CATEGORIES}) == len(vocabulary.CATEGORIES)


def test_no_two_categories_are_nearer_than_the_nearest_of_okabe_and_ito():
    assert nearest([colour_of(name) for name in vocabulary.CATEGORIES]) >= nearest(OKABE_ITO)
