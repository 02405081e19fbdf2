"""Describe a run in three formats."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nephrosyn import __version__
from nephrosyn.runs.folder.descriptions.croissant import croissant
from nephrosyn.runs.folder.descriptions.data_package import data_package
from nephrosyn.runs.folder.descriptions.ro_crate import ro_crate
from nephrosyn.runs.folder.descriptions.tables import described
from nephrosyn.runs.folder.layout import CROISSANT, DATA_PACKAGE, RO_CRATE, as_json
from nephrosyn.vocabulary import NOTICE

NAMES = (DATA_PACKAGE, CROISSANT, RO_CRATE)
"""Names of the files."""
PUBLISHED = "2026-01-01"
"""RO-Crate asks for a date. A run has none, as it is the same whenever it is made: this is that of the software."""
LICENCE = "No licence is attached. The data come from a simulation; whoever publishes them chooses a licence."
KEYWORDS = ["nephrotic syndrome", "simulation", "synthetic data"]


def describe(manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the descriptions of a run.

    Parameters
    ----------
    manifest : mapping
        The manifest of the run, with the rows of each file.

    Returns
    -------
    dict of str to bytes
        Content of each file by its name; the same for the same manifest.

    Examples
    --------
    >>> import nephrosyn as ns
    >>> about = ns.run("baseline", patients=10).manifest
    >>> files = {"observed/patients/part-00000.parquet": {"rows": 10}}
    >>> list(describe({**about, "files": files}))
    ['datapackage.json', 'croissant.json', 'ro-crate-metadata.json']
    """
    tables, about = described(manifest), _about(manifest)
    contents = {
        DATA_PACKAGE: data_package(manifest, tables, about),
        CROISSANT: croissant(manifest, tables, about),
        RO_CRATE: ro_crate(RO_CRATE, manifest, tables, about),
    }
    return {name: as_json(content) for name, content in contents.items()}


def _about(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the texts that the descriptions share."""
    scenario = str(manifest["scenario"].get("name", "scenario"))
    patients, replicates = manifest["patients"], manifest["replicates"]
    times = f" in each of {replicates} replicates" if replicates > 1 else ""
    version = str(manifest.get("version", __version__))
    origin = f"scenario {scenario}, seed {manifest['seed']}, nephrosyn {version}"
    slug = re.sub(r"[^a-z0-9]+", "-", scenario.lower()).strip("-") or "scenario"
    return {
        "name": f"nephrosyn-{slug}",
        "title": f"Synthetic cohort of nephrotic syndrome: {scenario}",
        "text": f"{NOTICE} {patients:,} patients with nephrotic syndrome{times}: {origin}. Day 0 is onset; tables are "
        "joined by replicate and patient.",
        "citation": f"Synthetic cohort: {origin}",
        "licence": LICENCE,
        "published": PUBLISHED,
        "keywords": KEYWORDS,
        "version": version,
    }
