"""Exports of simulated cohorts, and a PostgreSQL server with one of them loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

import nephrosyn as ns

from . import model
from .postgres import server

SETS = {"adults": ["source", "kdigo-2021-adults"], "children": ["source", "ipna-2022"]}
PATIENTS = {"adults": 120, "children": 40}


@pytest.fixture(scope="session")
def cohorts() -> dict[str, ns.Cohort]:
    """Adults, of whom some die, and children, of whom some keep a diary."""
    return {
        name: ns.run(f"modern-{name}", patients=PATIENTS[name], seed=1, criteria=sets) for name, sets in SETS.items()
    }


@pytest.fixture(scope="session")
def exports(cohorts: dict[str, ns.Cohort], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of the export of each cohort."""
    folder = tmp_path_factory.mktemp("omop")
    return {name: cohort.export("omop", folder / name) for name, cohort in cohorts.items()}


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """How to connect to a server of the tests."""
    with server() as where:
        yield where


@pytest.fixture(scope="session")
def loaded(postgres: str, exports: dict[str, Path]) -> Iterator[dict[str, psycopg.Connection[Any]]]:
    """A connection for each cohort, to a database with its export and no constraint."""
    connections = {}
    for name, folder in exports.items():
        with psycopg.connect(f"{postgres} dbname=postgres", autocommit=True) as maker:
            maker.execute(f"create database {name}")
        connections[name] = psycopg.connect(f"{postgres} dbname={name}")
        model.create(connections[name])
        model.load(connections[name], folder)
    yield connections
    for connection in connections.values():
        connection.close()


@pytest.fixture(scope="session")
def constrained(loaded: dict[str, psycopg.Connection[Any]]) -> dict[str, dict[str, int]]:
    """The numbers of keys and indices of each database, which has them from here on, and is not changed any more."""
    counts = {}
    for name, connection in loaded.items():
        counts[name] = model.constrain(connection)
        connection.execute("analyze")
        connection.commit()
    return counts
