"""A tree with invalid parts, of which the valid parts can still be checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nephrosyn.scenario.tree import MISSING, Path, get

Mismatches = Iterator[tuple[Path, str, str | tuple[str, str]]]
"""Path, what was expected, and what is there; with the nearest valid name where there is one."""


def together(entry: str | list[str]) -> list[str]:
    """Return the regimens of an entry of a sequence: one, or several that are given together."""
    return [entry] if isinstance(entry, str) else list(entry)


@dataclass(frozen=True)
class ValidParts:
    """A merged scenario with the paths at which the schema found a problem.

    Attributes
    ----------
    tree : mapping
        Merged values.
    invalid : set of path
        Paths with a problem.
    """

    tree: Mapping[str, Any]
    invalid: set[Path]

    def _is_valid(self, path: Path) -> bool:
        return not any(path[:length] in self.invalid for length in range(len(path) + 1))

    def value(self, *path: str) -> Any:
        """Return the value at a path; None if there is none, or if anything in it is invalid."""
        if not self._is_valid(path) or any(place[: len(path)] == path for place in self.invalid):
            return None
        value = get(self.tree, path)
        return None if value is MISSING else value

    def names(self, *path: str) -> list[str] | None:
        """Return the keys of the table at a path; None if there is no table."""
        value = get(self.tree, path)
        if not self._is_valid(path) or not isinstance(value, Mapping):
            return None
        return list(value)

    def numbers(self, *path: str) -> list[float] | None:
        """Return the valid list of numbers at a path, or None."""
        value = self.value(*path)
        return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else None

    def table(self, *path: str) -> dict[str, Any] | None:
        """Return the valid table at a path, or None."""
        value = self.value(*path)
        return dict(value) if isinstance(value, Mapping) else None
