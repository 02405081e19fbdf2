"""The process in which a user's own classifier runs, so that nothing it does can end the bench.

It reads one question a line on standard input and answers in lines of JSON on what was standard output; whatever the
classifier itself prints goes to standard error. Tables come as Arrow files. Nothing is pickled.
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

from nephrosyn.bench.requirements import in_a_line
from nephrosyn.kernels import child_process
from nephrosyn.runs.folder import reading

SUFFIX = ".py"
ESTIMATOR, RULE = "estimator", "rule"


def module(source: str, folder: str) -> ModuleType:
    """Import the module of a user's classifier.

    Parameters
    ----------
    source : str
        Name of a module, or path of a file that ends in ``.py``.
    folder : str
        The classifier's own folder, searched after all that is installed: a file in it that is named like a module of
        the standard library or of a package takes nobody's place.
    """
    sys.path.append(folder)
    if not source.endswith(SUFFIX):
        return importlib.import_module(source)
    path, found = Path(source), None
    with suppress(ImportError, ValueError):  # a name that no import statement could have
        found = importlib.util.find_spec(path.stem)
    if found is not None and found.origin and Path(found.origin).resolve() == path:
        return importlib.import_module(path.stem)
    spec = importlib.util.spec_from_file_location(f"nephrosyn_classifier_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    return made


def load(source: str, owner: ModuleType, name: str) -> tuple[str, Any]:
    """Return the kind of a user's object, and the object."""
    found: Any = owner
    try:
        for part in name.split("."):
            found = getattr(found, part)
    except AttributeError:
        where = getattr(owner, "__file__", None) or "a built-in module"
        hint = "" if source.endswith(SUFFIX) else "; for a file of your own write FILE.py:NAME"
        raise AttributeError(f"there is no {name} in {where}{hint}") from None
    if isinstance(found, type):
        found = found()
    if hasattr(found, "fit") and hasattr(found, "predict"):
        return ESTIMATOR, found
    if callable(found):
        return RULE, found
    raise TypeError(f"{name} is neither callable nor a scikit-learn estimator but of type {type(found).__name__}")


def digest(owner: ModuleType) -> str | None:
    """Return the SHA-256 of the file of an imported module, so that results tell which rule they are of."""
    file = getattr(owner, "__file__", None)
    return hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else None


def told(error: BaseException) -> str:
    """Return what an error says, in a line that can be printed."""
    return in_a_line(f"raises {type(error).__name__}: {error}").rstrip(": ")


def _pandas(frame: pl.DataFrame) -> Any:
    """Return numbers as a pandas frame of floats, whatever else pandas is set up with."""
    import pandas as pd

    return pd.DataFrame({name: frame[name].to_numpy() for name in frame.columns})


class Child:
    """A user's classifier and the lines it is asked by."""

    def __init__(self, kind: str, own: Any, out: TextIO) -> None:
        self._out = out
        self.kind, self._own = kind, own
        self._columns: list[str] = []

    def say(self, **answer: Any) -> None:
        """Write one line."""
        self._out.write(json.dumps(answer) + "\n")
        self._out.flush()

    def fit(self, file: str) -> None:
        """Fit the estimator anew on the training cohort."""
        from sklearn.base import clone

        frame = reading.read_ipc(Path(file))
        self._columns = [name for name in frame.columns if name != "answer"]
        self._own = clone(self._own)
        self._own.fit(_pandas(frame.select(self._columns)), frame["answer"].to_numpy())
        self.say(fitted=frame.height)

    def table(self, file: str) -> None:
        """Ask the estimator about all patients at once."""
        frame = reading.read_ipc(Path(file))
        data = _pandas(frame.select(self._columns))
        said = [str(one) for one in self._own.predict(data)]
        answer: dict[str, Any] = {"predicted": said}
        if hasattr(self._own, "predict_proba"):
            chances = self._own.predict_proba(data)
            names = [str(one) for one in self._own.classes_]
            answer["chances"] = {name: [float(row[k]) for row in chances] for k, name in enumerate(names)}
        self.say(**answer)

    def records(self, folder: str, start: int) -> None:
        """Ask the rule about each patient, from a place on."""
        tables = {path.stem: reading.read_ipc(path) for path in Path(folder).glob("*.arrow")}
        tables.pop("features", None)
        keys = ["replicate", "patient"]
        people = tables["patients"].select(keys).unique(maintain_order=True).rows()
        split = {name: frame.partition_by(keys, as_dict=True) for name, frame in tables.items()}
        self.say(reading=len(people))
        for place in range(start, len(people)):
            who = people[place]
            record = {name: parts.get(who, tables[name].clear()) for name, parts in split.items()}
            self.say(place=place, **self._one(record))

    def _one(self, record: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
        try:
            said = self._own(record)
        except Exception as error:
            return {"fault": told(error)}
        chances: Any = None
        if isinstance(said, tuple) and len(said) == 2:
            said, chances = said
        if not isinstance(said, str):
            return {"fault": f"answers with a value of type {type(said).__name__}, not a text"}
        if chances is None:
            return {"predicted": said}
        try:
            numbers = {str(name): float(value) for name, value in dict(chances).items()}
        except (TypeError, ValueError) as error:
            return {"fault": in_a_line(f"probabilities that are no numbers: {error}")}
        if not all(math.isfinite(value) and 0.0 <= value <= 1.0 for value in numbers.values()):
            return {"fault": "probabilities outside 0 to 1"}
        return {"predicted": said, "chances": numbers}


def main() -> None:
    """Answer until nothing more is asked, or whoever asks is gone."""
    child_process.end_with_parent()
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    folder, source, name = sys.argv[1:]
    try:
        owner = module(source, folder)
        child = Child(*load(source, owner, name), out)
    except Exception as error:
        out.write(json.dumps({"fault": told(error)}) + "\n")
        out.flush()
        return
    child.say(kind=child.kind, sha256=digest(owner))
    for line in child_process.questions():
        asked = json.loads(line)
        try:
            getattr(child, asked.pop("do"))(**asked)
        except Exception as error:
            child.say(fault=told(error))


if __name__ == "__main__":
    main()
