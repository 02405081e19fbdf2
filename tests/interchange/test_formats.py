"""Adding a format, as CONTRIBUTING says: a class with three methods, and its name."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

import nephrosyn as ns
from nephrosyn.interchange.counts import Counts
from nephrosyn.interchange.formats import MODULES


class LineFormat:
    """The dates of all results, one a line, numbered over all parts."""

    title = "Lines"

    def __init__(self, run):
        self.run = run

    def write_part(self, part, output):
        readings = part.dated("readings", "taken_days")
        first = part.rows_before("readings")
        lines = [f"{first + n} {who} {day}" for n, (who, day) in enumerate(readings["person_id", "taken_date"].rows())]
        output.put(f"lines/{part.number}.txt", "\n".join(lines).encode(), len(lines))
        return Counts.from_dict({"written": {"lines": len(lines)}, "left_out": {}, "local": {}})

    def finish(self, counts, output):
        output.put("total.txt", f"{counts.written['lines']} {self.run.persons}".encode())
        return Counts()


@pytest.fixture
def lines(monkeypatch):
    module = ModuleType("lines_of_results")
    module.Format = LineFormat
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(MODULES, "lines", module.__name__)


def test_a_new_format_is_written_part_by_part(children, lines, tmp_path):
    folder = children.export("lines", tmp_path / "out", workers=1)
    rows = [line.split() for n in (0, 1) for line in (folder / "lines" / f"{n}.txt").read_text("utf-8").split("\n")]
    readings = children.tables["readings"]
    assert [int(row[0]) for row in rows] == list(range(readings.height))
    persons = readings["replicate"].cast(int) * 20 + readings["patient"] + 1
    assert [int(row[1]) for row in rows] == persons.to_list()
    assert (folder / "total.txt").read_text("utf-8") == f"{readings.height} 40"


def test_a_format_may_refuse_a_run(children, lines, tmp_path, monkeypatch):
    def refuse(self, run):
        raise ns.ExportError("this run is too large for lines")

    monkeypatch.setattr(LineFormat, "__init__", refuse)
    with pytest.raises(ns.ExportError, match="too large for lines"):
        children.export("lines", tmp_path / "out", workers=1)
    assert not list(tmp_path.iterdir())
