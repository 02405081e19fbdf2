"""A run folder as tables: written whole or not at all, checked against its manifest when read.

``observed/<table>/part-00000.parquet``, ``truth/<table>/...``, ``derived/labels/...`` and, written last,
``manifest.json`` with the version, the resolved scenario, and for each file its rows and SHA-256.
``parts/`` has a record of each part, written when all its files stand, by which a broken run is gone on with.
"""

from __future__ import annotations

from nephrosyn.errors import RunFolderError
from nephrosyn.record.schema import SCHEMAS
from nephrosyn.runs.folder.folder import Folder
from nephrosyn.runs.folder.layout import Format
from nephrosyn.runs.folder.output_folder import Documents
from nephrosyn.runs.folder.remote import RemoteFolder, RemoteWriter, here
from nephrosyn.runs.folder.writer import Writer, begun

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
