"""The process in which a user's own classifier runs, so that a crash of it does not end the bench.

It reads requests as lines of JSON from standard input and writes responses as lines of JSON to standard output; what
the classifier itself prints goes to standard error. Tables come as Arrow files. Nothing is pickled.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import math
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

import polars as pl

from nephrosyn.bench.optional_packages import in_a_line
from nephrosyn.kernels import child_process
from nephrosyn.runs.folder import reading

SUFFIX = ".py"
ESTIMATOR, RULE = "estimator", "rule"


def load_module(source: str, folder: str) -> ModuleType:
    """Import the module of a user's classifier.

    Parameters
    ----------
    source : str
        Name of a module, or path of a file that ends in ``.py``.
    folder : str
        The folder of the classifier, searched last: a file in it cannot shadow a module of the standard library or of
        an installed package.
    """
    sys.path.append(folder)
    if not source.endswith(SUFFIX):
        return importlib.import_module(source)
    path, importable = Path(source), None
    with suppress(ImportError, ValueError):  # a file name that is no module name
        importable = importlib.util.find_spec(path.stem)
    if importable is not None and importable.origin and Path(importable.origin).resolve() == path:
        return importlib.import_module(path.stem)
    spec = importlib.util.spec_from_file_location(f"nephrosyn_classifier_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def load_object(source: str, owner: ModuleType, name: str) -> tuple[str, Any]:
    """Return the kind of a user's object, `ESTIMATOR` or `RULE`, and the object; a class is instantiated."""
    loaded: Any = owner
    try:
        for part in name.split("."):
            loaded = getattr(loaded, part)
    except AttributeError:
        where = getattr(owner, "__file__", None) or "a built-in module"
        hint = "" if source.endswith(SUFFIX) else "; for a file of your own write FILE.py:NAME"
        raise AttributeError(f"there is no {name} in {where}{hint}") from None
    if isinstance(loaded, type):
        loaded = loaded()
    if hasattr(loaded, "fit") and hasattr(loaded, "predict"):
        return ESTIMATOR, loaded
    if callable(loaded):
        return RULE, loaded
    raise TypeError(f"{name} is neither callable nor a scikit-learn estimator but of type {type(loaded).__name__}")


def digest(owner: ModuleType) -> str | None:
    """Return the SHA-256 of the file of an imported module, stored with the results."""
    file = getattr(owner, "__file__", None)
    return hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else None


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
