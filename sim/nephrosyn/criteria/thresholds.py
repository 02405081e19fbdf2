"""Thresholds: a value with its unit, how well it is known, and where it comes from."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Value = TypeVar("Value")
Band = Literal["negative", "trace", "1+", "2+", "3+", "4+"]
Window = Literal["first", "sliding", "blocks"]
Off = Literal["off"]

Positive = Annotated[float, Field(gt=0, le=1000)]
Fraction = Annotated[float, Field(gt=0, le=1)]
Whole = Annotated[int, Field(ge=1, le=3660)]
Text = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    """A table of a definition set: complete, with no unknown key."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Threshold(Section, Generic[Value]):
    """A value with its unit, how well it is known, and where it comes from.

    Attributes
    ----------
    value : Value, optional
        The value for everybody; or else `children` and `adults`.
    unit : str
        Unit of the value.
    grade : {"R", "R2", "D", "G"}
        Read in an abstract or published table; read in a page that restates it; derived; general knowledge.
    citation : str
        Where it comes from, or ``assumed: reason``.
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
        own = self.children if child else self.adults
        chosen = self.value if self.value is not None else own
        assert chosen is not None
        return chosen


class Years(Threshold[Annotated[float, Field(ge=0, le=120)]]):
    """A threshold in years."""

    unit: Literal["years"]


class Upcr(Threshold[Positive]):
    """A threshold of the urine protein/creatinine ratio."""

    unit: Literal["mg/mg"]


class DipstickBand(Threshold[Band]):
    """A dipstick band."""

    unit: Literal["dipstick band"]


class Days(Threshold[Whole]):
    """A number of days."""

    unit: Literal["days"]


class Weeks(Threshold[Whole | Off]):
    """A number of weeks, or "off"."""

    unit: Literal["weeks"]


class Readings(Threshold[Whole]):
    """A number of readings."""

    unit: Literal["readings"]


class Relapses(Threshold[Whole]):
    """A number of relapses."""

    unit: Literal["relapses"]


class MgPerKg(Threshold[Positive | Off]):
    """A dose by weight, or "off"."""

    unit: Literal["mg/kg/day"]


class MgPerM2(Threshold[Positive | Off]):
    """A dose by body surface, or "off"."""

    unit: Literal["mg/m2/day"]


class MgPerDay(Threshold[Positive | Off]):
    """A dose, or "off"."""

    unit: Literal["mg/day"]


class Share(Threshold[Fraction]):
    """A fraction."""

    unit: Literal["fraction"]


class WindowName(Threshold[Window]):
    """The name of a window."""

    unit: Literal["name"]


class Names(Threshold[list[Value]], Generic[Value]):
    """Names out of a vocabulary."""

    unit: Literal["names"]
