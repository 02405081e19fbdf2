"""Courses with too many events, logs beyond memory, and interrupts during compiled loops."""

from __future__ import annotations

import numpy as np
import pytest

from nephrosyn.course.advance import most_events
from nephrosyn.course.parameters.prepare import prepare
from nephrosyn.engine import compiled_clinic, compiled_driver, limits, simpy_driver
from nephrosyn.errors import EngineError
from nephrosyn.patients.draw import draw_patients
from nephrosyn.scenario import load


def drawn_from(name):
    scenario = load(name).scenario
    return scenario, prepare(scenario, 1, 2), draw_patients(scenario, 1, 2, np.arange(30, dtype=np.int64))


@pytest.fixture
def drawn():
    """The baseline, its prepared arrays, and some patients."""
    return drawn_from("baseline")


DRIVERS = {
    "compiled": (compiled_driver.play, "baseline"),
    "compiled clinic": (compiled_clinic.play, "busy-clinic"),
    "simpy": (simpy_driver.play, "baseline"),
    "simpy clinic": (simpy_driver.play, "busy-clinic"),
}


@pytest.fixture(params=DRIVERS)
def driver(request):
    """A driver, and patients as for `drawn` of a scenario that it plays."""
    play, name = DRIVERS[request.param]
    return play, drawn_from(name)


ENDLESS = {
    "exertion": ("exertions_per_day", 1e9),
    "infection": ("infection_rate_factor", 1e300),
    "serious_infection": ("serious_infection_per_day", np.inf),
    "thrombosis": ("thrombosis_log_factor", 200.0),
}


@pytest.mark.parametrize("clock", ENDLESS)
def test_a_clock_that_fires_too_often_is_reported_with_its_patient(driver, clock):
    play, (scenario, prepared, traits) = driver
    name, value = ENDLESS[clock]
    prepared.parameters[name] = value
    prepared.parameters["serious_infection_course"]["fatality"] = 0.0
    with pytest.raises(EngineError, match=r"patient \d+ of replicate 2 has more than 75,000 events by day ") as caught:
        play(scenario, prepared, traits)
    assert f"most of them of the clock {clock}; look at " in str(caught.value)


@pytest.mark.parametrize("compiled", ["compiled", "compiled clinic"])
def test_both_engines_give_the_same_message(compiled):
    compiled_play, name = DRIVERS[compiled]
    scenario, prepared, traits = drawn_from(name)
    prepared.parameters["exertions_per_day"] = 1e5
    messages = []
    for play in (compiled_play, simpy_driver.play):
        with pytest.raises(EngineError) as caught:
            play(scenario, prepared, traits)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert messages[0].startswith("patient 0 of replicate 2 ")


def test_a_sound_course_is_far_below_the_limit_of_events(drawn):
    """Ten episodes of exertion a day, and many infections besides, stay below the limit."""
    scenario, prepared, traits = drawn
    for name, value in (("exertions_per_day", 10.0), ("infection_rate_factor", 1000.0)):
        prepared.parameters[name] = value
    rows = compiled_driver.play(scenario, prepared, traits)
    assert np.bincount(rows["patient"]).max() > 15_000
    assert most_events.py_func(730.0) == 75_000


def test_a_part_is_played_in_several_calls_so_that_an_interrupt_is_handled(drawn, monkeypatch):
    calls, whole = [], compiled_driver.advance

    def advance(first, stop, *arguments):
        if calls:
            raise KeyboardInterrupt
        calls.append((first, stop))
        return whole(first, stop, *arguments)

    monkeypatch.setattr(compiled_driver, "advance", advance)
    with pytest.raises(KeyboardInterrupt):
        compiled_driver.play(*drawn)
    assert calls == [(0, compiled_driver.FIRST_BATCH)]


@pytest.mark.parametrize(("batch", "seconds"), [(1, 0.0), (7, 0.0), (1000, 1000.0)])
def test_the_number_of_patients_of_a_call_does_not_change_results(drawn, monkeypatch, batch, seconds):
    whole = compiled_driver.play(*drawn)
    monkeypatch.setattr(compiled_driver, "FIRST_BATCH", batch)
    monkeypatch.setattr(compiled_driver, "LONGEST_BATCH_SECONDS", seconds)
    monkeypatch.setattr("nephrosyn.engine.event_log._ROWS_PER_PATIENT_YEAR", 0)
    assert compiled_driver.play(*drawn).tobytes() == whole.tobytes()


def test_a_log_that_does_not_fit_into_memory_is_reported_before_it_is_allocated(driver, monkeypatch):
    play, drawn = driver
    monkeypatch.setattr(limits, "memory_bytes", lambda: 1e5)
    with pytest.raises(EngineError, match=r"30 patients .* more than the available memory; make --part-patients"):
        play(*drawn)


def test_a_log_that_grows_beyond_memory_is_reported(driver, monkeypatch):
    play, drawn = driver
    monkeypatch.setattr("nephrosyn.engine.event_log._ROWS_PER_PATIENT_YEAR", 0)
    monkeypatch.setattr(limits, "memory_bytes", lambda: 1e6)
    with pytest.raises(EngineError, match="more than the available memory"):
        play(*drawn)
