"""The population: age bands, sex, body size, lesions, and follow-up."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from nephrosyn.scenario.schema.names import Lesion
from nephrosyn.scenario.schema.units import (
    MOST_BANDS,
    BoxCoxPower,
    Centimetres,
    Correlation,
    Days,
    GrowthPoints,
    Kilograms,
    LogSd,
    NormalScore,
    Period,
    Section,
    Share,
    SitePatients,
    Years,
    YearsDistribution,
)


class Growth(Section):
    """Weight and height by sex at the ages ``age_years``, by the LMS method; linear between, constant beyond.

    A person whose weight has the normal score z weighs ``M (1 + L S z)^(1/L)``: ``M`` is the median, ``L`` the power of
    Box and Cox (below 1, heavy people are further from the median than light ones) and ``S`` the spread. Height is
    ``M (1 + S z)``. Scores are for life, and are cut at ``highest_score``.
    """

    age_years: Annotated[list[Years], GrowthPoints]
    male_weight_kg: Annotated[list[Kilograms], GrowthPoints]
    female_weight_kg: Annotated[list[Kilograms], GrowthPoints]
    male_height_cm: Annotated[list[Centimetres], GrowthPoints]
    female_height_cm: Annotated[list[Centimetres], GrowthPoints]
    male_weight_power: Annotated[list[BoxCoxPower], GrowthPoints]
    female_weight_power: Annotated[list[BoxCoxPower], GrowthPoints]
    male_weight_spread: Annotated[list[LogSd], GrowthPoints]
    female_weight_spread: Annotated[list[LogSd], GrowthPoints]
    male_height_spread: Annotated[list[LogSd], GrowthPoints]
    female_height_spread: Annotated[list[LogSd], GrowthPoints]
    highest_score: NormalScore


class Band(Section):
    """An age band: its share of the cohort, the age at onset within it, sex, size and lesions.

    ``weight_height_correlation`` is that of the normal scores of weight and height. ``lesion_mix`` holds for the band
    as a whole; a lesion of ``lesion_from_years`` does not occur below that age, and its patients are the older ones.
    """

    share: Share
    from_years: Years
    to_years: Years
    age_years: YearsDistribution
    male_share: Share
    weight_height_correlation: Correlation
    lesion_mix: dict[Lesion, Share]
    lesion_from_years: dict[Lesion, Years]


class Population(Section):
    """The simulated patients and the length of follow-up."""

    follow_up_days: Period
    accrual_days: Days
    patients_per_site: SitePatients
    growth: Growth
    bands: Annotated[dict[str, Band], Field(max_length=MOST_BANDS)]
