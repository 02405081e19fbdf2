"""Run folders: written completely or not at all, and checked against their manifest when read.

``observed/<table>/part-00000.parquet``, ``truth/<table>/...``, ``derived/labels/...`` and, written last,
``manifest.json`` with the version, the resolved scenario, and the rows and SHA-256 of each file.
``parts/`` has a record of each finished part, by which an interrupted run is resumed. `Folder` reads a run, `Writer`
writes one; `RemoteFolder` and `RemoteWriter` do so at a URL. `OutputFolder` writes the folders of other commands.
"""

from __future__ import annotations

from nephrosyn.errors import RunFolderError
from nephrosyn.record.schema import SCHEMAS
from nephrosyn.runs.folder.folder import Folder
from nephrosyn.runs.folder.layout import Format
from nephrosyn.runs.folder.output_folder import OutputFolder
from nephrosyn.runs.folder.remote import RemoteFolder, RemoteWriter, require_local
from nephrosyn.runs.folder.storage import require_path
from nephrosyn.runs.folder.writer import Writer, run_description

__all__ = [
    "SCHEMAS",
    "Folder",
    "Format",
    "OutputFolder",
    "RemoteFolder",
    "RemoteWriter",
    "RunFolderError",
    "Writer",
    "require_local",
    "require_path",
    "run_description",
]
