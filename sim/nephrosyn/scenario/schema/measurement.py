"""Measurement errors, and missing data in the record."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Strict

from nephrosyn.scenario.schema.units import (
    AnalyteLimit,
    Decimals,
    GramsPerDecilitre,
    GramsPerDecilitreBias,
    MgPerDecilitre,
    MgPerDecilitreDistribution,
    PerYear,
    RuPerMillilitre,
    Section,
    Share,
    Upcr,
    Variation,
)

Analyte = Literal["upcr", "dipstick", "albumin", "creatinine", "cholesterol", "weight", "uacr", "anti_pla2r"]


class UpcrAssay(Section):
    """Urine protein/creatinine: a coefficient of variation between those at a low and a high level (log-log)."""

    low_mg_per_mg: Upcr
    variation_at_low: Variation
    high_mg_per_mg: Upcr
    variation_at_high: Variation
    detection_limit_mg_per_mg: Upcr


class AlbuminAssay(Section):
    """Serum albumin: variation, and a method bias given at a low and a high level (linear between, flat beyond)."""

    variation: Variation
    low_g_per_dl: GramsPerDecilitre
    bias_at_low_g_per_dl: GramsPerDecilitreBias
    high_g_per_dl: GramsPerDecilitre
    bias_at_high_g_per_dl: GramsPerDecilitreBias


class Dipstick(Section):
    """Dipstick: protein concentration from UPCR and urine creatinine, lower cuts of the bands, and misreading."""

    urine_creatinine_mg_per_dl: MgPerDecilitreDistribution
    cuts_mg_per_dl: list[MgPerDecilitre]
    band_error: Share


class UacrAssay(Section):
    """Urine albumin/creatinine, measured once UPCR is at most ``when_upcr_at_most_mg_per_mg``."""

    when_upcr_at_most_mg_per_mg: Upcr
    albumin_share_of_protein: Share
    variation: Variation
    detection_limit_mg_per_mg: Upcr


class AntiPla2rAssay(Section):
    """Anti-PLA2R antibody, where it is measured: at visits after a biopsy that showed membranous nephropathy."""

    measured: bool
    variation: Variation
    detection_limit_ru_per_ml: RuPerMillilitre


class Readings(Section):
    """Measurement errors and reference ranges."""

    upcr: UpcrAssay
    albumin: AlbuminAssay
    dipstick: Dipstick
    uacr: UacrAssay
    anti_pla2r: AntiPla2rAssay
    creatinine_variation: Variation
    cholesterol_variation: Variation
    weight_variation: Variation
    reference: dict[Analyte, Annotated[tuple[AnalyteLimit, AnalyteLimit], Strict(False)]]


class Chart(Section):
    """Missing data and rounding in the record."""

    missed_visit_probability: Share
    lost_result_probability: dict[Analyte, Share]
    missed_diary_day_probability: Share
    dropout_per_year: PerYear
    decimals: dict[Analyte, Decimals]
