"""The population: age bands, sex, body size, lesions, and follow-up."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from nephrosyn.scenario.schema.names import Lesion
from nephrosyn.scenario.schema.units import (
    MOST_BANDS,
    Centimetres,
    Days,
    GrowthPoints,
    Kilograms,
    LogSd,
    Period,
    Section,
    Share,
    SitePatients,
    Years,
    YearsDistribution,
)


class Growth(Section):
    """Median weight and height by age and sex at the ages ``age_years``; linear between, constant beyond."""

    age_years: Annotated[list[Years], GrowthPoints]
    male_weight_kg: Annotated[list[Kilograms], GrowthPoints]
    female_weight_kg: Annotated[list[Kilograms], GrowthPoints]
    male_height_cm: Annotated[list[Centimetres], GrowthPoints]
    female_height_cm: Annotated[list[Centimetres], GrowthPoints]


class Band(Section):
    """An age band: its share of the cohort, the age at onset within it, sex, size and lesions.

    Weight is proportional to the square of height, so the two correlate by twice ``height_log_sd`` over
    ``weight_log_sd``; the rest of the spread of weight is that of the body mass index.
    """

    share: Share
    from_years: Years
    to_years: Years
    age_years: YearsDistribution
    male_share: Share
    weight_log_sd: LogSd
    height_log_sd: LogSd
    lesion_mix: dict[Lesion, Share]


class Population(Section):
    """The simulated patients and the length of follow-up."""

    follow_up_days: Period
    accrual_days: Days
    patients_per_site: SitePatients
    growth: Growth
    bands: Annotated[dict[str, Band], Field(max_length=MOST_BANDS)]
