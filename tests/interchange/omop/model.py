"""OMOP CDM 5.4 in PostgreSQL: made from its specification, filled from an export."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TYPES = {
    "integer": "integer",
    "float": "double precision",
    "date": "date",
    "datetime": "timestamp",
    "varchar(max)": "text",
}


@dataclass(frozen=True)
class Column:
    """A column as the specification has it."""

    table: str
    name: str
    type: str
    required: bool
    key: bool
    references: str
    domain: str
    concept_class: str
    indexed: bool

    @property
    def sql(self) -> str:
        return f'"{self.name}" {TYPES.get(self.type, self.type)}{" not null" if self.required else ""}'


@cache
def columns() -> tuple[Column, ...]:
    """Every column of the model."""
    with (HERE / "columns.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return tuple(
        Column(table, name, kind, needed == "1", key == "1", references, domain, of_class, indexed == "1")
        for table, name, kind, needed, key, references, domain, of_class, indexed in rows
    )


def by_table() -> dict[str, list[Column]]:
    """The columns of each table."""
    found = defaultdict(list)
    for column in columns():
        found[column.table].append(column)
    return found


def create(connection: Any) -> None:
    """Make the tables, empty."""
    for table, of_table in by_table().items():
        connection.execute(f"create table {table} ({', '.join(column.sql for column in of_table)})")


def constrain(connection: Any) -> dict[str, int]:
    """Add every primary key, foreign key and index, and return how many of each."""
    counts: dict[str, int] = defaultdict(int)
    for column in (column for column in columns() if column.key):
        connection.execute(f"alter table {column.table} add primary key ({column.name})")
        counts["primary keys"] += 1
    for number, column in enumerate(column for column in columns() if column.references):
        table, name = column.references.split(".")
        connection.execute(
            f"alter table {column.table} add constraint fk_{number} foreign key ({column.name}) "
            f"references {table} ({name})"
        )
        counts["foreign keys"] += 1
    for column in (column for column in columns() if column.indexed):
        connection.execute(f"create index on {column.table} ({column.name})")
        counts["indices"] += 1
    return dict(counts)


def files(folder: Path, table: str) -> list[Path]:
    """The files of a table in an export, in order."""
    return sorted((folder / table).glob("*.csv"))


def load(connection: Any, folder: Path, *, only: str | None = None) -> None:
    """Fill the tables from the CSV files of an export."""
    for table in [only] if only else sorted(path.name for path in folder.iterdir() if path.is_dir()):
        for path in files(folder, table):
            with path.open(encoding="utf-8") as file, connection.cursor() as cursor:
                names = file.readline().strip()
                with cursor.copy(f"copy {table} ({names}) from stdin with (format csv)") as copy:
                    for chunk in chunks(file):
                        copy.write(chunk)


def chunks(file: Any) -> Iterator[str]:
    """The rest of a file, bit by bit."""
    while chunk := file.read(1 << 20):
        yield chunk
