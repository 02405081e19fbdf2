"""Under which conditions a classifier is asked: the clean record, and each perturbation, severity and replicate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from nephrosyn import criteria
from nephrosyn.bench.perturbations import PERTURBATIONS, perturb, prepare
from nephrosyn.bench.task import WHO, Task
from nephrosyn.criteria import DefinitionSet
from nephrosyn.errors import BenchError
from nephrosyn.record.schema import OBSERVED
from nephrosyn.user_input import nearest

CLEAN = "none"
"""Name of the condition in which nothing is changed; severity and replicate are 0."""
OF_RECORDS = [name for name, one in PERTURBATIONS.items() if one.kind == "record"]
MOST_REPLICATES = 1000
"""Of the draws of perturbations."""
KEYS = ["perturbation", "severity", "replicate"]


@dataclass(frozen=True)
class Condition:
    """One way in which the record is shown.

    Attributes
    ----------
    perturbation : str
        Its name, or ``none``.
    severity, replicate : int
        How bad, and which repeat of the draws.
    """

    perturbation: str
    severity: int
    replicate: int


@dataclass(frozen=True)
class Shift:
    """What a condition does.

    Attributes
    ----------
    condition : Condition
        Which.
    tables : dict of str to polars.DataFrame or None
        The observed tables; none where they are those of the clean record, but for patients left out.
    reference : polars.DataFrame
        `patient` and `reference` of who is asked about.
    """

    condition: Condition
    tables: dict[str, pl.DataFrame] | None
    reference: pl.DataFrame


def perturbation_names(asked: Sequence[str]) -> list[str]:
    """Return perturbations by name; ``all`` stands for each.

    Raises
    ------
    BenchError
        With every name there is none of.
    """
    problems = []
    for name in asked:
        if name != "all" and name not in PERTURBATIONS:
            like = nearest(name, PERTURBATIONS)
            known = f"did you mean {like}?" if like else f"known: {', '.join(PERTURBATIONS)}"
            problems.append(f"--perturbations {name}: no such perturbation; {known}")
    if problems:
        raise BenchError(problems)
    return list(PERTURBATIONS) if not asked or "all" in asked else list(dict.fromkeys(asked))


def conditions(names: Sequence[str], severities: Sequence[int], replicates: int) -> list[Condition]:
    """Return all conditions, the clean record first."""
    rest = [Condition(name, s, r) for name in names for s in severities for r in range(replicates)]
    return [Condition(CLEAN, 0, 0), *rest]


def counted(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that averages over perturbed conditions are of.

    Those that change the record; those of labels and cohort only where no other was asked for, as they show the clean
    record and so leave every answer as it is.

    Parameters
    ----------
    frame : polars.DataFrame
        With a column `perturbation`.
    """
    perturbed = frame.filter(pl.col("perturbation").cast(pl.String) != CLEAN)
    of_records = perturbed.filter(pl.col("perturbation").cast(pl.String).is_in(OF_RECORDS))
    return of_records if of_records.height else perturbed


class Reference:
    """The right answers, as perturbations of labels and of the cohort ask for them.

    Parameters
    ----------
    task : Task
        The question.
    tables : mapping of str to polars.DataFrame
        Of a run.
    other : DefinitionSet
        The set that another clinic follows.
    kept : bool
        Take the labels kept with the run.
    """

    def __init__(self, task: Task, tables: Mapping[str, pl.DataFrame], other: DefinitionSet, *, kept: bool) -> None:
        self.task = task
        self.frame = task.reference(tables, kept=kept)
        mine = None
        if kept and task.until_days is None:
            mine = tables["labels"].filter(criteria=task.definition.name, view="complete")
        if mine is None or not mine.height:
            mine = criteria.classify(tables, task.definition, "complete", task.until_days, keep_going=True)
        self.tables = {"labels": mine}
        if "truth/proteinuria" in tables:
            labels = criteria.classify(tables, other, "complete", task.until_days, keep_going=True)
            self.tables["labels_other"] = labels
        elif kept and (found := tables["labels"].filter(criteria=other.name, view="complete")).height:
            self.tables["labels_other"] = found


def shifts(
    observed: Mapping[str, pl.DataFrame], reference: Reference, asked: Sequence[Condition], seed: int
) -> Iterator[Shift]:
    """Yield what each condition shows, one after the other.

    Parameters
    ----------
    observed : mapping of str to polars.DataFrame
        The clean record.
    reference : Reference
        The right answers.
    asked : sequence of Condition
        Which.
    seed : int
        Address of the perturbations' draws.
    """
    right = reference.frame.select("patient", "reference")
    clean = prepare({**observed, **reference.tables})
    for one in asked:
        if one.perturbation == CLEAN:
            yield Shift(one, dict(observed), right)
            continue
        set_of = reference.task.definition
        made, _ = perturb(clean, one.perturbation, one.severity, seed=seed, replicate=one.replicate, definition=set_of)
        kind = PERTURBATIONS[one.perturbation].kind
        if kind == "record":
            yield Shift(one, {name: made[name] for name in OBSERVED}, right)
        elif kind == "label":
            moved = reference.task.answers(made["labels"]).rename({"answer": "reference"})
            yield Shift(one, None, moved.select("patient", "reference"))
        else:
            yield Shift(one, None, right.join(made["patients"].select(WHO), on="patient", how="semi"))
