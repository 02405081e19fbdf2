"""The Croissant description of a run: JSON-LD by which machine learning tools find, check and load its tables.

References
----------
Croissant format specification 1.0: https://docs.mlcommons.org/croissant/docs/croissant-spec.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nephrosyn.record.schema import Column
from nephrosyn.runs.folder.descriptions.data_package import field_type
from nephrosyn.runs.folder.descriptions.tables import DescribedTable, in_words

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
_TERMS = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty", "fileSet", "format"),
    *("includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex"),
    *("repeated", "replace", "samplingRate", "separator", "source", "subField", "transform"),
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{name: f"cr:{name}" for name in _TERMS},
}
"""Meaning of the terms, as the specification prescribes it."""
DATA_TYPES = {
    "string": "sc:Text",
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
}
ENCODINGS = {"csv": "text/csv", "parquet": "application/x-parquet"}


def croissant(manifest: Mapping[str, Any], tables: Sequence[DescribedTable], about: Mapping[str, Any]) -> Any:
    """Return the content of ``croissant.json``.

    Parameters
    ----------
    manifest : mapping
        The manifest of the run.
    tables : sequence of DescribedTable
        Its tables.
    about : mapping
        Texts that the descriptions share: `name`, `text`, `citation`, `licence`, `published`, `keywords` and `version`.
    """
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": about["name"],
        "description": about["text"],
        "citeAs": about["citation"],
        "creator": {"@type": "sc:Organization", "name": "nephrosyn"},
        "datePublished": about["published"],
        "keywords": about["keywords"],
        "license": about["licence"],
        "version": about["version"],
        "distribution": [_files(table, manifest["format"]) for table in tables],
        "recordSet": [_records(table) for table in tables],
    }


def _files(table: DescribedTable, format: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{table.identifier}-files",
        "name": f"{table.identifier}-files",
        "description": f"Files of {table.name}.",
        "encodingFormat": ENCODINGS[format],
        "includes": f"{table.folder}/*.{format}",
    }


def _records(table: DescribedTable) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table.identifier,
        "name": table.identifier,
        "description": table.text,
        **({"key": [{"@id": f"{table.identifier}/{column}"} for column in table.key]} if table.key else {}),
        "field": [_field(table, name, column) for name, column in table.table.columns.items()],
    }


def _field(table: DescribedTable, name: str, column: Column) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{table.identifier}/{name}",
        "name": name,
        "description": in_words(column),
        "dataType": DATA_TYPES[field_type(column)],
        "source": {"fileSet": {"@id": f"{table.identifier}-files"}, "extract": {"column": name}},
    }
