"""What the page shows is what the command that it prints gives."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn import criteria
from nephrosyn.criteria.definition.definition import DefinitionSet
from nephrosyn.explore import thresholds
from nephrosyn.explore.changes import cells_of, overlap
from nephrosyn.explore.page_data import page_data
from nephrosyn.runs.labels import classify_tables
from nephrosyn.scenario.files.catalogue import shipped
from nephrosyn.scenario.settings import SETTINGS
from nephrosyn.vocabulary import CATEGORIES, VIEWS

SEED, PATIENTS, COMBINATIONS = 5, 60, 10
SETS = ("source", "ipna-2022", "kdigo-2021-adults")
SCENARIOS = sorted(set(shipped()) - {"busy-clinic"})[::3][:20]
NO_DAY = -(2**31)


@cache
def data_of(name, patients=PATIENTS):
    return page_data(name, [], [criteria.load(each) for each in SETS], patients, SEED)


def drawn(data, number):
    """Some settings moved at once, by chance."""
    chance = random.Random(f"{data['scenario']} {number}")
    moved = chance.sample(data["settings"], chance.randint(1, min(4, len(data["settings"]))))
    return {setting["id"]: chance.randrange(len(setting["labels"])) for setting in moved}


def overrides_of(data, settings):
    by_name = {setting["id"]: setting for setting in data["settings"]}
    return [argument for name, place in settings.items() for argument in by_name[name]["arguments"][place]]


def assert_same(answer, labels):
    """The labels of the page are those of Python, patient by patient."""
    labels = labels.sort("patient", pl.col("criteria").cast(pl.Enum(SETS)), pl.col("view"))
    assert answer["criteria"] == labels["criteria"].to_list()
    for name, words in (("category", CATEGORIES), ("view", VIEWS)):
        assert [words[code] for code in answer[name]] == labels[name].cast(pl.String).to_list()
    refractory = labels["refractory"].cast(pl.UInt8).fill_null(255)
    assert np.array_equal(answer["refractory"], refractory)
    assert np.array_equal(answer["first_met_days"], labels["first_met_days"].fill_null(NO_DAY))


def compare(name, in_node, combinations, patients=PATIENTS):
    data, engine = data_of(name, patients)
    requests = [{"settings": drawn(data, number), "patients": patients} for number in range(combinations)]
    for request, answer in zip(requests, in_node(engine, requests), strict=True):
        changed = overrides_of(data, request["settings"])
        cohort = ns.run(name, patients=patients, seed=SEED, overrides=changed, criteria=list(SETS), report=False)
        assert answer["readings"] == cohort.tables["readings"].height
        assert_same(answer, cohort.labels.filter(pl.col("replicate") == 0))


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_settings_give_the_cohort_of_the_command(name, in_node):
    compare(name, in_node, COMBINATIONS)


def test_settings_of_the_baseline_give_the_cohort_of_the_command(in_node):
    compare("baseline", in_node, 3, patients=40)


def test_settings_write_different_cells():
    _, engine = data_of("baseline", 5)
    cells = [set().union(*map(cells_of, changes)) for changes in engine["settings"].values()]
    assert len(cells) == len(SETTINGS)
    assert not any(overlap(one, other) for k, one in enumerate(cells) for other in cells[:k])


def test_every_value_changes_something():
    data, engine = data_of("baseline", 5)
    for setting in data["settings"]:
        for place, changes in enumerate(engine["settings"][setting["id"]]):
            assert bool(changes) == (place != setting["base"])
            assert bool(setting["arguments"][place]) == (place != setting["base"])


@pytest.mark.parametrize("name", SETS)
def test_thresholds_judge_as_the_set_with_these_thresholds(name, in_node):
    data, engine = data_of("baseline", 80)
    definition = criteria.load(name)
    offers = {offer.path: (offer, values, base) for offer, values, base in thresholds.offered(definition)}
    requests = [
        {"settings": {}, "patients": 80, "set": name, "thresholds": {path: place}}
        for path, (_, values, base) in offers.items()
        for place in range(len(values))
        if place != base
    ]
    assert len(requests) > 15
    tables = ns.run("baseline", patients=80, seed=SEED).tables
    seen = set()
    for request, answer in zip(requests, in_node(engine, requests), strict=True):
        ((path, place),) = request["thresholds"].items()
        offer, values, _ = offers[path]
        changed = thresholds.with_value(definition, offer, values[place])
        assert isinstance(changed, DefinitionSet)
        assert_same(answer, classify_tables(tables, [changed]))
        seen.add(tuple(answer["category"]))
    assert len(seen) > 3  # thresholds do move patients
    assert {setting["name"] for setting in data["sets"]} == set(SETS)


def test_thresholds_combine(in_node):
    _, engine = data_of("baseline", 80)
    definition = criteria.load("source")
    moved = {}
    changed = definition
    for offer, values, base in thresholds.offered(definition):
        place = 0 if base else len(values) - 1
        moved[offer.path] = place
        changed = thresholds.with_value(changed, offer, values[place])
    (answer,) = in_node(engine, [{"settings": {}, "patients": 80, "set": "source", "thresholds": moved}])
    tables = ns.run("baseline", patients=80, seed=SEED).tables
    assert_same(answer, classify_tables(tables, [changed]))
