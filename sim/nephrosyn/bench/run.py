"""Ask every classifier under every condition, and set each answer against the right one.

`opened_run` opens a run, `asking` asks the classifiers, `answers` holds what they say.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from nephrosyn.bench.answers import Answers, Plan, settings
from nephrosyn.bench.asking import ask_all, failed_always, prepare, selected_classifiers, with_reference
from nephrosyn.bench.classifiers.external import ExternalClassifier
from nephrosyn.bench.classifiers.protocol import Classifier, Setup
from nephrosyn.bench.landmarks import ask_over_time, landmarks, wrong_landmarks
from nephrosyn.bench.opened_run import OTHER_SETS, Run, open_run
from nephrosyn.bench.optional_packages import require
from nephrosyn.bench.perturbations.users import digests, sources
from nephrosyn.bench.retraining import Retraining
from nephrosyn.bench.score.conditions import MOST_REPLICATES, Condition, conditions, perturbation_names
from nephrosyn.bench.training import PATIENTS, Training
from nephrosyn.bench.training_cohorts import MOST_COHORTS, ask_learners
from nephrosyn.errors import MOST_SEED, MOST_WORKERS, BenchError, wrong_count
from nephrosyn.runs.draws.design import FEWEST_DRAWS, MOST_DRAWS, uncertain
from nephrosyn.runs.folder.layout import sha256
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import Resolved

__all__ = [
    "OTHER_SETS",
    "Answers",
    "Plan",
    "Run",
    "ask",
    "ask_all",
    "failed_always",
    "open_run",
    "prepare",
    "selected_classifiers",
    "settings",
    "with_reference",
]

DEFAULT_TIME_LIMIT_SECONDS = 10.0
LEAST_SECONDS, MOST_SECONDS = 0.1, 86_400.0
MOST_TRAINING = 1_000_000


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
    train_perturbed: bool = False,
    training_cohorts: int = 1,
    at_days: Sequence[int] = (),
    at_visits: bool = False,
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
    train_perturbed : bool
        Also fit the classifiers that learn on the training cohort under each condition. Draws of the scenario's
        numbers concern neither these scores nor those at landmarks.
    training_cohorts : int
        Number of training cohorts that the classifiers that learn are fitted on, one after the other. All scores are
        of the first one; `results.Bench.between_cohorts` has the mean over all.
    at_days : sequence of int, days
        Also ask on these days, about the record before each.
    at_visits : bool
        Also ask at every visit.
    progress : callable
        Called with (stage, done, total).

    Returns
    -------
    Answers
        Every answer with the right one.

    Raises
    ------
    BenchError
        If a classifier, perturbation, severity, day or number is not valid, with all problems, or nobody learns.
    ScenarioError
        If draws are asked for and the run has no uncertain numbers.
    """
    require("sklearn")
    seed = run.manifest["seed"] if seed is None else seed
    problems = _wrong_numbers(seed, training, seconds, uncertainty, workers)
    problems += wrong_count("--training-cohorts", training_cohorts, 1, MOST_COHORTS)
    resolved = Resolved.from_dict(run.manifest["scenario"])
    last_day = run.task.label_days or int(resolved.scenario.population.follow_up_days)
    problems += wrong_landmarks(at_days, run, last_day, visits=at_visits)
    requested = _conditions(perturbations, severities, replicates, problems)
    selected = selected_classifiers(run.task, classifiers)
    if uncertainty is not None:
        uncertain(resolved)
    setup = Setup(run.task, Training(resolved.scenario, run.manifest["seed"], run.task, training), seconds)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nephrosyn-bench-")))
        ready, not_ready = prepare(selected, setup, stack, progress)
        readers = [name for name in setup.training.readers if name in ready]
        learners = [classifier for classifier in selected if classifier.name in readers]
        retraining = None
        if (train_perturbed or training_cohorts > 1) and not setup.training.readers:
            option = "--train-perturbed" if train_perturbed else "--training-cohorts"
            raise BenchError([_nobody_learns(option, selected)])
        if train_perturbed:
            retraining = Retraining(learners, setup, run.reference, run.observed_labels, requested, seed, folder)
        frame = ask_all(run.observed, run.reference, ready, requested, seed, folder, progress, retraining)
        listed = landmarks(at_days, run.observed, visits=at_visits)
        over_time = ask_over_time(run, listed, ready, learners, setup, folder, progress) if listed else None
        cohorts = None
        if training_cohorts > 1:
            cohorts = ask_learners(run, learners, training_cohorts, setup, requested, seed, folder, progress)
    about = settings(
        run,
        seed,
        replicates,
        [classifier.name for classifier in selected],
        requested=classifiers,
        files=_digests(classifiers, selected) | digests([condition.perturbation for condition in requested]),
        training=setup.training,
        without_score={**not_ready, **failed_always(frame)},
    )
    about |= {
        "user_perturbations": sources([condition.perturbation for condition in requested]),
        "training_cohort_count": training_cohorts,
        "train_perturbed": train_perturbed,
        "at_days": sorted(set(at_days)),
        "at_visits": at_visits,
    }
    plan = Plan(tuple(classifiers), requested, seed, seconds, training, uncertainty, workers)
    retrained = None if retraining is None else retraining.finished(list(ready))
    return Answers(run, about, frame, plan, retrained, over_time, cohorts)


def _wrong_numbers(seed: int, training: int, seconds: float, uncertainty: int | None, workers: int | None) -> list[str]:
    """Return what is wrong with the numbers of a bench."""
    problems = [*wrong_count("--seed", seed, 0, MOST_SEED), *wrong_count("--training", training, 50, MOST_TRAINING)]
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        problems.append(f"--time-limit: expected {LEAST_SECONDS} to {MOST_SECONDS:.0f} seconds; found {seconds}")
    if uncertainty is not None:
        problems += wrong_count("--uncertainty", uncertainty, FEWEST_DRAWS, MOST_DRAWS)
    if workers is not None:
        problems += wrong_count("--workers", workers, 1, MOST_WORKERS)
    return problems


def _digests(classifiers: Sequence[str], selected: Sequence[Classifier]) -> dict[str, str]:
    """Return the SHA-256 of the files that define classifiers."""
    sets = {name: sha256(Path(name)) for name in classifiers if name.endswith(".toml")}
    modules = {
        classifier.name: classifier.sha256
        for classifier in selected
        if isinstance(classifier, ExternalClassifier) and classifier.sha256
    }
    return {**sets, **modules}


def _nobody_learns(option: str, selected: Sequence[Classifier]) -> str:
    names = ", ".join(classifier.name for classifier in selected)
    return f"{option}: expected a classifier that learns, such as gradient-boosting; found {names}"


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
