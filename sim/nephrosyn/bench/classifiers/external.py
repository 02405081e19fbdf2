"""A user's own classifier, asked in a process of its own with a time limit."""

from __future__ import annotations

import json
import queue
import subprocess
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import polars as pl

from nephrosyn.bench.classifiers.protocol import PROBABILITY, Answering, Asked, NotReadyError, Shown
from nephrosyn.bench.requirements import in_a_line, need
from nephrosyn.bench.training import NOBODY, Training
from nephrosyn.errors import BenchError
from nephrosyn.kernels import child_process

WORKER = "nephrosyn.bench.classifiers.external_worker"
START_SECONDS = 120.0
"""Time to import a user's module; assumed: slow disks and large packages, yet not for ever."""
END_SECONDS = 5.0
"""Time for a process to come to its end once it has closed its output."""
MOST_HANGS = 3
"""After so many answers that did not come the rest are not waited for."""
GAVE_UP = f"not asked: {MOST_HANGS} answers before did not come"


class Silence(Exception):  # noqa: N818
    """No answer came: the process hangs, or has ended."""


@dataclass(frozen=True)
class Target:
    """Where a user's own classifier is.

    Attributes
    ----------
    source : str
        Name of a module, or path of a file that ends in ``.py``.
    name : str
        Of the function or estimator in it.
    folder : str
        Searched for modules after all that is installed: that of the file, or the one nephrosyn was started in.
    """

    source: str
    name: str
    folder: str


class Process:
    """The other process and its lines.

    Parameters
    ----------
    target : Target
        What it loads.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._last_words: child_process.LastWords | None = None

    def start(self) -> dict[str, Any]:
        """Start it and return what it says first."""
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            child_process.command(WORKER, self._target.folder, self._target.source, self._target.name),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            # Threads that wait for one another in a loop are slow where cores are shared.
            env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **child_process.environment()},
        )
        assert self._process.stderr is not None
        self._lines = queue.Queue()
        self._last_words = child_process.LastWords(self._process.stderr.detach())  # type: ignore[attr-defined]
        threading.Thread(target=_listen, args=(self._process.stdout, self._lines), daemon=True).start()
        return self.hear(START_SECONDS)

    @property
    def running(self) -> bool:
        """Whether it can be asked."""
        return self._process is not None and self._process.poll() is None

    def ask(self, **question: Any) -> None:
        """Send a question."""
        assert self._process is not None and self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()

    def hear(self, seconds: float) -> dict[str, Any]:
        """Return the next line.

        Raises
        ------
        Silence
            If none comes in time, or the process has ended.
        """
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            self.stop()
            raise Silence(f"hangs: no answer within {seconds:g} s") from None
        if line is None:
            raise Silence(self._end())
        said: dict[str, Any] = json.loads(line)
        return said

    def _end(self) -> str:
        """Return how the process came to its end: its exit code and the last it wrote to standard error."""
        assert self._process is not None and self._last_words is not None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        code, last = self._process.poll(), self._last_words.heard()
        self.stop()
        how = f" by signal {-code}" if code is not None and code < 0 else f" with exit code {code}"
        return f"its process ended{how} without an answer" + (f": {in_a_line(last)}" if last else "")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()
            self._process = None


def _listen(stream: IO[str] | None, lines: queue.Queue[str | None]) -> None:
    if stream is not None:
        with suppress(ValueError):  # closed while it was read
            for line in stream:
                lines.put(line)
    lines.put(None)


class Outside:
    """A classifier of a user's own module.

    Parameters
    ----------
    name : str
        Its name in every output.
    target : Target
        Where it is: a function of one record, or a scikit-learn estimator.
    """

    def __init__(self, name: str, target: Target) -> None:
        self.name, self._target = name, target
        self.sha256: str | None = None
        """Of the file of the module; known when it is ready."""

    def ready(self, asked: Asked) -> Answering:
        """Start its process; an estimator is fitted on the training cohort.

        Raises
        ------
        BenchError
            If it cannot be loaded or is neither function nor estimator: that is the user's to put right.
        NotReadyError
            If it is an estimator that cannot be fitted.
        """
        process = Process(self._target)
        try:
            first = process.start()
        except Silence as error:
            raise BenchError([f"--classifier {self.name}: {error}"]) from None
        if "fault" in first:
            process.stop()
            raise BenchError([f"--classifier {self.name}: {first['fault']}"])
        self.sha256 = first["sha256"]
        if first["kind"] == "estimator":
            need("sklearn", "pandas")
            return Estimator(process, asked)
        return OneByOne(process, asked)


class OneByOne:
    """A function that is asked about one record after the other."""

    def __init__(self, process: Process, asked: Asked) -> None:
        self._process, self._seconds = process, asked.seconds
        self._hangs = 0

    def answer(self, shown: Shown) -> pl.DataFrame:
        """Ask about everybody; who gets no answer has a fault."""
        size = shown.people.height
        said: list[dict[str, Any]] = []
        while len(said) < size:
            if self._hangs >= MOST_HANGS:
                said += [{"fault": GAVE_UP}] * (size - len(said))
                break
            said += self._some(shown, len(said), size)
        chances = sorted({name for one in said for name in one.get("chances", {})})
        columns = {f"{PROBABILITY}{name}": [one.get("chances", {}).get(name) for one in said] for name in chances}
        return shown.people.with_columns(
            pl.Series("predicted", [one.get("predicted") for one in said], pl.String),
            pl.Series("fault", [one.get("fault") for one in said], pl.String),
            *[pl.Series(name, values, pl.Float64) for name, values in columns.items()],
        )

    def _some(self, shown: Shown, start: int, size: int) -> list[dict[str, Any]]:
        """Return the answers from a place on, as far as they come."""
        said: list[dict[str, Any]] = []
        try:
            if not self._process.running:
                self._process.start()
            self._process.ask(do="records", folder=str(shown.records_folder), start=start)
            first = self._process.hear(START_SECONDS)
            if "fault" in first:  # the tables could not be read: nobody gets an answer
                return [first] * (size - start)
            while start + len(said) < size:
                said.append(self._process.hear(self._seconds))
        except Silence as error:
            self._hangs += 1
            said.append({"fault": str(error)})
        return said

    def close(self) -> None:
        """End the process."""
        self._process.stop()


class Estimator:
    """A scikit-learn estimator that is asked about all patients at once."""

    def __init__(self, process: Process, asked: Asked) -> None:
        self._process, self._seconds = process, max(asked.seconds, START_SECONDS)
        self._fault: str | None = None
        fault = NOBODY if asked.training.answers.is_empty() else self._fit(asked.training)
        if fault is not None:
            self.close()
            raise NotReadyError(fault)

    def _fit(self, training: Training) -> str | None:
        with tempfile.TemporaryDirectory(prefix="nephrosyn-bench-") as folder:
            file = Path(folder) / "training.arrow"
            training.features.select(*training.columns, "answer").write_ipc(file)
            self._process.ask(do="fit", file=str(file))
            try:
                return self._process.hear(self._seconds).get("fault")
            except Silence as error:
                return str(error)

    def answer(self, shown: Shown) -> pl.DataFrame:
        """Ask about everybody."""
        people = shown.features.select("replicate", "patient")
        said: dict[str, Any] = {"fault": self._fault}
        if self._fault is None:
            self._process.ask(do="table", file=str(shown.features_file))
            try:
                said = self._process.hear(self._seconds)
            except Silence as error:
                self._fault = str(error)
                said = {"fault": self._fault}
        answers, fault = said.get("predicted", []), said.get("fault")
        if fault is None and len(answers) != people.height:
            fault = f"gives {len(answers)} answers for {people.height} patients"
        if fault is not None:
            return people.with_columns(predicted=pl.lit(None, pl.String), fault=pl.lit(fault))
        chances = {f"{PROBABILITY}{name}": values for name, values in said.get("chances", {}).items()}
        return people.with_columns(
            pl.Series("predicted", answers, pl.String),
            *[pl.Series(name, values, pl.Float64) for name, values in chances.items()],
        )

    def close(self) -> None:
        """End the process."""
        self._process.stop()
