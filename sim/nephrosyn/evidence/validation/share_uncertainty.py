"""Uncertainty intervals of the refractory share of settings: from draws of their uncertain numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import polars as pl

from nephrosyn import criteria
from nephrosyn.evidence.simulate_setting import definition
from nephrosyn.report.findings.verdicts.eligibility import within
from nephrosyn.runs.draws.each_draw import Tables, map_draws
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import load
from nephrosyn.statistics.nested_variance import LEAST_PATIENTS, Draws
from nephrosyn.vocabulary import DAYS_PER_YEAR

Key = tuple[str, str, float]
"""Setting, definition set, and years of follow-up."""
Interval = tuple[float, float]
KEYS = ("setting", "criteria", "years")


def share_intervals(
    settings: Sequence[str],
    sets: Sequence[str],
    years: Sequence[float],
    *,
    draws: int,
    patients: int,
    seed: int,
    workers: int | None = None,
    progress: Progress = silent,
) -> dict[Key, Interval]:
    """Return the 95% uncertainty interval of the expected share of every setting, definition set and follow-up.

    The same draw gives a number the same quantile of its distribution in all settings, and all settings the same
    random numbers. The chance of the patients of a draw is taken out of the spread, as in a run with draws.

    Parameters
    ----------
    settings, sets : sequence of str
        Scenarios and definition sets.
    years : sequence of float, years
        Lengths of follow-up, from onset.
    draws : int
        Number of draws, at least 20.
    patients, seed : int
        Number of patients in each draw of each setting, and the seed.
    workers : int, optional
        Number of processes; one for each core by default. The result does not depend on it.
    progress : callable
        Called with (stage, done, total).

    Returns
    -------
    dict of (str, str, float) to (float, float)
        Lower and upper end as fractions; without the sets that apply to almost nobody in some draw.

    Raises
    ------
    EngineError
        If the number of draws is out of range.
    """
    days = round(max(years) * DAYS_PER_YEAR)
    settled = [f"population.follow_up_days={days}", f"patients={patients}", f"seed={seed}", "replicates=1"]
    scenarios = [load(setting, settled) for setting in settings]
    count = partial(count_draw, sets=tuple(sets), years=tuple(years))
    frames = map_draws(count, scenarios, draws, workers=workers, progress=progress)
    counts = pl.concat(frames)
    return {
        (settings[place], name, year): _interval(part.sort("draw"))
        for (place, name, year), part in counts.group_by(*KEYS)
        if part.filter(pl.col("patients") >= LEAST_PATIENTS).height == draws
    }


def count_draw(draw: int, tables: Sequence[Tables], *, sets: Sequence[str], years: Sequence[float]) -> pl.DataFrame:
    """Count the patients of one draw.

    Parameters
    ----------
    draw : int
        Its number.
    tables : sequence of mapping of str to polars.DataFrame
        The tables of each setting.
    sets, years : sequence
        Definition sets and lengths of follow-up.

    Returns
    -------
    polars.DataFrame
        `draw`, `setting` (its place), `criteria`, `years`, and of the patients to whom the set may apply their number
        (`patients`) and how many are refractory (`met`).
    """
    definitions = [definition(name) for name in sets]
    return pl.concat(
        _count(criteria.classify(of_setting, definitions, "observed", round(year * DAYS_PER_YEAR)), draw, place, year)
        for place, of_setting in enumerate(tables)
        for year in years
    )


def _count(labels: pl.DataFrame, draw: int, place: int, year: float) -> pl.DataFrame:
    return (
        within(labels)
        .with_columns(draw=pl.lit(draw), setting=pl.lit(place), years=pl.lit(float(year)))
        .group_by("draw", *KEYS)
        .agg(patients=pl.len(), met=pl.col("refractory").sum())
    )


def _interval(counts: pl.DataFrame) -> Interval:
    met, patients = (counts[name].to_numpy().astype(np.float64)[:, None] for name in ("met", "patients"))
    return Draws(met, patients).interval()
