"""What an export wrote, and what it could not map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Counts:
    """Numbers of rows.

    Attributes
    ----------
    written : Counter of str
        Rows written, by table of the format.
    left_out : Counter of str
        Rows of the record that the format has no place for, by a sentence that says which.
    local : Counter of str
        Rows that went out under a code of nephrosyn's own, by the word of the vocabulary.

    Examples
    --------
    >>> counts = Counts()
    >>> counts.left_out["visits that were missed"] += 3
    >>> counts.update(Counts(left_out=Counter({"visits that were missed": 2})))
    >>> counts.left_out["visits that were missed"]
    5
    """

    written: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    local: Counter[str] = field(default_factory=Counter)

    def update(self, further: Counts) -> None:
        """Add further numbers of rows."""
        for total, added in (
            (self.written, further.written),
            (self.left_out, further.left_out),
            (self.local, further.local),
        ):
            total.update(added)

    def as_dict(self) -> dict[str, dict[str, int]]:
        """Return them for JSON, sorted, without zeros."""
        fields = {"written": self.written, "left_out": self.left_out, "local": self.local}
        return {name: {key: rows for key, rows in sorted(of.items()) if rows} for name, of in fields.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Counts:
        """Return the counts that `as_dict` wrote."""
        return cls(*(Counter(values[name]) for name in ("written", "left_out", "local")))
