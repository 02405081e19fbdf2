"""The compiled clinic does what the SimPy driver does, in the same order, to the bit."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nephrosyn.course.parameters.prepare import prepare
from nephrosyn.engine import compiled_clinic, has_queue, simpy_driver
from nephrosyn.engine.calendar import (
    CALENDAR,
    ENTRY,
    ENTRY_NOW,
    Calendar,
    Step,
    schedule_arrival,
    schedule_departure,
    schedule_now,
    take_next,
)
from nephrosyn.kernels.compile import from_python
from nephrosyn.patients.draw import draw_patients
from nephrosyn.patients.traits import records
from nephrosyn.scenario import load, shipped

VISITS_PER_DAY = 27 / 730
"""Of a patient of the baseline, on average."""


def played(scenario, patients, *, seed=1, replicate=0):
    """Play patients with both drivers; the rows of both."""
    prepared = prepare(scenario, seed, replicate)
    traits = draw_patients(scenario, seed, replicate, np.arange(patients, dtype=np.int64))
    return [driver.play(scenario, prepared, traits) for driver in (compiled_clinic, simpy_driver)]


def visits_of(rows):
    return rows[rows["kind"] == 0]


@pytest.mark.parametrize("name", sorted(shipped()))
def test_drivers_agree_to_the_bit(name):
    """Every shipped scenario, at the clinic it has or at a crowded one; the last site is smaller than the others."""
    own = load(name).scenario
    busy = ("population.patients_per_site=50", "care.clinic.slots=1")
    crowded = load(name, [*busy, "care.clinic.visit_length_days={dist='gamma', a=2.0, scale=0.2}"]).scenario
    for scenario, patients in [(crowded, 120), *([(own, 700)] if has_queue(own) else [])]:
        compiled, simpy = played(scenario, patients)
        assert visits_of(simpy)["second_value"].max() > 0.1  # somebody waits
        assert compiled.tobytes() == simpy.tobytes()


@st.composite
def clinics(draw):
    """Overrides of a small clinic. Where all enter on one day and lengths are round, most events have the same time."""
    slots, per_site = draw(st.integers(1, 4)), draw(st.integers(1, 30))
    occupied = draw(st.floats(0.2, 1.5))
    length = min(occupied * slots / (per_site * VISITS_PER_DAY), 4.0)
    overrides = [
        f"care.clinic.slots={slots}",
        f"population.patients_per_site={per_site}",
        "population.follow_up_days=150",
        f"chart.dropout_per_year={draw(st.sampled_from([0.0, 2.0]))}",
    ]
    if not draw(st.booleans()):
        length_days = draw(st.sampled_from([f"'fixed', value={length}", f"'expon', scale={length}"]))
        return [*overrides, f"care.clinic.visit_length_days={{dist={length_days}}}"]
    return [
        *overrides,
        f"care.clinic.visit_length_days={{dist='fixed', value={round(4 * length) / 4}}}",
        "care.presentation_delay_days={dist='fixed', value=2.0}",
        "population.accrual_days=0",
    ]


@settings(max_examples=40)
@given(overrides=clinics(), patients=st.integers(1, 60), seed=st.integers(0, 9), replicate=st.integers(0, 2))
def test_drivers_agree_on_any_small_clinic(overrides, patients, seed, replicate):
    scenario = load("modern-children", overrides).scenario
    compiled, simpy = played(scenario, patients, seed=seed, replicate=replicate)
    assert compiled.tobytes() == simpy.tobytes()


@pytest.mark.parametrize("slots", [1, 2, 3])
def test_drivers_agree_where_everyone_comes_at_once(slots):
    """All patients enter on one day and visits last a quarter of a day: most events tie with many others."""
    scenario = load(
        "baseline",
        [
            f"care.clinic.slots={slots}",
            "population.patients_per_site=40",
            "population.accrual_days=0",
            "care.presentation_delay_days={dist='fixed', value=2.0}",
            "care.clinic.visit_length_days={dist='fixed', value=0.25}",
        ],
    ).scenario
    compiled, simpy = played(scenario, 100)
    first_site = visits_of(simpy)[visits_of(simpy)["patient"] < 40]
    _, at_once = np.unique(first_site["time"] - first_site["second_value"], return_counts=True)
    assert at_once[at_once > 1].sum() > 0.6 * at_once.sum()  # visits that are due together with others
    assert compiled.tobytes() == simpy.tobytes()


def test_drivers_agree_where_visits_take_no_time():
    short = ("care.clinic.slots=1", "care.clinic.visit_length_days={dist='fixed', value=0.0}")
    scenario = load("baseline", [*short, "population.patients_per_site=30", "population.accrual_days=0"]).scenario
    compiled, simpy = played(scenario, 70)
    assert compiled.tobytes() == simpy.tobytes()


def test_patients_who_die_in_the_queue_leave_their_slot_to_the_next():
    endless = ("care.clinic.slots=1", "care.clinic.visit_length_days={dist='fixed', value=6.0}")
    deaths = "disease.death={from_years=[0], background_per_year=[1.0]}"
    scenario = load("baseline", [*endless, deaths, "population.patients_per_site=30"]).scenario
    compiled, simpy = played(scenario, 60)
    assert visits_of(simpy)["second_value"].max() > 30.0
    assert compiled.tobytes() == simpy.tobytes()


@pytest.mark.parametrize(("batch", "seconds"), [(1, 0.0), (7, 0.0), (10**9, 1000.0)])
def test_neither_the_length_of_a_call_nor_the_room_of_the_log_changes_results(monkeypatch, batch, seconds):
    long = "care.clinic.visit_length_days={dist='gamma', a=2.0, scale=0.5}"
    scenario = load("busy-clinic", ["population.patients_per_site=20", long]).scenario
    whole, _ = played(scenario, 50)
    assert np.mean(visits_of(whole)["second_value"] > 0.0) > 0.5
    monkeypatch.setattr(compiled_clinic, "FIRST_BATCH", batch)
    monkeypatch.setattr(compiled_clinic, "LONGEST_BATCH_SECONDS", seconds)
    monkeypatch.setattr("nephrosyn.engine.event_log._ROWS_PER_PATIENT_YEAR", 0)
    monkeypatch.setattr("nephrosyn.engine.event_log._LEAST_ROWS", 70)
    assert played(scenario, 50)[0].tobytes() == whole.tobytes()


def test_a_site_is_played_in_several_calls_so_that_an_interrupt_is_handled(monkeypatch):
    calls, whole = [], compiled_clinic.play_site

    def play_site(most, *arguments):
        if calls:
            raise KeyboardInterrupt
        calls.append(most)
        return whole(most, *arguments)

    monkeypatch.setattr(compiled_clinic, "play_site", play_site)
    with pytest.raises(KeyboardInterrupt):
        played(load("busy-clinic").scenario, 100)
    assert calls == [compiled_clinic.FIRST_BATCH]


@pytest.mark.parametrize("numbers", [[41, 43, 44, 59, 60, 99, 1_000_019], [44, 41, 59, 43, 60, 99, 98]])
def test_patients_with_other_numbers_than_0_to_n(numbers):
    """Patients of a later part, only some of their site, and in any order."""
    scenario = load("busy-clinic", ["population.patients_per_site=20"]).scenario
    prepared = prepare(scenario, 1, 0)
    traits = draw_patients(scenario, 1, 0, np.array(numbers, np.int64))
    assert len(np.unique(traits["site"])) >= 3
    compiled, simpy = (driver.play(scenario, prepared, traits) for driver in (compiled_clinic, simpy_driver))
    assert compiled.tobytes() == simpy.tobytes()
    assert np.all(np.diff(compiled["patient"]) >= 0)


_ARRIVAL, _DEPARTURE, _CALL = int(Step.ARRIVAL), int(Step.DEPARTURE), int(Step.CALL)
_arrive, _depart, _now, _take = map(from_python, (schedule_arrival, schedule_departure, schedule_now, take_next))


@settings(max_examples=200)
@given(orders=st.lists(st.one_of(st.none(), st.tuples(st.booleans(), st.integers(0, 6))), max_size=60))
def test_a_calendar_is_in_the_order_of_time_and_then_of_scheduling(orders):
    """Against a heap of (time, number), as SimPy has it. None takes an entry, others make one so many days ahead."""
    calendar = Calendar(records(1, CALENDAR), records(60, ENTRY), records(60, ENTRY), records(3, ENTRY_NOW))
    state, reference, now = calendar.state, [], 0.0
    for patient, order in enumerate([*orders, *[None] * len(orders)]):
        if order is None:
            assert _take(calendar) == bool(reference)
            if reference:
                now, number, step = heapq.heappop(reference)
                assert (state["now"][0], state["patient"][0], state["step"][0]) == (now, number, step)
            continue
        departs, days = order
        if days == 0 and state["entries_now"][0] < 3:  # a ring that goes round
            step = _CALL
            _now(calendar, patient, step)
        else:
            step, schedule = (_DEPARTURE, _depart) if departs else (_ARRIVAL, _arrive)
            schedule(calendar, now + days, patient)
        heapq.heappush(reference, (now + days, patient, step))
