"""Random damage to a scenario gives a scenario or one clear error."""

import copy
import json
import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nephrosyn.errors import ScenarioError
from nephrosyn.scenario import Resolved, load, shipped
from nephrosyn.scenario.files.inheritance import merge, override
from nephrosyn.scenario.tree import dotted
from nephrosyn.toml_files import Layer

pytestmark = pytest.mark.slow

BASELINE = tomllib.loads(shipped()["baseline"].read_text("utf-8"))

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**300, max_value=10**400),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["fsgs", "adults", "lognorm", "fixed", "norm", "unlimited", "C01", "assumed: x"]),
    st.lists(st.floats(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
    st.just({"dist": "lognorm", "s": 1.0}),
    st.just({"dist": "gamma"}),
    st.just([{"weeks": 1}]),
)


def places(tree, path=()):
    """Yield the path of every table and value."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


PLACES = list(places(BASELINE))


def damaged(tree, damage):
    tree = copy.deepcopy(tree)
    for path, kind, junk in damage:
        here = tree
        try:
            for key in path[:-1]:
                here = here[key]
            if kind == "drop":
                del here[path[-1]]
            elif kind == "rename":
                here[f"{path[-1]}x"] = here.pop(path[-1])
            elif kind == "add":
                here[path[-1]]["extra"] = junk
            else:
                here[path[-1]] = junk
        except (KeyError, IndexError, TypeError, AttributeError):
            continue
    return tree


DAMAGE = st.lists(
    st.tuples(st.sampled_from(PLACES), st.sampled_from(["drop", "rename", "add", "replace"]), JUNK),
    min_size=1,
    max_size=4,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DAMAGE)
def test_damage_gives_a_scenario_or_one_error(damage):
    tree = damaged(BASELINE, damage)
    try:
        resolved = Resolved.from_dict({"name": "damaged", "files": [], "scenario": tree})
    except ScenarioError as error:
        assert error.problems
        assert str(error).count("\n") >= len(error.problems)
        assert len({problem.path for problem in error.problems}) > 0
    else:
        json.dumps(resolved.as_dict(), allow_nan=False)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(PLACES), st.one_of(JUNK.map(str), st.text(max_size=20)))
def test_any_override_gives_a_scenario_or_one_error(path, value):
    try:
        load("baseline", [f"{dotted(tuple(map(str, path)))}={value}"])
    except ScenarioError as error:
        assert error.problems


@given(st.lists(st.text(max_size=30), max_size=3))
def test_any_text_as_override_gives_problems_not_a_traceback(texts):
    merged = merge([Layer("baseline", BASELINE)])
    override(merged, texts)
    assert all(str(problem) for problem in merged.problems)
