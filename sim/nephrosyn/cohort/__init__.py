"""A run folder as tables: written whole or not at all, checked against its manifest when read.

``observed/<table>/part-00000.parquet``, ``truth/<table>/...``, ``derived/labels/...`` and, written last,
``manifest.json`` with the version, the resolved scenario, and for each file its rows and SHA-256.
``parts/`` has a record of each part, written when all its files stand, by which a broken run is gone on with.
"""

from __future__ import annotations

from nephrosyn.cohort.documents import Documents
from nephrosyn.cohort.folder import Folder
from nephrosyn.cohort.layout import Format, RunFolderError
from nephrosyn.cohort.remote import RemoteFolder, RemoteWriter, here
from nephrosyn.cohort.writer import Writer, begun
from nephrosyn.tables import SCHEMAS

__all__ = [
    "SCHEMAS",
    "Documents",
    "Folder",
    "Format",
    "RemoteFolder",
    "RemoteWriter",
    "RunFolderError",
    "Writer",
    "begun",
    "here",
]
