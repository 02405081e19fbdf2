"""Which changes of the record make a classifier say something else of one patient."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn.bench.classifiers.definition_sets import SetClassifier
from nephrosyn.bench.classifiers.heuristics import Rule
from nephrosyn.bench.classifiers.protocol import ReadyClassifier, Setup, ShownRecord, checked_answers
from nephrosyn.bench.classifiers.registry import find
from nephrosyn.bench.flips import search as flips
from nephrosyn.bench.output.results import read
from nephrosyn.bench.perturbations import PERTURBATIONS, Record, in_words, perturb
from nephrosyn.bench.run import Run, open_run
from nephrosyn.bench.score.conditions import CLEAN
from nephrosyn.bench.task import FAILED
from nephrosyn.bench.training import Training
from nephrosyn.errors import BenchError, CriteriaError, PerturbationError
from nephrosyn.scenario import Resolved


@dataclass(frozen=True)
class Flip:
    """One classifier that says something else under one condition.

    Attributes
    ----------
    classifier, perturbation, mechanism : str
        Who, and what was done.
    severity, replicate : int
        The lowest severity at which it says so.
    severities : tuple of int
        All severities at which it says something else than of the clean record, in this replicate.
    before, after, reference : str
        What it says of the clean and of the perturbed record, and what is right.
    changes : int
        Changes of this patient's record.
    cause : polars.DataFrame or None
        Changes of which none can be left out, so that the answer still differs; None where the classifier cannot be
        asked again here (a user's own, one that learns, or a file).
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
    """One patient of a bench.

    Attributes
    ----------
    patient : int
        Who.
    reference : str
        What is right.
    clean : dict of str to str
        What each classifier says of the clean record, or why it says nothing.
    flips : list of Flip
        The lowest severity of each perturbation and classifier.
    conditions : int
        Perturbed records of this patient that each classifier judged.
    """

    patient: int
    reference: str
    clean: dict[str, str]
    flips: list[Flip]
    conditions: int


def explain(folder: Path, patient: int) -> Explained:
    """Tell which perturbations flip a patient, and by which changes.

    Parameters
    ----------
    folder : Path
        Results of a bench.
    patient : int
        Who.

    Raises
    ------
    BenchError
        If there are no results, or no such patient in them.
    """
    about, frame = read(folder)
    _check(folder, about, frame)
    rows = frame.filter(patient=patient).with_columns(pl.col("classifier").cast(pl.String))
    if not rows.height:
        known = frame["patient"].unique().sort().to_list()
        raise BenchError([f"{folder}: no patient {patient}; patients are {known[0]} to {known[-1]}"])
    clean = rows.filter(perturbation=CLEAN)
    said = {
        row["classifier"]: f"failed: {row['fault']}" if row["predicted"] == FAILED else row["predicted"]
        for row in clean.select("classifier", "predicted", "fault").to_dicts()
    }
    asked = next(iter(said))
    said |= {name: why for name, why in about.get("without_score", {}).items() if name not in said}
    shown = rows.filter(pl.col("perturbation") != CLEAN)
    flipped = shown.filter(pl.col("predicted") != pl.col("clean")).sort(
        "classifier", "perturbation", "replicate", "severity"
    )
    again = _Again(about, patient)
    found = [
        again.flip(part)
        for part in flipped.partition_by("classifier", "perturbation", "replicate", maintain_order=True)
    ]
    count = shown.filter(pl.col("classifier") == asked).height
    return Explained(patient, str(clean["reference"][0]), said, found, count)


ABOUT = ("run", "criteria_asked", "target", "seed", "asked")
COLUMNS = ("classifier", "perturbation", "severity", "replicate", "patient", "reference", "predicted", "clean", "fault")


def _check(folder: Path, about: Any, frame: pl.DataFrame) -> None:
    """Refuse results that lack what is needed to explain one."""
    lacking = [name for name in ABOUT if not isinstance(about, dict) or name not in about]
    lacking += [name for name in COLUMNS if name not in frame.columns]
    if lacking or frame.is_empty():
        what = f"lack {', '.join(lacking)}" if lacking else "hold no answers"
        raise BenchError([f"{folder}: results of a bench that {what}; make them again with: nephrosyn bench"])


class _Again:
    """The run of a bench, opened again for one patient."""

    def __init__(self, about: dict[str, Any], patient: int) -> None:
        self._about, self._patient = about, patient
        self._run: Run | None = None
        self._ready: dict[str, ReadyClassifier | None] = {}

    @property
    def run(self) -> Run:
        if self._run is None:
            about = self._about
            self._run = open_run(about["run"], about["criteria_asked"], about["target"])
        return self._run

    def flip(self, part: pl.DataFrame) -> Flip:
        """Return the lowest severity of one classifier, perturbation and replicate."""
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
            found = flips.find_cause(record, log, self._says(ready, Path(place)), patient=self._patient)
            return found.changes if found.flipped else None
        return None

    def _classifier(self, name: str) -> ReadyClassifier | None:
        if name not in self._ready:
            self._ready[name] = None
            task = self.run.task
            own: Any = SetClassifier(task.definition) if name == task.definition.name else None
            if own is None:
                for asked in self._about["asked"]:
                    with suppress(BenchError, CriteriaError):  # one that is gone since cannot be asked again
                        own = one if (one := find(asked)).name == name else own
            if isinstance(own, SetClassifier | Rule):
                manifest = self.run.manifest
                scenario = Resolved.from_dict(manifest["scenario"]).scenario
                self._ready[name] = own.ready(Setup(task, Training(scenario, manifest["seed"], task), 0.0))
        return self._ready[name]

    def _says(self, ready: ReadyClassifier, place: Path) -> flips.Answer:
        def says(record: Record) -> str:
            shown = ShownRecord(record, place)
            said = checked_answers(ready.answer(shown), shown.people, self.run.task)["predicted"]
            return str(said[0]) if said.len() else ""

        return says
