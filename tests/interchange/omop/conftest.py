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


@pytest.fixture(scope="session")
def cohorts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ns.Cohort]:
    """Adults in three parts on disk, of whom some die; children in two replicates, of whom some keep a diary."""
    adults = ns.run(
        "modern-adults",
        patients=120,
        seed=1,
        criteria=SETS["adults"],
        overrides=["population.patients_per_site=20"],
        out=tmp_path_factory.mktemp("runs") / "adults",
        part_patients=40,
        report=False,
    )
    children = ns.run("modern-children", patients=20, replicates=2, seed=1, criteria=SETS["children"])
    return {"adults": adults, "children": children}


@pytest.fixture(scope="session")
def exports(cohorts: dict[str, ns.Cohort], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of the export of each cohort."""
    folder = tmp_path_factory.mktemp("omop")
    return {name: cohort.export("omop", folder / name, workers=1) for name, cohort in cohorts.items()}


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
