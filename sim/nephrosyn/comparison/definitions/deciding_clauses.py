"""The clauses responsible for changes of category: the one that decides under each set, and its answer by the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from nephrosyn.criteria.codes import CLAUSES, FLAG_OF_CLAUSE
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.report.findings.verdicts.eligibility import FLAG_OF_CATEGORY
from nephrosyn.statistics.proportions import Share, wilson
from nephrosyn.vocabulary import UNDETERMINED

CASE = [f"{name}{end}" for name in ("category", "clause", "status", "status_elsewhere") for end in ("", "_after")]
"""Columns that the reason for a change is derived from."""
Changed = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Reason:
    """Patients who change category for the same reason.

    Attributes
    ----------
    before, after : str
        Categories; the same where only the refractory answer differs.
    clauses : tuple of (str, str, str)
        Clause, answer under the first set, answer under the second: those of the deciding clauses whose answers
        differ.
    share : Share
        Their share of all patients who change.
    replicate, patient : int
        An example: the first of them.
    """

    before: str
    after: str
    clauses: Changed
    share: Share
    replicate: int
    patient: int


@dataclass(frozen=True)
class Difference:
    """A clause whose answer differs, among patients who change category."""

    clause: str
    before: str
    after: str
    share: Share


def answered(first: pl.DataFrame, second: pl.DataFrame, moved: pl.DataFrame) -> pl.DataFrame:
    """Return the answers of both sets for patients who change, a row for each patient and clause.

    Parameters
    ----------
    first, second : polars.DataFrame
        Clause answers of the two sets.
    moved : polars.DataFrame
        Labels of patients who change: ``category``, and ``category_after`` under the second set.

    Returns
    -------
    polars.DataFrame
        Sorted by patient and clause.
    """
    words = [pl.col(name).cast(pl.String) for name in ("category", "category_after")]
    both = first.drop("criteria").join(second.drop("criteria"), on=[*PATIENT_KEY, "clause"], suffix="_after")
    return (
        both.join(moved.select(*PATIENT_KEY, *words), on=PATIENT_KEY)
        .with_columns(pl.col("status", "status_after").cast(pl.String), order=pl.col("clause").to_physical())
        .with_columns(pl.col("clause").cast(pl.String))
        .sort(*PATIENT_KEY, "order")
    )


def decided(both: pl.DataFrame, moved: pl.DataFrame) -> pl.DataFrame:
    """Return the patients who change, with the clause that decides their category under each set.

    A category with a flag is decided by the clause of that flag that was met first. An undetermined patient is decided
    by a clause that could not be judged: preferably the one that decides under the other set, else one that the other
    set answers differently.

    Parameters
    ----------
    both : polars.DataFrame
        From `answered`.
    moved : polars.DataFrame
        Labels of patients who change.

    Returns
    -------
    polars.DataFrame
        `moved` with ``clause``, ``status`` and ``status_elsewhere``, and the same with ``_after``; null if there is
        none.
    """
    for end, other_end in (("", "_after"), ("_after", "")):
        differs = pl.col("status") != pl.col("status_after")
        preference = pl.when(_decides(other_end)).then(0).when(differs).then(1).otherwise(2)
        rank = pl.when(pl.col(f"category{end}") == UNDETERMINED).then(preference).otherwise(0)
        first = (
            both.filter(_decides(end))
            .sort(*PATIENT_KEY, rank, f"days{end}", "order", nulls_last=True)
            .group_by(PATIENT_KEY, maintain_order=True)
            .first()
        )
        names = {"clause": "clause", f"status{end}": "status", f"status{other_end}": "status_elsewhere"}
        columns = [pl.col(name).alias(f"{word}{end}") for name, word in names.items()]
        moved = moved.join(first.select(*PATIENT_KEY, *columns), on=PATIENT_KEY, how="left", maintain_order="left")
    return moved


def _decides(end: str) -> pl.Expr:
    """Return whether a clause can decide the category under one of the sets."""
    category, status = pl.col(f"category{end}"), pl.col(f"status{end}")
    flag = pl.col("clause").replace_strict(dict(zip(CLAUSES, FLAG_OF_CLAUSE, strict=True)), default=None)
    named = category.replace_strict(FLAG_OF_CATEGORY, default=None, return_dtype=pl.String)
    met = (status == "met") & (category != UNDETERMINED) & (named.is_null() | (named == flag))
    return met | ((status == "cannot be judged") & (category == UNDETERMINED))


def reasons(decided: pl.DataFrame) -> list[Reason]:
    """Return the reasons of all changes, those of most patients first; the frame is that of `decided`."""
    counts: dict[tuple[str, str, Changed], int] = {}
    first: dict[tuple[str, str, Changed], tuple[int, int]] = {}
    words = decided.with_columns(pl.col("category", "category_after").cast(pl.String)).sort(PATIENT_KEY)
    grouped = words.group_by(CASE, maintain_order=True).agg(pl.len(), *[pl.col(name).first() for name in PATIENT_KEY])
    for row in grouped.iter_rows(named=True):
        alike = (row["category"], row["category_after"], _changed(row))
        counts[alike] = counts.get(alike, 0) + row["len"]
        first.setdefault(alike, (row["replicate"], row["patient"]))
    ranked = sorted(counts, key=lambda alike: (-counts[alike], first[alike]))
    return [Reason(*alike, wilson(counts[alike], decided.height), *first[alike]) for alike in ranked]


def _changed(row: dict[str, Any]) -> Changed:
    """Return the deciding clauses whose answers differ, with the answers in the order of the sets."""
    deciding_before = (row["clause"], row["status"], row["status_elsewhere"])
    deciding_after = (row["clause_after"], row["status_elsewhere_after"], row["status_after"])
    return tuple(dict.fromkeys(side for side in (deciding_before, deciding_after) if side[1] != side[2]))


def differences(both: pl.DataFrame, total: int) -> Iterator[Difference]:
    """Yield the clauses whose answer differs, most patients first; a patient may count in several.

    Parameters
    ----------
    both : polars.DataFrame
        From `answered`.
    total : int
        Number of patients who change.
    """
    columns = ["clause", "status", "status_after"]
    changed = both.filter(pl.col("status") != pl.col("status_after")).group_by(*columns, "order").len()
    for row in changed.sort("len", "order", "status", descending=[True, False, False]).iter_rows(named=True):
        yield Difference(row["clause"], row["status"], row["status_after"], wilson(row["len"], total))
