"""Shipped scenarios give the same rows, tables and labels with every kind of compiled code and with both drivers.

``make kernels-check`` runs this file alone, after a change of compiled code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nephrosyn.kernels import library

pytestmark = pytest.mark.slow

PATIENTS = 40
FEW, EVERY = 2, 6
"""Patients without compilation, which takes hundreds of times longer, and of which scenarios."""

DIGESTS = """
import hashlib, json, sys
from nephrosyn.criteria import load as load_set
from nephrosyn.engine import simulate
from nephrosyn.record.tables import build_tables
from nephrosyn.runs.labels import classify_tables
from nephrosyn.scenario import load, shipped

engine, patients, step = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sets, digests = [load_set(name) for name in ("source", "ipna-2022", "kdigo-2021-adults")], {}
for name in sorted(shipped())[::step]:
    scenario = load(name).scenario
    history = next(simulate(scenario, engine, 7, 1, patients))
    tables = build_tables(scenario, 7, 1, history.traits, history.rows)
    digest = hashlib.sha256(history.traits.tobytes() + history.rows.tobytes())
    for table, frame in sorted({**tables, "labels": classify_tables(tables, sets)}.items()):
        digest.update(f"{table}\\n{frame.write_csv()}".encode())
    digests[name] = digest.hexdigest()
print(json.dumps([digests, sorted({"numba", "llvmlite"} & set(sys.modules))]))
"""


def digests(
    engine: str = "compiled", patients: int = PATIENTS, step: int = 1, **environment: str
) -> tuple[dict[str, str], list[str]]:
    """The digest of each scenario, and the compilers that were loaded."""
    command = [sys.executable, "-W", "ignore", "-c", DIGESTS, engine, str(patients), str(step)]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    of_scenarios, loaded = json.loads(done.stdout)
    return of_scenarios, loaded


@pytest.fixture(scope="module")
def built() -> dict[str, str]:
    """The digests with the code built ahead, which must serve: no compiler is loaded."""
    of_scenarios, loaded = digests()
    if library.machine() == "linux-x86_64":
        assert loaded == [], "the kernels were edited: run tools/build_kernels.py"
    assert len(set(of_scenarios.values())) == len(of_scenarios) > 50
    return of_scenarios


def test_the_simpy_driver(built):
    assert digests("simpy")[0] == built


def test_llvm_code(built, tmp_path):
    assert digests(NEPHROSYN_KERNELS="bitcode", XDG_CACHE_HOME=str(tmp_path)) == (built, ["llvmlite"])


def test_numba(built):
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    assert digests(NEPHROSYN_KERNELS="numba", XDG_CACHE_HOME=str(home)) == (built, ["llvmlite", "numba"])


def test_plain_python():
    assert digests("compiled", FEW, EVERY, NUMBA_DISABLE_JIT="1")[0] == digests("compiled", FEW, EVERY)[0]
