"""A reclassification with draws of the scenario's uncertain numbers: what is estimated, with both intervals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from nephrosyn.comparison.definitions.definition_pair import SelectedSet
from nephrosyn.comparison.drawn_numbers import Drawing, DrawnNumbers, RunScenarios, SetText, blocks_of
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.report.findings.verdicts.cross_classification import DETERMINED, UNDETERMINED_ANSWERS, Moves
from nephrosyn.report.findings.verdicts.eligibility import within
from nephrosyn.statistics.drawn_estimates import DrawnEstimates, Estimate, Floats, WithNumbers
from nephrosyn.statistics.kappa import cohen, cohen_influence
from nephrosyn.statistics.paired_differences import tango
from nephrosyn.statistics.proportions import Share

MOVED, DIFFERENCE, SHARE, FLOW, KAPPA = "moved", "refractory_difference", "refractory", "flow", "kappa"
Quantity = tuple[str, str, str]
"""What is estimated: `MOVED` and `DIFFERENCE`; `SHARE` and the name of a set; `FLOW` and both categories; `KAPPA`, the
question and among whom."""
Pair = tuple[Any, Any]
Counts = Mapping[Pair, Floats]
"""Patients by their answers under both sets, in each block of patients, shape (blocks,)."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95% interval by chance alone, and the one that also covers the uncertain numbers."""

    of: Quantity
    value: float
    low: float
    high: float
    numbers: WithNumbers | None


@dataclass(frozen=True)
class Uncertainty:
    """What the draws say of a reclassification.

    Attributes
    ----------
    about : DrawnNumbers
        How the draws were made.
    intervals : list of Interval
        One for each quantity.
    """

    about: DrawnNumbers
    intervals: list[Interval]

    def of(self, *quantity: str) -> Interval:
        """Return the interval of a quantity."""
        wanted = (*quantity, "", "")[:3]
        return next(interval for interval in self.intervals if interval.of == wanted)


@dataclass(frozen=True)
class _Counts:
    """Classifies the patients of a draw by both sets, and counts them; can be sent to another process."""

    before: SetText
    after: SetText
    view: str

    def __call__(self, draw: int, tables: Sequence[Mapping[str, pl.DataFrame]]) -> dict[str, Counts]:
        """Return patients by their answers to each question (column of the labels), in each block."""
        first, second = (
            within(definition_set.classify(tables[0], self.view)) for definition_set in (self.before, self.after)
        )
        both = first.join(second, on=PATIENT_KEY, suffix="_after", maintain_order="left")
        blocks = blocks_of(tables[0]["patients"].height)
        of_patient = blocks[both["patient"].to_numpy()]
        width = int(blocks[-1]) + 1
        return {question: _by_block(both, question, of_patient, width) for question in UNDETERMINED_ANSWERS}


def _by_block(both: pl.DataFrame, question: str, blocks: Any, width: int) -> Counts:
    pairs = both.select(question, f"{question}_after").with_columns(block=pl.Series(blocks, dtype=pl.Int64))
    counts: dict[Pair, Floats] = {}
    for first, second, block, n in pairs.group_by(pairs.columns).len().sort(pairs.columns).iter_rows():
        counts.setdefault((first, second), np.zeros(width))[block] = n
    return counts


def find(
    manifest: Mapping[str, Any], pair: tuple[SelectedSet, SelectedSet], view: str, moves: Moves, drawing: Drawing
) -> Uncertainty:
    """Play the draws.

    Parameters
    ----------
    manifest : mapping
        Manifest of the run.
    pair : tuple of SelectedSet
        Both definition sets.
    view : {"observed", "complete"}
        Record that is classified.
    moves : Moves
        Changes of category in the run.
    drawing : Drawing
        Which draws to play.

    Raises
    ------
    ComparisonError
        If the run was made by another version.
    ScenarioError
        If the scenario has no uncertain numbers.
    """
    scenarios = RunScenarios({str(manifest["scenario"]["name"]): manifest}, drawing)
    before, after = (SetText(selected.definition.name, selected.text) for selected in pair)
    baseline, draws = scenarios.play(_Counts(before, after, view))
    intervals = []
    for quantity, value, low, high, bounds in _in_run(moves):
        estimates = [_estimate(quantity, moves, counts) for counts in (baseline, *draws)]
        numbers = DrawnEstimates(estimates[0], estimates[1:]).combined(value, low, high, bounds)
        intervals.append(Interval(quantity, value, low, high, numbers))
    return Uncertainty(scenarios.about, intervals)


def _in_run(moves: Moves) -> Iterator[tuple[Quantity, float, float, float, tuple[float, float]]]:
    """Yield what is estimated: its value and interval by chance alone in the run, and the least and greatest value."""
    yield (MOVED, "", ""), *_ends(moves.moved), (0.0, 1.0)
    for name, share in zip((moves.before, moves.after), moves.refractory, strict=True):
        yield (SHARE, name, ""), *_ends(share), (0.0, 1.0)
    difference = (moves.gained - moves.lost) / moves.patients if moves.patients else math.nan
    yield (DIFFERENCE, "", ""), difference, *tango(moves.gained, moves.lost, moves.patients), (-1.0, 1.0)
    for (question, among), kappa in moves.kappas.items():
        yield (KAPPA, question, among), kappa.value, kappa.low, kappa.high, (-1.0, 1.0)
    for flow in moves.flows:
        yield (FLOW, flow.before, flow.after), *_ends(flow.of_all), (0.0, 1.0)


def _ends(share: Share) -> tuple[float, float, float]:
    return share.share, share.low, share.high


def _estimate(quantity: Quantity, moves: Moves, counted: Mapping[str, Counts]) -> Estimate:
    """Return the estimate of a quantity in a draw."""
    kind, first, second = quantity
    if kind == KAPPA:
        return _kappa(counted[first], UNDETERMINED_ANSWERS[first] if second == DETERMINED else ...)
    question = "refractory" if kind in (DIFFERENCE, SHARE) else "category"
    scores = {pair: _score(kind, pair, first, second, moves) for pair in counted[question]}
    return _mean(counted[question], scores)


def _score(kind: str, pair: Pair, first: str, second: str, moves: Moves) -> float:
    """Return what a patient with a pair of answers adds to a mean over patients."""
    before, after = pair
    if kind == MOVED:
        return float(before != after)
    if kind == FLOW:
        return float(pair == (first, second))
    if kind == DIFFERENCE:
        return float(bool(after)) - float(bool(before))
    return float(bool(before if first == moves.before else after))


def _mean(counts: Counts, scores: Mapping[Pair, float]) -> Estimate:
    totals = {pair: float(in_blocks.sum()) for pair, in_blocks in counts.items()}
    patients = sum(totals.values())
    if not patients:
        return Estimate(math.nan, math.nan, np.zeros(1))
    value = sum(n * scores[pair] for pair, n in totals.items()) / patients
    return _from_influence(value, counts, {pair: score - value for pair, score in scores.items()})


def _kappa(counts: Counts, undetermined: Any) -> Estimate:
    inside = {pair: in_blocks for pair, in_blocks in counts.items() if undetermined is ... or undetermined not in pair}
    totals = Counter({pair: int(in_blocks.sum()) for pair, in_blocks in inside.items()})
    kappa = cohen(totals)
    if not kappa.defined:
        return Estimate(math.nan, math.nan, np.zeros(1))
    return _from_influence(kappa.value, inside, cohen_influence(totals))


def _from_influence(value: float, counts: Counts, influence: Mapping[Any, float]) -> Estimate:
    """Return an estimate from how much a patient with each pair of answers moves it, times the patients."""
    patients = float(sum(in_blocks.sum() for in_blocks in counts.values()))
    parts = [in_blocks * influence[pair] for pair, in_blocks in counts.items()]
    squares = [in_blocks.sum() * influence[pair] ** 2 for pair, in_blocks in counts.items()]
    return Estimate(value, float(sum(squares)) / patients**2, np.sum(parts, axis=0) / patients)
