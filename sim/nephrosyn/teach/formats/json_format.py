"""Cases as JSON: the model itself, one file for each system of units."""

from __future__ import annotations

from pathlib import Path

from nephrosyn.teach.formats.unit_overlay import primary_first
from nephrosyn.teach.model import CaseSet, UnitSystem


def write(sets: dict[UnitSystem, CaseSet], primary: UnitSystem, folder: Path) -> list[Path]:
    """Write ``cases-UNITS.json``, the primary units first.

    Parameters
    ----------
    sets : dict of str to CaseSet
        The same cases by system of units.
    primary : {"conventional", "si"}
        Which of them comes first.
    folder : Path
        Folder to write to.

    Returns
    -------
    list of Path
        The files.
    """
    files = []
    for units in primary_first(sets, primary):
        path = folder / f"cases-{units}.json"
        path.write_text(sets[units].model_dump_json(indent=1) + "\n", encoding="utf-8")
        files.append(path)
    return files
