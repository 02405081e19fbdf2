"""Kept values are those that a fresh calculation gives, whatever was asked before."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephrosyn.course.disease import proteinuria
from nephrosyn.course.state import kept_values
from nephrosyn.course.state.parameter_records import PARAMETERS
from nephrosyn.course.state.state import STATE

ARGUMENTS = (0.0, 1.5, 1.5, -0.0, 0.0, -3.0, 1.5)
"""The first is that of a state in which nothing has been kept yet; some come again at once, some later."""


def plain(function):
    return getattr(function, "py_func", function)


def record(dtype, **values):
    array = np.zeros(1, dtype).view(np.recarray)
    for name, value in values.items():
        array[name] = value
    return array[0]


@pytest.fixture
def params():
    return record(
        PARAMETERS,
        cholesterol_per_day=0.0154,
        upcr_low_log=-1.6,
        upcr_high_log=1.1,
        upcr_low_log_cv=-1.2,
        upcr_log_cv_slope=-0.3,
        decline_since_onset_per_year=0.1,
        decline_per_year=0.05,
        dose_effect=2.0,
        infection_log_steroid_factor=0.7,
    )


def test_kept_values_are_fresh_values(params):
    state = record(STATE)
    for x in ARGUMENTS:
        assert plain(kept_values.upcr_of)(state, x) == math.exp(x)
        assert plain(kept_values.cholesterol_left)(state, params, x) == math.exp(-0.0154 * x)
        cv = math.exp(-1.2 - 0.3 * (min(max(x, -1.6), 1.1) + 1.6))
        assert plain(kept_values.upcr_log_sd)(state, params, x) == math.sqrt(math.log1p(cv**2))
        half_years = int(x + 3.0)
        assert plain(kept_values.decline_since_onset)(state, params, half_years) == 0.9 ** (0.5 * half_years + 0.25)
        assert plain(kept_values.decline_with_age)(state, params, x) == 0.95**x
        assert plain(kept_values.protection_by_dose)(state, params, x) == math.exp(-2.0 * x)
        assert plain(kept_values.infection_by_dose)(state, params, x) == math.exp(0.7 * x)


@given(st.floats(1e-9, 20.0), st.floats(1e-6, 2.0), st.floats(1e-9, 1e10))
def test_a_step_of_blood_ends_with_whatever_comes_first(days, whole_steps_left, pace):
    whole = plain(proteinuria._whole_step_days)(pace)
    distance = whole_steps_left * pace * whole
    step = plain(proteinuria._step_days)(days, distance, pace, whole)
    assert step == max(min(days, 7.0, 0.25 / pace, distance / pace + 1e-9), 1e-9)
