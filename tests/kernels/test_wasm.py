"""The course and the criteria as WebAssembly, run by Node: the codes, patients and days of the library."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nephrosyn.course.advance import advance
from nephrosyn.criteria import load as load_set
from nephrosyn.criteria.evaluation import evaluate
from nephrosyn.criteria.evaluation.workspace import Written
from nephrosyn.engine import compiled_driver as driver
from nephrosyn.engine import simulate
from nephrosyn.kernels.arguments import words_of
from nephrosyn.kernels.built import RESULT_WORDS
from nephrosyn.kernels.index import BUILT, Index, read_index
from nephrosyn.record.tables import build_tables
from nephrosyn.scenario import load
from nephrosyn.scenario.files.catalogue import shipped, shipped_sets

pytestmark = pytest.mark.slow

PATIENTS = 300
SCENARIOS = sorted(shipped())[::3][:20]
ADDRESS = 4
"""Place of the address among the words of an array."""


class Calls:
    """Records the calls of an entry point: its arguments before the call, and after it.

    Parameters
    ----------
    entry : callable
        The entry point.
    """

    def __init__(self, entry: Any) -> None:
        self.name, self._entry, self.calls = entry.name, entry, []

    def __call__(self, *arguments: Any) -> Any:
        before = copy.deepcopy(arguments)
        result = self._entry(*arguments)
        self.calls.append((before, copy.deepcopy(arguments), result))
        return result


def arrays_of(value: Any) -> list[np.ndarray]:
    if isinstance(value, tuple):
        return [array for item in value for array in arrays_of(item)]
    return [value] if isinstance(value, np.ndarray) else []


def words_and_addresses(arguments: tuple[Any, ...], layouts: list[Any]) -> tuple[list[int], list[int]]:
    """The words of a call, and the places of the addresses, in the order of `arrays_of`."""
    words, addresses = [0] * RESULT_WORDS, []

    def add(value: Any, layout: Any) -> None:
        if isinstance(layout, list):
            for item, item_layout in zip(value, layout, strict=True):
                add(item, item_layout)
            return
        if isinstance(layout, dict):
            addresses.append(len(words) + ADDRESS)
        words.extend(words_of(value, layout))

    add(arguments, layouts)
    return words, addresses


def write_call(folder: Path, number: int, variant: dict[str, Any], arguments: tuple[Any, ...]) -> list[int]:
    """Write the image of a call, and return where its arrays lie."""
    words, addresses = words_and_addresses(arguments, variant["arguments"])
    image, places = bytearray(8 * len(words)), []
    for place, array in zip(addresses, arrays_of(arguments), strict=True):
        image.extend(bytes(-len(image) % 64))
        words[place] = len(image)
        places.append(len(image))
        image.extend(array.tobytes())
    image.extend(bytes(-len(image) % 8))
    image[: 8 * len(words)] = np.array(words, np.int64).tobytes()
    (folder / f"{number}.in").write_bytes(image)
    told = {"symbol": variant["symbol"], "bytes": len(image), "addresses": addresses}
    (folder / f"{number}.json").write_text(json.dumps(told))
    return places


@pytest.fixture(scope="module")
def index() -> Index:
    read = read_index(BUILT)
    assert read is not None, "the kernels were edited: run tools/build_kernels.py"
    return read


def played(index: Index, recorded: Calls, folder: Path) -> list[tuple[Any, Any, int]]:
    """Play the recorded calls in Node: for each, the arguments as the library left them, those of Node, its result."""
    (variant,) = index.functions[recorded.name]
    places = [write_call(folder, k, variant, before) for k, (before, _, _) in enumerate(recorded.calls)]
    script = Path(__file__).with_name("wasm.mjs")
    subprocess.run(["node", script, index.checked("wasm32"), folder], check=True)
    outcomes = []
    for k, (_, after, _) in enumerate(recorded.calls):
        image = (folder / f"{k}.out").read_bytes()
        arrays = [
            np.frombuffer(image, array.dtype, array.size, place).reshape(array.shape)
            for place, array in zip(places[k], arrays_of(after), strict=True)
        ]
        outcomes.append((arrays_of(after), arrays, int(np.frombuffer(image, np.int64, 1)[0])))
    return outcomes


def test_the_module_imports_only_mathematics(index):
    names = subprocess.run(
        [
            "node",
            "-e",
            "const m = new WebAssembly.Module(require('fs').readFileSync(process.argv[1]));"
            "console.log(WebAssembly.Module.imports(m).map((i) => i.name).join(' '))",
            index.checked("wasm32"),
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert set(names) <= {"memory", "erfc", "exp", "log", "log1p", "pow", "sqrt"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_courses_and_verdicts_are_those_of_the_library(index, name, monkeypatch, tmp_path):
    courses, verdicts = Calls(advance), Calls(evaluate.evaluate_all)
    monkeypatch.setattr(driver, "advance", courses)
    monkeypatch.setattr(driver, "FIRST_BATCH", PATIENTS)
    monkeypatch.setattr(evaluate, "evaluate_all", verdicts)
    scenario = load(name, ["care.clinic.slots=unlimited"]).scenario
    history = next(simulate(scenario, "compiled", 1, 0, PATIENTS))
    tables = build_tables(scenario, 1, 0, history.traits, history.rows)
    sets = [load_set(each) for each in shipped_sets()]
    for view in ("complete", "observed"):
        evaluate.evaluate(tables, sets, view)

    rows, places = 0, tmp_path / "courses"
    places.mkdir()
    for (*_, log, count), (*_, its_log, its_count), _ in played(index, courses, places):
        assert its_count[0] == count[0] > 0
        rows = int(count[0])
        same_rows(log[:rows], its_log[:rows])
    assert rows > 10 * PATIENTS

    places = tmp_path / "verdicts"
    places.mkdir()
    written = next(k for k, value in enumerate(verdicts.calls[0][0]) if isinstance(value, Written))
    for (_, after, result), (_, its, its_result) in zip(verdicts.calls, played(index, verdicts, places), strict=True):
        assert its_result == result
        place = len(arrays_of(after[:written]))
        for k, array in enumerate(arrays_of(after[written])):
            assert np.array_equal(array, its[place + k]), Written._fields[k]


def same_rows(rows: np.ndarray, its: np.ndarray) -> None:
    for field in rows.dtype.names:
        if rows.dtype[field].kind != "f":
            assert np.array_equal(rows[field], its[field]), field
        else:
            assert np.allclose(rows[field], its[field], rtol=1e-9, atol=1e-12, equal_nan=True), field
    assert np.array_equal(np.floor(rows["time"]), np.floor(its["time"]))
