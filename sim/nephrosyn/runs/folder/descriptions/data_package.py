"""The Data Package of a run (Frictionless): files, types, words, keys and units of every table.

References
----------
Data Package standard, version 2: https://datapackage.org/standard/data-package/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from nephrosyn.record.schema import PATIENT_KEY, Column
from nephrosyn.runs.folder.descriptions.tables import DescribedTable, words

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
MEDIA_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
_INTEGERS = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt32)


def data_package(manifest: Mapping[str, Any], tables: Sequence[DescribedTable], about: Mapping[str, Any]) -> Any:
    """Return the content of ``datapackage.json``.

    Parameters
    ----------
    manifest : mapping
        The manifest of the run.
    tables : sequence of DescribedTable
        Its tables.
    about : mapping
        Texts that the descriptions share: `name`, `title`, `text`, `keywords` and `version`.
    """
    return {
        "$schema": PROFILE,
        "name": about["name"],
        "title": about["title"],
        "description": about["text"],
        "version": about["version"],
        "keywords": about["keywords"],
        "resources": [_resource(table, manifest["format"]) for table in tables],
    }


def _resource(table: DescribedTable, format: str) -> dict[str, Any]:
    return {
        "name": table.identifier,
        "type": "table",
        "title": table.name,
        "description": table.text,
        "path": table.files if len(table.files) > 1 else table.files[0],
        "format": format,
        "mediatype": MEDIA_TYPES[format],
        **({"encoding": "utf-8"} if format == "csv" else {}),
        "rows": table.rows,
        "schema": _schema(table),
    }


def _schema(table: DescribedTable) -> dict[str, Any]:
    fields = [_field(name, column, table.is_nullable(name)) for name, column in table.table.columns.items()]
    schema: dict[str, Any] = {"fields": fields, "missingValues": [""]}
    if table.key:
        schema["primaryKey"] = table.key
    if table.patients:
        reference = {"resource": table.patients, "fields": PATIENT_KEY}
        schema["foreignKeys"] = [{"fields": PATIENT_KEY, "reference": reference}]
    return schema


def _field(name: str, column: Column, nullable: bool) -> dict[str, Any]:
    constraints: dict[str, Any] = {} if nullable else {"required": True}
    if listed := words(column):
        constraints["enum"] = listed
    return {
        "name": name,
        "type": field_type(column),
        "description": column.text,
        **({"unit": column.unit} if column.unit else {}),
        **({"constraints": constraints} if constraints else {}),
    }


def field_type(column: Column) -> str:
    """Return the type of a column in the words of the standard.

    Raises
    ------
    TypeError
        If there is no word for it.

    Examples
    --------
    >>> field_type(Column(pl.Float64, "a number")), field_type(Column(pl.Enum(["a"]), "a word"))
    ('number', 'string')
    """
    kind = column.type
    if isinstance(kind, pl.Enum) or kind == pl.String:
        return "string"
    if kind in _INTEGERS:
        return "integer"
    if kind in (pl.Float32, pl.Float64):
        return "number"
    if kind == pl.Boolean:
        return "boolean"
    if kind == pl.Date:
        return "date"
    raise TypeError(f"no description for a column of type {kind}")
