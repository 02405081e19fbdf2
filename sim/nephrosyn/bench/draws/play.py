"""Ask the classifiers of a bench about cohorts whose scenario has other draws of its uncertain numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import polars as pl

from nephrosyn.bench.answers import Plan
from nephrosyn.bench.asking import ask_all, prepare, selected_classifiers
from nephrosyn.bench.classifiers.protocol import Setup
from nephrosyn.bench.draws.scores import scores_of
from nephrosyn.bench.features.extract import before
from nephrosyn.bench.opened_run import Run
from nephrosyn.bench.perturbations.users import load_again, paths
from nephrosyn.bench.score.conditions import Reference
from nephrosyn.bench.simulated_cohort import cohort
from nephrosyn.bench.task import Target, Task, scored
from nephrosyn.bench.training import SEED_STEP, Training
from nephrosyn.bench.user_objects import ObjectPath
from nephrosyn.criteria import DefinitionSet
from nephrosyn.errors import MOST_SEED
from nephrosyn.runs.run import Progress, cores, silent
from nephrosyn.scenario import Resolved

MOST_PATIENTS_OF_DRAW = 500
"""Most patients in a draw; more draws are worth more than more patients in each."""
FIRST_STEP = 2
"""Steps from the seed of the run to that of the first draw; the training cohort is one step away."""


def patients_of_draw(patients: int) -> int:
    """Return how many patients a draw has, from the number in the run."""
    return min(patients, MOST_PATIENTS_OF_DRAW)


@dataclass(frozen=True)
class Player:
    """Plays draws: the classifiers are prepared once and asked about every draw.

    Classifiers that learn do so from the training cohort of the bench, whose scenario has its own numbers; only the
    patients whom they are asked about are drawn anew. All fields can be sent to another process.

    Attributes
    ----------
    scenario : dict
        The scenario of the run, as in its manifest.
    seed : int
        Seed of the run.
    patients : int
        Patients in each draw.
    definition, other_set : dict
        The definition set of the task, and that of another clinic.
    target : {"category", "refractory"}
        What classifiers predict.
    label_days, until_days : int or None, days
        Day of the right answer, and the day before which classifiers see the record.
    plan : Plan
        What was asked.
    user_perturbations : mapping of str to ObjectPath or None
        Where the users' perturbations among the conditions are defined; None if in the calling process only.
    names : tuple of str
        Classifiers that have a score.
    baseline : str
        The classifier that corruption errors are relative to.
    classes : tuple of str
        The right answers of the run.
    """

    scenario: dict[str, Any]
    seed: int
    patients: int
    definition: dict[str, Any]
    other_set: dict[str, Any]
    target: Target
    label_days: int | None
    until_days: int | None
    plan: Plan
    user_perturbations: Mapping[str, ObjectPath | None]
    names: tuple[str, ...]
    baseline: str
    classes: tuple[str, ...]

    @classmethod
    def of(cls, run: Run, plan: Plan, names: Sequence[str], baseline: str) -> Self:
        """Return the player of a run."""
        return cls(
            scenario=run.manifest["scenario"],
            seed=run.manifest["seed"],
            patients=patients_of_draw(run.patients),
            definition=run.task.definition.model_dump(exclude_none=True),
            other_set=run.reference.other_set.model_dump(exclude_none=True),
            target=run.task.target,
            label_days=run.task.label_days,
            until_days=run.task.until_days,
            plan=plan,
            user_perturbations=paths([condition.perturbation for condition in plan.conditions]),
            names=tuple(names),
            baseline=baseline,
            classes=tuple(run.reference.frame.filter(scored())["reference"].cast(pl.String).unique().sort()),
        )

    @cached_property
    def _resolved(self) -> Resolved:
        return Resolved.from_dict(self.scenario)

    @cached_property
    def _task(self) -> Task:
        return Task(DefinitionSet.model_validate(self.definition), self.target, self.label_days, self.until_days)

    def play(self, draws: Sequence[int]) -> Iterator[pl.DataFrame]:
        """Yield the scores of one draw after the other, with the columns of `scores.SCHEMA`."""
        load_again(self.user_perturbations)
        training = Training(self._resolved.scenario, self.seed, self._task, self.plan.training)
        every = selected_classifiers(self._task, self.plan.classifiers)
        selected = [classifier for classifier in every if classifier.name in self.names]
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nephrosyn-bench-")))
            ready, _ = prepare(selected, Setup(self._task, training, self.plan.seconds), stack, silent)
            for draw in draws:
                step = SEED_STEP * (FIRST_STEP + draw)
                seed = (self.plan.seed + step) % (MOST_SEED + 1)
                frame = ask_all(*self._drawn(draw, step), ready, self.plan.conditions, seed, folder, silent)
                yield scores_of(frame, self._task, list(ready), self.baseline, self.classes, draw)

    def play_together(self, draws: Sequence[int]) -> pl.DataFrame:
        """Return the scores of some draws."""
        return pl.concat(list(self.play(draws)))

    def _drawn(self, draw: int, step: int) -> tuple[dict[str, pl.DataFrame], Reference]:
        """Return the observed tables and the right answers of a drawn cohort, with patients of its own."""
        from nephrosyn import uncertainty

        scenario = uncertainty.draw(self._resolved, draw).scenario
        tables = cohort(scenario, self.patients, (self.seed + step) % (MOST_SEED + 1))
        reference = Reference(self._task, tables, DefinitionSet.model_validate(self.other_set), stored=False)
        return before(tables, self.until_days), reference


def play(run: Run, plan: Plan, names: Sequence[str], baseline: str, *, progress: Progress = silent) -> pl.DataFrame:
    """Return the scores of classifiers in every draw of the scenario's uncertain numbers.

    Parameters
    ----------
    run : Run
        The run of the bench.
    plan : Plan
        What was asked, with the number of draws and of processes. Results do not depend on the latter.
    names : sequence of str
        Classifiers that have a score.
    baseline : str
        The classifier that corruption errors are relative to.
    progress : callable
        Called with (stage, done, total).

    Returns
    -------
    polars.DataFrame
        With the columns of `scores.SCHEMA`.
    """
    assert plan.draws is not None
    player = Player.of(run, plan, names, baseline)
    workers = min(plan.workers or cores(), plan.draws)
    here_only = [name for name, path in player.user_perturbations.items() if path is None]
    if here_only:
        workers = 1  # other processes cannot load what was given as an object of this one
    # few parts, as the classifiers are prepared anew for each
    parts = 1 if workers == 1 else 2 * workers
    cuts = [plan.draws * place // parts for place in range(parts + 1)]
    chunks = [range(first, last) for first, last in pairwise(cuts) if first < last]
    progress("draws", 0, plan.draws)
    frames, done = [], 0
    for frame in _played(player, chunks, workers):
        frames.append(frame)
        done += frame["draw"].n_unique()
        progress("draws", done, plan.draws)
    return pl.concat(frames).sort("draw", maintain_order=True)


def _played(player: Player, chunks: Sequence[range], workers: int) -> Iterator[pl.DataFrame]:
    if workers == 1:
        yield from player.play(chunks[0])
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(player.play_together, chunk) for chunk in chunks]):
            yield future.result()
