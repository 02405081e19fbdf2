"""A simulated cohort as a study would see it: times of events, and shares free of an event.

Everything is taken from the truth (event rows), not from the conclusions of care, unless an event says "declared".
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
from scipy import stats

from nephrosyn import vocabulary
from nephrosyn.course.state.events import Kind
from nephrosyn.engine import simulate
from nephrosyn.scenario import load

SCENARIOS = Path(__file__).parent / "scenarios"
MONTH, YEAR = 30.4375, 365.25
SEED = 20


class Cohort:
    """Events of a simulated cohort.

    Attributes
    ----------
    traits : ndarray of TRAITS, shape (n,)
        Who the patients are; patients are numbered from 0.
    end : ndarray of float, shape (n,)
        Day on which each was last followed: end of study, death or kidney failure.
    """

    def __init__(self, traits, events, doses):
        self.traits, self.doses = traits, doses
        self._events = events
        self.end = np.zeros(len(traits))
        np.maximum.at(self.end, events["patient"], events["time"])

    def __len__(self):
        return len(self.traits)

    def all(self, event, value=None):
        """Rows of one event, in order of patient and time; ``value`` picks a drug or a toxicity by its code."""
        rows = self._events[self._events["code"] == vocabulary.EVENTS.index(event)]
        return rows if value is None else rows[rows["value"] == value]

    def first(self, event, value=None, after=-math.inf):
        """Day of each patient's first such event later than ``after``; inf where there is none, shape (n,)."""
        rows = self.all(event, value)
        since = np.broadcast_to(after, len(self))
        rows = rows[rows["time"] > since[rows["patient"]]]
        days = np.full(len(self), math.inf)
        np.minimum.at(days, rows["patient"], rows["time"])
        return days

    def count(self, event, start, stop):
        """How many such events each patient had from day ``start`` to before day ``stop``, shape (n,)."""
        rows = self.all(event)
        here = (rows["time"] >= start[rows["patient"]]) & (rows["time"] < stop[rows["patient"]])
        return np.bincount(rows["patient"][here], minlength=len(self))


@cache
def play(name, patients, *overrides):
    """Simulate a scenario of this folder (or a shipped one) with the compiled engine."""
    file = SCENARIOS / f"{name}.toml"
    scenario = load(file if file.exists() else name, list(overrides)).scenario
    traits, events, doses = [], [], []
    for part in simulate(scenario, "compiled", SEED, 0, patients):
        rows = part.rows
        traits.append(part.traits)
        events.append(rows[rows["kind"] == Kind.EVENT])
        doses.append(rows[rows["kind"] == Kind.DOSE])
    return Cohort(*(np.concatenate(parts) for parts in (traits, events, doses)))


def drug(name):
    """Code of a drug, as agent events carry it."""
    return vocabulary.DRUGS.index(name)


def free(origin, event, end, at):
    """Share free of an event by Kaplan and Meier.

    Parameters
    ----------
    origin : ndarray of float, shape (n,)
        Day from which each patient counts; inf leaves a patient out.
    event, end : ndarray of float, shape (n,)
        Day of the event (inf: none) and of the end of follow-up.
    at : sequence of float
        Days after the origin.

    Returns
    -------
    list of float
        Share still free at each of ``at``.
    """
    here = np.isfinite(origin) & (end > origin)
    last = np.minimum(event, end)[here] - origin[here]
    happened = (event <= end)[here]
    order = np.argsort(last, kind="stable")
    last, happened = last[order], happened[order]
    at_risk = len(last) - np.arange(len(last))
    survival = np.cumprod(1.0 - happened / at_risk)
    return [float(survival[np.searchsorted(last, day, side="right") - 1]) if day >= last[0] else 1.0 for day in at]


def wilson(share, n):
    """95% interval of a published share of n patients."""
    found = stats.binomtest(round(share * n), n).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def poisson(events, person_years):
    """Exact 95% interval of a published rate per person-year."""
    low = stats.chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    return float(low / person_years), float(stats.chi2.ppf(0.975, 2 * events + 2) / 2 / person_years)
