"""Thresholds: a value with its unit, the grade of its evidence, and its source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Value = TypeVar("Value")
Band = Literal["negative", "trace", "1+", "2+", "3+", "4+"]
Off = Literal["off"]

Ratio = Annotated[float, Field(ge=0.001, le=100)]
GramsPerDecilitre = Annotated[float, Field(ge=0.1, le=10)]
ByWeight = Annotated[float, Field(ge=0.001, le=100)]
Dose = Annotated[float, Field(ge=0.01, le=2000)]
Fraction = Annotated[float, Field(ge=0.001, le=1)]
DayCount = Annotated[int, Field(ge=1, le=3660)]
WeekCount = Annotated[int, Field(ge=1, le=520)]
Count = Annotated[int, Field(ge=1, le=100)]
Text = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    """A table of a definition set, with every key and no unknown ones."""

    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def refuse(problems: Iterable[str]) -> None:
    """Raise all problems in one error, each once.

    Raises
    ------
    ValueError
        If there are any problems.
    """
    distinct = list(dict.fromkeys(problems))
    if distinct:
        raise ValueError("; ".join(distinct))


class Threshold(Section, Generic[Value]):
    """A value with its unit, the grade of its evidence, and its source.

    Attributes
    ----------
    value : Value, optional
        The value for everybody; otherwise `children` and `adults`.
    unit : str
        Unit of the value.
    grade : {"R", "R2", "D", "G"}
        Read in an abstract or published table; read in a page that restates it; derived; general knowledge.
    citation : str
        Its source, or ``assumed: reason``.
    """

    value: Value | None = None
    children: Value | None = None
    adults: Value | None = None
    unit: str
    grade: Literal["R", "R2", "D", "G"]
    citation: Text

    @model_validator(mode="after")
    def _one_way_only(self) -> Self:
        both = self.children is not None and self.adults is not None
        neither = self.children is None and self.adults is None
        if not (neither if self.value is not None else both):
            raise ValueError("either `value`, or `children` and `adults`")
        return self

    @field_validator("value", "children", "adults")
    @classmethod
    def _nothing_twice(cls, value: Value | None) -> Value | None:
        if isinstance(value, list) and len(set(value)) < len(value):
            raise ValueError("each name once")
        return value

    def of(self, child: bool) -> Value:
        """Return the value for a child or an adult."""
        for_group = self.children if child else self.adults
        value = self.value if self.value is not None else for_group
        assert value is not None
        return value


class Years(Threshold[Annotated[float, Field(ge=0, le=120)]]):
    """A threshold in years."""

    unit: Literal["years"]


class Upcr(Threshold[Ratio]):
    """A threshold of the urine protein/creatinine ratio."""

    unit: Literal["mg/mg"]


class UpcrOrOff(Threshold[Ratio | Off]):
    """A threshold of the urine protein/creatinine ratio, or "off"."""

    unit: Literal["mg/mg"]


class AlbuminOrOff(Threshold[GramsPerDecilitre | Off]):
    """A level of serum albumin, or "off"."""

    unit: Literal["g/dL"]


class DipstickBand(Threshold[Band]):
    """A dipstick band."""

    unit: Literal["dipstick band"]


class BandOrOff(Threshold[Band | Off]):
    """A dipstick band, or "off"."""

    unit: Literal["dipstick band"]


class Days(Threshold[DayCount]):
    """A number of days."""

    unit: Literal["days"]


class DaysOrZero(Threshold[Annotated[int, Field(ge=0, le=3660)]]):
    """A number of days, or none."""

    unit: Literal["days"]


class DaysOrOff(Threshold[DayCount | Off]):
    """A number of days, or "off"."""

    unit: Literal["days"]


class Weeks(Threshold[WeekCount | Off]):
    """A number of weeks, or "off"."""

    unit: Literal["weeks"]


class WeeksOrZero(Threshold[Annotated[int, Field(ge=0, le=520)]]):
    """A number of weeks, or none."""

    unit: Literal["weeks"]


class Readings(Threshold[Count]):
    """A number of readings."""

    unit: Literal["readings"]


class Relapses(Threshold[Count]):
    """A number of relapses."""

    unit: Literal["relapses"]


class RelapsesOrOff(Threshold[Count | Off]):
    """A number of relapses, or "off"."""

    unit: Literal["relapses"]


class Classes(Threshold[Count]):
    """A number of classes of drugs with different mechanisms."""

    unit: Literal["classes"]


class MgPerKg(Threshold[ByWeight | Off]):
    """A dose by weight, or "off"."""

    unit: Literal["mg/kg/day"]


class MgPerM2(Threshold[Dose | Off]):
    """A dose by body surface, or "off"."""

    unit: Literal["mg/m2/day"]


class MgPerDay(Threshold[Dose | Off]):
    """A dose, or "off"."""

    unit: Literal["mg/day"]


class MgPerKgDose(Threshold[ByWeight | Off]):
    """A dose of a dosing day by weight, or "off"."""

    unit: Literal["mg/kg/dose"]


class MgPerM2Dose(Threshold[Dose | Off]):
    """A dose of a dosing day by body surface, or "off"."""

    unit: Literal["mg/m2/dose"]


class MgPerDose(Threshold[Dose | Off]):
    """A dose of a dosing day, or "off"."""

    unit: Literal["mg/dose"]


class Share(Threshold[Fraction]):
    """A fraction."""

    unit: Literal["fraction"]


class ShareOrOff(Threshold[Fraction | Off]):
    """A fraction, or "off"."""

    unit: Literal["fraction"]


class Choice(Threshold[Value], Generic[Value]):
    """One name of a vocabulary."""

    unit: Literal["name"]


class Names(Threshold[list[Value]], Generic[Value]):
    """Names of a vocabulary."""

    unit: Literal["names"]
