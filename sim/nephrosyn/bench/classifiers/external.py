"""A user's own classifier, called in a separate process with a time limit."""

from __future__ import annotations

import json
import queue
import subprocess
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import polars as pl

from nephrosyn.bench.classifiers.protocol import PROBABILITY, NotReadyError, ReadyClassifier, Setup, ShownRecord
from nephrosyn.bench.optional_packages import in_a_line, require
from nephrosyn.bench.training import NOBODY, Training
from nephrosyn.bench.user_objects import ObjectPath
from nephrosyn.errors import BenchError
from nephrosyn.kernels import child_process

WORKER = "nephrosyn.bench.classifiers.external_worker"
START_SECONDS = 120.0
"""Time limit for importing a user's module; assumed: enough for slow disks and large packages."""
END_SECONDS = 5.0
"""Time limit for a process to exit once it has closed its output."""
MOST_HANGS = 3
"""After this many time-outs or crashes the classifier is not asked again."""
GAVE_UP = f"not asked: {MOST_HANGS} answers before did not come"


class NoAnswerError(Exception):
    """The process hangs or has ended without an answer."""


class WorkerProcess:
    """The worker process, which reads and writes lines of JSON.

    Parameters
    ----------
    path : ObjectPath
        The classifier it loads.
    """

    def __init__(self, path: ObjectPath) -> None:
        self._path = path
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._last_words: child_process.LastErrorLine | None = None

    def start(self) -> dict[str, Any]:
        """Start the process and return its first line."""
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            child_process.command(WORKER, self._path.folder, self._path.source, self._path.name),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            # Threads in a busy wait are slow where cores are shared.
            env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **child_process.environment()},
        )
        assert self._process.stderr is not None
        self._lines = queue.Queue()
        self._last_words = child_process.LastErrorLine(self._process.stderr.detach())  # type: ignore[attr-defined]
        threading.Thread(target=_listen, args=(self._process.stdout, self._lines), daemon=True).start()
        return self.receive(START_SECONDS)

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def send(self, **request: Any) -> None:
        """Send a request."""
        assert self._process is not None and self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()

    def receive(self, seconds: float) -> dict[str, Any]:
        """Return the next line, parsed.

        Raises
        ------
        Silence
            If none comes in time, or the process has ended.
        """
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            self.stop()
            raise NoAnswerError(f"hangs: no answer within {seconds:g} s") from None
        if line is None:
            raise NoAnswerError(self._end())
        response: dict[str, Any] = json.loads(line)
        return response

    def _end(self) -> str:
        """Return how the process ended: its exit code and the last line of standard error."""
        assert self._process is not None and self._last_words is not None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        code, last = self._process.poll(), self._last_words.heard()
        self.stop()
        how = f" by signal {-code}" if code is not None and code < 0 else f" with exit code {code}"
        return f"its process ended{how} without an answer" + (f": {in_a_line(last)}" if last else "")

    def stop(self) -> None:
        """Kill the process."""
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
        with suppress(ValueError):  # closed while being read
            for line in stream:
                lines.put(line)
    lines.put(None)


class ExternalClassifier:
    """A classifier defined by a user.

    Parameters
    ----------
    name : str
        Name in every output.
    path : ObjectPath
        Where a function of one record or a scikit-learn estimator is defined.
    """

    def __init__(self, name: str, path: ObjectPath) -> None:
        self.name, self._path = name, path
        self.sha256: str | None = None
        """Digest of the module's file; set by `ready`."""

    def ready(self, setup: Setup) -> ReadyClassifier:
        """Start the process; an estimator is fitted on the training cohort.

        Raises
        ------
        BenchError
            If the object cannot be loaded, or is neither function nor estimator.
        NotReadyError
            If it is an estimator that cannot be fitted.
        """
        process = WorkerProcess(self._path)
        try:
            first = process.start()
        except NoAnswerError as error:
            raise BenchError([f"--classifier {self.name}: {error}"]) from None
        if "fault" in first:
            process.stop()
            raise BenchError([f"--classifier {self.name}: {first['fault']}"])
        self.sha256 = first["sha256"]
        if first["kind"] == "estimator":
            require("sklearn", "pandas")
            return ExternalEstimator(process, setup)
        return ExternalFunction(process, setup)


class ExternalFunction:
    """A function that is called with one record after the other."""

    def __init__(self, process: WorkerProcess, setup: Setup) -> None:
        self._process, self._seconds = process, setup.seconds
        self._hangs = 0

    def answer(self, shown: ShownRecord) -> pl.DataFrame:
        """Return an answer or a fault for every patient."""
        size = shown.people.height
        answers: list[dict[str, Any]] = []
        while len(answers) < size:
            if self._hangs >= MOST_HANGS:
                answers += [{"fault": GAVE_UP}] * (size - len(answers))
                break
            answers += self._some(shown, len(answers), size)
        probabilities: list[dict[str, float]] = [answer.get("chances", {}) for answer in answers]
        names = sorted(set().union(*probabilities))
        columns = {f"{PROBABILITY}{name}": [given.get(name) for given in probabilities] for name in names}
        return shown.people.with_columns(
            pl.Series("predicted", [answer.get("predicted") for answer in answers], pl.String),
            pl.Series("fault", [answer.get("fault") for answer in answers], pl.String),
            *[pl.Series(name, values, pl.Float64) for name, values in columns.items()],
        )

    def _some(self, shown: ShownRecord, start: int, size: int) -> list[dict[str, Any]]:
        """Return the answers from a patient on, up to the first time-out or crash."""
        answers: list[dict[str, Any]] = []
        try:
            if not self._process.running:
                self._process.start()
            self._process.send(do="records", folder=str(shown.records_folder), start=start)
            first = self._process.receive(START_SECONDS)
            if "fault" in first:  # the tables could not be read
                return [first] * (size - start)
            while start + len(answers) < size:
                answers.append(self._process.receive(self._seconds))
        except NoAnswerError as error:
            self._hangs += 1
            answers.append({"fault": str(error)})
        return answers

    def close(self) -> None:
        """Kill the process."""
        self._process.stop()


class ExternalEstimator:
    """A scikit-learn estimator that predicts all patients at once."""

    def __init__(self, process: WorkerProcess, setup: Setup) -> None:
        self._process, self._seconds = process, max(setup.seconds, START_SECONDS)
        self._fault: str | None = None
        fault = NOBODY if setup.training.answers.is_empty() else self._fit(setup.training)
        if fault is not None:
            self.close()
            raise NotReadyError(fault)

    def _fit(self, training: Training) -> str | None:
        with tempfile.TemporaryDirectory(prefix="nephrosyn-bench-") as folder:
            file = Path(folder) / "training.arrow"
            training.features.select(*training.columns, "answer").write_ipc(file)
            self._process.send(do="fit", file=str(file))
            try:
                return self._process.receive(self._seconds).get("fault")
            except NoAnswerError as error:
                return str(error)

    def answer(self, shown: ShownRecord) -> pl.DataFrame:
        """Return an answer or a fault for every patient."""
        people = shown.features.select("replicate", "patient")
        response: dict[str, Any] = {"fault": self._fault}
        if self._fault is None:
            self._process.send(do="table", file=str(shown.features_file))
            try:
                response = self._process.receive(self._seconds)
            except NoAnswerError as error:
                self._fault = str(error)
                response = {"fault": self._fault}
        answers, fault = response.get("predicted", []), response.get("fault")
        if fault is None and len(answers) != people.height:
            fault = f"gives {len(answers)} answers for {people.height} patients"
        if fault is not None:
            return people.with_columns(predicted=pl.lit(None, pl.String), fault=pl.lit(fault))
        probabilities = {f"{PROBABILITY}{name}": values for name, values in response.get("chances", {}).items()}
        return people.with_columns(
            pl.Series("predicted", answers, pl.String),
            *[pl.Series(name, values, pl.Float64) for name, values in probabilities.items()],
        )

    def close(self) -> None:
        """Kill the process."""
        self._process.stop()
