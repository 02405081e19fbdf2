"""The clients of MEDS, in an environment of their own, and an export for them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import nephrosyn as ns

HERE = Path(__file__).parent
CLIENTS = HERE.parents[2] / ".venv-meds" / "bin"


@pytest.fixture(scope="session")
def client():
    """Run a program of the clients' environment and return what it prints."""
    assert (CLIENTS / "python").exists(), "the clients of MEDS are missing: make .venv-meds/installed"

    def call(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment["PATH"] = f"{CLIENTS}{os.pathsep}{environment['PATH']}"
        command = [str(CLIENTS / program), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    return call


@pytest.fixture(scope="session")
def steroid_alone(tmp_path_factory) -> ns.Cohort:
    """Adults on steroid alone, of whom many are resistant; no ratio is lost."""
    return ns.run(
        "adult-mixed-lesions",
        patients=300,
        seed=3,
        criteria=[str(HERE / "eight-weeks.toml")],
        overrides=["population.patients_per_site=100", "chart.lost_result_probability.upcr=0"],
        part_patients=100,
        out=tmp_path_factory.mktemp("steroid-alone") / "run",
        report=False,
    )


@pytest.fixture(scope="session")
def dataset(steroid_alone, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dataset") / "meds"
    return steroid_alone.export("meds", folder, split="train=0.7,tuning=0.1,held_out=0.2", workers=1)
