"""The task of a classifier, and the reference it is scored against.

Given a patient's record, name the category under a definition set, or say whether the patient is refractory. The
reference is the set applied to the complete record. Patients who cannot be classified from it, or are outside the set,
have no right answer: they are counted but not scored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import polars as pl

from nephrosyn import criteria, vocabulary
from nephrosyn.criteria import DefinitionSet
from nephrosyn.criteria.definition.in_words import in_words
from nephrosyn.errors import wrong_count
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.vocabulary import CATEGORY_OF_FLAG, UNDETERMINED

Target = Literal["category", "refractory"]
TARGETS: tuple[Target, ...] = ("category", "refractory")
ABSTAINED = UNDETERMINED
FAILED = "failed"
OUTSIDE = "outside_the_set"
"""Patients not eligible under a definition set; eligible ones who cannot be classified are ``undetermined``."""
OUTCOMES = ("right", "wrong", "abstained", "failed", "cannot be judged", "outside the set")
"""Outcomes of a question. An abstention is the answer ``undetermined``; a failure is no valid answer. The last two are
for patients without a right answer, who are not scored."""
YES, NO = "refractory", "not_refractory"
REFRACTORY = (NO, YES)
"""In the order of their codes; scikit-learn takes 1 as the positive class."""


def categories(definition: DefinitionSet) -> tuple[str, ...]:
    """Return the categories that a set can give except ``undetermined``, in the order of the vocabulary."""
    named = {CATEGORY_OF_FLAG[flag] for flag in definition.verdict.precedence.of(child=False)}
    named |= {"infrequently_relapsing", "non_relapsing"}
    return tuple(name for name in vocabulary.CATEGORIES if name in named)


def refractory_categories(definition: DefinitionSet) -> tuple[str, ...]:
    """Return the categories that count as refractory under a set."""
    return tuple(CATEGORY_OF_FLAG[flag] for flag in definition.verdict.refractory.of(child=False))


def category_tells_refractory(definition: DefinitionSet) -> bool:
    """Return whether the category of a patient decides if the patient is refractory under a set.

    The category is the first flag met in the order of the set; a patient is refractory if any flag that counts as
    refractory is met. These flags must come first, otherwise the category of another one may hide them.

    Examples
    --------
    >>> category_tells_refractory(criteria.load("source")), category_tells_refractory(criteria.load("jsn-2014-adults"))
    (True, False)
    """
    verdict = definition.verdict
    ages = ((verdict.precedence.of(child=child), verdict.refractory.of(child=child)) for child in (False, True))
    return all(set(order[: len(counted)]) == set(counted) for order, counted in ages)


def scored() -> pl.Expr:
    """Return an expression: whether a patient has a right answer, which ``undetermined`` never is."""
    return pl.col("reference").cast(pl.String) != ABSTAINED


def outcome() -> pl.Expr:
    """Return an expression: the outcome of each question, one of `OUTCOMES`, from `reference` and `predicted`.

    Patients outside the set cannot be distinguished by these columns and count as those who cannot be judged.

    Examples
    --------
    >>> pairs = {"reference": ["non_relapsing"] * 2, "predicted": ["undetermined", "non_relapsing"]}
    >>> pl.DataFrame(pairs).select(outcome()).to_series().to_list()
    ['abstained', 'right']
    """
    predicted, right = (pl.col(name).cast(pl.String) for name in ("predicted", "reference"))
    silent = pl.when(predicted == FAILED).then(pl.lit("failed")).when(predicted == ABSTAINED).then(pl.lit("abstained"))
    of_scored = silent.when(predicted == right).then(pl.lit("right")).otherwise(pl.lit("wrong"))
    return (
        pl.when(scored()).then(of_scored).otherwise(pl.lit("cannot be judged")).cast(pl.Enum(OUTCOMES)).alias("outcome")
    )


def wrong_days(until_days: int | None, label_days: int | None, follow_up_days: float) -> list[str]:
    """Return what is wrong with the days of an early prediction.

    Parameters
    ----------
    until_days, label_days : int or None, days
        The day before which classifiers see the record, and that of the right answer.
    follow_up_days : float, days
        Length of follow-up in the scenario; a later day would change nothing.

    Examples
    --------
    >>> wrong_days(90, 60, 730)
    ['--until-days: expected no later than --label-days (60); found 90']
    """
    last = int(follow_up_days)
    problems = [] if until_days is None else wrong_count("--until-days", until_days, 1, last)
    problems += [] if label_days is None else wrong_count("--label-days", label_days, 1, last)
    if not problems and until_days is not None and label_days is not None and until_days > label_days:
        problems.append(f"--until-days: expected no later than --label-days ({label_days}); found {until_days}")
    return problems


@dataclass(frozen=True)
class Task:
    """The question asked about each patient.

    Attributes
    ----------
    definition : DefinitionSet
        The definition set.
    target : {"category", "refractory"}
        What to predict.
    label_days : int or None, days
        Day of the reference label; None for the end of follow-up.
    until_days : int or None, days
        Classifiers see what was recorded before this day; None for the whole record.
    """

    definition: DefinitionSet
    target: Target = "category"
    label_days: int | None = None
    until_days: int | None = None

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The answers that can be right, in the order of the vocabulary."""
        return REFRACTORY if self.target == "refractory" else categories(self.definition)

    @cached_property
    def valid_answers(self) -> tuple[str, ...]:
        """The valid answers: those of any definition set, and ``undetermined``."""
        if self.target == "refractory":
            return (*REFRACTORY, ABSTAINED)
        return (*(name for name in vocabulary.CATEGORIES if name != ABSTAINED), ABSTAINED)

    @property
    def question(self) -> str:
        """The question in words."""
        which = f"under the definition set `{self.definition.name}`{self._when}."
        if self.target == "refractory":
            return f"Say whether each patient is refractory {which}"
        return f"Name the category of each patient {which}"

    @property
    def _when(self) -> str:
        if self.label_days is not None:
            return f" on day {self.label_days}"
        return "" if self.until_days is None else " at the end of follow-up"

    @property
    def seen(self) -> str:
        """The part of the record that classifiers see, in words."""
        return "the whole record" if self.until_days is None else f"what was recorded before day {self.until_days}"

    @property
    def labelled(self) -> str:
        """The day of the right answer, in words."""
        return "the end of follow-up" if self.label_days is None else f"day {self.label_days}"

    @property
    def scope(self) -> str:
        """The population of the set in words; nobody else has a right answer."""
        return next(clause.sentence for clause in in_words(self.definition) if clause.clause == "population")

    @cached_property
    def answer_type(self) -> pl.Enum:
        """The type of a prediction: the valid answers, and ``failed``."""
        return pl.Enum((*self.valid_answers, FAILED))

    @cached_property
    def refractory_categories(self) -> tuple[str, ...]:
        """The categories that count as refractory under the set."""
        return refractory_categories(self.definition)

    @cached_property
    def refractory_answers(self) -> tuple[str, ...]:
        """The answers that count as refractory."""
        return (YES,) if self.target == "refractory" else self.refractory_categories

    def answers(self, labels: pl.DataFrame) -> pl.DataFrame:
        """Return labels of one set and view as answers.

        Parameters
        ----------
        labels : polars.DataFrame
            One row per patient, from `criteria.classify`.

        Returns
        -------
        polars.DataFrame
            `replicate`, `patient`, `answer`, and `applies`, whether the patient is eligible under the set. The answer
            is ``undetermined`` for patients who are not, or cannot be classified.
        """
        if self.target == "refractory":
            yes_or_no = pl.when(pl.col("refractory")).then(pl.lit(YES)).otherwise(pl.lit(NO))
            answer = pl.when(pl.col("refractory").is_not_null()).then(yes_or_no).otherwise(pl.lit(ABSTAINED))
        else:
            answer = pl.col("category").cast(pl.String)
        eligible = pl.col("applies").fill_null(False)
        answer = pl.when(eligible).then(answer).otherwise(pl.lit(ABSTAINED)).cast(self.answer_type)
        return labels.select(*PATIENT_KEY, "applies", answer=answer)

    def labels(self, tables: Mapping[str, pl.DataFrame], view: str, *, stored: bool = False) -> pl.DataFrame:
        """Return the labels of the set; impossible values in the record are no reason to stop.

        Parameters
        ----------
        tables : mapping of str to polars.DataFrame
            Tables of a run.
        view : {"observed", "complete"}
            The record to classify.
        stored : bool
            Take the labels stored with the run, if there are any, so that a run without its truth can be scored, too.

        Returns
        -------
        polars.DataFrame
            One row per patient, as from `criteria.classify`.
        """
        if stored and self.label_days is None:
            labels = tables["labels"].filter(criteria=self.definition.name, view=view)
            if labels.height:
                return labels
        return criteria.classify(tables, self.definition, view, self.label_days, keep_going=True)

    def classify(self, tables: Mapping[str, pl.DataFrame], view: str) -> pl.DataFrame:
        """Return the `answers` of the set for a record."""
        return self.answers(self.labels(tables, view))
