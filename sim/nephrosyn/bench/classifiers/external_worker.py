"""The process in which a user's own classifier runs, so that a crash of it does not end the bench.

It reads requests as lines of JSON from standard input and writes responses as lines of JSON to standard output; what
the classifier itself prints goes to standard error. Tables come as Arrow files. Nothing is pickled.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

import polars as pl

from nephrosyn.bench.optional_packages import in_a_line
from nephrosyn.bench.user_objects import attribute_of, digest, load_module
from nephrosyn.kernels import child_process
from nephrosyn.runs.folder import reading

ESTIMATOR, RULE = "estimator", "rule"


def load_object(source: str, owner: ModuleType, name: str) -> tuple[str, Any]:
    """Return the kind of a user's object, `ESTIMATOR` or `RULE`, and the object; a class is instantiated."""
    loaded = attribute_of(source, owner, name)
    if isinstance(loaded, type):
        loaded = loaded()
    if hasattr(loaded, "fit") and hasattr(loaded, "predict"):
        return ESTIMATOR, loaded
    if callable(loaded):
        return RULE, loaded
    raise TypeError(f"{name} is neither callable nor a scikit-learn estimator but of type {type(loaded).__name__}")


def error_text(error: BaseException) -> str:
    """Return an error as one printable line."""
    return in_a_line(f"raises {type(error).__name__}: {error}").rstrip(": ")


def _pandas(frame: pl.DataFrame) -> Any:
    """Return numbers as a pandas frame of numpy floats, whatever types pandas prefers."""
    import pandas as pd

    return pd.DataFrame({name: frame[name].to_numpy() for name in frame.columns})


class Worker:
    """A user's classifier, answering requests."""

    def __init__(self, kind: str, classifier: Any, out: TextIO) -> None:
        self._out = out
        self.kind, self._classifier = kind, classifier
        self._columns: list[str] = []

    def respond(self, **response: Any) -> None:
        """Write one line."""
        self._out.write(json.dumps(response) + "\n")
        self._out.flush()

    def fit(self, file: str) -> None:
        """Fit a clone of the estimator on the training cohort."""
        from sklearn.base import clone

        frame = reading.read_ipc(Path(file))
        self._columns = [name for name in frame.columns if name != "answer"]
        self._classifier = clone(self._classifier)
        self._classifier.fit(_pandas(frame.select(self._columns)), frame["answer"].to_numpy())
        self.respond(fitted=frame.height)

    def table(self, file: str) -> None:
        """Predict all patients at once."""
        frame = reading.read_ipc(Path(file))
        data = _pandas(frame.select(self._columns))
        response: dict[str, Any] = {"predicted": [str(name) for name in self._classifier.predict(data)]}
        if hasattr(self._classifier, "predict_proba"):
            probabilities = self._classifier.predict_proba(data)
            names = [str(name) for name in self._classifier.classes_]
            response["chances"] = {name: [float(row[k]) for row in probabilities] for k, name in enumerate(names)}
        self.respond(**response)

    def records(self, folder: str, start: int) -> None:
        """Call the rule for each patient, beginning with number `start`."""
        tables = {path.stem: reading.read_ipc(path) for path in Path(folder).glob("*.arrow")}
        tables.pop("features", None)
        keys = ["replicate", "patient"]
        people = tables["patients"].select(keys).unique(maintain_order=True).rows()
        split = {name: frame.partition_by(keys, as_dict=True) for name, frame in tables.items()}
        self.respond(reading=len(people))
        for place in range(start, len(people)):
            key = people[place]
            record = {name: parts.get(key, tables[name].clear()) for name, parts in split.items()}
            self.respond(place=place, **self._answer(record))

    def _answer(self, record: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
        try:
            answer = self._classifier(record)
        except Exception as error:
            return {"fault": error_text(error)}
        probabilities: Any = None
        if isinstance(answer, tuple) and len(answer) == 2:
            answer, probabilities = answer
        if not isinstance(answer, str):
            return {"fault": f"answers with a value of type {type(answer).__name__}, not a text"}
        if probabilities is None:
            return {"predicted": answer}
        try:
            numbers = {str(name): float(value) for name, value in dict(probabilities).items()}
        except (TypeError, ValueError) as error:
            return {"fault": in_a_line(f"probabilities that are no numbers: {error}")}
        if not all(math.isfinite(value) and 0.0 <= value <= 1.0 for value in numbers.values()):
            return {"fault": "probabilities outside 0 to 1"}
        return {"predicted": answer, "chances": numbers}


def main() -> None:
    """Answer requests until standard input is closed or the parent process ends."""
    child_process.end_with_parent()
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    folder, source, name = sys.argv[1:]
    try:
        owner = load_module(source, folder)
        worker = Worker(*load_object(source, owner, name), out)
    except Exception as error:
        out.write(json.dumps({"fault": error_text(error)}) + "\n")
        out.flush()
        return
    worker.respond(kind=worker.kind, sha256=digest(owner))
    for line in child_process.input_lines():
        request = json.loads(line)
        try:
            getattr(worker, request.pop("do"))(**request)
        except Exception as error:
            worker.respond(fault=error_text(error))


if __name__ == "__main__":
    main()
