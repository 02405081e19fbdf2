"""All drivers leave the same rows, and no patient depends on another."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from nephrosyn.course.parameters.prepare import prepare
from nephrosyn.engine import choose_engine, compiled_driver, simulation
from nephrosyn.patients.draw import draw_patients
from nephrosyn.scenario import load, shipped

UNLIMITED = 'care.clinic.slots="unlimited"'
ENGINES = pytest.mark.parametrize("engine", ["compiled", "simpy"])


@pytest.mark.parametrize("name", sorted(shipped()))
def test_drivers_agree_to_the_bit(courses, name):
    compiled, _ = courses(name, UNLIMITED, patients=120)
    simpy, _ = courses(name, UNLIMITED, engine="simpy", patients=120)
    assert len(compiled) > 120
    assert compiled.tobytes() == simpy.tobytes()


def test_drivers_agree_over_ten_years(courses):
    long = (UNLIMITED, "population.follow_up_days=3653")
    compiled, _ = courses("children-first-episode", *long, patients=25)
    simpy, _ = courses("children-first-episode", *long, engine="simpy", patients=25)
    assert compiled.tobytes() == simpy.tobytes()


@ENGINES
def test_a_free_slot_for_everyone_is_an_unlimited_clinic(courses, engine):
    roomy = ("care.clinic.slots=1000", "population.patients_per_site=1000")
    many, _ = courses("baseline", *roomy, engine=engine, patients=80)
    unlimited, _ = courses("baseline", "population.patients_per_site=1000", engine=engine, patients=80)
    assert many.tobytes() == unlimited.tobytes()


@ENGINES
def test_more_patients_leave_the_first_ones_alone(courses, engine):
    few, few_traits = courses("baseline", engine=engine, patients=40)
    more, more_traits = courses("baseline", engine=engine, patients=400)
    assert more_traits[:40].tobytes() == few_traits.tobytes()
    assert more[: len(few)].tobytes() == few.tobytes()


def test_parts_do_not_show(courses, monkeypatch):
    whole, _ = courses("baseline", "population.patients_per_site=10", patients=95)
    monkeypatch.setattr(simulation, "PART_PATIENTS", 20)
    split, _ = courses("baseline", "population.patients_per_site=10", patients=95)
    assert split.tobytes() == whole.tobytes()


@pytest.mark.parametrize(
    ("patients", "years", "size"),
    [(300, 2, 2_000), (60_000, 2, 3_000), (10**6, 2, 5_000), (10**6, 10, 1_000), (300, 1, 2_000)],
)
def test_parts_of_small_cohorts_and_long_follow_ups_are_smaller(patients, years, size):
    changed = (f"patients={patients}", f"population.follow_up_days={years * 365}", "population.patients_per_site=1")
    scenario = load("baseline", changed).scenario
    assert simulation.part_size(scenario) == pytest.approx(size, rel=0.01)
    assert simulation.part_size(scenario, 70) == 70


def test_parts_that_share_their_log_are_the_same():
    scenario = load("baseline").scenario
    player = simulation.Player(scenario, "compiled", 1, reuse_log=True)
    parts = simulation.cut(130, 1, 50)
    shared = [player.play(part).rows.copy() for part in (*parts, parts[0])]
    alone = [simulation.Player(scenario, "compiled", 1).play(part).rows for part in (*parts, parts[0])]
    assert [rows.tobytes() for rows in shared] == [rows.tobytes() for rows in alone]
    small, large = (player.play(part).rows for part in (parts[2], parts[1]))
    assert np.shares_memory(small, large)


def test_the_log_grows_without_loss(courses, monkeypatch):
    whole, _ = courses("baseline", patients=60)
    monkeypatch.setattr("nephrosyn.engine.event_log._ROWS_PER_PATIENT_YEAR", 0)
    monkeypatch.setattr("nephrosyn.engine.event_log._LEAST_ROWS", 70)
    for engine in ("compiled", "simpy"):
        grown, _ = courses("baseline", engine=engine, patients=60)
        assert grown.tobytes() == whole.tobytes()


def test_seed_and_replicate_matter(courses):
    first, _ = courses("baseline", patients=10)
    again, _ = courses("baseline", patients=10)
    assert first.tobytes() == again.tobytes()
    for other in ({"seed": 2}, {"replicate": 1}):
        rows, _ = courses("baseline", patients=10, **other)
        assert rows.tobytes() != first.tobytes()


@ENGINES
def test_a_queue_delays_and_changes_what_is_seen(courses, engine):
    crowded = ("care.clinic.slots=1", "care.clinic.visit_length_days={dist='fixed', value=0.2}")
    waiting, _ = courses("baseline", *crowded, engine=engine, patients=100)
    free, _ = courses("baseline", engine=engine, patients=100)
    visits = waiting[waiting["kind"] == 0]
    assert visits["second_value"].max() > 1.0
    assert np.all(visits["second_value"] >= 0.0)
    assert waiting.tobytes() != free.tobytes()


@ENGINES
def test_one_slot_serves_one_at_a_time(courses, engine):
    rows, traits = courses(
        "baseline",
        "care.clinic.slots=1",
        "care.clinic.visit_length_days={dist='fixed', value=0.05}",
        "chart.dropout_per_year=0.0",
        engine=engine,
        patients=60,
    )
    visits = rows[rows["kind"] == 0]
    calendar = np.sort(visits["time"] + traits["entry_days"][visits["patient"]])
    assert np.diff(calendar).min() >= 0.05 - 1e-9


def test_which_driver_runs():
    free, busy = load("baseline").scenario, load("busy-clinic").scenario
    assert choose_engine(free, "auto", 100) == "simpy"
    assert choose_engine(free, "auto", 5000) == "compiled"
    for patients in (100, 5000):
        assert choose_engine(busy, "auto", patients) == "compiled"
        for engine in ("compiled", "simpy"):
            assert choose_engine(busy, engine, patients) == engine


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "days", "patients"),
    [("children-first-episode", 365, 12), ("source-combined-care", 1500, 8), ("busy-clinic", 200, 12)],
)
def test_the_model_is_the_same_without_compilation(courses, tmp_path, name, days, patients):
    """Every line of the model in plain Python: same rows, values equal up to the last bits of exp and log."""
    target = tmp_path / "rows.npy"
    code = (
        "import numpy as np, warnings; warnings.simplefilter('ignore')\n"
        "from nephrosyn.engine import simulate; from nephrosyn.scenario import load\n"
        f"scenario = load({name!r}, ['population.follow_up_days={days}']).scenario\n"
        f"np.save({str(target)!r}, np.asarray(next(simulate(scenario, 'compiled', 1, 0, {patients})).rows))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "NUMBA_DISABLE_JIT": "1"})
    plain = np.load(target)
    compiled, _ = courses(name, f"population.follow_up_days={days}", patients=patients)
    assert len(plain) == len(compiled)
    for field in ("patient", "kind", "code", "number", "detail"):
        assert np.array_equal(plain[field], compiled[field])
    for field in ("time", "value", "second_value", "third_value"):
        assert np.allclose(plain[field], compiled[field], rtol=1e-9, atol=1e-9, equal_nan=True)


def test_rows_are_by_patient_in_whatever_order_patients_are_played():
    scenario = load("baseline").scenario
    prepared, traits = prepare(scenario, 1, 0), draw_patients(scenario, 1, 0, np.arange(30, dtype=np.int64))
    rows = compiled_driver.play(scenario, prepared, traits)
    assert compiled_driver.play(scenario, prepared, traits[::-1].copy()).tobytes() == rows.tobytes()
