"""The note on categories with fewer cases than their share: how many, why, and whether a larger run would help."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.criteria import DefinitionSet
from nephrosyn.criteria.codes import FLAG_OF
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.teach.display.spelling import sentence, to_words
from nephrosyn.teach.items.excluded_flags import ruled_out
from nephrosyn.teach.items.feedback import FLAG_OF_CATEGORY
from nephrosyn.teach.items.sampling import larger
from nephrosyn.teach.run_source import Source

LARGER_RUN = "; a larger run may have some"


@dataclass(frozen=True)
class Lack:
    """A category that has fewer cases than its share.

    Attributes
    ----------
    category : str
        The category.
    wanted, available : int
        Its share of the cases, and the cases it has.
    patients : int
        Patients of the run in this category; not every record makes a case.
    """

    category: str
    wanted: int
    available: int
    patients: int


def note(lacks: Sequence[Lack], definition: DefinitionSet, source: Source, labels: pl.DataFrame) -> str:
    """Return the note on the categories that lack cases.

    Parameters
    ----------
    lacks : sequence of Lack
        At least one.
    definition : DefinitionSet
        The definition set.
    source : Source
        The run.
    labels : polars.DataFrame
        Labels by this set of the patients to whom it applies.
    """
    shares = ", ".join(f"{to_words(lack.category)} {lack.available} of {lack.wanted}" for lack in lacks)
    parts = [f"Not every category has its equal share of the cases: {shares}. The other categories fill the gap."]
    reasons = {
        lack.category: why_none(lack.category, definition, source, labels) for lack in lacks if not lack.patients
    }
    parts += filter(None, reasons.values())
    scarce = [lack for lack in lacks if lack.patients]
    if scarce:
        size = max(larger(source.size, lack.wanted, lack.available) for lack in scarce)
        names = " and ".join(to_words(lack.category) for lack in scarce)
        parts.append(f"For more of {names}: nephrosyn run {source.scenario} --patients {size}.")
    return " ".join(parts)


def why_none(category: str, definition: DefinitionSet, source: Source, labels: pl.DataFrame) -> str:
    """Return why no patient has a category: the scenario's care rules it out, or its clauses are not met."""
    flag = FLAG_OF_CATEGORY.get(category)
    if flag is None:
        return ""
    start = f"{sentence(to_words(category))}:"
    why = ruled_out(flag, definition, source.cohort.resolved.scenario)
    if why:
        advice = "for such cases choose another definition set (criteria) or another scenario, not a larger run"
        return f"{start} no patient of {source.scenario} can be expected to meet it, because {why}; {advice}."
    return f"{start} {_answers(flag, definition, source, labels)}."


def _answers(flag: str, definition: DefinitionSet, source: Source, labels: pl.DataFrame) -> str:
    """Return how the clauses of a flag are answered for the patients to whom the set applies."""
    of_flag = [clause for clause, of in FLAG_OF.items() if of == flag]
    answers = source.clause_answers(definition).join(labels.select(PATIENT_KEY), on=PATIENT_KEY, how="semi")
    answers = answers.with_columns(pl.col("clause", "status").cast(pl.String)).filter(
        pl.col("clause").is_in(of_flag), pl.col("status") != "not defined"
    )
    met = answers.filter(status="met").select(PATIENT_KEY).unique()
    if met.height:
        categories = labels.join(met, on=PATIENT_KEY, how="semi", maintain_order="left")["category"].cast(pl.String)
        first = Counter(categories).most_common(1)[0][0]
        many = f"{met.height} patients meet" if met.height > 1 else "one patient meets"
        precedence = f"another category takes precedence in the set, most often {to_words(first)}"
        return f"{many} its clause, but {precedence}{LARGER_RUN}"
    clauses = answers["clause"].unique(maintain_order=True)
    names = " or ".join(f"“{vocabulary.CLAUSE_NAMES.get(name, name)}”" for name in clauses)
    unknown = answers.filter(status="cannot be judged").select(PATIENT_KEY).unique().height
    doubt = f"; for {unknown} this cannot be judged" if unknown else ""
    return f"none of the {labels.height} patients to whom the set applies meets {names}{doubt}{LARGER_RUN}"
