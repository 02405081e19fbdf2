"""Where scenario files are: the shipped ones by name, any other by its path."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from nephrosyn.errors import Problem, ScenarioError
from nephrosyn.text_files import decoded, is_readable, read_text
from nephrosyn.user_input import nearest

SUFFIX = ".toml"


def shipped() -> dict[str, Traversable]:
    """Return the shipped scenarios.

    They lie inside the installed package, or, in a checkout, in the folder ``scenarios`` at its top.

    Returns
    -------
    dict of str to path-like
        File of each name, in alphabetical order.

    Examples
    --------
    >>> "baseline" in shipped()
    True
    """
    package = files("nephrosyn")
    folder: Traversable = package.joinpath("scenarios")
    if not folder.is_dir():
        folder = Path(str(package)).parents[1] / "scenarios"
    if not folder.is_dir():
        return {}
    names = {entry.name.removesuffix(SUFFIX): entry for entry in folder.iterdir() if entry.name.endswith(SUFFIX)}
    return dict(sorted(names.items()))


def shipped_sets() -> dict[str, Traversable]:
    """Return the shipped definition sets, which a scenario names under ``criteria``.

    Returns
    -------
    dict of str to path-like
        File of each name, in alphabetical order.

    Examples
    --------
    >>> "source" in shipped_sets()
    True
    """
    folder = files("nephrosyn.criteria").joinpath("sets")
    names = {entry.name.removesuffix(SUFFIX): entry for entry in folder.iterdir() if entry.name.endswith(SUFFIX)}
    return dict(sorted(names.items()))


def titles() -> dict[str, str]:
    """Return the title of each shipped scenario, without checking the rest of it.

    Returns
    -------
    dict of str to str
        Title of each name; empty where the file has none.

    Examples
    --------
    >>> bool(titles()["baseline"])
    True
    """
    return {name: str(tomllib.loads(file.read_text("utf-8")).get("title", "")) for name, file in shipped().items()}


def content(file: Traversable) -> str:
    """Return the text of a file that `locate` found.

    Raises
    ------
    UnreadableError
        If it cannot be read, is too long, or is no text.
    """
    return read_text(file) if isinstance(file, Path) else decoded(file.read_bytes())


def is_path(name: str) -> bool:
    """Whether a text is meant as a path: it ends in ``.toml`` or has a slash."""
    return name.endswith(SUFFIX) or "/" in name or "\\" in name


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
        A file that is there.

    Raises
    ------
    ScenarioError
        If there is none, with the nearest names.
    """
    text = str(name_or_path)
    names = shipped()
    if isinstance(name_or_path, str) and text in names:
        return names[text]
    path = (beside or Path()) / text
    if is_readable(path):
        return path
    like = nearest(Path(text).name.removesuffix(SUFFIX), names)
    if is_path(text) or isinstance(name_or_path, Path):
        actual = "a folder" if "\0" not in text and path.is_dir() else "no such file"
        raise ScenarioError(text, [Problem(text, "a scenario file", actual, f"shipped scenario {like}" if like else "")])
    expected = f"a file or one of the shipped scenarios ({', '.join(names) or 'none found'})"
    raise ScenarioError(text, [Problem(text, expected, "no scenario of this name", like)])
