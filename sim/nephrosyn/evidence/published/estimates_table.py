"""The published figures, one number a row: how each was observed, which scenario imitates it, and what it is for."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from nephrosyn.errors import FigureError, Problem
from nephrosyn.evidence.measures.registry import measures, misfits
from nephrosyn.scenario.files.catalogue import shipped
from nephrosyn.scenario.messages import nearest, shown
from nephrosyn.statistics import published_intervals
from nephrosyn.text_files import UnreadableError, read_text

FILE = "figures.csv"
PUBLISHED = "published-figures.csv"
Kind = Literal["share", "rate", "mean", "median", "quartile", "ratio", "difference", "other"]
Use = Literal["fit", "validation", "none"]


def _arguments(text: Any) -> Any:
    """Read ``definition=iskdc; days=730``."""
    if not isinstance(text, str):
        return text
    pairs = [part.partition("=") for part in text.split(";") if part.strip()]
    return {key.strip(): _plain(value.strip()) for key, _, value in pairs}


def _plain(text: str) -> str | int | float | bool:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


Number = Annotated[float | None, BeforeValidator(lambda value: None if value == "" else value)]
Text = Annotated[str, Field(max_length=400)]


class Figure(BaseModel):
    """One published number.

    Attributes
    ----------
    id : str
        Evidence id, and what tells its numbers apart after a dot.
    entry, visits, definition, follow_up, counted : str
        How it was observed: who was taken in, how often they were seen, by which definition set (or how the paper
        defined it), for how long, and what was counted.
    scenario, against : str
        The scenario that imitates the setting, and that of the other arm if the number compares two.
    use : {"fit", "validation", "none"}
        Whether numbers of a scenario may be set to it. ``none`` is not simulated, and ``note`` says why.
    measure, arguments
        What is counted in the simulated record.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    id: Annotated[str, Field(pattern=r"^[A-HR]\d\d(\.[a-z0-9-]+)?$")]
    quantity: Annotated[str, Field(min_length=1)]
    kind: Kind
    numerator: Number
    denominator: Number
    published: Number
    published_low: Number
    published_high: Number
    lower_quartile: Number
    upper_quartile: Number
    sd: Number
    stated_basis: Text
    entry: Text
    visits: Text
    definition: Text
    follow_up: Text
    counted: Text
    scenario: Text
    against: Text
    use: Use
    measure: Text
    arguments: Annotated[dict[str, Any], BeforeValidator(_arguments)]
    note: Text
    population: str = ""
    citation: str = ""
    grade: str = ""

    @property
    def evidence(self) -> str:
        """The evidence id."""
        return self.id.partition(".")[0]

    @property
    def value(self) -> float | None:
        """The number: as published, or numerator by denominator."""
        if self.published is None and self.numerator is not None and self.denominator:
            return self.numerator / self.denominator
        return self.published

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its 95% interval: as published, or worked out from counts, quartiles or a standard deviation."""
        if self.published_low is not None and self.published_high is not None:
            return self.published_low, self.published_high
        value, people = self.value, self.denominator
        if value is None or not people:
            return None
        if self.kind == "share":
            count = self.numerator if self.numerator is not None else value * people
            return published_intervals.wilson(count, people)
        if self.kind == "rate" and self.numerator is not None:
            return published_intervals.poisson(self.numerator, people)
        if self.lower_quartile and self.upper_quartile and self.kind in ("median", "quartile"):
            ends = self.lower_quartile, self.upper_quartile
            return published_intervals.lognormal(value, *ends, people, median=self.kind == "median")
        return None if self.sd is None else published_intervals.normal(value, self.sd, people)

    @property
    def basis(self) -> str:
        """Where the interval comes from."""
        if self.published_low is not None or self.denominator is None:
            return self.stated_basis or ("as published" if self.published_low is not None else "")
        people = f"n = {self.denominator:g}"
        if self.kind == "share":
            return f"Wilson, {people}"
        if self.kind == "rate":
            return f"exact Poisson, {self.numerator:g} in {self.denominator:g} years"
        return f"lognormal, {people}" if self.sd is None else f"normal, {people}"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        problems = list(_problems(self))
        if problems:
            raise ValueError("; ".join(problems))
        return self


def _problems(one: Figure) -> Iterator[str]:
    """Yield what does not fit together in a row."""
    if one.use == "none":
        if not one.note:
            yield "a row that is not simulated needs its reason in note"
        if one.measure:
            yield "a row with use none has no measure"
        return
    for name in ("scenario", "against"):
        wanted = getattr(one, name)
        if wanted not in shipped() and (wanted or name == "scenario"):
            yield f"{name} {wanted!r} is no shipped scenario (nearest: {nearest(wanted, shipped()) or 'none'})"
    if one.measure not in measures():
        yield f"measure {one.measure!r} is not known (nearest: {nearest(one.measure, measures()) or 'none'})"
    else:
        yield from misfits(one.measure, one.arguments)
    if bool(one.against) != (one.kind in ("ratio", "difference")):
        yield "a ratio or difference, and nothing else, has an arm to go against"
    value, interval = one.value, one.interval
    if value is None or interval is None:
        yield "a value and an interval, or counts or spread to work it out from, are needed"
    elif not interval[0] <= value <= interval[1] or interval[0] == interval[1]:
        yield f"the interval {interval[0]:g} to {interval[1]:g} does not hold the value {value:g}"
    elif one.kind == "share" and not 0 <= interval[0] <= interval[1] <= 1:
        yield "a share lies between 0 and 1"
    if one.use == "fit" and one.evidence.startswith("R"):
        yield "a share of refractory disease is never fitted"


@cache
def figures() -> tuple[Figure, ...]:
    """Return the figures of the package.

    Raises
    ------
    FigureError
        With every row that is wrong.

    Examples
    --------
    >>> len({figure.evidence for figure in figures()})
    86
    """
    return read(files("nephrosyn.evidence").joinpath(FILE).read_text("utf-8"), FILE)


def load(path: Path) -> tuple[Figure, ...]:
    """Read a table of figures from a file.

    Raises
    ------
    FigureError
        If it cannot be read, or with every row that is wrong.
    """
    try:
        return read(read_text(path), str(path))
    except UnreadableError as error:
        raise FigureError(str(path), [Problem(str(path), error.expected, error.found)]) from None


def read(text: str, name: str) -> tuple[Figure, ...]:
    """Read a table of figures.

    Raises
    ------
    FigureError
        With every row that is wrong, two of one id, and evidence ids that have none.
    """
    known = {row["id"]: row for row in published()}
    found: list[Figure] = []
    problems: list[Problem] = []
    rows = list(csv.DictReader(text.splitlines()))
    for line, row in enumerate(rows, 2):
        behind = known.get(str(row.get("id", "")).partition(".")[0])
        where = f"{name}, line {line} ({row.get('id', '')})"
        if behind is None:
            problems.append(Problem(where, "an id of the published figures", shown(row.get("id", ""))))
            continue
        about = {"population": behind["population"], "citation": behind["citation"], "grade": behind["confidence"]}
        try:
            found.append(Figure.model_validate({**row, **about}))
        except ValidationError as error:
            problems += [Problem(f"{where} {_place(one)}".strip(), _wanted(one), _found(one)) for one in error.errors()]
    problems += _of_the_whole([str(row.get("id", "")) for row in rows], known, name)
    if problems:
        raise FigureError(name, problems)
    return tuple(found)


def _place(error: Any) -> str:
    return ".".join(str(part) for part in error["loc"])


def _wanted(error: Any) -> str:
    return str(error["msg"]).removeprefix("Value error, ")


def _found(error: Any) -> str:
    return shown(error["input"]) if error["loc"] else "this row"


def _of_the_whole(names: Sequence[str], known: Iterable[str], name: str) -> Iterator[Problem]:
    for twice in sorted({one for one in names if names.count(one) > 1}):
        yield Problem(f"{name} {twice}", "each id once", "it stands there more than once")
    for absent in sorted(set(known) - {one.partition(".")[0] for one in names}):
        yield Problem(f"{name} {absent}", "a row for each published figure", "none")


@cache
def published() -> tuple[dict[str, str], ...]:
    """Return the published figures as they were collected."""
    text = files("nephrosyn.evidence").joinpath(PUBLISHED).read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))
