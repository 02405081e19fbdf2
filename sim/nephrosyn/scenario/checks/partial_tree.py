"""A tree seen past its broken places, so that every sound part can still be checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nephrosyn.scenario.tree import MISSING, Path, at


@dataclass(frozen=True)
class View:
    """A merged scenario and the places in it where the schema found a problem.

    Attributes
    ----------
    tree : mapping
        Merged values.
    broken : set of path
        Places with a problem.
    """

    tree: Mapping[str, Any]
    broken: set[Path]

    def _sound(self, path: Path) -> bool:
        return not any(path[:length] in self.broken for length in range(len(path) + 1))

    def value(self, *path: str) -> Any:
        """Return the sound value at a path; None if there is none, or if anything in it is broken."""
        if not self._sound(path) or any(place[: len(path)] == path for place in self.broken):
            return None
        value = at(self.tree, path)
        return None if value is MISSING else value

    def names(self, *path: str) -> list[str] | None:
        """Return the keys of the table at a path; None if there is no table."""
        value = at(self.tree, path)
        if not self._sound(path) or not isinstance(value, Mapping):
            return None
        return list(value)

    def numbers(self, *path: str) -> list[float] | None:
        """Return the sound list of numbers at a path, or None."""
        value = self.value(*path)
        return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else None

    def table(self, *path: str) -> dict[str, Any] | None:
        """Return the sound table at a path, or None."""
        value = self.value(*path)
        return dict(value) if isinstance(value, Mapping) else None
