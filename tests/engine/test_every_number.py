"""Every number of a scenario at 0, far too small, far too large and at its limits: refused, or the run is sound."""

from __future__ import annotations

import copy
import functools
import math
import random

import numpy as np
import polars as pl
import pytest

from nephrosyn import criteria
from nephrosyn.course.parameters import prepare
from nephrosyn.course.state.events import Kind
from nephrosyn.engine import Part, Player
from nephrosyn.errors import MOST_PROBLEMS
from nephrosyn.record.tables import build_tables
from nephrosyn.scenario import load
from nephrosyn.scenario.checks.validate import validated
from nephrosyn.scenario.schema import paths as shape
from nephrosyn.scenario.schema.distribution_ranges import DISTRIBUTIONS
from nephrosyn.scenario.schema.quantile_tables import table
from nephrosyn.scenario.schema.units import Distribution
from nephrosyn.scenario.tree import dotted, get, is_distribution, is_number

pytestmark = pytest.mark.slow

PATIENTS, SEED = 3, 11
BEYOND = [5e-324, 1e-300, 1e-30, -0.0, 1e30, 1e300, 2**70, math.inf, math.nan]
ROWS_PER_PATIENT = 150_000
"""A course of two years with ten events a day of every kind leaves fewer."""
TREES = [
    # scenario, beginnings of the keys that are tried in it, and the least number of them
    ("baseline", ("population", "disease", "triggers", "care", "complications", "provoking", "readings", "chart"), 480),
    ("modern-children", ("second_line",), 350),
    ("busy-clinic", ("care.clinic",), 2),
]


def numbers(tree, path=()):
    """Yield the path of every number, those within distributions and lists too."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list | tuple) else ()
    for key, value in inner:
        if is_number(value):
            yield (*path, str(key))
        else:
            yield from numbers(value, (*path, str(key)))


def placed(tree, path, value):
    """Return a tree with one number changed."""
    changed = list(tree) if isinstance(tree, tuple) else copy.copy(tree)
    key = path[0] if isinstance(tree, dict) else int(path[0])
    changed[key] = placed(tree[key], path[1:], value) if len(path) > 1 else value
    return changed


def limits(tree, path):
    """Least and most of a number: of its kind, or of the parameter of its distribution."""
    distribution = get(tree, path[:-1])
    if is_distribution(distribution):
        return DISTRIBUTIONS[distribution["dist"]][path[-1]]
    node = shape.node(path)
    node = next(kind for kind in node.get("anyOf", [node]) if "minimum" in kind)
    return node["minimum"], node["maximum"]


def at_the_edge(tree, path):
    """Yield 0 and the limits of a number, whole where it is."""
    for value in dict.fromkeys((0.0, *limits(tree, path))):
        yield int(value) if isinstance(get(tree, path), int) else float(value)


def resolved(name):
    """Return the tree of a scenario without its sources and its uncertainty, which has tests of its own."""
    return {**load(name).scenario.model_dump(), "sources": {}, "uncertainty": {}}


@pytest.fixture(scope="module", autouse=True)
def _tables_once():
    """Make the table of each distribution once: most stay as they are."""
    with pytest.MonkeyPatch.context() as patch:
        tabulated = functools.cache(lambda dist, parameters: table(Distribution(dist=dist, **dict(parameters))))
        patch.setattr(prepare, "table", lambda given: tabulated(given.dist, tuple(given.parameters.items())))
        yield


@pytest.fixture(scope="module")
def sets():
    return [criteria.load("source"), criteria.load("ipna-2022")]


def check_run(scenario, sets):
    """Play a few patients to their end, record and classify them; nothing in it may be impossible."""
    history = Player(scenario, "compiled", SEED).play(Part(0, 0, 0, PATIENTS))
    rows = history.rows
    assert len(rows) < ROWS_PER_PATIENT * PATIENTS
    for column in ("time", "second_value", "third_value"):
        assert np.isfinite(rows[column]).all()
    assert np.isfinite(rows["value"][rows["kind"] != Kind.EVENT]).all()
    tables = build_tables(scenario, SEED, 0, history.traits, rows)
    for name, frame in tables.items():
        for column in frame.select(pl.col(pl.Float32, pl.Float64)).iter_columns():
            assert column.drop_nulls().is_finite().all(), (name, column.name)
    assert criteria.impossible(tables).is_empty()
    assert (tables["truth/events"]["time_days"] >= 0.0).all()
    assert (tables["truth/doses"]["dose_mg"] > 0.0).all()
    for view in ("complete", "observed"):
        assert criteria.classify(tables, sets, view).height == PATIENTS * len(sets)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "tops", "least"), TREES, ids=[name for name, _, _ in TREES])
def test_a_number_at_0_or_at_its_limits_is_refused_by_its_path_or_the_run_is_sound(name, tops, least, sets):
    tree = resolved(name)
    paths = [path for path in numbers(tree) if dotted(path).startswith(tops)]
    assert len(paths) >= least
    played = 0
    for path in paths:
        for value in at_the_edge(tree, path):
            scenario, problems, _ = validated(placed(tree, path, value))
            if scenario is None:
                assert all(str(problem) for problem in problems.values())
                continue
            played += 1
            try:
                check_run(scenario, sets)
            except Exception as error:
                error.add_note(f"{dotted(path)} = {value}")
                raise
    assert played > 0.5 * len(paths)


@pytest.mark.parametrize("value", BEYOND)
@pytest.mark.parametrize("name", ["baseline", "modern-children"])
def test_a_number_that_no_quantity_can_be_is_refused_by_its_path(name, value):
    paths = list(numbers(resolved(name)))
    assert len(paths) > 900
    missed = []
    for some in batched(paths, MOST_PROBLEMS // 2):  # at most so many problems are listed
        tree = resolved(name)
        for path in some:
            tree = placed(tree, path, value)
        scenario, problems, _ = validated(tree)
        assert scenario is None
        missed += [
            dotted(path) for path in some if not {path[:length] for length in range(1, len(path) + 1)} & set(problems)
        ]
    assert missed == []


def batched(paths, size):
    return [paths[start : start + size] for start in range(0, len(paths), size)]


@pytest.mark.slow
def test_pairs_of_numbers_at_their_limits_are_refused_or_the_run_is_sound(sets):
    tree, draw = resolved("modern-children"), random.Random(20)
    left_out = ("patients", "replicates", "seed")
    paths = [path for path in numbers(tree) if path[0] not in left_out and not is_distribution(get(tree, path[:-1]))]
    tried = played = 0
    while tried < 200:
        first, second = draw.sample(paths, 2)
        changed = placed(tree, first, draw.choice(list(at_the_edge(tree, first))[-2:]))
        changed = placed(changed, second, draw.choice(list(at_the_edge(tree, second))[-2:]))
        tried += 1
        scenario, _, _ = validated(changed)
        if scenario is not None:
            played += 1
            check_run(scenario, sets)
    assert played > 50
