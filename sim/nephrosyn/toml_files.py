"""TOML files of a user and of the package: finding them by name or path, and ``extends`` between them.

Scenarios and definition sets are both found, chained and merged by these functions. What is wrong with a file is
returned as a `Problem`, or raised as `UnreadableError`; each kind of file has an error of its own for it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from nephrosyn.errors import NO_SUCH_NAME, Problem, nearest
from nephrosyn.text_files import UnreadableError, decoded, is_readable, parsed_toml, read_text

SUFFIX = ".toml"
MOST_LAYERS = 100
"""Longest chain of files that extend one another."""


def files_in(folder: Traversable) -> dict[str, Traversable]:
    """Return the TOML files of a folder by name, in alphabetical order."""
    names = {entry.name.removesuffix(SUFFIX): entry for entry in folder.iterdir() if entry.name.endswith(SUFFIX)}
    return dict(sorted(names.items()))


def titles_of(files: Mapping[str, Traversable]) -> dict[str, str]:
    """Return the ``title`` in each file, or an empty text, without checking the rest of it."""
    return {name: str(_first_keys(file.read_text("utf-8")).get("title", "")) for name, file in files.items()}


def _first_keys(text: str) -> dict[str, Any]:
    """Return the keys before the first table; parsing long files whole would take most of the time of a list."""
    before, _, _ = text.partition("\n[")
    try:
        return tomllib.loads(before)
    except tomllib.TOMLDecodeError:  # a line of a text or an array begins with a bracket
        return tomllib.loads(text)


def content(file: Traversable) -> str:
    """Return the text of a file.

    Raises
    ------
    UnreadableError
        If it cannot be read, is too long, or is not text.
    """
    return read_text(file) if isinstance(file, Path) else decoded(file.read_bytes())


def is_path(name: str) -> bool:
    """Whether a text is meant as a path: it ends in ``.toml`` or contains a slash.

    Examples
    --------
    >>> is_path("baseline"), is_path("./baseline"), is_path("my-clinic.toml")
    (False, True, True)
    """
    return name.endswith(SUFFIX) or "/" in name or "\\" in name


def find(
    name_or_path: str | Path, shipped: Mapping[str, Traversable], kind: str, beside: Path | None = None
) -> Traversable | Problem:
    """Find a file by its shipped name or its path.

    Parameters
    ----------
    name_or_path : str or path
        A shipped name, or the path of a file. A text that is a shipped name is never a path.
    shipped : mapping of str to path-like
        The shipped files by name.
    kind : str
        Name of this kind of file in messages, as ``scenario``.
    beside : path, optional
        Folder that a relative path starts from; the working folder by default.

    Returns
    -------
    path-like or Problem
        An existing file; or the problem, with the nearest shipped names.

    Examples
    --------
    >>> find("basline", {"baseline": Path("baseline.toml")}, "scenario").nearest
    'baseline'
    """
    text = str(name_or_path)
    if isinstance(name_or_path, str) and text in shipped:
        return shipped[text]
    path = (beside or Path()) / text
    if is_readable(path):
        return path
    like = nearest(Path(text).name.removesuffix(SUFFIX), shipped)
    if is_path(text) or isinstance(name_or_path, Path):
        actual = "a folder" if "\0" not in text and path.is_dir() else "no such file"
        return Problem(text, f"a {kind} file", actual, f"shipped {kind} {like}" if like else "")
    return Problem(text, f"the name of a shipped {kind}, or a file", f"no {kind} {NO_SUCH_NAME}", like)


@dataclass(frozen=True)
class Layer:
    """One file of a chain.

    Attributes
    ----------
    label : str
        Its name in messages.
    tree : dict
        Its content.
    file : path-like, optional
        Where it is.
    """

    label: str
    tree: dict[str, Any]
    file: Traversable | None = None

    @classmethod
    def read(cls, file: Traversable, label: str) -> Layer:
        """Read a file.

        Raises
        ------
        UnreadableError
            If it cannot be read or is not TOML, with line and column.
        """
        return cls(label, parsed_toml(content(file)), file)

    @property
    def folder(self) -> Path:
        """The folder of the file, from which relative paths in it start."""
        return Path(str(self.file)).parent

    @property
    def identity(self) -> str:
        """Equal for two layers of the same file."""
        return str(Path(str(self.file)).resolve()) if self.file is not None else self.label


def chain(last: Layer, parent_of: Callable[[Layer], Layer | None]) -> list[Layer]:
    """Return a file and all it extends.

    Parameters
    ----------
    last : Layer
        The file that was requested.
    parent_of : callable
        Function from a layer to the layer that it extends; None if it extends nothing.

    Returns
    -------
    list of Layer
        The outermost ancestor first.

    Raises
    ------
    UnreadableError
        If ``extends`` forms a circle, or the chain is too long.

    Examples
    --------
    >>> layers = {"a": Layer("a", {"extends": "b"}), "b": Layer("b", {})}
    >>> [layer.label for layer in chain(layers["a"], lambda layer: layers.get(layer.tree.get("extends")))]
    ['b', 'a']
    """
    layers = [last]
    while (parent := parent_of(layers[0])) is not None:
        labels = {layer.identity: layer.label for layer in reversed(layers)}
        if parent.identity in labels:
            circle = [*list(labels.values())[list(labels).index(parent.identity) :], parent.label]
            raise UnreadableError("a chain that ends", f"a circle: {' -> '.join(circle)}")
        if len(layers) >= MOST_LAYERS:
            raise UnreadableError(f"at most {MOST_LAYERS} files", "a longer chain")
        layers.insert(0, parent)
    return layers


def merge_tables(below: Any, above: Any, replaces: Callable[[Mapping[str, Any], Mapping[str, Any]], bool]) -> Any:
    """Lay one tree over another: tables are merged key by key, other values replaced.

    Parameters
    ----------
    below, above : table or value
        The tree that is extended, and the tree with the changes; both are left unchanged.
    replaces : callable
        Whether the second of two tables replaces the first as a whole.

    Returns
    -------
    table or value
        A new tree.

    Examples
    --------
    >>> merge_tables({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": 4}}, lambda below, above: False)
    {'a': 1, 'b': {'c': 4, 'd': 3}}
    """
    if not isinstance(below, Mapping) or not isinstance(above, Mapping) or replaces(below, above):
        return above
    changes = {
        key: merge_tables(below[key], value, replaces) if key in below else value for key, value in above.items()
    }
    return {**below, **changes}
