"""The published estimates, one number a row: how each was observed, which scenario simulates it, and its use."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from nephrosyn.errors import EstimateError, Problem, nearest, value_text
from nephrosyn.evidence.measures.registry import measures, misfits
from nephrosyn.scenario.files.catalogue import shipped
from nephrosyn.statistics import published_intervals
from nephrosyn.statistics.proportions import wilson_interval

ESTIMATES_FILE = "estimates.csv"
COLLECTED_FILE = "collected_estimates.csv"
Kind = Literal["share", "rate", "mean", "median", "quartile", "ratio", "difference", "other"]
Use = Literal["fit", "validation", "none"]
GROUPS = (
    "response",
    "time to remission",
    "first relapse and relapse counts",
    "frequent relapse and dependence",
    "second agents",
    "complications and toxicity",
    "long run",
    "lesions, age and sex",
)
"""What an estimate is about: one of these for every estimate that is simulated."""


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


class PublishedEstimate(BaseModel):
    """One published number.

    Attributes
    ----------
    id : str
        Evidence id; where a publication has several numbers, followed by a dot and a suffix.
    entry, visits, definition, follow_up, counted : str
        How it was observed: who was included, how often they were seen, by which definition set (or how the paper
        defined it), for how long, and what was counted.
    scenario, against : str
        The scenario that simulates the setting, and that of the second arm if the number compares two.
    use : {"fit", "validation", "none"}
        Whether numbers of a scenario may be fitted to it. ``none`` is not simulated, and ``note`` says why.
    group : str
        One of `GROUPS`; may be empty if the estimate is not simulated.
    measure, arguments
        Measure, with its arguments, that is computed in the simulated record.
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
    group: Text
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
        """The number: as published, or numerator divided by denominator."""
        if self.published is None and self.numerator is not None and self.denominator:
            return self.numerator / self.denominator
        return self.published

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95% interval: as published, or computed from counts, quartiles or a standard deviation."""
        if self.published_low is not None and self.published_high is not None:
            return self.published_low, self.published_high
        value, people = self.value, self.denominator
        if value is None or not people:
            return None
        if self.kind == "share":
            count = self.numerator if self.numerator is not None else value * people
            return wilson_interval(count, people)
        if self.kind == "rate" and self.numerator is not None:
            return published_intervals.poisson(self.numerator, people)
        if self.lower_quartile and self.upper_quartile and self.kind in ("median", "quartile"):
            ends = self.lower_quartile, self.upper_quartile
            return published_intervals.lognormal(value, *ends, people, median=self.kind == "median")
        return None if self.sd is None else published_intervals.normal(value, self.sd, people)

    @property
    def basis(self) -> str:
        """How the interval was obtained."""
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


def _problems(estimate: PublishedEstimate) -> Iterator[str]:
    """Yield the contradictions in a row."""
    if estimate.group not in GROUPS and (estimate.group or estimate.use != "none"):
        yield f"group {estimate.group!r} is not one of: {'; '.join(GROUPS)}"
    if estimate.use == "none":
        if not estimate.note:
            yield "a row that is not simulated needs its reason in note"
        if estimate.measure:
            yield "a row with use none has no measure"
        return
    for name in ("scenario", "against"):
        wanted = getattr(estimate, name)
        if wanted not in shipped() and (wanted or name == "scenario"):
            yield f"{name} {wanted!r} is no shipped scenario (nearest: {nearest(wanted, shipped()) or 'none'})"
    if estimate.measure not in measures():
        yield f"measure {estimate.measure!r} is not known (nearest: {nearest(estimate.measure, measures()) or 'none'})"
    else:
        yield from misfits(estimate.measure, estimate.arguments)
    if bool(estimate.against) != (estimate.kind in ("ratio", "difference")):
        yield "a ratio or difference, and nothing else, has a second arm (against)"
    value, interval = estimate.value, estimate.interval
    if value is None or interval is None:
        yield "a value and an interval, or counts or a standard deviation to compute it from, are needed"
    elif not interval[0] <= value <= interval[1] or interval[0] == interval[1]:
        yield f"the interval {interval[0]:g} to {interval[1]:g} does not contain the value {value:g}"
    elif estimate.kind == "share" and not 0 <= interval[0] <= interval[1] <= 1:
        yield "a share lies between 0 and 1"
    if estimate.use == "fit" and estimate.evidence.startswith("R"):
        yield "a share of refractory disease is never fitted"


@cache
def published_estimates() -> tuple[PublishedEstimate, ...]:
    """Return the published estimates of the package.

    Raises
    ------
    EstimateError
        With every row that is wrong.

    Examples
    --------
    >>> len({estimate.evidence for estimate in published_estimates()})
    86
    """
    return parse_table(
        files("nephrosyn.evidence.published").joinpath(ESTIMATES_FILE).read_text("utf-8"), ESTIMATES_FILE
    )


def parse_table(text: str, name: str) -> tuple[PublishedEstimate, ...]:
    """Parse a table of published estimates.

    Raises
    ------
    EstimateError
        With every row that is wrong, every repeated id, and every evidence id without a row.
    """
    known = {row["id"]: row for row in collected_rows()}
    estimates: list[PublishedEstimate] = []
    problems: list[Problem] = []
    rows = list(csv.DictReader(text.splitlines()))
    for line, row in enumerate(rows, 2):
        behind = known.get(str(row.get("id", "")).partition(".")[0])
        where = f"{name}, line {line} ({row.get('id', '')})"
        if behind is None:
            problems.append(Problem(where, "an id of a published estimate", value_text(row.get("id", ""))))
            continue
        about = {"population": behind["population"], "citation": behind["citation"], "grade": behind["confidence"]}
        try:
            estimates.append(PublishedEstimate.model_validate({**row, **about}))
        except ValidationError as error:
            problems += [
                Problem(f"{where} {_place(detail)}".strip(), _wanted(detail), _input_text(detail))
                for detail in error.errors()
            ]
    problems += _of_the_whole([str(row.get("id", "")) for row in rows], known, name)
    if problems:
        raise EstimateError(name, problems)
    return tuple(estimates)


def _place(error: Any) -> str:
    return ".".join(str(part) for part in error["loc"])


def _wanted(error: Any) -> str:
    return str(error["msg"]).removeprefix("Value error, ")


def _input_text(error: Any) -> str:
    return value_text(error["input"]) if error["loc"] else "this row"


def _of_the_whole(names: Sequence[str], known: Iterable[str], name: str) -> Iterator[Problem]:
    for repeated in sorted({row_id for row_id in names if names.count(row_id) > 1}):
        yield Problem(f"{name} {repeated}", "each id once", "more than one row with it")
    for absent in sorted(set(known) - {row_id.partition(".")[0] for row_id in names}):
        yield Problem(f"{name} {absent}", "a row for each published estimate", "none")


@cache
def collected_rows() -> tuple[dict[str, str], ...]:
    """Return the published estimates as they were collected."""
    text = files("nephrosyn.evidence.published").joinpath(COLLECTED_FILE).read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))
