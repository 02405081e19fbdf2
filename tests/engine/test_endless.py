"""Courses without end, logs without end, and compiled loops that do not listen: each ends, and says why."""

from __future__ import annotations

import numpy as np
import pytest

from nephrosyn.course.advance import most_events
from nephrosyn.course.parameters.prepare import prepare
from nephrosyn.engine import compiled_driver, limits, simpy_driver
from nephrosyn.errors import EngineError
from nephrosyn.patients.traits import draw_patients
from nephrosyn.scenario import load


@pytest.fixture
def drawn():
    """The baseline, what its patients share, and some of them."""
    scenario = load("baseline").scenario
    return scenario, prepare(scenario, 1, 2), draw_patients(scenario, 1, 2, np.arange(30, dtype=np.int64))


@pytest.fixture(params=[compiled_driver.play, simpy_driver.play], ids=["compiled", "simpy"])
def play(request):
    return request.param


ENDLESS = {
    "exertion": ("exertions_per_day", 1e9),
    "infection": ("infection_rate_factor", 1e300),
    "serious_infection": ("serious_infection_per_day", np.inf),
    "thrombosis": ("thrombosis_log_factor", 200.0),
}


@pytest.mark.parametrize("clock", ENDLESS)
def test_a_clock_that_fires_without_end_is_named_with_its_patient(drawn, play, clock):
    scenario, laws, traits = drawn
    name, value = ENDLESS[clock]
    laws.parameters[name] = value
    laws.parameters["serious_infection_course"]["fatality"] = 0.0
    with pytest.raises(EngineError, match=r"patient \d+ of replicate 2 has more than 75,000 events by day ") as caught:
        play(scenario, laws, traits)
    assert f"most of them of the clock {clock}; look at " in str(caught.value)


def test_both_engines_end_in_the_same_words(drawn):
    scenario, laws, traits = drawn
    laws.parameters["exertions_per_day"] = 1e5
    told = []
    for play in (compiled_driver.play, simpy_driver.play):
        with pytest.raises(EngineError) as caught:
            play(scenario, laws, traits)
        told.append(str(caught.value))
    assert told[0] == told[1]
    assert told[0].startswith("patient 0 of replicate 2 ")


def test_a_sound_course_is_far_from_too_many_events(drawn):
    """Ten episodes of exertion a day, and many infections besides, stay below the limit."""
    scenario, laws, traits = drawn
    for name, value in (("exertions_per_day", 10.0), ("infection_rate_factor", 1000.0)):
        laws.parameters[name] = value
    rows = compiled_driver.play(scenario, laws, traits)
    assert np.bincount(rows["patient"]).max() > 15_000
    assert most_events.py_func(730.0) == 75_000


def test_a_part_is_played_in_several_calls_so_that_an_interrupt_is_heard(drawn, monkeypatch):
    calls, whole = [], compiled_driver.advance

    def advance(first, stop, *others):
        if calls:
            raise KeyboardInterrupt
        calls.append((first, stop))
        return whole(first, stop, *others)

    monkeypatch.setattr(compiled_driver, "advance", advance)
    with pytest.raises(KeyboardInterrupt):
        compiled_driver.play(*drawn)
    assert calls == [(0, compiled_driver.FIRST_BATCH)]


@pytest.mark.parametrize(("batch", "seconds"), [(1, 0.0), (7, 0.0), (1000, 1000.0)])
def test_how_many_patients_a_call_plays_does_not_show(drawn, monkeypatch, batch, seconds):
    whole = compiled_driver.play(*drawn)
    monkeypatch.setattr(compiled_driver, "FIRST_BATCH", batch)
    monkeypatch.setattr(compiled_driver, "LONGEST_BATCH_SECONDS", seconds)
    monkeypatch.setattr("nephrosyn.engine.event_log._ROWS_PER_PATIENT_YEAR", 0)
    assert compiled_driver.play(*drawn).tobytes() == whole.tobytes()


def test_a_log_that_does_not_fit_into_memory_is_told_before_it_is_made(drawn, play, monkeypatch):
    monkeypatch.setattr(limits, "memory_bytes", lambda: 1e5)
    with pytest.raises(EngineError, match=r"30 patients .* more than the available memory; make --part-patients"):
        play(*drawn)


def test_a_log_that_grows_beyond_memory_is_told(drawn, play, monkeypatch):
    monkeypatch.setattr("nephrosyn.engine.event_log._ROWS_PER_PATIENT_YEAR", 0)
    monkeypatch.setattr(limits, "memory_bytes", lambda: 1e6)
    with pytest.raises(EngineError, match="more than the available memory"):
        play(*drawn)
