"""A cohort in batches of patients: all that is counted is counted batch by batch, so that memory does not grow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol, runtime_checkable

import polars as pl

from nephrosyn.runs.folder.tables import TablesRead

BATCH_ROWS = 1_000_000
"""Rows of all tables that are counted at a time, about 4,000 patients of two years: fewer take longer, more memory."""
LABEL_ROWS = 500_000
"""Rows of patients and labels at a time where nothing else is counted."""
FIRST_PATIENTS = 27_000
"""Patients of whom all tables may be read, because they are classified again at shorter follow-up."""
LATER_BATCHES = 2.5
"""Size of the batches of later patients, of whom the long tables are not read, to that of the first ones."""
Tables = Mapping[str, pl.DataFrame]


@runtime_checkable
class Parted(Protocol):
    """Tables in parts, as in a run folder."""

    def part(self, table: str, *numbers: int, patients: tuple[int, int] | None = None) -> pl.DataFrame:
        """Read some parts of a table, of all patients or of those between two numbers, and concatenate them."""

    def parts(self, table: str) -> int:
        """Number of parts of a table."""

    @property
    def rows(self) -> Mapping[str, int]:
        """Rows of each table."""

    def __iter__(self) -> Iterator[str]:
        """Names of the tables."""


def batches(tables: Tables | Parted, *, labels_only: bool = False) -> Iterator[tuple[int, Tables]]:
    """Yield replicate and tables of some patients at a time, in order; a batch has patients of one replicate.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame, or Parted
        A cohort. One in memory is a single batch for each replicate; of a run folder, about `BATCH_ROWS` rows are
        read at a time, and only the tables that are asked for.
    labels_only : bool
        Make the batches larger, as only the labels are read.
    """
    if isinstance(tables, Parted) and _in_parts(tables):
        most = batch_patients(tables, labels_only=labels_only)
        for replicate, numbers, people in _gathered(tables, most):
            for some in _cut(people, most) if len(numbers) == 1 else [people]:
                yield replicate, _Batch(tables, numbers, some, whole=some is people)
    elif isinstance(tables, Mapping):
        yield from _replicates(tables)


def batch_patients(tables: Parted, *, labels_only: bool = False) -> int:
    """Return how many patients of a cohort are counted at a time."""
    rows = tables.rows
    if labels_only:
        return max(1, LABEL_ROWS * rows["patients"] // max(1, rows["patients"] + rows["labels"]))
    return max(1, BATCH_ROWS * rows["patients"] // max(1, sum(rows.values())))


class _Batch(TablesRead):
    """Some parts of a run folder, or some patients of a large part; the patients have been read."""

    def __init__(self, tables: Parted, numbers: list[int], people: pl.DataFrame, *, whole: bool) -> None:
        ends = None if whole else (people["patient"][0], people["patient"][-1])

        def read(name: str) -> pl.DataFrame:
            return people if name == "patients" else tables.part(name, *numbers, patients=ends)

        super().__init__(tables, read)


def _cut(people: pl.DataFrame, most: int) -> list[pl.DataFrame]:
    """Return the patients of a part, divided if they are many more than a batch, which reads all of the part again."""
    count = round(people.height / most)
    if count < 2:
        return [people]
    size = -(-people.height // count)
    return [people.slice(start, size) for start in range(0, people.height, size)]


def _in_parts(tables: Parted) -> bool:
    """Whether parts with the same number hold the same patients in all tables; old labels are in parts of their own."""
    return len({tables.parts(table) for table in tables}) == 1


def _replicates(tables: Tables) -> Iterator[tuple[int, Tables]]:
    held = TablesRead(tables, tables.__getitem__)
    replicates = held["patients"]["replicate"].unique(maintain_order=True).to_list()
    if len(replicates) == 1:
        yield replicates[0], held
        return
    for replicate in replicates:
        yield replicate, _of_replicate(held, replicate)


def _of_replicate(tables: Tables, replicate: int) -> Tables:
    return TablesRead(tables, lambda name: tables[name].filter(replicate=replicate))


def _gathered(tables: Parted, most: int) -> Iterator[tuple[int, list[int], pl.DataFrame]]:
    """Yield replicate, numbers and patients of the parts of each batch; opening parts one by one would be slow."""
    replicate, numbers, held, done = 0, list[int](), list[pl.DataFrame](), 0
    for number in range(tables.parts("patients")):
        people = tables.part("patients", number)
        part_replicate = int(people["replicate"][0])
        size, enough = sum(part.height for part in held), most if done < FIRST_PATIENTS else LATER_BATCHES * most
        if held and (part_replicate != replicate or size >= enough):
            yield replicate, numbers, pl.concat(held)
            numbers, held, done = [], [], done + size
        numbers.append(number)
        held.append(people)
        replicate = part_replicate
    if held:
        yield replicate, numbers, pl.concat(held)
