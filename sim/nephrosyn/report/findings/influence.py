"""What the refractory share hangs on: how it moves with each uncertain number, and what a study of it would settle."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from typing import Any

import numpy as np
import polars as pl

from nephrosyn.errors import EvidenceError
from nephrosyn.report.key_meanings import meaning
from nephrosyn.scenario.files.provenance import ids
from nephrosyn.statistics.drawn_numbers import DrawnNumber, Floats, independent
from nephrosyn.statistics.information_value import information_value, perfect_information
from nephrosyn.statistics.partial_rank_correlation import RankCorrelation, held_fixed, partial_rank_correlations

QUARTER = 0.25
"""The share is compared between the draws with the lowest and the highest quarter of the values of a number."""


DIGITS = 6
"""Decimals of all results: the last digits of linear algebra depend on the machine."""
OTHERS = 10
"""Leading numbers whose effects are taken out where another is looked at."""


@dataclass(frozen=True)
class Question:
    """A statement about the expected refractory share.

    Attributes
    ----------
    share : float
        The share it is about.
    margin : float
        Greatest distance from it; with 0 the statement is that the share is above `share`.

    Examples
    --------
    >>> print(Question(0.6), "|", Question(1 / 3, 0.05))
    above 60% | one third ± 5 percentage points
    """

    share: float
    margin: float = 0.0

    def answers(self, shares: Floats) -> Floats:
        """Return 1 for each share of which the statement is right, else 0."""
        if not self.margin:
            return (shares > self.share).astype(np.float64)
        return (np.abs(shares - self.share) <= self.margin).astype(np.float64)

    def __str__(self) -> str:
        share = "one third" if math.isclose(self.share, 1 / 3) else f"{round(100 * self.share, 1):g}%"
        return f"{share} ± {round(100 * self.margin, 1):g} percentage points" if self.margin else f"above {share}"


def check_question(share: Any, margin: Any) -> Question:
    """Return the question about a share.

    Raises
    ------
    EvidenceError
        If share or margin is not a fraction, with all that is wrong.
    """
    wrong = [
        f"{name}: expected a fraction {range_}; found {value!r}"
        for name, value, range_, most in (
            ("share", share, "from 0 to 1", 1.0),
            ("margin", margin, "from 0 to 0.5", 0.5),
        )
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= most
    ]
    if wrong:
        raise EvidenceError("; ".join(wrong))
    return Question(float(share), float(margin))


@dataclass(frozen=True)
class NumberInfluence:
    """How the share moves with one uncertain number; shares and parts are fractions.

    Attributes
    ----------
    key, meaning : str
        Its dotted key, and what it stands for.
    law, source : str
        What is known of it, and where that comes from. For the parts of a whole this is about all of them.
    correlation : RankCorrelation
        Partial rank correlation with the share.
    variance : float
        Part of the variance of the expected share that it explains by itself.
    wrong_removed, error : float
        Probability of a wrong statement that its exact value would remove, with its Monte-Carlo standard error.
    lowest, highest : float
        Mean share in the draws with the lowest and with the highest quarter of its values.
    """

    key: str
    meaning: str
    law: str
    source: str
    correlation: RankCorrelation
    variance: float
    wrong_removed: float
    error: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class StudyInfluence:
    """What an exact repeat of a study, for all numbers that come from it, would settle.

    Attributes
    ----------
    evidence : tuple of str
        Its evidence id; several if they are given for the same numbers.
    keys : tuple of str
        First keys of these numbers.
    variance, wrong_removed, error : float
        As in `NumberInfluence`, for all these numbers at once.
    """

    evidence: tuple[str, ...]
    keys: tuple[str, ...]
    variance: float
    wrong_removed: float
    error: float


@dataclass(frozen=True, repr=False)
class Influence:
    """What the expected refractory share under a definition set hangs on.

    Attributes
    ----------
    criteria, view : str
        Definition set and view.
    question : Question
        The statement that is right or wrong.
    draws : int
        Number of draws.
    mean : float
        Mean of the shares.
    right : float
        Part of the draws in which the statement is right.
    wrong : float
        Probability that the likelier of statement and denial is wrong: what perfect information would remove.
    held_fixed : int
        How many other numbers the partial rank correlations hold fixed.
    numbers : list of NumberInfluence
        One for each uncertain number, the largest partial rank correlation first.
    studies : list of StudyInfluence
        One for each study, the one that would settle most first.
    """

    criteria: str
    view: str
    question: Question
    draws: int
    mean: float
    right: float
    wrong: float
    held_fixed: int
    numbers: list[NumberInfluence]
    studies: list[StudyInfluence] = field(default_factory=list)

    def __repr__(self) -> str:
        """The three leading numbers, in a line."""
        leading = ", ".join(f"{number.key} {number.correlation.value:+.2f}" for number in self.numbers[:3])
        return f"<Influence: {self.criteria}, {self.view} record, {self.draws} draws: {leading}>"

    @property
    def leading(self) -> list[NumberInfluence]:
        """The numbers whose partial rank correlation differs from 0 by its interval."""
        return [number for number in self.numbers if number.correlation.excludes_zero]

    @property
    def table(self) -> pl.DataFrame:
        """The numbers as a table: one row for each, the largest partial rank correlation first."""
        rows = [{**asdict(number), **asdict(number.correlation)} for number in self.numbers]
        return pl.DataFrame([_renamed(row) for row in rows])

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        about = {name: getattr(self, name) for name in ("criteria", "view", "draws", "mean")}
        question = {"statement": str(self.question), **asdict(self.question), "right": self.right, "wrong": self.wrong}
        numbers, studies = self.table.fill_nan(None).to_dicts(), [asdict(study) for study in self.studies]
        return {**about, **question, "held_fixed": self.held_fixed, "numbers": numbers, "studies": studies}


def _renamed(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the table: the correlation and its interval in columns of their own."""
    names = {"value": "partial_rank_correlation", "low": "correlation_low", "high": "correlation_high"}
    return {names.get(name, name): value for name, value in row.items() if name != "correlation"}


def influence(
    criteria: str,
    view: str,
    shares: Floats,
    values: pl.DataFrame,
    quantities: Sequence[Mapping[str, Any]],
    question: Question,
    reliability: float = 1.0,
) -> Influence:
    """Return what the share hangs on.

    Parameters
    ----------
    criteria, view : str
        Definition set and view.
    shares : ndarray of float64, shape (draws,)
        Expected share of each draw: without the chance of its patients.
    values : polars.DataFrame
        Drawn values, from `runs.draws.values.table`.
    quantities : sequence of mapping
        The uncertain numbers, as in the manifest: ``keys``, ``kind``, ``law`` and ``source``.
    question : Question
        The statement that is right or wrong.
    reliability : float
        Part of the variance of the shares of the draws that is not chance. A share without chance still has its draw's
        rank among the shares with it, so the part of the variance that is explained is divided by this.
    """
    answers = question.answers(shares)
    drawn = [_columns(values, quantity, place) for place, quantity in enumerate(quantities)]
    columns = {key: column for of_quantity in drawn for key, column in of_quantity.items()}
    exact = partial_rank_correlations([*columns.values()], shares)
    rounded = (RankCorrelation(*map(_rounded, astuple(correlation))) for correlation in exact)
    correlations = dict(zip(columns, rounded, strict=True))
    order = sorted(columns, key=lambda key: -abs(correlations[key].value))
    worth = _Worth(shares, answers, [columns[key] for key in order], reliability, _is_chain(values))
    numbers = []
    for key in order:
        column, quantity = columns[key], quantities[columns[key].quantity]
        about = (key, meaning(key), str(quantity["law"]), str(quantity["source"]), correlations[key])
        numbers.append(NumberInfluence(*about, *worth.of([column]), *_quarters(column, shares)))
    studies = []
    for places, named in _studies(quantities, drawn).items():
        of_study = [column for place in places for column in drawn[place].values()]
        keys = tuple(quantities[place]["keys"][0] for place in places)
        studies.append(StudyInfluence(named, keys, *worth.of(of_study)))
    studies.sort(key=lambda study: (-study.wrong_removed, -study.variance))
    mean, right, wrong = map(_rounded, (shares.mean(), answers.mean(), perfect_information(answers)))
    fixed = held_fixed([*columns.values()])
    return Influence(criteria, view, question, len(shares), mean, right, wrong, fixed, numbers, studies)


@dataclass(frozen=True)
class _Worth:
    """What it would be worth to know some numbers: of the shares of all draws, and the numbers by importance."""

    shares: Floats
    answers: Floats
    leading: list[DrawnNumber]
    reliability: float
    paired: bool

    def of(self, numbers: Sequence[DrawnNumber]) -> tuple[float, float, float]:
        """Return part of the variance, wrong answers removed, and the error of these."""
        quantities = {number.quantity for number in numbers}
        others = [number for number in self.leading if number.quantity not in quantities][:OTHERS]
        value = information_value(numbers, self.shares, self.answers, others, paired=self.paired)
        variance = min(1.0, value.variance / self.reliability) if self.reliability > 0 else 0.0
        return _rounded(variance), _rounded(value.wrong_removed), _rounded(value.error)


def _is_chain(values: pl.DataFrame) -> bool:
    return bool((values["mix"] != values["number"]).any())


def _columns(values: pl.DataFrame, quantity: Mapping[str, Any], place: int) -> dict[str, DrawnNumber]:
    """Return the drawn values of the keys of a quantity that its other keys do not determine."""
    levels = values[quantity["kind"]].to_numpy().astype(np.int64)
    first = np.unique(levels, return_index=True)[1]
    matrix = values.select(quantity["keys"]).to_numpy()[first]
    order = list(range(matrix.shape[1]))
    if len(independent(matrix)) > 1 and np.ptp(matrix.sum(axis=1)) < 1e-9:
        largest = int(np.argmax(matrix.mean(axis=0)))  # parts of a whole: the others take the place of the largest
        order = [*(member for member in order if member != largest), largest]
    free = sorted(order[member] for member in independent(matrix[:, order]))
    return {quantity["keys"][member]: DrawnNumber(matrix[:, member], levels, place) for member in free}


def _quarters(column: DrawnNumber, shares: Floats) -> tuple[float, float]:
    """Return the mean share in the draws with the lowest and with the highest quarter of the values of a number."""
    low, high = np.quantile(column.values, [QUARTER, 1 - QUARTER])
    drawn = column.of_draws
    return _rounded(shares[drawn <= low].mean()), _rounded(shares[drawn >= high].mean())


def _rounded(value: Any) -> float:
    return round(float(value), DIGITS)


def _studies(
    quantities: Sequence[Mapping[str, Any]], drawn: Sequence[Mapping[str, DrawnNumber]]
) -> dict[tuple[int, ...], tuple[str, ...]]:
    """Return the evidence ids by the quantities that come from them."""
    places: dict[str, list[int]] = {}
    for place, quantity in enumerate(quantities):
        for name in ids(quantity["source"]) if drawn[place] else []:
            places.setdefault(name, []).append(place)
    named: dict[tuple[int, ...], tuple[str, ...]] = {}
    for name, of_study in places.items():
        named[tuple(of_study)] = (*named.get(tuple(of_study), ()), name)
    return named
