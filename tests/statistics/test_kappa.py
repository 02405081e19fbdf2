"""Kappa: published examples, the delta method as a second way to its error, and what must hold of any table."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephrosyn.statistics.kappa import NO_INTERVAL, NOBODY, ONE_ANSWER, TOO_FEW, cohen, cohen_influence, fleiss

ANSWERS = "abc"
TABLES = st.dictionaries(st.tuples(*[st.sampled_from(ANSWERS)] * 2), st.integers(0, 40), max_size=9)
PATTERNS = st.dictionaries(st.tuples(*[st.sampled_from(ANSWERS)] * 4), st.integers(1, 9), min_size=1, max_size=12)


def square(rows):
    return {(ANSWERS[i], ANSWERS[j]): n for i, row in enumerate(rows) for j, n in enumerate(row)}


def plain_kappa(weights, answers):
    """Kappa by its definition, of weights that need not be whole numbers."""
    total = math.fsum(weights.values())
    rows, columns = ({a: math.fsum(w for pair, w in weights.items() if pair[k] == a) for a in answers} for k in (0, 1))
    observed = math.fsum(w for (a, b), w in weights.items() if a == b) / total
    expected = math.fsum(rows[a] * columns[a] for a in answers) / total**2
    return (observed - expected) / (1 - expected)


def plain_fleiss(weights):
    total, raters = math.fsum(weights.values()), len(next(iter(weights)))
    share = {a: math.fsum(w * p.count(a) for p, w in weights.items()) / (total * raters) for a in ANSWERS}
    pairs = raters * (raters - 1)
    agreed = math.fsum(w * sum(p.count(a) * (p.count(a) - 1) for a in ANSWERS) / pairs for p, w in weights.items())
    expected = math.fsum(s**2 for s in share.values())
    return (agreed / total - expected) / (1 - expected)


def delta_error(kappa, counts, total):
    """Standard error from the slope of kappa in each cell of the multinomial, found numerically."""
    step = 1e-5 * total
    slopes = {}
    for cell in counts:
        up, down = ({**counts, cell: counts[cell] + sign * step} for sign in (1, -1))
        slopes[cell] = (kappa(up) - kappa(down)) / (2 * step) * total
    mean = math.fsum(n * slopes[cell] for cell, n in counts.items()) / total
    return math.sqrt(math.fsum(n / total * (slopes[cell] - mean) ** 2 for cell, n in counts.items()) / total)


def test_the_diagnoses_of_a_hundred_patients():
    """Fleiss, Levin & Paik, Statistical Methods for Rates and Proportions, 3rd ed. 2003, table 18.1: 0.68."""
    found = cohen(square([[75, 1, 4], [5, 4, 1], [0, 0, 10]]))
    assert (found.observed, found.expected) == (pytest.approx(0.89), pytest.approx(0.66))
    assert found.value == pytest.approx(0.23 / 0.34)
    assert found.error == pytest.approx(0.0877, abs=5e-5)
    assert (round(found.low, 2), round(found.high, 2)) == (0.50, 0.85)


def test_ten_subjects_by_fourteen_raters():
    """The worked example of Fleiss' kappa in common use: 0.210, from P = 0.378 and Pe = 0.213."""
    counts = ("0 0 0 0 14, 0 2 6 4 2, 0 0 3 5 6, 0 3 9 2 0, 2 2 8 1 1, 7 7 0 0 0, 3 2 6 3 0, 2 5 3 2 2, 6 5 2 1 0, "
              "0 2 2 3 7")  # fmt: skip
    rows = [[int(n) for n in row.split()] for row in counts.split(", ")]
    found = fleiss({tuple(k for k, n in enumerate(row) for _ in range(n)): 1 for row in rows})
    assert (round(found.observed, 3), round(found.expected, 3), round(found.value, 3)) == (0.378, 0.213, 0.210)


def test_by_hand():
    found = cohen(square([[20, 5, 0], [10, 15, 0], [0, 0, 0]]))
    assert (found.observed, found.expected, found.value) == (0.7, 0.5, pytest.approx(0.4))
    against = cohen(square([[0, 10, 0], [10, 0, 0], [0, 0, 0]]))
    assert (against.value, against.low) == (-1.0, -1.0)


@pytest.mark.parametrize(
    "rows",
    [[[75, 1, 4], [5, 4, 1], [1, 1, 10]], [[20, 5, 2], [10, 15, 1], [3, 1, 1]], [[1, 9, 3], [8, 2, 4], [5, 6, 1]]],
)
def test_the_error_is_that_of_the_delta_method(rows):
    counts = square(rows)
    expected = delta_error(lambda w: plain_kappa(w, ANSWERS), counts, sum(counts.values()))
    assert cohen(counts).error == pytest.approx(expected, rel=1e-5)


def test_the_error_of_fleiss_is_that_of_the_delta_method():
    counts = {("a", "a", "a"): 15, ("a", "b", "b"): 8, ("b", "b", "b"): 9, ("a", "b", "c"): 5, ("c", "c", "b"): 3}
    total = sum(counts.values())
    expected = delta_error(plain_fleiss, counts, total) * math.sqrt(total / (total - 1))
    assert fleiss(counts).error == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("counts", "note"),
    [
        ({}, NOBODY),
        ({("a", "a"): 0}, NOBODY),
        ({("a", "a"): 9}, ONE_ANSWER),
        ({("a", "a"): 1, ("b", "b"): 0}, ONE_ANSWER),
    ],
)
def test_no_value_where_there_is_none(counts, note):
    for found in (cohen(counts), fleiss(counts)):
        assert (found.defined, found.note) == (False, note)
        assert math.isnan(found.low)


def test_full_agreement_has_no_interval():
    for found in (cohen({("a", "a"): 4, ("b", "b"): 6}), fleiss({("a", "a", "a"): 4, ("b", "b", "b"): 6})):
        assert (found.value, found.note) == (1.0, NO_INTERVAL)
        assert math.isnan(found.low)


def test_one_patient_has_no_interval():
    for found in (cohen({("a", "b"): 1}), fleiss({("a", "b", "b"): 1})):
        assert found.note == TOO_FEW
        assert math.isnan(found.high)


def test_every_patient_has_as_many_answers():
    for patterns in ({("a", "b"): 1, ("a", "b", "b"): 1}, {("a",): 3}):
        with pytest.raises(ValueError, match="same number"):
            fleiss(patterns)


def same(one, other):
    return (one.note, one.patients) == (other.note, other.patients) and (
        not one.defined
        or (one.value == pytest.approx(other.value) and one.error == pytest.approx(other.error, nan_ok=True, abs=1e-9))
    )


@given(TABLES, st.permutations(ANSWERS))
def test_cohen_knows_neither_sides_nor_names(counts, other):
    names = dict(zip(ANSWERS, other, strict=True))
    found = cohen(counts)
    assert same(found, cohen({(b, a): n for (a, b), n in counts.items()}))
    assert same(found, cohen({(names[a], names[b]): n for (a, b), n in counts.items()}))
    assert not found.defined or -1 <= found.value <= 1
    assert math.isnan(found.low) or -1 <= found.low <= found.value <= found.high <= 1


@given(TABLES)
def test_full_agreement_is_one(counts):
    found = cohen({(a, a): n for (a, _), n in counts.items()})
    assert not found.defined or found.value == 1


@given(PATTERNS, st.permutations(range(4)))
def test_fleiss_does_not_know_who_said_it(patterns, order):
    turned: dict[tuple[str, ...], int] = {}
    for pattern, n in patterns.items():
        key = tuple(pattern[k] for k in order)
        turned[key] = turned.get(key, 0) + n
    assert same(fleiss(patterns), fleiss(turned))


@given(TABLES)
def test_fleiss_of_two_is_scotts_pi(counts):
    """Of two raters it is kappa with the chance of the pooled answers."""
    found, total = fleiss(counts), sum(counts.values())
    if not found.defined:
        return
    pooled = {a: sum(n * pair.count(a) for pair, n in counts.items()) / (2 * total) for a in ANSWERS}
    expected = sum(share**2 for share in pooled.values())
    observed = sum(n for (a, b), n in counts.items() if a == b) / total
    assert found.value == pytest.approx((observed - expected) / (1 - expected))


def test_influence_is_the_derivative_of_kappa():
    """The influence of a pair of answers is the slope of kappa as a patient with that pair is added."""
    counts = {("a", "a"): 30, ("a", "b"): 7, ("b", "b"): 40, ("b", "c"): 3, ("c", "c"): 15, ("c", "a"): 5}
    patients, step = sum(counts.values()), 1e-6
    influence = cohen_influence(counts)
    for pair in counts:
        more = {key: n / patients * (1 - step) + step * (key == pair) for key, n in counts.items()}
        slope = (cohen(more).value - cohen(counts).value) / step
        assert influence[pair] == pytest.approx(slope, abs=1e-4)
    assert cohen_influence({("a", "a"): 4}) == {}
