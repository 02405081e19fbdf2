"""In pandas, as described in the how-to, flags are true, false or missing, and count as in polars."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import nephrosyn as ns

pytest.importorskip("pyarrow")
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "read-a-run-folder.md"


def test_flags_are_cast_as_the_page_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    ns.run("baseline", patients=60, seed=1, out="run", report=False)
    cohort = ns.open("run")
    names = {"cohort": cohort, "pl": pl}
    for code in re.findall(
        r"^```python pandas\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        exec(compile(code, PAGE.name, "exec"), names)
    labels = cohort.labels
    flags = [name for name, kind in labels.schema.items() if kind == pl.Boolean]
    assert labels["refractory"].null_count() > 0 and len(flags) > 10
    for frame in (names["flags"], names["same"]):
        assert {str(frame[name].dtype) for name in flags} == {"boolean"}
        for name in flags:
            assert int((~frame[name]).sum()) == int((~labels[name]).sum()), name
            assert int(frame[name].isna().sum()) == labels[name].null_count(), name
    assert np.isnan(names["numbers"]).sum() == labels["refractory"].null_count()
    assert "boolean" in capsys.readouterr().out
