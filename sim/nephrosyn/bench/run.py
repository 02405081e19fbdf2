"""Ask every classifier under every condition, and set each answer against the right one."""

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
from nephrosyn.bench.optional_packages import require
from nephrosyn.bench.perturbations import PERTURBATIONS, VERSION
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
from nephrosyn.errors import MOST_SEED, MOST_WORKERS, BenchError, wrong_count
from nephrosyn.record.schema import OBSERVED
from nephrosyn.runs import relabel
from nephrosyn.runs.draws.design import FEWEST_DRAWS, MOST_DRAWS, uncertain
from nephrosyn.runs.folder import Folder
from nephrosyn.runs.folder.layout import sha256
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import Resolved
from nephrosyn.text_files import is_readable

DEFAULT_TIME_LIMIT_SECONDS = 10.0
LEAST_SECONDS, MOST_SECONDS = 0.1, 86_400.0
MOST_TRAINING = 1_000_000
OTHER_SETS = ("ipna-2022", "source")
"""Default definition sets of another clinic: the first that differs from the one of the task."""


@dataclass(frozen=True)
class Run:
    """A finished run opened for the bench: one replicate, its record and the right answers.

    Attributes
    ----------
    folder : Path
        The run folder.
    criteria : str
        The definition set as given: name or file.
    manifest : dict
        The manifest of the run.
    task : Task
        The question.
    observed : dict of str to polars.DataFrame
        The observed tables.
    reference : Reference
        The right answers.
    groups : polars.DataFrame
        The group of every patient on each axis of the subgroups.
    traits : polars.DataFrame
        `patient` and the latent `response`; empty where the truth is withheld.
    """

    folder: Path
    criteria: str
    manifest: dict[str, Any]
    task: Task
    observed: dict[str, pl.DataFrame]
    reference: Reference
    groups: pl.DataFrame = field(repr=False)
    traits: pl.DataFrame = field(repr=False)

    @property
    def patients(self) -> int:
        """Number of patients, those without a right answer among them."""
        return self.reference.frame.height


def open_run(
    folder: str | Path, name: str | None = None, target: Target = "category", other_criteria: str | None = None
) -> Run:
    """Open a run for the bench.

    Parameters
    ----------
    folder : path
        A finished run; only its first replicate is used.
    name : str, optional
        Name or file of the definition set; by default the first of the run.
    target : {"category", "refractory"}
        What to predict.
    other_criteria : str, optional
        The definition set of another clinic, for ``definition_shift``.

    Returns
    -------
    Run
        Ready for `ask`.

    Raises
    ------
    RunFolderError, CriteriaError, BenchError
        If the run or a set cannot be read, or no patient has a right answer.
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
    stored = definition.name in disk.manifest["sets"] and not (name and is_readable(Path(name)))
    if not stored and "truth/proteinuria" not in tables:
        raise BenchError([f"{folder}: the truth is withheld, and no labels by {definition.name} are stored"])
    alternative = other_criteria or next(name for name in OTHER_SETS if name != definition.name)
    reference = Reference(task, tables, criteria.load(alternative), stored=stored)
    if not reference.frame.select(scored().any()).item():
        outside, patients = int((~reference.frame["applies"]).sum()), reference.frame.height
        why = f"of {patients} patients {outside} are outside the set, and {patients - outside} cannot be judged"
        raise BenchError([f"{folder}: nobody has a right answer under {definition.name}: {why}"])
    traits = tables.get("truth/traits", pl.DataFrame(schema={"patient": pl.Int32, "response": pl.String}))
    return Run(
        disk.path,
        name or definition.name,
        disk.manifest,
        task,
        {table: tables[table] for table in OBSERVED},
        reference,
        groups(tables, task, reference.frame),
        traits.select("patient", "response"),
    )


@dataclass(frozen=True)
class Plan:
    """What classifiers are asked.

    Attributes
    ----------
    classifiers : tuple of str
        The classifiers as given by the user.
    conditions : list of Condition
        The conditions, the unperturbed record first.
    seed : int
        Seed of the perturbations.
    seconds : float, s
        Time limit of one answer of a user's own classifier.
    training : int
        Number of patients to learn from.
    draws : int or None
        Number of draws of the scenario's uncertain numbers.
    workers : int or None
        Number of processes that share the draws; one for each core if None.
    """

    classifiers: tuple[str, ...]
    conditions: list[Condition]
    seed: int
    seconds: float
    training: int
    draws: int | None = None
    workers: int | None = None


@dataclass(frozen=True, repr=False)
class Answers:
    """The answers of every classifier.

    Attributes
    ----------
    run : Run
        The run they are about.
    about : dict
        Settings, stored with the results.
    frame : polars.DataFrame
        `classifier`, `perturbation`, `severity`, `replicate`, `patient`, `reference`, `predicted`, `clean` (the answer
        of the same classifier on the unperturbed record), `fault`, and `p_` columns if any classifier gave
        probabilities. A classifier that could not be fitted has no rows.
    plan : Plan or None
        What was asked; None for answers from a file.
    """

    run: Run
    about: dict[str, Any]
    frame: pl.DataFrame
    plan: Plan | None = None

    def __repr__(self) -> str:
        """Return the number of answers and the run."""
        return f"<{self.frame.height:,} answers about {self.run.folder}>"

    @property
    def without_score(self) -> dict[str, str]:
        """Classifiers without any answer and the reason: could not be fitted, or failed every time."""
        return dict(self.about.get("without_score", {}))

    @property
    def definition_set(self) -> str:
        """The definition set of the task, which is always among the classifiers."""
        return str(self.about["classifiers"][0])


def ask(
    run: Run,
    classifiers: Sequence[str],
    perturbations: Sequence[str] = (),
    severities: Sequence[int] = (1, 2, 3, 4, 5),
    replicates: int = 1,
    *,
    seed: int | None = None,
    seconds: float = DEFAULT_TIME_LIMIT_SECONDS,
    training: int = PATIENTS,
    uncertainty: int | None = None,
    workers: int | None = None,
    progress: Progress = silent,
) -> Answers:
    """Ask classifiers under every condition.

    Parameters
    ----------
    run : Run
        From `open_run`.
    classifiers : sequence of str
        As for `classifiers.registry.find`. The definition set of the task is always asked first.
    perturbations : sequence of str
        Names; empty for all.
    severities : sequence of int
        1 to 5.
    replicates : int
        Number of repeats of the random draws.
    seed : int, optional
        Seed of the perturbations; by default that of the run.
    seconds : float, s
        Time limit of one answer of a user's own classifier.
    training : int
        Number of patients to learn from.
    uncertainty : int, optional
        Number of draws of the scenario's uncertain numbers, at least 20. They are only checked here;
        `bench.output.results.with_draws` plays them.
    workers : int, optional
        Number of processes that share the draws; one for each core by default.
    progress : callable
        Called with (stage, done, total).

    Returns
    -------
    Answers
        Every answer with the right one.

    Raises
    ------
    BenchError
        If a classifier, perturbation, severity or number is not valid, with all problems.
    ScenarioError
        If draws are asked for and the run has no uncertain numbers.
    """
    require("sklearn")
    seed = run.manifest["seed"] if seed is None else seed
    problems = [*wrong_count("--seed", seed, 0, MOST_SEED), *wrong_count("--training", training, 50, MOST_TRAINING)]
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        problems.append(f"--time-limit: expected {LEAST_SECONDS} to {MOST_SECONDS:.0f} seconds; found {seconds}")
    if uncertainty is not None:
        problems += wrong_count("--uncertainty", uncertainty, FEWEST_DRAWS, MOST_DRAWS)
    if workers is not None:
        problems += wrong_count("--workers", workers, 1, MOST_WORKERS)
    requested = _conditions(perturbations, severities, replicates, problems)
    selected = selected_classifiers(run.task, classifiers)
    resolved = Resolved.from_dict(run.manifest["scenario"])
    if uncertainty is not None:
        uncertain(resolved)
    setup = Setup(run.task, Training(resolved.scenario, run.manifest["seed"], run.task, training), seconds)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nephrosyn-bench-")))
        ready, not_ready = prepare(selected, setup, stack, progress)
        frame = ask_all(run.observed, run.reference, ready, requested, seed, folder, progress)
    sets = {name: sha256(Path(name)) for name in classifiers if name.endswith(".toml")}
    modules = {
        classifier.name: classifier.sha256
        for classifier in selected
        if isinstance(classifier, ExternalClassifier) and classifier.sha256
    }
    about = settings(
        run,
        seed,
        replicates,
        [classifier.name for classifier in selected],
        requested=classifiers,
        files={**sets, **modules},
        training=setup.training,
        without_score={**not_ready, **failed_always(frame)},
    )
    plan = Plan(tuple(classifiers), requested, seed, seconds, training, uncertainty, workers)
    return Answers(run, about, frame, plan)


def settings(
    run: Run,
    seed: int,
    replicates: int,
    classifiers: Sequence[str],
    *,
    requested: Sequence[str] = (),
    files: Mapping[str, str],
    training: Training | None = None,
    without_score: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the settings of a bench as they are stored with its results.

    Parameters
    ----------
    run : Run
        The run.
    seed : int
        Seed of the perturbations.
    replicates : int
        Number of repeats of the random draws.
    classifiers : sequence of str
        Names, the definition set of the task first.
    requested : sequence of str
        The classifiers as given by the user.
    files : mapping of str to str
        SHA-256 of the files that define classifiers.
    training : Training, optional
        The training cohort, if classifiers could learn.
    without_score : mapping of str to str, optional
        Classifiers without any answer, and the reason.
    """
    of_training = {} if training is None else {"training_seed": training.seed, "training_patients": training.patients}
    return {
        "criteria": run.task.definition.name,
        "criteria_asked": run.criteria,
        "target": run.task.target,
        "seed": seed,
        **of_training,
        "perturbations_version": VERSION,
        "replicates": replicates,
        "classifiers": list(classifiers),
        **({} if without_score is None else {"without_score": dict(without_score)}),
        "asked": list(requested),
        "files_sha256": dict(files),
    }


def _conditions(
    perturbations: Sequence[str], severities: Sequence[int], replicates: int, problems: Sequence[str]
) -> list[Condition]:
    problems = [
        *problems,
        *(f"--severity {severity}: expected 1 to 5" for severity in severities if severity not in range(1, 6)),
        *wrong_count("--replicates", replicates, 1, MOST_REPLICATES),
    ]
    names, unknown_names = perturbation_names(perturbations)
    problems += unknown_names
    if problems:
        raise BenchError(problems)
    return conditions(names, sorted(set(severities)), replicates)


def selected_classifiers(task: Task, names: Sequence[str]) -> list[Classifier]:
    """Return the classifiers, the definition set of the task first."""
    definition_set = SetClassifier(task.definition)
    others = []
    for classifier in find_all(names):
        if classifier.name != definition_set.name:
            others.append(classifier)
        elif not isinstance(classifier, SetClassifier):
            raise BenchError(
                [f"--classifier: {classifier.name} is the definition set asked about; choose another name"]
            )
    return [definition_set, *others]


def prepare(
    selected: Sequence[Classifier], setup: Setup, stack: ExitStack, progress: Progress
) -> tuple[dict[str, ReadyClassifier], dict[str, str]]:
    """Return the classifiers that are ready, closed with the stack, and why others are not."""
    ready: dict[str, ReadyClassifier] = {}
    not_ready: dict[str, str] = {}
    for done, classifier in enumerate(selected):
        progress("prepare", done, len(selected))
        try:
            ready[classifier.name] = classifier.ready(setup)
        except NotReadyError as error:
            not_ready[classifier.name] = f"could not be fitted: {error}"
            continue
        stack.callback(ready[classifier.name].close)
    return ready, not_ready


def ask_all(
    observed: Mapping[str, pl.DataFrame],
    reference: Reference,
    ready: Mapping[str, ReadyClassifier],
    requested: Sequence[Condition],
    seed: int,
    folder: Path,
    progress: Progress,
) -> pl.DataFrame:
    """Return the answers of classifiers under every condition, as in `Answers.frame`.

    Parameters
    ----------
    observed : mapping of str to polars.DataFrame
        The unperturbed record.
    reference : Reference
        The right answers.
    ready : mapping of str to ReadyClassifier
        The classifiers by name.
    requested : sequence of Condition
        The conditions, the unperturbed record first.
    seed : int
        Seed of the perturbations.
    folder : Path
        Folder for the tables that classifiers read in other processes.
    progress : callable
        Called with (stage, done, total).
    """
    task = reference.task
    clean: dict[str, pl.DataFrame] = {}
    frames = []
    for done, shift in enumerate(shifts(observed, reference, requested, seed)):
        progress("ask", done, len(requested))
        shown = None if shift.tables is None else ShownRecord(shift.tables, folder / f"condition-{done}")
        for name, classifier in ready.items():
            # A condition without tables shows the unperturbed record again, and has the same answers.
            given = clean[name] if shown is None else checked_answers(classifier.answer(shown), shown.people, task)
            if shift.condition.perturbation == CLEAN:
                clean[name] = given
            frames.append(with_reference(given, shift, name, clean[name], tuple(ready)))
        if shown is not None:
            shutil.rmtree(folder / f"condition-{done}", ignore_errors=True)
    progress("ask", len(requested), len(requested))
    frame = pl.concat(frames)
    empty = [name for name in frame.columns if name.startswith("p_") and frame[name].null_count() == frame.height]
    return frame.drop(empty) if len(empty) == len(task.classes) else frame


def failed_always(frame: pl.DataFrame) -> dict[str, str]:
    """Return the classifiers that failed on every answer, with the most frequent reason.

    Answers that were not waited for after several time-outs do not count as a reason.
    """
    reasons = {}
    for name, part in frame.partition_by("classifier", as_dict=True, maintain_order=True).items():
        if (part["predicted"].cast(pl.String) == FAILED).all():
            faults = part.filter(pl.col("fault") != GAVE_UP)["fault"].value_counts()
            faults = faults.sort("count", "fault", descending=[True, False])
            more = f", and {faults.height - 1} more" if faults.height > 1 else ""
            reasons[str(name[0])] = f"failed on every answer: {faults['fault'][0]}{more}"
    return reasons


def with_reference(
    given: pl.DataFrame, shift: Shift, name: str, clean: pl.DataFrame, names: Sequence[str]
) -> pl.DataFrame:
    """Return a classifier's answers under one condition with the right answers and those on the unperturbed record."""
    condition = shift.condition
    before = clean.select("patient", clean=pl.col("predicted"))
    rows = shift.reference.join(given.drop("replicate"), on="patient", how="inner", maintain_order="left")
    rows = rows.join(before, on="patient", how="left", maintain_order="left")
    probabilities = [column for column in given.columns if column.startswith("p_")]
    return rows.select(
        classifier=pl.lit(name, dtype=pl.Enum(tuple(names))),
        perturbation=pl.lit(condition.perturbation, dtype=pl.Enum((CLEAN, *PERTURBATIONS))),
        severity=pl.lit(condition.severity, dtype=pl.Int8),
        replicate=pl.lit(condition.replicate, dtype=pl.Int16),
        patient="patient",
        reference="reference",
        predicted="predicted",
        clean="clean",
        fault="fault",
        **{column: pl.col(column).cast(pl.Float32) for column in probabilities},
    )
