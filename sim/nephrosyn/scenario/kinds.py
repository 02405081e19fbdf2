"""The kinds of number a scenario may hold: each with its unit and its range."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A table of a scenario file: complete, with no unknown key."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _number(unit: str, **limits: Any) -> Any:
    return Field(json_schema_extra={"unit": unit}, **limits)


Share = Annotated[float, _number("fraction", ge=0, le=1)]
Factor = Annotated[float, _number("ratio", ge=0)]
Correlation = Annotated[float, _number("correlation", ge=-0.95, le=0.95)]
Count = Annotated[int, _number("count", ge=1, le=2**31 - 1)]
PerYear = Annotated[float, _number("1/year", ge=0, le=366)]
PerDay = Annotated[float, _number("1/day", gt=0)]
Years = Annotated[float, _number("years", ge=0, le=120)]
Weeks = Annotated[float, _number("weeks", ge=0, le=1040)]
Days = Annotated[float, _number("days", ge=0, le=36525)]
PositiveDays = Annotated[float, _number("days", gt=0, le=36525)]
Interval = Annotated[float, _number("days", ge=1, le=36525)]
Centimetres = Annotated[float, _number("cm", gt=0, le=250)]
Kilograms = Annotated[float, _number("kg", gt=0, le=400)]
Milligrams = Annotated[float, _number("mg", gt=0, le=10000)]
MgPerKgPerDay = Annotated[float, _number("mg/kg/day", ge=0, le=20)]
MgPerKg = Annotated[float, _number("mg/kg", gt=0, le=10000)]
MgPerM2PerDay = Annotated[float, _number("mg/m2/day", ge=0, le=200)]
Grams = Annotated[float, _number("g", gt=0, le=1000)]
LossPerYear = Annotated[float, _number("mL/min/1.73 m2 per year", ge=0, le=200)]
Filtration = Annotated[float, _number("mL/min/1.73 m2", gt=0, le=200)]
PerGramPerDecilitre = Annotated[float, _number("ratio per g/dL", ge=1, le=100)]
Ratio = Annotated[float, _number("ratio", ge=1, le=100)]
RelapseCount = Annotated[int, _number("count", ge=1, le=8)]
PerMgPerKgPerDayRatio = Annotated[float, _number("ratio per mg/kg/day", ge=1, le=100)]
PerMgPerKgPerDay = Annotated[float, _number("1/(mg/kg/day)", ge=0, le=100)]
Upcr = Annotated[float, _number("mg/mg", gt=0, le=100)]
UacrLimit = Annotated[float, _number("mg/mg", gt=0, le=10)]
GramsPerDecilitre = Annotated[float, _number("g/dL", ge=0, le=10)]
GramsPerDecilitreBias = Annotated[float, _number("g/dL", ge=-2, le=2)]
MgPerDecilitre = Annotated[float, _number("mg/dL", ge=0, le=2000)]
Variation = Annotated[float, _number("coefficient of variation", ge=0, le=2)]
Decimals = Annotated[int, _number("decimals", ge=0, le=6)]
Shape = Annotated[float, _number("gamma shape", gt=0, le=1000)]
LogSd = Annotated[float, _number("sd of the logarithm", ge=0, le=2)]


class Distribution(Section):
    """A law by its ``scipy.stats`` name and parameters, or a fixed value by ``dist = "fixed"``.

    ``parameters`` are the keyword arguments of the scipy.stats law: its shape parameters and ``loc`` and
    ``scale``. In a file all stand side by side: ``{dist = "lognorm", s = 0.51, scale = 8.5}``.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)
    __pydantic_extra__: dict[str, float]

    dist: str

    @property
    def parameters(self) -> dict[str, float]:
        """The keyword arguments of the law."""
        return dict(self.__pydantic_extra__)


MOST_STEPS = 8
Steps = Field(max_length=MOST_STEPS)


def _law(unit: str, **bounds: float) -> Any:
    """Say the unit of a law's values, and their bounds: ``values_from``, ``values_above``, ``values_to``."""
    return Field(json_schema_extra={"unit": unit, **bounds})


ShareLaw = Annotated[Distribution, _law("fraction", values_from=0.0, values_to=1.0)]
DaysLaw = Annotated[Distribution, _law("days", values_from=0.0)]
YearsLaw = Annotated[Distribution, _law("years")]
UpcrLaw = Annotated[Distribution, _law("mg/mg", values_above=0.0)]
GramsPerDecilitreLaw = Annotated[Distribution, _law("g/dL", values_above=0.0)]
MgPerDecilitreLaw = Annotated[Distribution, _law("mg/dL", values_above=0.0)]
MgPerKgLaw = Annotated[Distribution, _law("mg/kg", values_above=0.0)]
FactorLaw = Annotated[Distribution, _law("ratio", values_from=0.0)]
MgPerKgPerDayLaw = Annotated[Distribution, _law("mg/kg/day", values_from=0.0)]
FiltrationLaw = Annotated[Distribution, _law("mL/min/1.73 m2", values_above=0.0)]
