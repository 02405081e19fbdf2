"""The groups by which scores are sliced: age, sex, lesion, length of follow-up, and how close a call the patient is.

Scoring is one of the few places that may read the truth: the true lesion, and the complete record for the margin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
from pydantic import ValidationError

from nephrosyn import criteria
from nephrosyn.bench.task import WHO, Task
from nephrosyn.criteria import DefinitionSet

AGES = ((6, "0 to 5 years"), (18, "6 to 17 years"), (65, "18 to 64 years"), (200, "65 years and older"))
FOLLOW_UPS = ((180, "under 180 days"), (365, "180 to 364 days"), (730, "365 to 729 days"), (10**9, "730 days or more"))
RANK = {name: place for bands in (AGES, FOLLOW_UPS) for place, (_, name) in enumerate(bands)}
"""Place of a band among its neighbours, for whoever lists them."""
NEAR, FAR, NOT_KNOWN = "changes when a threshold moves by 10%", "stays when any threshold moves by 10%", "not known"
NUDGES = (0.9, 1.1)
NUDGED_UNITS = ("days", "weeks", "mg/mg")
SLICES = ("age", "sex", "lesion", "follow_up", "margin")


def groups(tables: Mapping[str, pl.DataFrame], task: Task, reference: pl.DataFrame) -> pl.DataFrame:
    """Return the group of every patient on each axis.

    Parameters
    ----------
    tables : mapping of str to polars.DataFrame
        Of a run, with its truth if it is there.
    task : Task
        The question.
    reference : polars.DataFrame
        From `Task.reference`.

    Returns
    -------
    polars.DataFrame
        `replicate`, `patient` and a text for each of `SLICES`.
    """
    patients = tables["patients"]
    lesions = tables.get("truth/traits", patients).select(*WHO, lesion=pl.col("lesion").cast(pl.String))
    unseen = "not biopsied" if "truth/traits" not in tables else NOT_KNOWN
    ends = tables["follow_up"].select(*WHO, follow_up=_banded("end_days", FOLLOW_UPS))
    made = patients.select(*WHO, age=_banded("age_at_onset_years", AGES), sex=pl.col("sex").cast(pl.String))
    made = made.join(
        lesions.with_columns(pl.col("lesion").fill_null(unseen)), on=WHO, how="left", maintain_order="left"
    )
    made = made.join(ends, on=WHO, how="left", maintain_order="left")
    return made.join(margins(tables, task, reference), on=WHO, how="left", maintain_order="left")


def _banded(column: str, bands: tuple[tuple[int, str], ...]) -> pl.Expr:
    told = pl.lit(NOT_KNOWN)
    for below, name in reversed(bands):
        told = pl.when(pl.col(column) < below).then(pl.lit(name)).otherwise(told)
    return told.fill_null(NOT_KNOWN)


def margins(tables: Mapping[str, pl.DataFrame], task: Task, reference: pl.DataFrame) -> pl.DataFrame:
    """Return who is a close call: the right answer changes when one threshold of the set moves by a tenth.

    Every threshold in days, weeks or mg/mg is moved alone, down and up, and the complete record judged again.
    """
    if "truth/proteinuria" not in tables:
        return reference.select(*WHO, margin=pl.lit(NOT_KNOWN))
    sets = list(nudged(task.definition))
    labels = criteria.classify(tables, sets, "complete", task.until_days, keep_going=True)
    said = task.answers(labels).join(reference.select(*WHO, "reference"), on=WHO)
    moved = said.group_by(WHO).agg(moved=(pl.col("answer") != pl.col("reference")).any())
    margin = pl.when("moved").then(pl.lit(NEAR)).otherwise(pl.lit(FAR))
    return moved.select(*WHO, margin=margin)


def nudged(definition: DefinitionSet) -> Iterator[DefinitionSet]:
    """Yield the set with one threshold moved, for every threshold that can be moved without a contradiction."""
    content = definition.model_dump(exclude_none=True)
    for place in _thresholds(content):
        for factor in NUDGES:
            moved = definition.model_dump(exclude_none=True)
            threshold = moved
            for key in place:
                threshold = threshold[key]
            for who in ("value", "children", "adults"):
                if _is_number(threshold.get(who)):
                    threshold[who] = _moved(threshold[who], factor)
            moved["name"] = f"nudged-{'-'.join(map(str, place))}-{factor}".replace("_", "-").replace(".", "-")[:60]
            try:
                yield DefinitionSet.model_validate(moved)
            except ValidationError:
                continue


def _moved(value: float, factor: float) -> float:
    """Return a number a tenth away: whole numbers stay whole, and move by one at least."""
    if isinstance(value, int):
        step = max(1, round(abs(factor - 1) * value))
        return value + step if factor > 1 else value - step
    return value * factor


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _thresholds(content: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(content, dict):
        if content.get("unit") in NUDGED_UNITS:
            if any(_is_number(content.get(who)) for who in ("value", "children", "adults")):
                yield place
            return
        for key, value in content.items():
            yield from _thresholds(value, (*place, key))
    elif isinstance(content, list | tuple):
        for key, value in enumerate(content):
            yield from _thresholds(value, (*place, key))
