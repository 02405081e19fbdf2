"""Objects of users, classifiers and perturbations, in a file, a module or an installed package, and their names."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

SUFFIX = ".py"
NAMED = re.compile(r"(?:(?P<name>[^\W_][\w .+-]{0,59})=)?(?P<source>.+):(?P<object>[A-Za-z_][\w.]*)", re.DOTALL)
"""``MODULE:NAME`` or ``FILE.py:NAME``, optionally with a name for the results before it: ``mine=rules.py:classify``."""
MODULE = re.compile(r"[A-Za-z_][\w.]*")


@dataclass(frozen=True)
class ObjectPath:
    """Where an object of a user is defined.

    Attributes
    ----------
    source : str
        Name of a module, or path of a file that ends in ``.py``.
    name : str
        Name of the object in it.
    folder : str
        Folder of the file, or the working directory; searched for modules after all installed ones.
    """

    source: str
    name: str
    folder: str


@dataclass(frozen=True)
class NamedObject:
    """An object as a user has named it.

    Attributes
    ----------
    name : str or None
        Name for the results, if one was given.
    path : ObjectPath
        Where it is defined.
    problem : str
        What is wrong with it, or empty.
    """

    name: str | None
    path: ObjectPath
    problem: str = ""

    @property
    def default_name(self) -> str:
        """Name for the results if none was given."""
        source = self.path.source
        return f"{Path(source).stem if source.endswith(SUFFIX) else source}:{self.path.name}"


def named_object(text: str) -> NamedObject | None:
    """Return the object that a text names; None if it names none.

    Parameters
    ----------
    text : str
        ``MODULE:NAME`` or ``FILE.py:NAME``, optionally after ``RESULTS=``.

    Examples
    --------
    >>> named_object("mine=statistics:mean").name, named_object("statistics:mean").default_name
    ('mine', 'statistics:mean')
    >>> named_object("majority") is None
    True
    """
    match = NAMED.fullmatch(text)
    if match is None:
        return None
    name, source = match["name"], match["source"]
    file = text.rpartition(":")[0]
    if Path(file).is_file():  # a path may hold an equals sign, too
        name, source = None, file
    if source.endswith(SUFFIX):
        path = Path(source).expanduser().resolve()
        problem = "" if path.is_file() else f"there is no file {source}"
        return NamedObject(name, ObjectPath(str(path), match["object"], str(path.parent)), problem)
    problem = "" if MODULE.fullmatch(source) else f"expected MODULE:NAME or FILE.py:NAME; found {source}"
    return NamedObject(name, ObjectPath(source, match["object"], str(Path.cwd())), problem)


def installed_objects(group: str) -> dict[str, EntryPoint]:
    """Return the objects that installed packages offer as entry points of a group, by name."""
    return {entry.name: entry for entry in sorted(entry_points(group=group), key=lambda entry: entry.name)}


def path_of_entry(entry: EntryPoint) -> ObjectPath:
    """Return where the object of an entry point is defined."""
    source, _, attribute = entry.value.partition("[")[0].strip().partition(":")
    return ObjectPath(source, attribute, str(Path.cwd()))


def load_module(source: str, folder: str) -> ModuleType:
    """Import the module of a user's object.

    Parameters
    ----------
    source : str
        Name of a module, or path of a file that ends in ``.py``.
    folder : str
        The folder of the object, searched last: a file in it cannot shadow a module of the standard library or of
        an installed package.
    """
    sys.path.append(folder)
    if not source.endswith(SUFFIX):
        return importlib.import_module(source)
    path, importable = Path(source), None
    with suppress(ImportError, ValueError):  # a file name that is no module name
        importable = importlib.util.find_spec(path.stem)
    if importable is not None and importable.origin and Path(importable.origin).resolve() == path:
        return importlib.import_module(path.stem)
    spec = importlib.util.spec_from_file_location(f"nephrosyn_own_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def attribute_of(source: str, owner: ModuleType, name: str) -> Any:
    """Return an object of a module by its dotted name.

    Raises
    ------
    AttributeError
        If there is none.
    """
    loaded: Any = owner
    try:
        for part in name.split("."):
            loaded = getattr(loaded, part)
    except AttributeError:
        where = getattr(owner, "__file__", None) or "a built-in module"
        hint = "" if source.endswith(SUFFIX) else "; for a file of your own write FILE.py:NAME"
        raise AttributeError(f"there is no {name} in {where}{hint}") from None
    return loaded


def digest(owner: ModuleType) -> str | None:
    """Return the SHA-256 of the file of an imported module, stored with the results."""
    file = getattr(owner, "__file__", None)
    return hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else None
