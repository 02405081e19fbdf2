"""Agreement of several answers about the same patients: Cohen's kappa of two, Fleiss' kappa of any number."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from nephrosyn.statistics.proportions import NORMAL_QUANTILE

NOBODY = "no patient was judged by all"
ONE_ANSWER = "all answers are the same"
NO_INTERVAL = "there is no disagreement, so a large-sample interval would have no width"
TOO_FEW = "an interval needs at least two patients"


@dataclass(frozen=True)
class Kappa:
    """Agreement beyond chance, with a 95% interval; undefined values are ``nan``, and `note` says why.

    Attributes
    ----------
    patients : int
        Number of patients.
    observed, expected : float
        Share of answers that agree, and share expected by chance alone.
    value : float
        (observed - expected) / (1 - expected).
    error : float
        Large-sample standard error.
    low, high : float
        Value ± 1.96 standard errors, within -1 to 1; ``nan`` if there is no interval.
    note : str
        Why the value or the interval is not defined; else empty.
    """

    patients: int
    observed: float
    expected: float
    value: float
    error: float
    low: float
    high: float
    note: str = ""

    @property
    def defined(self) -> bool:
        """True if there is a value."""
        return not math.isnan(self.value)


def cohen(counts: Mapping[tuple[Hashable, Hashable], int]) -> Kappa:
    """Return Cohen's kappa of two answers about each patient.

    Parameters
    ----------
    counts : mapping of (answer, answer) to int
        Patients by first and second answer.

    Returns
    -------
    Kappa
        Not defined without patients, or if all answers are the same.

    References
    ----------
    J. Cohen, A coefficient of agreement for nominal scales, Educ Psychol Meas 20 (1960) 37-46. Standard error:
    J. L. Fleiss, J. Cohen, B. S. Everitt, Large sample standard errors of kappa and weighted kappa, Psychol Bull 72
    (1969) 323-327.

    Examples
    --------
    >>> found = cohen({("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15})
    >>> round(found.value, 3), round(found.observed, 3), round(found.expected, 3)
    (0.4, 0.7, 0.5)
    """
    total = sum(counts.values())
    if not total:
        return _undefined(0, NOBODY)
    answers = list(dict.fromkeys(answer for pair in counts for answer in pair))
    rows, columns = ({answer: _margin(counts, side, answer) for answer in answers} for side in (0, 1))
    if any(rows[answer] == columns[answer] == total for answer in answers):
        return _undefined(total, ONE_ANSWER)
    agreed = sum(n for (a, b), n in counts.items() if a == b)
    observed, expected = agreed / total, sum(rows[a] * columns[a] for a in answers) / total**2
    agreeing = apart = 0.0
    for (a, b), n in counts.items():
        if a == b:
            agreeing += n / total * ((1 - expected) - (columns[a] + rows[a]) / total * (1 - observed)) ** 2
        else:
            apart += n / total * ((columns[a] + rows[b]) / total) ** 2
    apart *= (1 - observed) ** 2
    middle = (observed * expected - 2 * expected + observed) ** 2
    variance = max(0.0, agreeing + apart - middle) / (total * (1 - expected) ** 4)
    return _kappa(total, observed, expected, math.sqrt(variance), perfect=agreed == total)


def cohen_influence(counts: Mapping[tuple[Hashable, Hashable], int]) -> dict[tuple[Hashable, Hashable], float]:
    """Return how much a patient with each pair of answers moves Cohen's kappa, to first order, times the patients.

    Parameters
    ----------
    counts : mapping of (answer, answer) to int
        Patients by first and second answer.

    Returns
    -------
    dict of (answer, answer) to float
        For each pair of `counts`; its mean over patients is 0, and its variance over the number of patients is that of
        kappa. Empty if kappa is not defined.

    Examples
    --------
    >>> counts = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}
    >>> influence = cohen_influence(counts)
    >>> variance = sum(n * influence[pair] ** 2 for pair, n in counts.items()) / 50**2
    >>> round(variance**0.5, 6) == round(cohen(counts).error, 6)
    True
    """
    kappa = cohen(counts)
    if not kappa.defined:
        return {}
    answers = {answer for pair in counts for answer in pair}
    first, second = ({a: _margin(counts, side, a) / kappa.patients for a in answers} for side in (0, 1))
    apart, expected = 1 - kappa.observed, kappa.expected
    return {
        (a, b): ((a == b) - kappa.observed) / (1 - expected)
        - apart * (second[a] + first[b] - 2 * expected) / (1 - expected) ** 2
        for a, b in counts
    }


def _margin(counts: Mapping[tuple[Hashable, Hashable], int], side: int, answer: Hashable) -> int:
    return sum(n for pair, n in counts.items() if pair[side] == answer)


def fleiss(patterns: Mapping[tuple[Any, ...], int]) -> Kappa:
    """Return Fleiss' kappa of any number of answers about each patient; it does not matter who gave which answer.

    The standard error is that of the linearised kappa over patients, and is valid for any kappa; the one in Fleiss'
    paper is valid only for a kappa of 0.

    Parameters
    ----------
    patterns : mapping of tuple of answers to int
        Patients by their answers, the same number for each.

    Returns
    -------
    Kappa
        Not defined without patients, or if all answers are the same.

    Raises
    ------
    ValueError
        If patients have different numbers of answers, or fewer than two.

    References
    ----------
    J. L. Fleiss, Measuring nominal scale agreement among many raters, Psychol Bull 76 (1971) 378-382. Variance:
    K. L. Gwet, Computing inter-rater reliability and its variance in the presence of high agreement, Br J Math Stat
    Psychol 61 (2008) 29-48.

    Examples
    --------
    >>> found = fleiss({("a", "a", "a"): 5, ("a", "b", "b"): 3, ("b", "b", "b"): 2})
    >>> round(found.value, 3)
    0.583
    """
    total = sum(patterns.values())
    if not total:
        return _undefined(0, NOBODY)
    sizes = {len(pattern) for pattern in patterns}
    raters = sizes.pop()
    if sizes or raters < 2:
        raise ValueError("every patient needs the same number of answers, at least two")
    tallies = [({a: pattern.count(a) for a in pattern}, n) for pattern, n in patterns.items() if n]
    shares: dict[Hashable, float] = {}
    for tally, n in tallies:
        for answer, times in tally.items():
            shares[answer] = shares.get(answer, 0.0) + n * times / (total * raters)
    if len(shares) == 1:
        return _undefined(total, ONE_ANSWER)
    expected = sum(share**2 for share in shares.values())
    per_pattern = [
        (
            sum(times * (times - 1) for times in tally.values()) / (raters * (raters - 1)),
            sum(shares[answer] * times / raters for answer, times in tally.items()),
            n,
        )
        for tally, n in tallies
    ]
    observed = sum(agreed * n for agreed, _, n in per_pattern) / total
    kappa = (observed - expected) / (1 - expected)
    spread = math.fsum(
        n * ((agreed - expected - 2 * (1 - kappa) * (chance - expected)) / (1 - expected) - kappa) ** 2
        for agreed, chance, n in per_pattern
    )
    error = math.sqrt(spread / (total * (total - 1))) if total > 1 else math.nan
    return _kappa(total, observed, expected, error, perfect=all(len(tally) == 1 for tally, _ in tallies))


def _kappa(total: int, observed: float, expected: float, error: float, *, perfect: bool) -> Kappa:
    value = 1.0 if perfect else (observed - expected) / (1 - expected)
    if perfect or total < 2:
        note = NO_INTERVAL if total > 1 else TOO_FEW
        return Kappa(total, observed, expected, value, math.nan, math.nan, math.nan, note)
    half = NORMAL_QUANTILE * error
    return Kappa(total, observed, expected, value, error, max(-1.0, value - half), min(1.0, value + half))


def _undefined(total: int, note: str) -> Kappa:
    none = math.nan
    return Kappa(total, none, none, none, none, none, none, note)
