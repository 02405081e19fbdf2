"""A page's data and its model in Node."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from nephrosyn.kernels.index import BUILT, read_index


@pytest.fixture
def in_node(tmp_path):
    """Return a function that plays requests with the model of a page, as its worker does."""

    def play(engine, requests):
        index = read_index(BUILT)
        assert index is not None, "the kernels were edited: run tools/build_kernels.py"
        files = {name: tmp_path / f"{name}.json" for name in ("engine", "requests", "output")}
        files["engine"].write_text(json.dumps(engine), encoding="utf-8")
        files["requests"].write_text(json.dumps(requests), encoding="utf-8")
        command = ["node", Path(__file__).with_name("cohorts.mjs"), index.checked("wasm32"), *files.values()]
        subprocess.run(command, check=True)
        return json.loads(files["output"].read_text(encoding="utf-8"))

    return play
