"""Filtration: it falls by the state of the disease, drops while a complication is untreated, and may end in failure."""

from __future__ import annotations

import math

from nephrosyn.compiling import inline, kernel
from nephrosyn.course.state import DUE, Clock

NO_COMPLICATION = -1


@inline
def steady_gfr(s):
    """Filtration (mL/min/1.73 m2) now, apart from what an untreated complication takes for the time being."""
    return max(s.gfr - s.gfr_loss_per_day * (s.now - s.gfr_since), 0.0)


@kernel
def set_kidney_loss(s, x, p, clocks):
    """Filtration falls from now on as the present state of the disease lets it; failure comes where that leads."""
    s.gfr = steady_gfr(s)
    s.gfr_since = s.now
    s.gfr_loss_per_day = p.loss_per_day[s.phase] * x.loss_factor
    above = s.gfr - p.failure_gfr
    clocks[DUE, Clock.KIDNEY_FAILURE] = math.inf
    if above <= 0.0:
        clocks[DUE, Clock.KIDNEY_FAILURE] = s.now
    elif s.gfr_loss_per_day > 0.0:
        clocks[DUE, Clock.KIDNEY_FAILURE] = s.now + above / s.gfr_loss_per_day


@kernel
def lose_filtration(s, x, p, clocks, share):
    """A share of the filtration is lost for good."""
    s.gfr = steady_gfr(s) * (1.0 - share)
    s.gfr_since = s.now
    set_kidney_loss(s, x, p, clocks)


@kernel
def gfr_now(s, p):
    """Filtration now, with what an untreated complication takes."""
    gfr = steady_gfr(s)
    if s.complication != NO_COMPLICATION:
        gfr *= s.complication_filtration
    return gfr
