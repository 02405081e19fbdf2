"""What the laboratory and the dipstick show: truth with the errors of measurement."""

from __future__ import annotations

import math

from nephrosyn.compiling import inline, kernel
from nephrosyn.course.body import DAYS_PER_YEAR, dry_weight_kg, median_at
from nephrosyn.course.codes import Analyte
from nephrosyn.course.disease import log_upcr, update_blood
from nephrosyn.course.kidney import gfr_now
from nephrosyn.course.log import write_diary, write_reading
from nephrosyn.course.quantiles import quantile
from nephrosyn.streams import Purpose, normal_quantile, uniforms

_DRAWS_PER_VISIT = 2
_HEIGHT_ROW = 2
_LEAST_GFR = 1.0  # mL/min/1.73 m2: creatinine stays finite
_LOW_BAND, _HIGH_BAND = 1, 4  # trace, 3+


@inline
def upcr_cv(p, log_level):
    """Coefficient of variation of a UPCR reading; its logarithm is linear in log UPCR between two levels."""
    place = min(max(log_level, p.upcr_low_log), p.upcr_high_log)
    return math.exp(p.upcr_low_log_cv + p.upcr_log_cv_slope * (place - p.upcr_low_log))


@inline
def _error(score, log_sd):
    """Lognormal error factor of mean 1."""
    return math.exp(log_sd * score - 0.5 * log_sd * log_sd)


@inline
def dipstick_band(p, tables, log_level, creatinine_score, error):
    """Band 0-5 of a dipstick: protein concentration from UPCR and urine creatinine, now and then one band off."""
    mg_per_dl = math.exp(log_level) * quantile(tables, p.urine_creatinine_table, creatinine_score)
    band = 0
    for k in range(5):
        if mg_per_dl >= p.dipstick_cuts[k]:
            band = k + 1
    if error < 0.5 * p.band_error:
        band -= 1
    elif error < p.band_error:
        band += 1
    return min(max(band, 0), 5)


@inline
def albumin_bias(p, level):
    """Bias of the albumin method (g/dL): linear between a low and a high level, flat beyond."""
    part = (min(max(level, p.albumin_low), p.albumin_high) - p.albumin_low) / (p.albumin_high - p.albumin_low)
    return p.albumin_bias_low + part * (p.albumin_bias_high - p.albumin_bias_low)


@inline
def true_creatinine(s, x, p, growth):
    """Serum creatinine (mg/dL) from height and filtration rate."""
    height_cm = median_at(growth, _HEIGHT_ROW + x.sex, x.age_years + s.now / DAYS_PER_YEAR) * x.height_factor
    return p.creatinine_constant[x.sex] * height_cm / max(gfr_now(s, p), _LEAST_GFR)


@inline
def _bounded(log, count, x, s, analyte, value, limit, true_value):
    """Write a reading; below the detection limit the limit itself stands, marked."""
    if value < limit:
        write_reading(log, count, x, s, analyte, 1, limit, true_value)
    else:
        write_reading(log, count, x, s, analyte, 0, value, true_value)


@kernel
def _take_urine(s, x, p, tables, log, count, u, v):
    """Read UPCR and dipstick, and UACR where UPCR is low; return the UPCR read (mg/mg)."""
    level = log_upcr(s, s.now)
    upcr = math.exp(level)
    read = upcr * _error(normal_quantile(u[0]), math.sqrt(math.log1p(upcr_cv(p, level) ** 2)))
    _bounded(log, count, x, s, Analyte.UPCR, read, p.upcr_limit, upcr)
    band = dipstick_band(p, tables, level, normal_quantile(u[1]), u[2])
    write_reading(log, count, x, s, Analyte.DIPSTICK, 0, float(band), float(band))
    s.uacr_read = math.inf
    if read <= p.uacr_when_upcr_at_most:
        uacr = upcr * p.uacr_share
        s.uacr_read = uacr * _error(normal_quantile(v[3]), p.uacr_log_sd)
        _bounded(log, count, x, s, Analyte.UACR, s.uacr_read, p.uacr_limit, uacr)
    return max(read, p.upcr_limit)


@kernel
def _take_blood(s, x, p, growth, log, count, u, v):
    """Read albumin, creatinine, cholesterol and weight."""
    update_blood(s, x, p, s.now)
    albumin = (s.albumin + albumin_bias(p, s.albumin)) * _error(normal_quantile(u[3]), p.albumin_log_sd)
    write_reading(log, count, x, s, Analyte.ALBUMIN, 0, max(albumin, 0.0), s.albumin)
    creatinine = true_creatinine(s, x, p, growth)
    read = creatinine * _error(normal_quantile(v[0]), p.creatinine_log_sd)
    write_reading(log, count, x, s, Analyte.CREATININE, 0, read, creatinine)
    read = s.cholesterol * _error(normal_quantile(v[1]), p.cholesterol_log_sd)
    write_reading(log, count, x, s, Analyte.CHOLESTEROL, 0, read, s.cholesterol)
    weight = dry_weight_kg(s, x, growth, s.now)
    if s.albumin < p.oedema_below_g_per_dl:
        weight *= 1.0 + p.oedema_weight_fraction
    read = weight * _error(normal_quantile(v[2]), p.weight_log_sd)
    write_reading(log, count, x, s, Analyte.WEIGHT, 0, read, weight)


@kernel
def take_readings(s, x, p, tables, growth, log, count):
    """Take all readings of a visit; return the UPCR read (mg/mg)."""
    u = uniforms(p.seed, p.replicate, x.patient, Purpose.VISIT, _DRAWS_PER_VISIT * s.visit)
    v = uniforms(p.seed, p.replicate, x.patient, Purpose.VISIT, _DRAWS_PER_VISIT * s.visit + 1)
    upcr = _take_urine(s, x, p, tables, log, count, u, v)
    _take_blood(s, x, p, growth, log, count, u, v)
    return upcr


@kernel
def keep_diary(s, x, p, tables, log, count):
    """Read this morning's home dipstick and add it to the diary."""
    today = math.floor(s.now)
    u = uniforms(p.seed, p.replicate, x.patient, Purpose.DIARY, today)
    band = dipstick_band(p, tables, log_upcr(s, s.now), normal_quantile(u[0]), u[1])
    if band != s.diary_grade:
        if s.diary_grade >= 0:
            write_diary(log, count, x, s)
        s.diary_grade = band
        s.diary_first = today
    s.diary_last = today
    s.diary_low_days = s.diary_low_days + 1 if band <= _LOW_BAND else 0
    s.diary_high_days = s.diary_high_days + 1 if band >= _HIGH_BAND else 0
