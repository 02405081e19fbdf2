"""The posterior of one free parameter in each row of a table of draws.

Where numbers of a setting were calibrated before, with other estimates, a further number depends on them: with more
even patients the same share of relapse needs another rate. Its posterior is therefore drawn once for each row of their
table, and becomes a further column of it. The earlier numbers do not learn from the later estimates (a cut posterior
[1]_): settings share them, so they stay as they are.

References
----------
.. [1] Plummer M. Cuts in Bayesian graphical models. Stat Comput 2015;25:37-43.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np

from nephrosyn.evidence.calibration.posterior import (
    ACCURATE,
    CHECKS,
    MOST_WAVES,
    Emulators,
    Floats,
    Posterior,
    Simulate,
    Simulations,
    Targets,
    spread,
)
from nephrosyn.kernels.random_streams import Purpose, fill_uniforms

CELLS = 200
"""Cells into which the range of the free parameter is divided."""


def conditional(
    simulate: Simulate, targets: Targets, given: Floats, seed: int, name: str, begin: Sequence[Floats] = ()
) -> Posterior:
    """Return a draw of the first parameter for each row of the others.

    Parameters
    ----------
    simulate : callable
        The simulation; it is called with points in parts of the range of each parameter, the free one first.
    targets : Targets
        The published estimates.
    given : ndarray of float, shape (rows, d - 1)
        The rows of the table, in parts of the range of each column.
    seed : int
        Seed of the keyed random numbers.
    name : str
        Name of the column: each has random numbers of its own, as columns are independent given the earlier numbers.
    begin : sequence of ndarray of float, shape (d,)
        Points to simulate in addition.

    Returns
    -------
    Posterior
        Its points have the rows of `given`, in their order.
    """
    known = Simulations(simulate, targets)
    places = spread(6 + 4 * (1 + given.shape[1]), 1)[:, 0]
    used_rows = np.arange(len(places)) * len(given) // len(places)
    for point in (*np.column_stack([places, given[used_rows]]), *begin):
        known.add(point)
    for wave in range(MOST_WAVES):
        emulators = Emulators(known)
        points = _drawn(emulators, given, seed, name, wave)
        if wave and emulators.uncertainty(points) < ACCURATE:
            break
        for point in emulators.batch(points):
            known.add(point)
    emulators = Emulators(known)
    points = _drawn(emulators, given, seed, name, MOST_WAVES)
    uncertainty = emulators.uncertainty(points)
    checks = points[:: max(len(points) // CHECKS, 1)][:CHECKS]
    error = emulators.error(checks, known)
    return Posterior(points, float(len(points)), error, uncertainty, len(known.points), known.nearest())


def _drawn(emulators: Emulators, given: Floats, seed: int, name: str, stage: int) -> Floats:
    """Draw the first parameter in each row by its distribution function over the cells of its range."""
    middles = (np.arange(CELLS) + 0.5) / CELLS
    grid = np.column_stack([np.tile(middles, len(given)), np.repeat(given, CELLS, axis=0)])
    heights = emulators.log_density(grid).reshape(len(given), CELLS)
    weights = np.exp(heights - heights.max(1, keepdims=True))
    sums = np.cumsum(weights, axis=1)
    rows = np.arange(len(given), dtype=np.int64)
    uniforms = fill_uniforms(seed, crc32(name.encode()) + stage, rows, int(Purpose.CALIBRATION), 1)[:, 0] * sums[:, -1]
    cells = np.minimum((sums < uniforms[:, None]).sum(1), CELLS - 1)
    before = np.where(cells > 0, sums[rows, cells - 1], 0.0)
    inside = np.clip((uniforms - before) / weights[rows, cells], 0.0, 1.0)
    return np.column_stack([(cells + inside) / CELLS, given])
