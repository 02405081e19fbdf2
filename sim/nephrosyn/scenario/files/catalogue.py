"""Scenario files: the shipped ones by name, others by path."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from nephrosyn.errors import Problem, ScenarioError
from nephrosyn.toml_files import files_in, find, titles_of


def shipped() -> dict[str, Traversable]:
    """Return the shipped scenarios.

    They are part of the installed package; in a checkout they are in the folder ``scenarios`` at its top.

    Returns
    -------
    dict of str to path-like
        File by name, in alphabetical order.

    Examples
    --------
    >>> "baseline" in shipped()
    True
    """
    folder = _folder()
    return files_in(folder) if folder.is_dir() else {}


def _folder() -> Traversable:
    """Return the folder of the shipped scenarios."""
    package = files("nephrosyn")
    folder: Traversable = package.joinpath("scenarios")
    return folder if folder.is_dir() else Path(str(package)).parents[1] / "scenarios"


def shipped_posteriors() -> dict[str, Traversable]:
    """Return the shipped tables of draws, in the folder ``posteriors`` of the scenarios.

    Returns
    -------
    dict of str to path-like
        File by name, in alphabetical order.

    Examples
    --------
    >>> "setting-netherlands" in shipped_posteriors()
    True
    """
    folder = _folder().joinpath("posteriors")
    names = [file for file in folder.iterdir() if file.name.endswith(".csv")] if folder.is_dir() else []
    return {file.name.removesuffix(".csv"): file for file in sorted(names, key=lambda file: file.name)}


def shipped_sets() -> dict[str, Traversable]:
    """Return the shipped definition sets, which a scenario names under ``criteria``.

    Returns
    -------
    dict of str to path-like
        File by name, in alphabetical order.

    Examples
    --------
    >>> "source" in shipped_sets()
    True
    """
    return files_in(files("nephrosyn.criteria").joinpath("sets"))


def titles() -> dict[str, str]:
    """Return the title of each shipped scenario, without checking the rest of it.

    Returns
    -------
    dict of str to str
        Title by name; empty where the file has none.

    Examples
    --------
    >>> bool(titles()["baseline"])
    True
    """
    return titles_of(shipped())


def locate(name_or_path: str | Path, beside: Path | None = None) -> Traversable:
    """Find a scenario file.

    Parameters
    ----------
    name_or_path : str or path
        A shipped name, or the path of a file.
    beside : path, optional
        Folder that a relative path starts from; the working folder by default.

    Returns
    -------
    path-like
        An existing file.

    Raises
    ------
    ScenarioError
        If there is none, with the nearest names.
    """
    file = find(name_or_path, shipped(), "scenario", beside)
    if isinstance(file, Problem):
        raise ScenarioError(str(name_or_path), [file])
    return file
