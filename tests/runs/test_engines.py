"""A clinic with a queue, run by either engine: the same files, however they are made."""

from __future__ import annotations

import pytest

import nephrosyn as ns
from nephrosyn.scenario import load

pytestmark = pytest.mark.slow


def run(folder, **others):
    """Run a busy clinic of several sites, the last of them smaller than the others."""
    clinic = ["population.patients_per_site=20", "care.clinic.visit_length_days={dist='gamma', a=2.0, scale=0.4}"]
    cohort = ns.run("busy-clinic", patients=50, seed=5, overrides=clinic, report=False, out=folder, **others)
    tables = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}
    return cohort.manifest, tables


def test_the_manifest_says_which_engine_ran_and_the_tables_do_not_differ(tmp_path):
    tables = {}
    for engine, ran in (("auto", "compiled"), ("compiled", "compiled"), ("simpy", "simpy")):
        manifest, tables[engine] = run(tmp_path / engine, engine=engine)
        assert (manifest["engine"], manifest["scenario"]["scenario"]["engine"]) == (ran, engine)
        assert ns.open(tmp_path / engine).tables["visits"]["waited_days"].max() > 1.0
    assert tables["auto"] == tables["compiled"] == tables["simpy"]
    assert load("busy-clinic").scenario.engine == "auto"


def test_engines_agree_in_replicates_parts_workers_and_draws(tmp_path):
    asked = {"replicates": 2, "uncertainty": 20, "part_patients": 20}
    _, alone = run(tmp_path / "alone", engine="compiled", **asked)
    _, shared = run(tmp_path / "shared", engine="compiled", workers=2, **asked)
    _, simpy = run(tmp_path / "simpy", engine="simpy", **asked)
    assert len(alone) > 60  # parts of every table
    assert alone == shared == simpy
