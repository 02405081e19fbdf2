"""The RO-Crate of a run: what it holds and what made it, as linked data for archives and workflow tools.

References
----------
RO-Crate metadata specification 1.1: https://w3id.org/ro/crate/1.1
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nephrosyn.runs.folder.descriptions.data_package import MEDIA_TYPES
from nephrosyn.runs.folder.descriptions.tables import DescribedTable, in_words

SPECIFICATION = "https://w3id.org/ro/crate/1.1"
FILES = {
    "manifest.json": ("Manifest", "version, resolved scenario, seed, and the rows and SHA-256 of each file"),
    "datapackage.json": ("Data Package", "types, units and meanings of all columns, for Frictionless tools"),
    "croissant.json": ("Croissant", "the same, for machine learning tools"),
}


def ro_crate(name: str, manifest: Mapping[str, Any], tables: Sequence[DescribedTable], about: Mapping[str, Any]) -> Any:
    """Return the content of ``ro-crate-metadata.json``.

    Parameters
    ----------
    name : str
        Name of that file.
    manifest : mapping
        The manifest of the run.
    tables : sequence of DescribedTable
        Its tables.
    about : mapping
        Texts that the descriptions share: `title`, `text`, `citation`, `licence`, `published`, `keywords`
        and `version`.
    """
    return {
        "@context": f"{SPECIFICATION}/context",
        "@graph": [
            {
                "@id": name,
                "@type": "CreativeWork",
                "about": {"@id": "./"},
                "conformsTo": {"@id": SPECIFICATION},
            },
            _root(tables, about),
            *_made_by(manifest, about),
            {"@id": "#licence", "@type": "CreativeWork", "name": "No licence", "description": about["licence"]},
            *_files(),
            *(entity for table in tables for entity in _table(table, manifest["format"])),
        ],
    }


def _root(tables: Sequence[DescribedTable], about: Mapping[str, Any]) -> dict[str, Any]:
    parts = [*FILES, *(f"{table.folder}/" for table in tables)]
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": about["title"],
        "description": about["text"],
        "creditText": about["citation"],
        "datePublished": about["published"],
        "keywords": about["keywords"],
        "license": {"@id": "#licence"},
        "hasPart": [{"@id": part} for part in parts],
        "mentions": {"@id": "#run"},
    }


def _made_by(manifest: Mapping[str, Any], about: Mapping[str, Any]) -> list[dict[str, Any]]:
    software = {
        "@id": "#nephrosyn",
        "@type": "SoftwareApplication",
        "name": "nephrosyn",
        "version": about["version"],
        "description": "Simulator of cohorts with nephrotic syndrome",
    }
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Simulation of the scenario {manifest['scenario'].get('name', '')}".strip(),
        "description": f"seed {manifest['seed']}, {manifest['patients']} patients, {manifest['replicates']} replicates",
        "instrument": {"@id": "#nephrosyn"},
        "result": {"@id": "./"},
    }
    return [software, run]


def _files() -> list[dict[str, Any]]:
    return [
        {
            "@id": name,
            "@type": "File",
            "name": title,
            "description": text,
            "encodingFormat": "application/json",
        }
        for name, (title, text) in FILES.items()
    ]


def _table(table: DescribedTable, format: str) -> list[dict[str, Any]]:
    """Return the folder of a table, and its columns."""
    columns = [
        {
            "@id": f"#{table.identifier}.{name}",
            "@type": "PropertyValue",
            "name": name,
            "description": in_words(column),
            **({"unitText": column.unit} if column.unit else {}),
        }
        for name, column in table.table.columns.items()
    ]
    folder = {
        "@id": f"{table.folder}/",
        "@type": "Dataset",
        "name": table.name,
        "description": f"{table.text} {table.rows:,} rows.",
        "encodingFormat": MEDIA_TYPES[format],
        "variableMeasured": [{"@id": column["@id"]} for column in columns],
    }
    return [folder, *columns]
