"""Types of the numbers in a scenario, each with its unit and its limits.

The limits are physical and practical: proteinuria does not double within seconds, and no clinic sees a patient a
thousand times a day. They are wide enough for any realistic scenario, and narrow enough that every course ends. The
JSON Schema, the messages of ``check`` and the reference page are generated from them.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from nephrosyn.errors import MOST_PATIENTS, MOST_REPLICATES, MOST_SEED
from nephrosyn.scenario.schema.limits import MOST_AGE_STEPS, MOST_STEPS, SMALLEST, is_too_small

TOO_SMALL = "too_small_to_be_meant"
"""Error type of a number that is too small."""


class Section(BaseModel):
    """A table of a scenario file: complete, with no unknown key."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _refuse_too_small(number: float) -> float:
    if is_too_small(number):
        raise PydanticCustomError(TOO_SMALL, "neither 0 nor large enough to be intended")
    return number


INTENDED = AfterValidator(_refuse_too_small)
"""Rejects numbers that are too small to be intended; not needed where the lower limit is above 0."""


def _number(unit: str, least: float, most: float) -> Any:
    """Return a field with the unit and the limits of a number."""
    extra: dict[str, Any] = {"unit": unit}
    if least <= 0.0 < most and isinstance(most, float):
        extra["not"] = {"exclusiveMinimum": 0, "exclusiveMaximum": SMALLEST}
    return Field(ge=least, le=most, json_schema_extra=extra)


def _count(least: int, most: int) -> Any:
    return _number("count", least, most)


# Shares and factors
Share = Annotated[float, _number("fraction", 0.0, 1.0), INTENDED]
DoseFraction = Annotated[float, _number("fraction", 0.1, 1.0)]
LevelFraction = Annotated[float, _number("fraction", 0.01, 0.95)]
Factor = Annotated[float, _number("ratio", 0.0, 100.0), INTENDED]
RateFactor = Annotated[float, _number("ratio", 0.0, 10.0), INTENDED]
Ratio = Annotated[float, _number("ratio", 1.0, 20.0)]
Correlation = Annotated[float, _number("correlation", -0.95, 0.95), INTENDED]
Variation = Annotated[float, _number("coefficient of variation", 0.0, 2.0), INTENDED]
Shape = Annotated[float, _number("gamma shape", 0.05, 1000.0)]
BoxCoxPower = Annotated[float, _number("power of Box and Cox", -3.0, 3.0), INTENDED]
NormalScore = Annotated[float, _number("standard deviations", 0.1, 4.0)]
LogSd = Annotated[float, _number("sd of the logarithm", 0.0, 0.5), INTENDED]
PerGramPerDecilitre = Annotated[float, _number("ratio per g/dL", 1.0, 10.0)]
PerMgPerKgPerDayRatio = Annotated[float, _number("ratio per mg/kg/day", 1.0, 10.0)]
PerTenYears = Annotated[float, _number("ratio per 10 years", 1.0, 5.0)]
PerMgPerKgPerDay = Annotated[float, _number("1/(mg/kg/day)", 0.0, 100.0), INTENDED]
CreatinineConstant = Annotated[float, _number("mg/dL x mL/min/1.73 m2 per cm", 0.1, 2.0)]

# Counts
Patients = Annotated[int, _count(1, MOST_PATIENTS)]
Replicates = Annotated[int, _count(1, MOST_REPLICATES)]
SitePatients = Annotated[int, _count(1, 100_000)]
Slots = Annotated[int, _count(1, 10_000)]
Count = Annotated[int, _count(1, 1000)]
PulseCount = Annotated[int, _count(0, 10)]
ReadingCount = Annotated[int, _count(1, 20)]
StrayReadingCount = Annotated[int, _count(0, 20)]
RelapseCount = Annotated[int, _count(1, 8)]
Decimals = Annotated[int, _number("decimals", 0, 6)]
Seed = Annotated[int, Field(ge=0, le=MOST_SEED)]

# Rates
PerYear = Annotated[float, _number("1/year", 0.0, 366.0), INTENDED]
PerDay = Annotated[float, _number("1/day", 0.0001, 2.0)]
LossPerYear = Annotated[float, _number("mL/min/1.73 m2 per year", 0.0, 200.0), INTENDED]

# Times
LIFETIME_DAYS = 36525.0
Years = Annotated[float, _number("years", 0.0, 120.0), INTENDED]
Weeks = Annotated[float, _number("weeks", 0.0, 1040.0), INTENDED]
StepWeeks = Annotated[float, _number("weeks", 0.1, 1040.0)]
Days = Annotated[float, _number("days", 0.0, LIFETIME_DAYS), INTENDED]
Interval = Annotated[float, _number("days", 1.0, LIFETIME_DAYS)]
Period = Annotated[float, _number("days", 1.0, LIFETIME_DAYS)]
HalvingDays = Annotated[float, _number("days", 0.02, 365.0)]
WindowDays = Annotated[float, _number("days", 0.1, 366.0)]
SuccessiveDays = Annotated[int, _number("days", 1, 100)]

# Bodies and doses
Centimetres = Annotated[float, _number("cm", 20.0, 250.0)]
Kilograms = Annotated[float, _number("kg", 0.5, 300.0)]
SteroidAmount = Annotated[float, _number("mg per `per`", 0.0, 2000.0), INTENDED]
SteroidMilligrams = Annotated[float, _number("mg", 0.5, 2000.0)]
PulseAmount = Annotated[float, _number("mg/m2", 10.0, 2000.0)]
TabletMilligrams = Annotated[float, _number("mg", 0.1, 25.0)]
AgentAmount = Annotated[float, _number("mg per `per`, each time", 0.001, 5000.0)]
AgentMilligrams = Annotated[float, _number("mg", 0.1, 10000.0)]
MgPerKgPerDay = Annotated[float, _number("mg/kg/day", 0.001, 20.0)]
MgPerKg = Annotated[float, _number("mg/kg", 0.1, 10000.0)]
MgPerM2PerDay = Annotated[float, _number("mg/m2/day", 0.0, 200.0), INTENDED]
Grams = Annotated[float, _number("g", 0.001, 1000.0)]

# What laboratories measure
Upcr = Annotated[float, _number("mg/mg", 0.001, 100.0)]
UpcrOrZero = Annotated[float, _number("mg/mg", 0.0, 100.0), INTENDED]
UacrLimit = Annotated[float, _number("mg/mg", 0.0001, 10.0)]
GramsPerDecilitre = Annotated[float, _number("g/dL", 0.0, 10.0), INTENDED]
GramsPerDecilitreBias = Annotated[float, _number("g/dL", -2.0, 2.0), INTENDED]
MgPerDecilitre = Annotated[float, _number("mg/dL", 0.0, 2000.0), INTENDED]
MgPerDecilitreRise = Annotated[float, _number("mg/dL per g/dL", 0.0, 300.0), INTENDED]
Filtration = Annotated[float, _number("mL/min/1.73 m2", 1.0, 90.0)]
RuPerMillilitre = Annotated[float, _number("RU/mL", 0.0, 10000.0), INTENDED]
AnalyteLimit = Annotated[float, _number("unit of the analyte", 0.0, 100000.0), INTENDED]

# How well numbers are known
Counted = Annotated[float, _number("count", 0.0, 1e9), INTENDED]
IntervalEnd = Annotated[float, _number("unit of the number", -1e9, 1e9), INTENDED]

# Lengths of lists
Steps = Field(max_length=MOST_STEPS)
TaperSteps = Field(max_length=100)
AgeSteps = Field(max_length=MOST_AGE_STEPS)
GrowthPoints = Field(max_length=200)
MOST_BANDS = 20


class Distribution(Section):
    """A distribution by its ``scipy.stats`` name and parameters, or a fixed value by ``dist = "fixed"``.

    ``parameters`` are the keyword arguments of the scipy.stats distribution: its shape parameters, ``loc`` and
    ``scale``. In a file they are keys of one table: ``{dist = "lognorm", s = 0.51, scale = 8.5}``.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)
    __pydantic_extra__: dict[str, float]

    dist: str

    @property
    def parameters(self) -> dict[str, float]:
        """The keyword arguments of the distribution."""
        return dict(self.__pydantic_extra__)


def _distribution(unit: str, **bounds: float) -> Any:
    """Return a field with the unit and the bounds of values: ``values_from``, ``values_to``, ``values_mostly_to``."""
    return Field(json_schema_extra={"unit": unit, **bounds})


ShareDistribution = Annotated[Distribution, _distribution("fraction", values_from=0.0, values_to=1.0)]
DaysDistribution = Annotated[Distribution, _distribution("days", values_from=0.0, values_mostly_to=LIFETIME_DAYS)]
VisitLengthDistribution = Annotated[Distribution, _distribution("days", values_from=0.0, values_mostly_to=30.0)]
YearsDistribution = Annotated[Distribution, _distribution("years")]
UpcrDistribution = Annotated[Distribution, _distribution("mg/mg", values_from=0.0001, values_mostly_to=100.0)]
GramsPerDecilitreDistribution = Annotated[Distribution, _distribution("g/dL", values_from=1.5, values_mostly_to=10.0)]
MgPerDecilitreDistribution = Annotated[
    Distribution, _distribution("mg/dL", values_from=0.0001, values_mostly_to=2000.0)
]
MgPerKgDistribution = Annotated[Distribution, _distribution("mg/kg", values_from=0.0001, values_mostly_to=100000.0)]
FactorDistribution = Annotated[Distribution, _distribution("ratio", values_from=0.0, values_mostly_to=200.0)]
MgPerKgPerDayDistribution = Annotated[Distribution, _distribution("mg/kg/day", values_from=0.0, values_mostly_to=20.0)]
RuPerMillilitreDistribution = Annotated[
    Distribution, _distribution("RU/mL", values_from=0.0001, values_mostly_to=10000.0)
]
FiltrationDistribution = Annotated[
    Distribution, _distribution("mL/min/1.73 m2", values_from=1.0, values_mostly_to=300.0)
]
