"""The flips of one patient in a finished bench, and the changes of the record that cause them."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.bench.classifiers.definition_sets import SetClassifier
from nephrosyn.bench.classifiers.heuristics import Rule
from nephrosyn.bench.classifiers.protocol import Classifier, ReadyClassifier, Setup, ShownRecord, checked_answers
from nephrosyn.bench.classifiers.registry import find
from nephrosyn.bench.flips.search import Answer, find_cause
from nephrosyn.bench.opened_run import Run, open_run
from nephrosyn.bench.output.results import read
from nephrosyn.bench.perturbations import PERTURBATIONS, Record, in_words, perturb
from nephrosyn.bench.perturbations.users import resolved
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.task import FAILED
from nephrosyn.bench.training import Training
from nephrosyn.errors import BenchError, CriteriaError, PerturbationError
from nephrosyn.scenario import Resolved


@dataclass(frozen=True)
class Flip:
    """A classifier whose answer about the patient changes under a perturbation.

    Attributes
    ----------
    classifier, perturbation, mechanism : str
        The classifier, the perturbation and its mechanism.
    severity, replicate : int
        The lowest severity at which the answer changes, and the replicate.
    severities : tuple of int
        All severities of this replicate at which the answer differs from that on the unperturbed record.
    before, after, reference : str
        Answers on the clean and the perturbed record, and the right answer.
    changes : int
        Number of changes of the patient's record.
    cause : polars.DataFrame or None
        A minimal set of changes for which the answer still differs; None where the classifier cannot be asked again
        here (a user's own, one that learns, or a file).
    """

    classifier: str
    perturbation: str
    mechanism: str
    severity: int
    replicate: int
    severities: tuple[int, ...]
    before: str
    after: str
    reference: str
    changes: int
    cause: pl.DataFrame | None


@dataclass(frozen=True)
class Explained:
    """The answers about one patient of a bench.

    Attributes
    ----------
    patient : int
        Number of the patient.
    reference : str
        The right answer.
    clean : dict of str to str
        The answer of each classifier on the unperturbed record, or why it has none.
    flips : list of Flip
        One per classifier, perturbation and replicate with a flip.
    conditions : int
        Number of perturbed records of the patient that each classifier was asked about.
    """

    patient: int
    reference: str
    clean: dict[str, str]
    flips: list[Flip]
    conditions: int


def explain(folder: Path, patient: int) -> Explained:
    """Return which perturbations flip the answers about a patient, and by which changes.

    Parameters
    ----------
    folder : Path
        Results of a bench.
    patient : int
        Number of the patient.

    Raises
    ------
    BenchError
        If there are no results, or the patient is not in them.
    """
    about, frame = read(folder)
    _check(folder, about, frame)
    _load_perturbations(about, folder)
    rows = frame.filter(patient=patient).with_columns(pl.col("classifier").cast(pl.String))
    if not rows.height:
        known = frame["patient"].unique().sort().to_list()
        raise BenchError([f"{folder}: no patient {patient}; patients are {known[0]} to {known[-1]}"])
    clean = rows.filter(perturbation=CLEAN)
    answers = {
        row["classifier"]: f"failed: {row['fault']}" if row["predicted"] == FAILED else row["predicted"]
        for row in clean.select("classifier", "predicted", "fault").to_dicts()
    }
    first = next(iter(answers))
    answers |= {name: why for name, why in about.get("without_score", {}).items() if name not in answers}
    shown = rows.filter(pl.col("perturbation") != CLEAN)
    flipped = shown.filter(pl.col("predicted") != pl.col("clean")).sort(
        "classifier", "perturbation", "replicate", "severity"
    )
    reopened = _ReopenedRun(about, patient)
    explained = [
        reopened.flip(part)
        for part in flipped.partition_by("classifier", "perturbation", "replicate", maintain_order=True)
    ]
    count = shown.filter(pl.col("classifier") == first).height
    return Explained(patient, str(clean["reference"][0]), answers, explained, count)


SETTINGS = ("run", "criteria_asked", "target", "seed", "asked")
COLUMNS = ("classifier", "perturbation", "severity", "replicate", "patient", "reference", "predicted", "clean", "fault")


def _check(folder: Path, about: Any, frame: pl.DataFrame) -> None:
    """Raise an error if results lack what an explanation needs."""
    lacking = [name for name in SETTINGS if not isinstance(about, dict) or name not in about]
    lacking += [name for name in COLUMNS if name not in frame.columns]
    if lacking or frame.is_empty():
        what = f"lack {', '.join(lacking)}" if lacking else "hold no answers"
        raise BenchError([f"{folder}: results of a bench that {what}; run again: nephrosyn bench"])


def _load_perturbations(about: dict[str, Any], folder: Path) -> None:
    """Load the users' perturbations of a bench again."""
    given = about.get("user_perturbations", {})
    missing = [f"{name}={source}" for name, source in given.items() if name not in PERTURBATIONS]
    _, problems = resolved(missing)
    if problems:
        raise BenchError([f"{folder}: {problem}" for problem in problems])


class _ReopenedRun:
    """The run of a bench, reopened for one patient."""

    def __init__(self, about: dict[str, Any], patient: int) -> None:
        self._about, self._patient = about, patient
        self._run: Run | None = None
        self._ready: dict[str, ReadyClassifier | None] = {}

    @property
    def run(self) -> Run:
        if self._run is None:
            about = self._about
            self._run = open_run(
                about["run"],
                about["criteria_asked"],
                about["target"],
                until_days=about.get("until_days"),
                label_days=about.get("label_days"),
            )
        return self._run

    def flip(self, part: pl.DataFrame) -> Flip:
        """Return the flip at the lowest severity of one classifier, perturbation and replicate."""
        row = part.row(0, named=True)
        name, perturbation = row["classifier"], row["perturbation"]
        record = {table: frame.filter(patient=self._patient) for table, frame in self.run.observed.items()}
        seed = self._about["seed"]
        _, log = perturb(record, perturbation, row["severity"], seed=seed, replicate=row["replicate"])
        cause = self._cause(name, record, log)
        return Flip(
            name,
            perturbation,
            PERTURBATIONS[perturbation].mechanism,
            row["severity"],
            row["replicate"],
            tuple(part["severity"].to_list()),
            str(row["clean"]),
            str(row["predicted"]),
            str(row["reference"]),
            log.height,
            None if cause is None else in_words(cause),
        )

    def _cause(self, name: str, record: Record, log: pl.DataFrame) -> pl.DataFrame | None:
        ready = self._classifier(name)
        if ready is None:
            return None
        with tempfile.TemporaryDirectory() as place, suppress(PerturbationError):
            answer = self._answer_function(ready, Path(place))
            cause = find_cause(record, log, answer, patient=self._patient)
            return cause.changes if cause.flipped else None
        return None

    def _classifier(self, name: str) -> ReadyClassifier | None:
        if name not in self._ready:
            self._ready[name] = None
            task = self.run.task
            classifier = SetClassifier(task.definition) if name == task.definition.name else self._find(name)
            if isinstance(classifier, SetClassifier | Rule):
                manifest = self.run.manifest
                scenario = Resolved.from_dict(manifest["scenario"]).scenario
                self._ready[name] = classifier.ready(Setup(task, Training(scenario, manifest["seed"], task), 0.0))
        return self._ready[name]

    def _find(self, name: str) -> Classifier | None:
        """Return a classifier by its name in the results; None if it can no longer be found."""
        for requested in self._about["asked"]:
            with suppress(BenchError, CriteriaError):
                if (classifier := find(requested)).name == name:
                    return classifier
        return None

    def _answer_function(self, ready: ReadyClassifier, place: Path) -> Answer:
        def answer(record: Record) -> str:
            shown = ShownRecord(record, place)
            predicted = checked_answers(ready.answer(shown), shown.people, self.run.task)["predicted"]
            return str(predicted[0]) if predicted.len() else ""

        return answer
