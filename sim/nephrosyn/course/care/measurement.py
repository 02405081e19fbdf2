"""Laboratory and dipstick readings: true values with measurement error."""

from __future__ import annotations

import math

from nephrosyn.course.disease.anti_pla2r import log_anti_pla2r
from nephrosyn.course.disease.body import dry_weight_kg, height_cm
from nephrosyn.course.disease.kidney import gfr_now
from nephrosyn.course.disease.proteinuria import log_upcr, update_blood
from nephrosyn.course.state.codes import Analyte
from nephrosyn.course.state.events import write_diary, write_reading
from nephrosyn.course.state.kept_values import upcr_log_sd, upcr_of
from nephrosyn.course.state.quantiles import quantile
from nephrosyn.kernels.compile import inline, kernel
from nephrosyn.kernels.random_streams import Purpose, normal_quantile, uniforms
from nephrosyn.vocabulary import DIPSTICK_BANDS, LESIONS

_DRAWS_PER_VISIT = 2
_MEMBRANOUS = LESIONS.index("membranous")
_LEAST_GFR = 1.0  # mL/min/1.73 m2: creatinine stays finite
_HIGHEST_BAND = len(DIPSTICK_BANDS) - 1
_TRACE, _THREE_PLUS = DIPSTICK_BANDS.index("trace"), DIPSTICK_BANDS.index("3+")


@inline
def _error(score, log_sd):
    """Lognormal error factor of mean 1."""
    return math.exp(log_sd * score - 0.5 * log_sd * log_sd)


@inline
def dipstick_band(params, tables, upcr, creatinine_score, error):
    """Dipstick band (0-5) from UPCR (mg/mg) and urine creatinine; with some probability one band off."""
    mg_per_dl = upcr * quantile(tables, params.urine_creatinine_table, creatinine_score)
    band = 0
    for k in range(_HIGHEST_BAND):
        if mg_per_dl >= params.dipstick_cuts[k]:
            band = k + 1
    if error < 0.5 * params.band_error:
        band -= 1
    elif error < params.band_error:
        band += 1
    return min(max(band, 0), _HIGHEST_BAND)


@inline
def albumin_bias(params, level):
    """Bias of the albumin method (g/dL): linear between a low and a high level, flat beyond."""
    part = (min(max(level, params.albumin_low), params.albumin_high) - params.albumin_low) / (
        params.albumin_high - params.albumin_low
    )
    return params.albumin_bias_low + part * (params.albumin_bias_high - params.albumin_bias_low)


@inline
def true_creatinine(state, traits, params, growth):
    """Serum creatinine (mg/dL) from height and filtration rate."""
    height = height_cm(state, traits, growth, state.now)
    return params.creatinine_constant[traits.sex] * height / max(gfr_now(state, params), _LEAST_GFR)


@inline
def _bounded(log, traits, state, analyte, value, limit, true_value):
    """Write a reading; below the detection limit the limit itself is written, and flagged."""
    if value < limit:
        write_reading(log, traits, state, analyte, 1, limit, true_value)
    else:
        write_reading(log, traits, state, analyte, 0, value, true_value)


@kernel
def _take_urine(state, traits, params, tables, log, draws, v):
    """Measure UPCR and dipstick, and UACR where UPCR is low; return the measured UPCR (mg/mg)."""
    level = log_upcr(state, state.now)
    upcr = upcr_of(state, level)
    read = upcr * _error(normal_quantile(draws[0]), upcr_log_sd(state, params, level))
    _bounded(log, traits, state, Analyte.UPCR, read, params.upcr_limit, upcr)
    band = dipstick_band(params, tables, upcr, normal_quantile(draws[1]), draws[2])
    write_reading(log, traits, state, Analyte.DIPSTICK, 0, float(band), float(band))
    state.uacr_read = math.inf
    if read <= params.uacr_when_upcr_at_most:
        uacr = upcr * params.uacr_share
        state.uacr_read = uacr * _error(normal_quantile(v[3]), params.uacr_log_sd)
        _bounded(log, traits, state, Analyte.UACR, state.uacr_read, params.uacr_limit, uacr)
    return max(read, params.upcr_limit)


@kernel
def _take_blood(state, traits, params, growth, log, draws, v):
    """Measure albumin, creatinine, cholesterol and weight."""
    update_blood(state, traits, params, state.now)
    albumin = (state.albumin + albumin_bias(params, state.albumin)) * _error(
        normal_quantile(draws[3]), params.albumin_log_sd
    )
    state.albumin_read = max(albumin, 0.0)
    write_reading(log, traits, state, Analyte.ALBUMIN, 0, state.albumin_read, state.albumin)
    creatinine = true_creatinine(state, traits, params, growth)
    read = creatinine * _error(normal_quantile(v[0]), params.creatinine_log_sd)
    write_reading(log, traits, state, Analyte.CREATININE, 0, read, creatinine)
    read = state.cholesterol * _error(normal_quantile(v[1]), params.cholesterol_log_sd)
    write_reading(log, traits, state, Analyte.CHOLESTEROL, 0, read, state.cholesterol)
    weight = dry_weight_kg(state, traits, growth, state.now)
    if state.albumin < params.oedema_below_g_per_dl:
        weight *= 1.0 + params.oedema_weight_fraction
    read = weight * _error(normal_quantile(v[2]), params.weight_log_sd)
    write_reading(log, traits, state, Analyte.WEIGHT, 0, read, weight)


@kernel
def _take_anti_pla2r(state, traits, params, log):
    """Measure anti-PLA2R antibodies."""
    draws = uniforms(params.seed, params.replicate, traits.patient, Purpose.ANTI_PLA2R_READING, state.visit)
    level = math.exp(log_anti_pla2r(state, state.now))
    read = level * _error(normal_quantile(draws[0]), params.anti_pla2r_log_sd)
    _bounded(log, traits, state, Analyte.ANTI_PLA2R, read, params.anti_pla2r_limit, level)


@kernel
def take_readings(state, traits, params, prepared, log):
    """Take all readings of a visit; return the measured UPCR (mg/mg)."""
    draws = uniforms(params.seed, params.replicate, traits.patient, Purpose.VISIT, _DRAWS_PER_VISIT * state.visit)
    v = uniforms(params.seed, params.replicate, traits.patient, Purpose.VISIT, _DRAWS_PER_VISIT * state.visit + 1)
    upcr = _take_urine(state, traits, params, prepared.tables, log, draws, v)
    _take_blood(state, traits, params, prepared.growth, log, draws, v)
    if params.reads_anti_pla2r == 1 and state.biopsied == 1 and traits.lesion == _MEMBRANOUS:
        _take_anti_pla2r(state, traits, params, log)
    return upcr


@kernel
def keep_diary(state, traits, params, tables, log):
    """Add this morning's home dipstick to the diary."""
    today = math.floor(state.now)
    draws = uniforms(params.seed, params.replicate, traits.patient, Purpose.DIARY, today)
    upcr = upcr_of(state, log_upcr(state, state.now))
    band = dipstick_band(params, tables, upcr, normal_quantile(draws[0]), draws[1])
    if band != state.diary_grade:
        if state.diary_grade >= 0:
            write_diary(log, traits, state)
        state.diary_grade = band
        state.diary_first = today
    state.diary_last = today
    state.diary_low_days = state.diary_low_days + 1 if band <= _TRACE else 0
    state.diary_high_days = state.diary_high_days + 1 if band >= _THREE_PLUS else 0
