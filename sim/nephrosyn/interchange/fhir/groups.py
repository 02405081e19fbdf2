"""Labels as Groups: the patients of one category, or the refractory ones, by one definition set and view.

Each worker writes the members that its part has into a file of its own. At the end these are joined, part by part, so
that a group of any size is never in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, Any

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.interchange.fhir.part import FhirPart
from nephrosyn.interchange.fhir.persons import SYNTHETIC
from nephrosyn.interchange.fhir.text import compact, lines, start
from nephrosyn.interchange.output import Output

MEMBERS = ".members"
"""Folder of the members of each part, until they are joined."""
REFRACTORY, OUTSIDE = "refractory", "outside"
KINDS = (*vocabulary.CATEGORIES, REFRACTORY, OUTSIDE)


@dataclass(frozen=True)
class LabelGroup:
    """One group.

    Attributes
    ----------
    number : int
        Number, of which its id and its file are made.
    criteria, view : str
        Definition set, and the record that was classified.
    kind : str
        A category, `REFRACTORY`, or `OUTSIDE` for patients to whom the set does not apply.
    """

    number: int
    criteria: str
    view: str
    kind: str

    @property
    def name(self) -> str:
        """What the group is."""
        meaning = "to whom the set does not apply" if self.kind == OUTSIDE else vocabulary.plain_name(self.kind)
        return f"{meaning}, by {self.criteria} ({self.view} record)"

    def head(self) -> str:
        """Return the resource up to its members."""
        value = vocabulary.plain_name(self.kind)
        characteristic = {
            "code": {"text": f"classification by {self.criteria} ({self.view} record)"},
            "valueCodeableConcept": {"text": "set does not apply" if self.kind == OUTSIDE else value},
            "exclude": False,
        }
        return (
            f'{start("Group")}label-{self.number}",{SYNTHETIC},"type":"person","actual":true,'
            f'"name":{compact(self.name)},"characteristic":[{compact(characteristic)}],"member":['
        )


def label_groups(sets: Sequence[str]) -> list[LabelGroup]:
    """Return the groups that there may be, in order.

    Parameters
    ----------
    sets : sequence of str
        Names of the definition sets whose labels are exported.

    Examples
    --------
    >>> label_groups(["source"])[0].name
    'steroid-resistant, by source (complete record)'
    """
    places = [(name, view, kind) for name in sets for view in vocabulary.VIEWS for kind in KINDS]
    return [LabelGroup(number, *place) for number, place in enumerate(places)]


def write_members(part: FhirPart, output: Output) -> None:
    """Write the members that a part has in each group, for a while."""
    labels = part.table("labels").filter(pl.col("criteria").is_in(part.record.run.labels))
    labels = labels.with_columns(member=lines(labels, '{"entity":{"reference":"Patient/p', pl.col("key"), '"}}'))
    applies = pl.col("applies").fill_null(value=True)
    shown = ["criteria", "view", "kind", "member"]
    kind = pl.when(applies).then(pl.col("category").cast(pl.String)).otherwise(pl.lit(OUTSIDE))
    by_category = labels.with_columns(kind=kind).select(shown)
    refractory = labels.filter(applies & pl.col("refractory")).with_columns(kind=pl.lit(REFRACTORY)).select(shown)
    grouped = pl.concat([by_category, refractory]).group_by("criteria", "view", "kind", maintain_order=True)
    numbers = {(group.criteria, group.view, group.kind): group.number for group in label_groups(part.record.run.labels)}
    texts = {
        numbers[criteria, view, kind]: [len(members), ",".join(members)]
        for criteria, view, kind, members in grouped.agg("member").iter_rows()
    }
    output.put(f"{MEMBERS}/{part.record.number:05d}.json", json.dumps(texts, sort_keys=True).encode())


class _OpenGroup:
    """A group that is being written."""

    def __init__(self, group: LabelGroup, file: IO[bytes], entry: dict[str, Any]) -> None:
        self._file, self._size = file, 0
        entry["rows"] = 1
        file.write(group.head().encode())

    def add(self, size: int, members: str) -> None:
        """Add members."""
        self._file.write(f"{',' if self._size else ''}{members}".encode())
        self._size += size

    def close(self) -> None:
        """End the resource."""
        self._file.write(f'],"quantity":{self._size}}}\n'.encode())


def write_groups(sets: Sequence[str], output: Output) -> int:
    """Join the members of all parts, and return the number of groups.

    Parameters
    ----------
    sets : sequence of str
        Names of the definition sets whose labels are exported.
    output : Output
        The export; it has the members of every part.
    """
    parts = sorted(name for name in output.files if name.startswith(f"{MEMBERS}/"))
    groups, opened = label_groups(sets), dict[int, _OpenGroup]()
    with ExitStack() as files:
        for number, size, members in _members(parts, output):
            if number not in opened:
                file, entry = files.enter_context(output.stream(f"Group.{number:05d}.ndjson"))
                opened[number] = _OpenGroup(groups[number], file, entry)
            opened[number].add(size, members)
        for group in opened.values():
            group.close()
    output.remove(parts)
    return len(opened)


def _members(parts: Sequence[str], output: Output) -> Iterator[tuple[int, int, str]]:
    for name in parts:
        texts = json.loads((output.folder / name).read_bytes())
        for number, (size, members) in texts.items():
            yield int(number), size, members
