"""Subgroups for scores: age, sex, lesion, length of follow-up, and margin from the thresholds of the definition set.

Scoring may read the truth, here the true lesion and, for the margin, the complete record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
from pydantic import ValidationError

from nephrosyn import criteria
from nephrosyn.bench.task import Task
from nephrosyn.criteria import DefinitionSet
from nephrosyn.record.schema import PATIENT_KEY

AGES = ((6, "0 to 5 years"), (18, "6 to 17 years"), (65, "18 to 64 years"), (200, "65 years and older"))
FOLLOW_UPS = ((180, "under 180 days"), (365, "180 to 364 days"), (730, "365 to 729 days"), (10**9, "730 days or more"))
RANK = {name: place for bands in (AGES, FOLLOW_UPS) for place, (_, name) in enumerate(bands)}
"""Order of the bands of an axis."""
NEAR, FAR, NOT_KNOWN = "changes when a threshold moves by 10%", "stays when any threshold moves by 10%", "not known"
NUDGES = (0.9, 1.1)
NUDGED_UNITS = ("days", "weeks", "mg/mg")
SLICES = ("age", "sex", "lesion", "follow_up", "margin")


def groups(tables: Mapping[str, pl.DataFrame], task: Task, reference: pl.DataFrame) -> pl.DataFrame:
    """Return the subgroup of every patient on each axis.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Tables of a run, with its truth if available.
    task : Task
        The question.
    reference : polars.DataFrame
        `Reference.frame`.

    Returns
    -------
    polars.DataFrame
        `replicate`, `patient` and a string column for each of `SLICES`.
    """
    patients = tables["patients"]
    lesions = tables.get("truth/traits", patients).select(*PATIENT_KEY, lesion=pl.col("lesion").cast(pl.String))
    without_lesion = "not biopsied" if "truth/traits" not in tables else NOT_KNOWN
    ends = tables["follow_up"].select(*PATIENT_KEY, follow_up=_banded("end_days", FOLLOW_UPS))
    grouped = patients.select(*PATIENT_KEY, age=_banded("age_at_onset_years", AGES), sex=pl.col("sex").cast(pl.String))
    grouped = grouped.join(
        lesions.with_columns(pl.col("lesion").fill_null(without_lesion)),
        on=PATIENT_KEY,
        how="left",
        maintain_order="left",
    )
    grouped = grouped.join(ends, on=PATIENT_KEY, how="left", maintain_order="left")
    return grouped.join(margins(tables, task, reference), on=PATIENT_KEY, how="left", maintain_order="left")


def _banded(column: str, bands: tuple[tuple[int, str], ...]) -> pl.Expr:
    band = pl.lit(NOT_KNOWN)
    for below, name in reversed(bands):
        band = pl.when(pl.col(column) < below).then(pl.lit(name)).otherwise(band)
    return band.fill_null(NOT_KNOWN)


def margins(tables: Mapping[str, pl.DataFrame], task: Task, reference: pl.DataFrame) -> pl.DataFrame:
    """Return whether the right answer changes when one threshold of the set moves by a tenth.

    Every threshold in days, weeks or mg/mg is moved alone, down and up, and the complete record classified again.
    """
    if "truth/proteinuria" not in tables:
        return reference.select(*PATIENT_KEY, margin=pl.lit(NOT_KNOWN))
    sets = list(nudged(task.definition))
    labels = criteria.classify(tables, sets, "complete", task.label_days, keep_going=True)
    answers = task.answers(labels).join(reference.select(*PATIENT_KEY, "reference"), on=PATIENT_KEY)
    moved = answers.group_by(PATIENT_KEY).agg(moved=(pl.col("answer") != pl.col("reference")).any())
    margin = pl.when("moved").then(pl.lit(NEAR)).otherwise(pl.lit(FAR))
    return moved.select(*PATIENT_KEY, margin=margin)


def nudged(definition: DefinitionSet) -> Iterator[DefinitionSet]:
    """Yield the set with one threshold moved, for every threshold that can be moved without making the set invalid."""
    content = definition.model_dump(exclude_none=True)
    for place in _thresholds(content):
        for factor in NUDGES:
            moved = definition.model_dump(exclude_none=True)
            threshold = moved
            for key in place:
                threshold = threshold[key]
            for age in ("value", "children", "adults"):
                if _is_number(threshold.get(age)):
                    threshold[age] = _moved(threshold[age], factor)
            moved["name"] = f"nudged-{'-'.join(map(str, place))}-{factor}".replace("_", "-").replace(".", "-")[:60]
            try:
                yield DefinitionSet.model_validate(moved)
            except ValidationError:
                continue


def _moved(value: float, factor: float) -> float:
    """Return a number moved by a factor; whole numbers stay whole and move by at least one."""
    if isinstance(value, int):
        step = max(1, round(abs(factor - 1) * value))
        return value + step if factor > 1 else value - step
    return value * factor


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _thresholds(content: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(content, dict):
        if content.get("unit") in NUDGED_UNITS:
            if any(_is_number(content.get(age)) for age in ("value", "children", "adults")):
                yield place
            return
        for key, value in content.items():
            yield from _thresholds(value, (*place, key))
    elif isinstance(content, list | tuple):
        for key, value in enumerate(content):
            yield from _thresholds(value, (*place, key))
