"""Keyed random numbers: every draw is a pure function of where it is used.

A draw is addressed by (seed, replicate, patient, purpose, index) and comes from the counter-based generator
Philox 4x64-10 [1]_: the key is (seed, replicate), the counter is (index, purpose, patient, 0). No state is carried
from one draw to the next, so neither events of one patient nor the order of work can change another patient's
history. The blocks are bit-equal to those of ``numpy.random.Philox``.

References
----------
.. [1] Salmon JK, Moraes MA, Dror RO, Shaw DE. Parallel random numbers: as easy as 1, 2, 3. SC11, 2011.
.. [2] Wichura MJ. Algorithm AS 241: the percentage points of the normal distribution. Appl Stat 1988;37:477.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from nephrosyn.kernels.compile import entry, inline, shared
from nephrosyn.kernels.wide_product import high_product

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Purpose(IntEnum):
    """Purpose of a draw, a part of its address. Numbers are never reused for another purpose."""

    PERSON = 1
    RESPONSE = 2
    FRAILTY = 3
    LEVELS = 4
    TRIGGERS = 5
    SAFETY = 6
    CARE = 7
    SECOND_LINE = 8
    FACTORS = 9
    KIDNEY = 10
    LATE_RESISTANCE = 11
    EPISODE = 20
    INFECTION = 21
    EXERTION = 22
    TOXICITY = 23
    VISIT = 24
    DIARY = 25
    SYMPTOM = 26
    DEATH = 27
    DROPOUT = 28
    COMPLICATION = 29
    VISIT_LENGTH = 30
    NOTED = 31
    THROMBOSIS = 32
    SERIOUS_INFECTION = 33
    AGENT_EFFECT = 34
    AGENT_RESPONSE = 35
    AGENT_TIME = 36
    AGENT_TOXICITY = 37
    GUT_REACTION = 38
    FACTOR = 39
    ACUTE_INJURY = 43
    RELUCTANCE = 58
    LEVEL = 62
    CHART_VISIT = 40
    CHART_RESULT = 41
    CHART_DIARY = 42
    GENETIC = 50
    ANTI_PLA2R = 51
    ANTI_PLA2R_READING = 52
    GENETIC_RESULT = 53
    UNCERTAINTY = 70
    CALIBRATION = 71


_M0 = np.uint64(0xD2E7470EE14C6C93)
_M1 = np.uint64(0xCA5A826395121157)
_W0 = np.uint64(0x9E3779B97F4A7C15)
_W1 = np.uint64(0xBB67AE8584CAA73B)
_11 = np.uint64(11)
_ZERO = np.uint64(0)
_TO_UNIT = 2.0**-53


@shared
def philox(key0, key1, c0, c1, c2, c3):
    """One block of Philox 4x64-10.

    Parameters
    ----------
    key0, key1 : uint64
        The key.
    c0, c1, c2, c3 : uint64
        The counter, lowest word first.

    Returns
    -------
    tuple of uint64, length 4
        The block that ``numpy.random.Philox`` gives for this key and counter.
    """
    for _ in range(10):
        high0, low0 = high_product(_M0, c0), _M0 * c0
        high1, low1 = high_product(_M1, c2), _M1 * c2
        c0, c1, c2, c3 = high1 ^ c1 ^ key0, low1, high0 ^ c3 ^ key1, low0
        key0 += _W0
        key1 += _W1
    return c0, c1, c2, c3


@inline
def _open_unit(word):
    """A double strictly between 0 and 1 from the upper 53 bits."""
    return (np.float64(word >> _11) + 0.5) * _TO_UNIT


@shared
def uniforms(seed, replicate, patient, purpose, index):
    """Four independent uniforms of one address.

    Parameters
    ----------
    seed, replicate, patient, purpose, index : int
        The address of the draw, each >= 0.

    Returns
    -------
    tuple of float, length 4
        Uniform on (0, 1), both ends excluded.

    Examples
    --------
    >>> uniforms(1, 0, 17, int(Purpose.PERSON), 0) == uniforms(1, 0, 17, int(Purpose.PERSON), 0)
    True
    """
    a, b, c, d = philox(
        np.uint64(seed), np.uint64(replicate), np.uint64(index), np.uint64(purpose), np.uint64(patient), _ZERO
    )
    return _open_unit(a), _open_unit(b), _open_unit(c), _open_unit(d)


def fill_uniforms(
    seed: int, replicate: int, patients: NDArray[np.int64], purpose: int, blocks: int
) -> NDArray[np.float64]:
    """Uniforms of many patients at once.

    Parameters
    ----------
    seed, replicate, purpose : int
        The address shared by all.
    patients : ndarray of int64, shape (n,)
        Patient numbers.
    blocks : int
        Blocks of four for each patient; their index runs from 0.

    Returns
    -------
    ndarray of float64, shape (n, 4 * blocks)
        Uniform on (0, 1).
    """
    out = np.empty((len(patients), 4 * blocks))
    _fill_uniforms(seed, replicate, patients, purpose, blocks, out)
    return out


@entry
def _fill_uniforms(seed, replicate, patients, purpose, blocks, out):
    for i in range(len(patients)):
        for b in range(blocks):
            draws = uniforms(seed, replicate, patients[i], purpose, b)
            for k in range(4):
                out[i, 4 * b + k] = draws[k]


@shared
def normal_quantile(probability):
    """Quantile of the standard normal distribution, to about 1e-16 (algorithm AS 241).

    Parameters
    ----------
    probability : float
        Probability, strictly between 0 and 1.

    Returns
    -------
    float
        The quantile.

    Examples
    --------
    >>> round(normal_quantile(0.975), 6)
    1.959964
    """
    q = probability - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _central(r)
    r = probability if q < 0.0 else 1.0 - probability
    r = math.sqrt(-math.log(r))
    z = _tail(r - 1.6) if r <= 5.0 else _far_tail(r - 5.0)
    return -z if q < 0.0 else z


@inline
def _central(r):
    top = 2.5090809287301226727e3 * r + 3.3430575583588128105e4
    top = (top * r + 6.7265770927008700853e4) * r + 4.5921953931549871457e4
    top = (top * r + 1.3731693765509461125e4) * r + 1.9715909503065514427e3
    top = (top * r + 1.3314166789178437745e2) * r + 3.3871328727963666080e0
    low = 5.2264952788528545610e3 * r + 2.8729085735721942674e4
    low = (low * r + 3.9307895800092710610e4) * r + 2.1213794301586595867e4
    low = (low * r + 5.3941960214247511077e3) * r + 6.8718700749205790830e2
    low = (low * r + 4.2313330701600911252e1) * r + 1.0
    return top / low


@inline
def _tail(r):
    top = 7.74545014278341407640e-4 * r + 2.27238449892691845833e-2
    top = (top * r + 2.41780725177450611770e-1) * r + 1.27045825245236838258e0
    top = (top * r + 3.64784832476320460504e0) * r + 5.76949722146069140550e0
    top = (top * r + 4.63033784615654529590e0) * r + 1.42343711074968357734e0
    low = 1.05075007164441684324e-9 * r + 5.47593808499534494600e-4
    low = (low * r + 1.51986665636164571966e-2) * r + 1.48103976427480074590e-1
    low = (low * r + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0
    low = (low * r + 2.05319162663775882187e0) * r + 1.0
    return top / low


@inline
def _far_tail(r):
    top = 2.01033439929228813265e-7 * r + 2.71155556874348757815e-5
    top = (top * r + 1.24266094738807843860e-3) * r + 2.65321895265761230930e-2
    top = (top * r + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0
    top = (top * r + 5.46378491116411436990e0) * r + 6.65790464350110377720e0
    low = 2.04426310338993978564e-15 * r + 1.42151175831644588870e-7
    low = (low * r + 1.84631831751005468180e-5) * r + 7.86869131145613259100e-4
    low = (low * r + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1
    low = (low * r + 5.99832206555887937690e-1) * r + 1.0
    return top / low


def lanes_at(
    seed: int, replicate: int, purpose: int, patients: NDArray[np.int64], places: NDArray[np.int64]
) -> NDArray[np.float64]:
    """One uniform for each of many addresses: lane ``place % 4`` of the block with index ``place // 4``.

    Parameters
    ----------
    seed, replicate, purpose : int
        The address shared by all.
    patients, places : ndarray of int64, shape (n,)
        Patient, and place in the patient's sequence. Fast where neighbours share a block.

    Returns
    -------
    ndarray of float64, shape (n,)
        Uniform on (0, 1).
    """
    out = np.empty(len(patients))
    _lanes_at(seed, replicate, purpose, patients, places, out)
    return out


@entry
def _lanes_at(seed, replicate, purpose, patients, places, out):
    block = (0.0, 0.0, 0.0, 0.0)
    patient, index = -1, -1
    for i in range(len(patients)):
        if patients[i] != patient or places[i] // 4 != index:
            patient, index = patients[i], places[i] // 4
            block = uniforms(seed, replicate, patient, purpose, index)
        out[i] = block[places[i] % 4]
