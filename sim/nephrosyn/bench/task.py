"""What is asked of a classifier, and the reference it is held against.

The question: given a patient's record, name the category of a definition set, or say whether the patient is refractory.
The reference is the set applied to the complete record. Who cannot be judged there, or is outside the set, has no
right answer and is not scored, but counted.
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
from nephrosyn.vocabulary import CATEGORY_OF_FLAG

Target = Literal["category", "refractory"]
TARGETS: tuple[Target, ...] = ("category", "refractory")
ABSTAINED = "undetermined"
FAILED = "failed"
OUTSIDE = "outside_the_set"
"""Whom a definition set is not for; who cannot be judged by it, though it is for them, is ``undetermined``."""
OUTCOMES = ("right", "wrong", "abstained", "failed", "cannot be judged", "outside the set")
"""What becomes of a question. An abstention is an answer that names nothing; a failure is no answer. The last two are
of patients who have no right answer, and are not scored."""
YES, NO = "refractory", "not_refractory"
REFRACTORY = (NO, YES)
"""In the order of their codes: scikit-learn takes 1 for the positive class."""
WHO = ["replicate", "patient"]


def categories(definition: DefinitionSet) -> tuple[str, ...]:
    """Return the categories that a set can give, ``undetermined`` apart, in the order of the vocabulary."""
    named = {CATEGORY_OF_FLAG[flag] for flag in definition.verdict.precedence.of(child=False)}
    named |= {"infrequently_relapsing", "non_relapsing"}
    return tuple(name for name in vocabulary.CATEGORIES if name in named)


def refractory_categories(definition: DefinitionSet) -> tuple[str, ...]:
    """Return the categories that count as refractory under a set."""
    return tuple(CATEGORY_OF_FLAG[flag] for flag in definition.verdict.refractory.of(child=False))


def category_tells_refractory(definition: DefinitionSet) -> bool:
    """Return whether the category of a patient says if the patient is refractory under a set.

    The category is the first flag that is met, in the order of the set; a patient is refractory if any flag that the
    set counts is met. So the counted flags must come first: otherwise the category may hide one.

    Examples
    --------
    >>> category_tells_refractory(criteria.load("source")), category_tells_refractory(criteria.load("jsn-2014-adults"))
    (True, False)
    """
    verdict = definition.verdict
    ages = ((verdict.precedence.of(child=child), verdict.refractory.of(child=child)) for child in (False, True))
    return all(set(order[: len(counted)]) == set(counted) for order, counted in ages)


def scored() -> pl.Expr:
    """Return whether a patient has a right answer: an abstention is never one."""
    return pl.col("reference").cast(pl.String) != ABSTAINED


def outcome() -> pl.Expr:
    """Return what became of each question, one of `OUTCOMES`, from `reference` and `predicted`.

    Whom the set is not for cannot be told from these two: they are among those who cannot be judged.

    Examples
    --------
    >>> pairs = {"reference": ["non_relapsing"] * 2, "predicted": ["undetermined", "non_relapsing"]}
    >>> pl.DataFrame(pairs).select(outcome()).to_series().to_list()
    ['abstained', 'right']
    """
    said, right = (pl.col(name).cast(pl.String) for name in ("predicted", "reference"))
    silent = pl.when(said == FAILED).then(pl.lit("failed")).when(said == ABSTAINED).then(pl.lit("abstained"))
    told = silent.when(said == right).then(pl.lit("right")).otherwise(pl.lit("wrong"))
    return pl.when(scored()).then(told).otherwise(pl.lit("cannot be judged")).cast(pl.Enum(OUTCOMES)).alias("outcome")


@dataclass(frozen=True)
class Task:
    """The question.

    Attributes
    ----------
    definition : DefinitionSet
        Whose categories are asked for.
    target : {"category", "refractory"}
        What is asked.
    until_days : int or None, days
        The reference is the label on this day; at the end of follow-up without.
    """

    definition: DefinitionSet
    target: Target = "category"
    until_days: int | None = None

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The answers that can be right, in the order of the vocabulary."""
        return REFRACTORY if self.target == "refractory" else categories(self.definition)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The answers a classifier may give: those of any definition set, and ``undetermined``."""
        if self.target == "refractory":
            return (*REFRACTORY, ABSTAINED)
        return (*(name for name in vocabulary.CATEGORIES if name != ABSTAINED), ABSTAINED)

    @property
    def question(self) -> str:
        """The question in plain words."""
        if self.target == "refractory":
            return f"Say whether each patient is refractory under the definition set `{self.definition.name}`."
        return f"Name the category of each patient under the definition set `{self.definition.name}`."

    @property
    def scope(self) -> str:
        """Whom the set is for, in plain words; nobody else has a right answer."""
        return next(told.sentence for told in in_words(self.definition) if told.clause == "population")

    @cached_property
    def answer(self) -> pl.Enum:
        """The type of a prediction: what may be answered, and ``failed`` for what is no answer."""
        return pl.Enum((*self.words, FAILED))

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
            One row per patient, as `criteria.classify` gives them.

        Returns
        -------
        polars.DataFrame
            `replicate`, `patient`, `answer`, and `applies`: false for whom the set is not for. These are undetermined,
            as are those who cannot be judged.
        """
        if self.target == "refractory":
            said = pl.when(pl.col("refractory")).then(pl.lit(YES)).otherwise(pl.lit(NO))
            told = pl.when(pl.col("refractory").is_not_null()).then(said).otherwise(pl.lit(ABSTAINED))
        else:
            told = pl.col("category").cast(pl.String)
        inside = pl.col("applies").fill_null(False)
        whole = pl.when(inside).then(told).otherwise(pl.lit(ABSTAINED)).cast(self.answer)
        return labels.select(*WHO, "applies", answer=whole)

    def classify(self, tables: Mapping[str, pl.DataFrame], view: str) -> pl.DataFrame:
        """Return what the set says of a record, impossible values being no reason to stop."""
        return self.answers(criteria.classify(tables, self.definition, view, self.until_days, keep_going=True))

    def reference(self, tables: Mapping[str, pl.DataFrame], *, kept: bool = False) -> pl.DataFrame:
        """Return the right answers, and what the set says of the observed record.

        The labels kept with a run can stand in, so that a run without its truth can be scored too.

        Parameters
        ----------
        tables : mapping of str to polars.DataFrame
            Of a run.
        kept : bool
            Take the labels that were kept, where there are any.

        Returns
        -------
        polars.DataFrame
            `replicate`, `patient`, `applies` (false for whom the set is not for), `reference` and `observed`.
        """
        labels = tables["labels"].filter(criteria=self.definition.name) if kept and self.until_days is None else None
        use = labels is not None and labels.height > 0
        found = {
            view: self.answers(labels.filter(view=view)) if use and labels is not None else self.classify(tables, view)
            for view in vocabulary.VIEWS
        }
        both = found["complete"].rename({"answer": "reference"})
        seen = found["observed"].select(*WHO, observed="answer")
        return both.join(seen, on=WHO, maintain_order="left")
