"""Run folders: written completely or not at all, and checked against their manifest when read.

``observed/<table>/part-00000.parquet``, ``truth/<table>/...``, ``derived/labels/...`` and, written last,
``manifest.json`` with the version, the resolved scenario, and the rows and SHA-256 of each file.
``parts/`` has a record of each finished part, by which an interrupted run is resumed. `Folder` reads a run, `Writer`
writes one; `RemoteFolder` and `RemoteWriter` do so at a URL. `OutputFolder` writes the folders of other commands.
Names are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nephrosyn.errors import RunFolderError

if TYPE_CHECKING:
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

_HOMES = {
    "nephrosyn.record.schema": ("SCHEMAS",),
    "nephrosyn.runs.folder.folder": ("Folder",),
    "nephrosyn.runs.folder.layout": ("Format",),
    "nephrosyn.runs.folder.output_folder": ("OutputFolder",),
    "nephrosyn.runs.folder.remote": ("RemoteFolder", "RemoteWriter", "require_local"),
    "nephrosyn.runs.folder.storage": ("require_path",),
    "nephrosyn.runs.folder.writer": ("Writer", "run_description"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
