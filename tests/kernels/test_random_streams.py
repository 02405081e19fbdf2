"""Keyed random numbers: the blocks of Philox, and quantiles of the normal law."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from nephrosyn.kernels.random_streams import Purpose, fill_uniforms, lanes_at, normal_quantile, philox, uniforms

WORD = st.integers(0, 2**64 - 1)


@given(st.tuples(WORD, WORD), st.tuples(st.integers(1, 2**64 - 1), WORD, WORD, WORD))
def test_blocks_are_those_of_numpy(key, counter):
    # numpy counts up before it draws, so its counter stands one lower
    before = np.array(counter, dtype=np.uint64)
    before[0] -= np.uint64(1)
    expected = np.random.Philox(key=np.array(key, dtype=np.uint64), counter=before).random_raw(4)
    got = philox(*(np.uint64(word) for word in (*key, *counter)))
    assert [int(word) for word in got] == [int(word) for word in expected]


def test_uniforms_are_the_upper_53_bits_of_the_block():
    expected = np.random.Philox(
        key=np.array([11, 2], dtype=np.uint64), counter=np.array([4, int(Purpose.VISIT), 4711, 0], dtype=np.uint64)
    ).random_raw(4)
    got = uniforms(11, 2, 4711, int(Purpose.VISIT), 5)
    assert np.array_equal(got, ((expected >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53)


@given(st.floats(1e-300, 1 - 1e-16, exclude_max=True))
def test_normal_quantile_is_that_of_scipy(p):
    assert abs(normal_quantile(p) - special.ndtri(p)) <= 1e-13 * max(1.0, abs(special.ndtri(p)))


def test_every_part_of_the_address_matters():
    base = (1, 2, 3, 4, 5)
    changed = [tuple(v + (k == place) for k, v in enumerate(base)) for place in range(5)]
    draws = {uniforms(*address) for address in (base, *changed)}
    assert len(draws) == 6


def test_arrays_hold_what_single_draws_give():
    patients = np.array([3, 3, 900], dtype=np.int64)
    filled = fill_uniforms(1, 0, patients, int(Purpose.PERSON), 2)
    assert filled.shape == (3, 8)
    assert tuple(filled[2, 4:]) == uniforms(1, 0, 900, int(Purpose.PERSON), 1)
    places = np.array([0, 7, 5], dtype=np.int64)
    lanes = lanes_at(1, 0, int(Purpose.CHART_VISIT), patients, places)
    expected = [
        uniforms(1, 0, n, int(Purpose.CHART_VISIT), k // 4)[k % 4] for n, k in zip(patients, places, strict=True)
    ]
    assert list(lanes) == expected


def test_draws_of_neighbouring_addresses_are_uniform_and_unrelated():
    # False alarm: five exact tests at 0.001 each, one fixed seed.
    drawn = fill_uniforms(20260101, 0, np.arange(5000, dtype=np.int64), int(Purpose.PERSON), 1)
    assert all(stats.kstest(drawn[:, lane], "uniform").pvalue > 0.001 for lane in range(4))
    assert stats.pearsonr(drawn[:-1, 0], drawn[1:, 0]).pvalue > 0.001
