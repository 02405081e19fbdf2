"""Draws of several scenarios, played side by side."""

from __future__ import annotations

from pathlib import Path

from nephrosyn.runs.draws.each_draw import map_draws
from nephrosyn.scenario import load


def people_and_members(number, tables):
    return number, [frames["patients"].height for frames in tables], [frames["truth/traits"] for frames in tables]


def test_draws_of_two_scenarios_have_the_same_patients_for_any_number_of_workers(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2])  # other processes import this file
    scenarios = [load(name, ["patients=20"]) for name in ("baseline", "no-infections")]
    alone = map_draws(people_and_members, scenarios, 20, workers=1)
    for place, (number, sizes, (first, second)) in enumerate(alone):
        assert (number, sizes) == (place, [20, 20])
        assert first["frailty"].equals(second["frailty"])
    shared = map_draws(people_and_members, scenarios, 20, workers=2)
    assert all(a[2][0].equals(b[2][0]) for a, b in zip(alone, shared, strict=True))
    assert not alone[0][2][0].equals(alone[1][2][0])
