"""A run folder as tables: written whole or not at all, checked against its manifest when read.

``observed/<table>/part-00000.parquet``, ``truth/<table>/...``, ``derived/labels/...`` and, written last,
``manifest.json`` with the version, the resolved scenario, and for each file its rows and SHA-256.
"""

from __future__ import annotations

from nephrosyn.cohort.documents import Documents
from nephrosyn.cohort.folder import Folder
from nephrosyn.cohort.layout import Format, RunFolderError
from nephrosyn.cohort.remote import RemoteFolder, RemoteWriter
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
]
