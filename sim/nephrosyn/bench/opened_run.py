"""A finished run opened for the bench: the record that classifiers see, and the right answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn import criteria
from nephrosyn.bench.features.extract import before
from nephrosyn.bench.score.conditions import Reference
from nephrosyn.bench.score.subgroups import groups
from nephrosyn.bench.task import TARGETS, Target, Task, category_tells_refractory, scored, wrong_days
from nephrosyn.errors import BenchError
from nephrosyn.runs import relabel
from nephrosyn.runs.folder import Folder
from nephrosyn.scenario import Resolved
from nephrosyn.text_files import is_readable

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
        The observed tables, as far as classifiers see them.
    reference : Reference
        The right answers.
    groups : polars.DataFrame
        The group of every patient on each axis of the subgroups.
    traits : polars.DataFrame
        `patient` and the latent `response`; empty where the truth is withheld.
    observed_labels : polars.DataFrame
        `patient` and `reference`: the set applied to the observed record, to the day of the right answer; empty if
        not known.
    """

    folder: Path
    criteria: str
    manifest: dict[str, Any]
    task: Task
    observed: dict[str, pl.DataFrame]
    reference: Reference
    groups: pl.DataFrame = field(repr=False)
    traits: pl.DataFrame = field(repr=False)
    observed_labels: pl.DataFrame = field(
        repr=False, default_factory=lambda: pl.DataFrame(schema={"patient": pl.Int32, "reference": pl.String})
    )

    @property
    def patients(self) -> int:
        """Number of patients, those without a right answer among them."""
        return self.reference.frame.height


def open_run(
    folder: str | Path,
    name: str | None = None,
    target: Target = "category",
    other_criteria: str | None = None,
    *,
    until_days: int | None = None,
    label_days: int | None = None,
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
    until_days : int, days, optional
        Classifiers see only what was recorded before this day, also under a perturbation; by default the whole record.
    label_days : int, days, optional
        Day of the right answer, which is that of the complete record; by default the end of follow-up.

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
    scenario = Resolved.from_dict(disk.manifest["scenario"]).scenario
    if problems := wrong_days(until_days, label_days, scenario.population.follow_up_days):
        raise BenchError(problems)
    task = Task(definition, target, label_days, until_days)
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
    if label_days is not None and "truth/proteinuria" not in tables:
        raise BenchError([f"{folder}: the truth is withheld; --label-days needs it for the right answer of that day"])
    alternative = other_criteria or next(name for name in OTHER_SETS if name != definition.name)
    reference = Reference(task, tables, criteria.load(alternative), stored=stored)
    if not reference.frame.select(scored().any()).item():
        outside, patients = int((~reference.frame["applies"]).sum()), reference.frame.height
        why = f"of {patients} patients {outside} are outside the set, and {patients - outside} cannot be judged"
        raise BenchError([f"{folder}: nobody has a right answer under {definition.name}: {why}"])
    observed = task.answers(task.labels(tables, "observed", stored=stored))
    traits = tables.get("truth/traits", pl.DataFrame(schema={"patient": pl.Int32, "response": pl.String}))
    return Run(
        disk.path,
        name or definition.name,
        disk.manifest,
        task,
        before(tables, until_days),
        reference,
        groups(tables, task, reference.frame),
        traits.select("patient", "response"),
        observed.select("patient", reference="answer"),
    )
