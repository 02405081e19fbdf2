"""Classifiers that learn, fitted on several training cohorts: what they learn depends on whom they learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from nephrosyn.bench.asking import ask_all, prepare
from nephrosyn.bench.classifiers.protocol import Classifier, Setup
from nephrosyn.bench.opened_run import Run
from nephrosyn.bench.score.conditions import Condition
from nephrosyn.bench.training import Training
from nephrosyn.errors import MOST_SEED
from nephrosyn.runs.run import Progress
from nephrosyn.scenario import Resolved

MOST_COHORTS = 100
COHORT_STEP = 500_000_003
"""Added to the seed for each further training cohort; a large prime, so that no two share patients."""


@dataclass(frozen=True, repr=False)
class TrainingCohorts:
    """Answers of the classifiers that learn, fitted on further training cohorts.

    Attributes
    ----------
    cohorts : int
        Number of training cohorts, with the first one.
    frame : polars.DataFrame
        `cohort`, from 1, and the columns of `bench.answers.Answers.frame`; the cohort 0 is that of the bench itself.
    without : dict of (str, str) to str
        Classifier and cohort (as ``training cohort 1``) on which it could not be fitted, and the reason.
    """

    cohorts: int
    frame: pl.DataFrame
    without: dict[tuple[str, str], str]

    def __repr__(self) -> str:
        """Return the number of cohorts."""
        return f"<TrainingCohorts: {self.cohorts}, {self.frame.height:,} answers>"


def ask_learners(
    run: Run,
    learners: Sequence[Classifier],
    cohorts: int,
    setup: Setup,
    requested: Sequence[Condition],
    seed: int,
    folder: Path,
    progress: Progress,
) -> TrainingCohorts:
    """Fit classifiers on further training cohorts, and ask them under the same conditions.

    Parameters
    ----------
    run : Run
        From `open_run`.
    learners : sequence of Classifier
        The classifiers that learn.
    cohorts : int
        Number of training cohorts, with the one that the bench has used.
    setup : Setup
        What the classifiers were made ready with.
    requested : sequence of Condition
        The conditions, the unperturbed record first.
    seed : int
        Seed of the perturbations of the tested records, which are the same for all cohorts.
    folder : Path
        Folder for the tables that classifiers read in other processes.
    progress : callable
        Called with (stage, done, total).
    """
    scenario = Resolved.from_dict(run.manifest["scenario"]).scenario
    frames, without = [], dict[tuple[str, str], str]()
    for cohort in range(1, cohorts):
        first = (run.manifest["seed"] + cohort * COHORT_STEP) % (MOST_SEED + 1)
        training = Training(scenario, first, run.task, setup.training.patients)
        with ExitStack() as stack:
            ready, not_ready = prepare(learners, Setup(run.task, training, setup.seconds), stack, progress)
            without |= {(name, f"training cohort {cohort}"): reason for name, reason in not_ready.items()}
            if ready:
                answers = ask_all(run.observed, run.reference, ready, requested, seed, folder, progress)
                columns = answers.select(
                    "perturbation", "severity", "replicate", "patient", "reference", "predicted", "clean"
                )
                names = answers["classifier"].cast(pl.String)
                frames.append(columns.with_columns(cohort=pl.lit(cohort, pl.Int16), classifier=names))
    return TrainingCohorts(cohorts, pl.concat(frames) if frames else pl.DataFrame(), without)
