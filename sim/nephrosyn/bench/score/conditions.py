"""The conditions of a bench: the unperturbed record, and each perturbation, severity and replicate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from nephrosyn.bench.perturbations import PERTURBATIONS, perturb, prepare
from nephrosyn.bench.perturbations.constants import SHIPPED, of_records, unknown
from nephrosyn.bench.perturbations.users import resolved
from nephrosyn.bench.task import Task
from nephrosyn.criteria import DefinitionSet
from nephrosyn.record.schema import OBSERVED, PATIENT_KEY

CLEAN = "none"
"""Name of the clean condition; its severity and replicate are 0."""
MOST_REPLICATES = 1000
"""Largest number of repeats of the random draws."""
KEYS = ["perturbation", "severity", "replicate"]


@dataclass(frozen=True)
class Condition:
    """A perturbation at one severity, or none.

    Attributes
    ----------
    perturbation : str
        Name, or ``none``.
    severity, replicate : int
        Severity, and number of the repeat of the random draws.
    """

    perturbation: str
    severity: int
    replicate: int


CLEAN_RECORD = Condition(CLEAN, 0, 0)


@dataclass(frozen=True)
class Shift:
    """Record and right answers under one condition.

    Attributes
    ----------
    condition : Condition
        The condition.
    tables : dict of str to polars.DataFrame or None
        The observed tables; None where they are those of the unperturbed record, apart from patients left out.
    reference : polars.DataFrame
        `patient` and `reference` of the patients asked about.
    """

    condition: Condition
    tables: dict[str, pl.DataFrame] | None
    reference: pl.DataFrame


def perturbation_names(requested: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return perturbations by name, and a problem for each name that is not known.

    Parameters
    ----------
    requested : sequence of str
        Names; ``all``, or none at all, means every shipped perturbation. A user's own is loaded and checked.

    Examples
    --------
    >>> perturbation_names(["label_noise", "label_noise"])
    (['label_noise'], [])
    """
    requested, problems = resolved(requested)
    problems += [unknown(name) for name in requested if name not in (*PERTURBATIONS, "all")]
    if not requested or "all" in requested:
        return list(dict.fromkeys([*SHIPPED, *(name for name in requested if name != "all")])), problems
    return list(dict.fromkeys(requested)), problems


def conditions(names: Sequence[str], severities: Sequence[int], replicates: int) -> list[Condition]:
    """Return all conditions, the unperturbed record first."""
    perturbed = [
        Condition(name, severity, replicate)
        for name in names
        for severity in severities
        for replicate in range(replicates)
    ]
    return [CLEAN_RECORD, *perturbed]


def counted(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that count in averages over perturbed conditions.

    Only perturbations of the record count, if there are any: those of labels and cohort show the unperturbed record, so
    that every answer stays as it is.

    Parameters
    ----------
    frame : polars.DataFrame
        With a column `perturbation`.
    """
    perturbed = frame.filter(pl.col("perturbation").cast(pl.String) != CLEAN)
    in_records = perturbed.filter(pl.col("perturbation").cast(pl.String).is_in(of_records()))
    return in_records if in_records.height else perturbed


class Reference:
    """The right answers, and the labels that perturbations of labels and cohort need.

    Parameters
    ----------
    task : Task
        The question.
    tables : mapping of str to polars.DataFrame
        Tables of a run.
    other_set : DefinitionSet
        The definition set of another clinic.
    stored : bool
        Take the labels stored with the run.

    Attributes
    ----------
    frame : polars.DataFrame
        `replicate`, `patient`, `applies` (whether the patient is eligible under the set) and `reference`.
    other_set : DefinitionSet
        The definition set of another clinic.
    tables : dict of str to polars.DataFrame
        ``labels`` and, where it can be had, ``labels_other``, as `perturbations.perturb` takes them.
    """

    def __init__(
        self, task: Task, tables: Mapping[str, pl.DataFrame], other_set: DefinitionSet, *, stored: bool
    ) -> None:
        self.task, self.other_set = task, other_set
        labels = task.labels(tables, "complete", stored=stored)
        self.frame = task.answers(labels).rename({"answer": "reference"})
        self.tables = {"labels": labels}
        has_truth = "truth/proteinuria" in tables
        if has_truth or (stored and tables["labels"].filter(criteria=other_set.name, view="complete").height):
            self.tables["labels_other"] = replace(task, definition=other_set).labels(
                tables, "complete", stored=stored and not has_truth
            )


def shifts(
    observed: Mapping[str, pl.DataFrame], reference: Reference, requested: Sequence[Condition], seed: int
) -> Iterator[Shift]:
    """Yield record and right answers under one condition after the other.

    Parameters
    ----------
    observed : mapping of str to polars.DataFrame
        The unperturbed record.
    reference : Reference
        The right answers.
    requested : sequence of Condition
        The conditions.
    seed : int
        Seed of the perturbations.
    """
    right = reference.frame.select("patient", "reference")
    clean = prepare({**observed, **reference.tables})
    definition = reference.task.definition
    for condition in requested:
        name = condition.perturbation
        if name == CLEAN:
            yield Shift(condition, dict(observed), right)
            continue
        perturbed, _ = perturb(
            clean, name, condition.severity, seed=seed, replicate=condition.replicate, definition=definition
        )
        kind = PERTURBATIONS[name].kind
        if kind == "record":
            yield Shift(condition, {table: perturbed[table] for table in OBSERVED}, right)
        elif kind == "label":
            moved = reference.task.answers(perturbed["labels"]).rename({"answer": "reference"})
            yield Shift(condition, None, moved.select("patient", "reference"))
        else:
            yield Shift(
                condition, None, right.join(perturbed["patients"].select(PATIENT_KEY), on="patient", how="semi")
            )
