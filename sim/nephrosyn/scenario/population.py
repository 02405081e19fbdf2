"""Who falls ill: age bands, sex, body size, lesions, how long they are followed."""

from __future__ import annotations

from typing import Literal

from nephrosyn.scenario.kinds import (
    Centimetres,
    Count,
    Days,
    Kilograms,
    LogSd,
    PositiveDays,
    Section,
    Share,
    Years,
    YearsLaw,
)

Lesion = Literal[
    "minimal_change", "fsgs", "membranous", "mesangial_proliferative", "membranoproliferative", "c1q", "iga"
]


class Growth(Section):
    """Median weight and height by age and sex, at the ages of ``age_years``; linear between, flat beyond."""

    age_years: list[Years]
    male_weight_kg: list[Kilograms]
    female_weight_kg: list[Kilograms]
    male_height_cm: list[Centimetres]
    female_height_cm: list[Centimetres]


class Band(Section):
    """An age band: its share of the cohort, the age at onset within it, sex, size and lesions."""

    share: Share
    from_years: Years
    to_years: Years
    age_years: YearsLaw
    male_share: Share
    weight_log_sd: LogSd
    lesion_mix: dict[Lesion, Share]


class Population(Section):
    """Who is simulated, and for how long."""

    follow_up_days: PositiveDays
    accrual_days: Days
    patients_per_site: Count
    growth: Growth
    bands: dict[str, Band]
