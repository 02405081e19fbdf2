"""The page on the perturbations matches their table of constants, and its example runs."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from nephrosyn.bench.perturbations import PERTURBATIONS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def perturbations():
    spec = importlib.util.spec_from_file_location("perturbations_page", DOCS.parent / "tools" / "perturbations.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_current(perturbations):
    assert perturbations.PAGE.read_text(encoding="utf-8") == perturbations.page()


def test_every_perturbation_and_number_is_on_it(perturbations):
    text = perturbations.page()
    for name, perturbation in PERTURBATIONS.items():
        assert f"`{name}`; mechanism: {perturbation.mechanism}." in text
        for key, constant in perturbation.constants.items():
            assert f"| `{key}`, {constant.unit} |" in text
            assert f"`{key}`: {constant.source.rstrip('.')}." in text


def test_the_example_runs(perturbations, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", perturbations.page(), re.DOTALL)
    names = {}
    exec(code, names)
    assert "visits_missing" in capsys.readouterr().out
    assert all(names["again"][table].equals(frame) for table, frame in names["perturbed"].items())
