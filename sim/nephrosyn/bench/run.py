"""Ask every classifier under every condition, and keep each answer beside the right one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn import criteria
from nephrosyn.bench.classifiers.definition_sets import SetClassifier
from nephrosyn.bench.classifiers.external import GAVE_UP, ExternalClassifier
from nephrosyn.bench.classifiers.protocol import (
    Classifier,
    NotReadyError,
    ReadyClassifier,
    Setup,
    ShownRecord,
    checked_answers,
)
from nephrosyn.bench.classifiers.registry import find_all
from nephrosyn.bench.perturbations import PERTURBATIONS, VERSION
from nephrosyn.bench.requirements import need
from nephrosyn.bench.score.conditions import (
    CLEAN,
    MOST_REPLICATES,
    Condition,
    Reference,
    Shift,
    conditions,
    perturbation_names,
    shifts,
)
from nephrosyn.bench.score.subgroups import groups
from nephrosyn.bench.task import FAILED, TARGETS, Target, Task, category_tells_refractory, scored
from nephrosyn.bench.training import PATIENTS, Training
from nephrosyn.errors import BenchError
from nephrosyn.record.schema import OBSERVED
from nephrosyn.runs import relabel
from nephrosyn.runs.folder import Folder
from nephrosyn.runs.folder.layout import sha256
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import Resolved
from nephrosyn.text_files import is_readable
from nephrosyn.user_input import MOST_SEED, wrong_count

SECONDS = 10.0
LEAST_SECONDS, MOST_SECONDS = 0.1, 86_400.0
MOST_TRAINING = 1_000_000
OTHER_SETS = ("ipna-2022", "source")
"""The set of another clinic, unless one is named: the first that is not the one asked about."""


@dataclass(frozen=True)
class Run:
    """A finished run, ready for the bench: one replicate, its record, and the right answers.

    Attributes
    ----------
    folder : Path
        Where it lies.
    asked : str
        The definition set as it was asked for: name or file.
    manifest : dict
        Of the run.
    task : Task
        The question.
    observed : dict of str to polars.DataFrame
        The record.
    reference : Reference
        The right answers.
    groups : polars.DataFrame
        The group of every patient on each axis of the slices.
    traits : polars.DataFrame
        `patient` and the latent `response`; without rows where the truth is withheld.
    """

    folder: Path
    asked: str
    manifest: dict[str, Any]
    task: Task
    observed: dict[str, pl.DataFrame]
    reference: Reference
    groups: pl.DataFrame = field(repr=False)
    traits: pl.DataFrame = field(repr=False)


def open_run(folder: str | Path, name: str | None = None, target: Target = "category", other: str | None = None) -> Run:
    """Open a run for the bench.

    Parameters
    ----------
    folder : path
        A finished run; of several replicates the first is taken.
    name : str, optional
        The definition set asked about; the first of the run without it.
    target : {"category", "refractory"}
        What is asked.
    other : str, optional
        The set of another clinic, for the shift of definition.

    Raises
    ------
    RunFolderError, CriteriaError, BenchError
        If the run or a set cannot be read, or nobody has a right answer.
    """
    if target not in TARGETS:
        raise BenchError([f"--target {target}: expected {' or '.join(TARGETS)}"])
    disk = Folder(Path(folder))
    tables = {table: disk.collect(disk.lazy(table).filter(replicate=0)) for table in disk}
    definition = relabel.definition(disk.manifest, name)
    task = Task(definition, target)
    if target == "category" and not category_tells_refractory(definition):
        raise BenchError(
            [
                f"under {definition.name} the category does not say whether a patient is refractory: a flag that "
                "counts as refractory may stand behind another; use --target refractory"
            ]
        )
    chosen = other or next(one for one in OTHER_SETS if one != definition.name)
    kept = definition.name in disk.manifest["sets"] and not (name and is_readable(Path(name)))
    if not kept and "truth/proteinuria" not in tables:
        raise BenchError([f"{folder}: the truth is withheld, and no labels by {definition.name} were kept"])
    reference = Reference(task, tables, criteria.load(chosen), kept=kept)
    if not reference.frame.select(scored().any()).item():
        outside, people = int((~reference.frame["applies"]).sum()), reference.frame.height
        why = f"of {people} patients {outside} are outside the set, and {people - outside} cannot be judged"
        raise BenchError([f"{folder}: nobody has a right answer under {definition.name}: {why}"])
    traits = tables.get("truth/traits", pl.DataFrame(schema={"patient": pl.Int32, "response": pl.String}))
    sliced = groups(tables, task, reference.frame)
    observed = {table: tables[table] for table in OBSERVED}
    asked = name or definition.name
    return Run(disk.path, asked, disk.manifest, task, observed, reference, sliced, traits.select("patient", "response"))


@dataclass(frozen=True, repr=False)
class Answers:
    """What every classifier answered.

    Attributes
    ----------
    run : Run
        Who was asked about.
    about : dict
        How it was done; kept with the results.
    frame : polars.DataFrame
        `classifier`, `perturbation`, `severity`, `replicate`, `patient`, `reference`, `predicted`, `clean` (what the
        same classifier said of the clean record), `fault`, and `p_` columns if any classifier gave some. A classifier
        that could not be fitted has no rows.
    """

    run: Run
    about: dict[str, Any]
    frame: pl.DataFrame

    def __repr__(self) -> str:
        """How many answers, in a line."""
        return f"<{self.frame.height:,} answers about {self.run.folder}>"

    @property
    def without_score(self) -> dict[str, str]:
        """Classifiers that gave no answer at all, and why: could not be fitted, or failed every time."""
        return dict(self.about.get("without_score", {}))

    @property
    def own(self) -> str:
        """The definition set asked about, which always takes part."""
        return str(self.about["classifiers"][0])


def ask(
    run: Run,
    classifiers: Sequence[str],
    perturbations: Sequence[str] = (),
    severities: Sequence[int] = (1, 2, 3, 4, 5),
    replicates: int = 1,
    *,
    seed: int | None = None,
    seconds: float = SECONDS,
    training: int = PATIENTS,
    progress: Progress = silent,
) -> Answers:
    """Ask classifiers under every condition.

    Parameters
    ----------
    run : Run
        From `open_run`.
    classifiers : sequence of str
        As `classifiers.registry.find` takes them. The definition set asked about comes first in any case.
    perturbations : sequence of str
        Names; all without any.
    severities : sequence of int
        From 1 to 5.
    replicates : int
        Repeats of the draws.
    seed : int, optional
        Address of the draws; that of the run without it.
    seconds : float, s
        Time limit of one answer of a user's own classifier.
    training : int
        Patients to learn from.
    progress : callable
        Called with (stage, done, total).

    Returns
    -------
    Answers
        Every answer beside the right one.

    Raises
    ------
    BenchError
        If a classifier, a perturbation or a severity is unknown, with all that is wrong.
    """
    need("sklearn")
    seed = run.manifest["seed"] if seed is None else seed
    more = [*wrong_count("--seed", seed, 0, MOST_SEED), *wrong_count("--training", training, 50, MOST_TRAINING)]
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        more.append(f"--time-limit: expected {LEAST_SECONDS} to {MOST_SECONDS:.0f} seconds; found {seconds}")
    wanted = _conditions(perturbations, severities, replicates, more)
    own = SetClassifier(run.task.definition)
    named = find_all(classifiers)
    if any(one.name == own.name and not isinstance(one, SetClassifier) for one in named):
        raise BenchError([f"--classifier: {own.name} is the definition set asked about; choose another name"])
    found: list[Classifier] = [own, *[one for one in named if one.name != own.name]]
    scenario = Resolved.from_dict(run.manifest["scenario"]).scenario
    asked = Setup(run.task, Training(scenario, run.manifest["seed"], run.task, training), seconds)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nephrosyn-bench-")))
        ready: dict[str, ReadyClassifier] = {}
        silent: dict[str, str] = {}
        for place, one in enumerate(found):
            progress("prepare", place, len(found))
            try:
                ready[one.name] = one.ready(asked)
            except NotReadyError as error:
                silent[one.name] = f"could not be fitted: {error}"
                continue
            stack.callback(ready[one.name].close)
        frame = _ask_all(run, ready, wanted, seed, folder, progress)
    sets = {name: sha256(Path(name)) for name in classifiers if name.endswith(".toml")}
    modules = {one.name: one.sha256 for one in found if isinstance(one, ExternalClassifier) and one.sha256}
    about = {
        "criteria": run.task.definition.name,
        "criteria_asked": run.asked,
        "target": run.task.target,
        "seed": seed,
        "training_seed": asked.training.seed,
        "training_patients": training,
        "perturbations_version": VERSION,
        "replicates": replicates,
        "classifiers": [one.name for one in found],
        "without_score": {**silent, **failed_always(frame)},
        "asked": list(classifiers),
        "files_sha256": {**sets, **modules},
    }
    return Answers(run, about, frame)


def _conditions(
    perturbations: Sequence[str], severities: Sequence[int], replicates: int, more: Sequence[str]
) -> list[Condition]:
    problems = [*more, *(f"--severity {one}: expected 1 to 5" for one in severities if one not in range(1, 6))]
    problems += wrong_count("--replicates", replicates, 1, MOST_REPLICATES)
    try:
        names = perturbation_names(perturbations)
    except BenchError as error:
        problems += error.problems
    if problems:
        raise BenchError(problems)
    return conditions(names, sorted(set(severities)), replicates)


def _ask_all(
    run: Run, ready: Mapping[str, ReadyClassifier], wanted: list[Condition], seed: int, folder: Path, progress: Progress
) -> pl.DataFrame:
    clean: dict[str, pl.DataFrame] = {}
    frames = []
    for place, shift in enumerate(shifts(run.observed, run.reference, wanted, seed)):
        progress("ask", place, len(wanted))
        shown = None if shift.tables is None else ShownRecord(shift.tables, folder / f"condition-{place}")
        for name, one in ready.items():
            # Without a record of its own the condition shows the clean one, and the answers are those.
            given = clean[name] if shown is None else checked_answers(one.answer(shown), shown.people, run.task)
            if shift.condition.perturbation == CLEAN:
                clean[name] = given
            frames.append(with_reference(given, shift, name, clean[name], tuple(ready)))
        if shown is not None:
            shutil.rmtree(folder / f"condition-{place}", ignore_errors=True)
    progress("ask", len(wanted), len(wanted))
    frame = pl.concat(frames)
    empty = [name for name in frame.columns if name.startswith("p_") and frame[name].null_count() == frame.height]
    return frame.drop(empty) if len(empty) == len(run.task.classes) else frame


def failed_always(frame: pl.DataFrame) -> dict[str, str]:
    """Return the classifiers that failed whenever they were asked, with the most frequent reason.

    That nobody was asked any more is the reason of none: it follows from the others.
    """
    made = {}
    for name, part in frame.partition_by("classifier", as_dict=True, maintain_order=True).items():
        if (part["predicted"].cast(pl.String) == FAILED).all():
            faults = part.filter(pl.col("fault") != GAVE_UP)["fault"].value_counts()
            faults = faults.sort("count", "fault", descending=[True, False])
            more = f", and {faults.height - 1} more" if faults.height > 1 else ""
            made[str(name[0])] = f"failed on every answer: {faults['fault'][0]}{more}"
    return made


def with_reference(
    given: pl.DataFrame, shift: Shift, name: str, clean: pl.DataFrame, names: Sequence[str]
) -> pl.DataFrame:
    """Return the answers of one classifier under one condition beside the right ones and its own clean ones."""
    one = shift.condition
    before = clean.select("patient", clean=pl.col("predicted"))
    rows = shift.reference.join(given.drop("replicate"), on="patient", how="inner", maintain_order="left")
    rows = rows.join(before, on="patient", how="left", maintain_order="left")
    chances = [column for column in given.columns if column.startswith("p_")]
    return rows.select(
        classifier=pl.lit(name, dtype=pl.Enum(tuple(names))),
        perturbation=pl.lit(one.perturbation, dtype=pl.Enum((CLEAN, *PERTURBATIONS))),
        severity=pl.lit(one.severity, dtype=pl.Int8),
        replicate=pl.lit(one.replicate, dtype=pl.Int16),
        patient="patient",
        reference="reference",
        predicted="predicted",
        clean="clean",
        fault="fault",
        **{column: pl.col(column).cast(pl.Float32) for column in chances},
    )
