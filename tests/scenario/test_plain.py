"""A scenario written as plain values is read as it was."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel

from nephrosyn.scenario import load, shipped
from nephrosyn.scenario.plain import NOT_SIMULATED, as_plain, from_plain
from nephrosyn.scenario.schema.units import Distribution


def differences(model: object, plain: object, path: str = "") -> list[str]:
    if isinstance(model, Distribution):
        same = (plain.dist, plain.parameters) == (model.dist, model.parameters)
        return [] if same else [path]
    if isinstance(model, BaseModel):
        names = {name for name, _ in model if path or name not in NOT_SIMULATED}
        wrong = [] if names == {*vars(plain)} else [f"{path}: {names ^ {*vars(plain)}}"]
        return wrong + [
            text for name in names for text in differences(getattr(model, name), getattr(plain, name), f"{path}.{name}")
        ]
    if isinstance(model, dict):
        if list(model) != list(plain):  # the model draws in the order of the names
            return [f"{path}: {list(plain)}"]
        return [text for name in model for text in differences(model[name], plain[name], f"{path}.{name}")]
    if isinstance(model, list | tuple):
        if len(model) != len(plain):
            return [path]
        return [text for a, b in zip(model, plain, strict=True) for text in differences(a, b, f"{path}.")]
    return [] if (type(model), model) == (type(plain), plain) else [f"{path}: {plain!r}"]


@pytest.mark.parametrize("name", shipped())
def test_every_attribute_of_a_shipped_scenario_is_the_same(name):
    scenario = load(name).scenario
    assert differences(scenario, from_plain(json.loads(json.dumps(as_plain(scenario))))) == []
