"""What classifiers are asked, and what they answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from nephrosyn.bench.landmarks import OverTime
from nephrosyn.bench.opened_run import Run
from nephrosyn.bench.perturbations import VERSION
from nephrosyn.bench.retraining import Retrained
from nephrosyn.bench.score.conditions import Condition
from nephrosyn.bench.training import Training
from nephrosyn.bench.training_cohorts import TrainingCohorts


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
    retrained : Retrained or None
        Answers of classifiers that learnt from a perturbed training cohort, if asked for.
    over_time : OverTime or None
        Answers at landmarks, if asked for.
    cohorts : TrainingCohorts or None
        Answers after learning from further training cohorts, if asked for.
    """

    run: Run
    about: dict[str, Any]
    frame: pl.DataFrame
    plan: Plan | None = None
    retrained: Retrained | None = None
    over_time: OverTime | None = None
    cohorts: TrainingCohorts | None = None

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
        "until_days": run.task.until_days,
        "label_days": run.task.label_days,
        "seed": seed,
        **of_training,
        "perturbations_version": VERSION,
        "replicates": replicates,
        "classifiers": list(classifiers),
        **({} if without_score is None else {"without_score": dict(without_score)}),
        "asked": list(requested),
        "files_sha256": dict(files),
    }
