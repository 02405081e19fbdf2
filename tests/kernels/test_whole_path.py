"""A scenario simulated in Node from numbers alone: the tables and labels of Python."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from nephrosyn.criteria import load as load_set
from nephrosyn.engine import simulate
from nephrosyn.errors import EngineError
from nephrosyn.explore.model_inputs import model_inputs
from nephrosyn.kernels.index import BUILT, read_index
from nephrosyn.kernels.sources import PACKAGE
from nephrosyn.record.tables import build_tables
from nephrosyn.runs.labels import classify_tables
from nephrosyn.scenario import load
from nephrosyn.scenario.files.catalogue import shipped, shipped_sets
from nephrosyn.scenario.schema.quantile_tables import table
from nephrosyn.scenario.schema.units import Distribution

PATIENTS = 300
SEED = 4
SCENARIOS = sorted(shipped())[::3][:20]
UNLIMITED = ["care.clinic.slots=unlimited"]
SETS = ("source", "ipna-2022", "kdigo-2021-adults")
KINDS = {"Int32Array": "<i4", "Uint8Array": "|u1", "Float64Array": "<f8", "BigInt64Array": "<i8"}
NO_DAY, NO_TERM = -(2**31), 255
OBSERVED = ("patients", "visits", "readings", "diary", "doses", "conditions", "follow_up")
TRUE = ("truth/events", "truth/proteinuria", "truth/doses", "truth/conditions", "truth/follow_up")


def in_node(folder: Path, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return what the page's module gives: columns by table, or an error."""
    index = read_index(BUILT)
    assert index is not None, "the kernels were edited: run tools/build_kernels.py"
    given, output = folder / "inputs.json", folder / "output.json"
    given.write_text(json.dumps(inputs), encoding="utf-8")
    script = Path(__file__).with_name("whole_path.mjs")
    subprocess.run(["node", script, index.checked("wasm32"), given, output], check=True)
    return json.loads(output.read_text(encoding="utf-8"))


def array_of(column: Any) -> np.ndarray:
    if isinstance(column, list):
        return np.array(column)
    return np.frombuffer(base64.b64decode(column["data"]), KINDS[column["type"]])


def expected(series: pl.Series) -> np.ndarray:
    """A column of Python's with codes for terms, and the page's values for missing ones."""
    if isinstance(series.dtype, pl.Enum):
        return series.to_physical().cast(pl.UInt8).fill_null(NO_TERM).to_numpy()
    if series.dtype == pl.Date:
        return series.to_physical().to_numpy()
    if series.dtype == pl.Boolean:
        return series.cast(pl.UInt8).fill_null(NO_TERM).to_numpy()
    if series.dtype.is_float():
        return series.fill_null(np.nan).to_numpy()
    return series.fill_null(NO_DAY).to_numpy() if series.dtype != pl.String else series.to_numpy()


def compare(frame: pl.DataFrame, table: dict[str, Any], name: str) -> None:
    """Equal codes, patients and days; other numbers to 1e-12."""
    for column in frame.columns:
        if column == "replicate":
            continue
        ours, its = expected(frame[column]), array_of(table[column])
        if ours.dtype.kind != "f":
            assert np.array_equal(ours, its), f"{name}.{column}"
        else:
            np.testing.assert_allclose(its, ours, rtol=1e-12, atol=1e-12, err_msg=f"{name}.{column}")


def played(scenario: Any, seed: int, patients: int) -> tuple[Any, Any]:
    history = next(simulate(scenario, "compiled", seed, 0, patients))
    return history.traits, history.rows


def compare_cohort(folder: Path, name: str, sets: tuple[str, ...] = SETS, seed: int = SEED, **changed: Any) -> None:
    """Compare the page with Python: all codes, days and labels, and other numbers to 1e-12."""
    scenario, definitions = load(name, UNLIMITED).scenario, [load_set(each) for each in sets]
    page = in_node(folder, {**model_inputs(scenario, definitions, PATIENTS, SEED), **changed})
    bands = dict(enumerate(scenario.population.bands))
    page["patients"]["band"] = [bands[code] for code in array_of(page["patients"]["band"]).tolist()]
    tables = build_tables(scenario, seed, 0, *played(scenario, seed, changed.get("patients", PATIENTS)))
    for each in (*OBSERVED, *TRUE):
        compare(tables[each], page[each], each)
    compare(classify_tables(tables, definitions), page["labels"], "labels")
    assert len(array_of(page["readings"]["value"])) > 10 * changed.get("patients", PATIENTS)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_tables_and_labels_are_those_of_python(name, tmp_path):
    compare_cohort(tmp_path, name, sets=tuple(sorted(shipped_sets())))


def test_seed_and_number_of_patients_change_in_the_page(tmp_path):
    compare_cohort(tmp_path, "baseline", seed=12345678901234, patients=40, seed_later="12345678901234")


def test_kinds_of_refractory_disease_are_told_apart(tmp_path):
    compare_cohort(tmp_path, "false-refractory", patients=150)


def test_a_full_log_grows(tmp_path):
    compare_cohort(tmp_path, "ten-years", patients=40, follow_up_years=0.0)


def test_patients_who_share_a_clinic_are_refused():
    with pytest.raises(EngineError, match="share a clinic"):
        model_inputs(load("busy-clinic").scenario, [load_set("source")], 10, seed=1)


@pytest.mark.parametrize(
    ("changed", "kind", "message"),
    [
        ({"format": 99}, "inputs", "format 1 expected, not 99"),
        ({"patients": 0}, "inputs", "patients: a whole number above 0 expected, not 0"),
        ({"patients": 2_000_000_000}, "memory", "simulate fewer patients"),
        ({"growth": []}, "inputs", "bodies: a tuple of 2 expected"),
    ],
)
def test_errors_are_named(tmp_path, changed, kind, message):
    inputs = model_inputs(load("baseline").scenario, [load_set("source")], 10, seed=1)
    error = in_node(tmp_path, {**inputs, **changed})
    assert error["kind"] == kind
    assert message in error["message"]


def test_a_page_makes_the_table_of_a_log_normal_distribution():
    code = (
        f"import {{ logNormalTable }} from {json.dumps((PACKAGE / 'kernels' / 'model.mjs').as_uri())};"
        "console.log(JSON.stringify([...logNormalTable(12, 0.6, JSON.parse(process.argv[1]))]))"
    )
    tables = model_inputs(load("baseline").scenario, [load_set("source")], 1, seed=1)["tables"]
    command = ["node", "--input-type=module", "-e", code, json.dumps(tables)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    cells = table(Distribution(dist="lognorm", s=0.6, scale=12.0))
    np.testing.assert_allclose(json.loads(done.stdout), cells, rtol=0, atol=1e-7)  # at the end, by rounding of 1 - 1e-9
    np.testing.assert_allclose(json.loads(done.stdout)[:1000], cells[:1000], rtol=0, atol=1e-14)


def test_a_module_of_other_sources_is_refused(tmp_path):
    inputs = model_inputs(load("baseline").scenario, [load_set("source")], 10, seed=1)
    inputs["entries"]["draw"]["symbol"] = "entry_999"
    error = in_node(tmp_path, inputs)
    assert (error["kind"], "the module lacks draw" in error["message"]) == ("module", True)


def test_the_module_exports_what_a_page_calls_and_no_more():
    index = read_index(BUILT)
    assert index is not None, "the kernels were edited: run tools/build_kernels.py"
    script = (
        "const m = new WebAssembly.Module(require('fs').readFileSync(process.argv[1]));"
        "console.log(WebAssembly.Module.exports(m).map((e) => e.name).join(' '));"
        "console.log(WebAssembly.Module.imports(m).map((i) => i.name).join(' '))"
    )
    done = subprocess.run(["node", "-e", script, index.checked("wasm32")], check=True, capture_output=True, text=True)
    exports, imports = (set(line.split()) for line in done.stdout.splitlines())
    scenario = load("baseline").scenario
    entries = model_inputs(scenario, [load_set("source")], 1, seed=1)["entries"]
    assert exports == {"__heap_base", *(entry["symbol"] for entry in entries.values())}
    assert imports <= {"memory", "erfc", "exp", "log", "log1p", "pow", "sqrt"}
