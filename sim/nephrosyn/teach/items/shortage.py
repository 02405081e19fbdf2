"""What is said where a category has fewer cases than its share: how many, why, and whether a larger run helps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.criteria import DefinitionSet
from nephrosyn.criteria.codes import FLAG_OF
from nephrosyn.teach.display.spelling import sentence, spoken
from nephrosyn.teach.items.excluded_flags import ruled_out
from nephrosyn.teach.items.feedback import FLAG_OF_CATEGORY
from nephrosyn.teach.items.sampling import larger
from nephrosyn.teach.run_source import Source

WHO = ["replicate", "patient"]
MORE = "; a larger run may have some"


@dataclass(frozen=True)
class Lack:
    """A category that has fewer cases than its share.

    Attributes
    ----------
    category : str
        Which.
    wanted, found : int
        Cases that were to be of it, and that are.
    patients : int
        Patients of the run who have it, of whom not everyone makes a case.
    """

    category: str
    wanted: int
    found: int
    patients: int


def note(lacks: Sequence[Lack], definition: DefinitionSet, source: Source, labels: pl.DataFrame) -> str:
    """Return what is said of the categories that lack cases.

    Parameters
    ----------
    lacks : sequence of Lack
        At least one.
    definition : DefinitionSet
        The set that judges.
    source : Source
        The run.
    labels : polars.DataFrame
        Of those in the set, by this set.
    """
    each = ", ".join(f"{spoken(one.category)} {one.found} of {one.wanted}" for one in lacks)
    parts = [f"Not every category has its equal share of the cases: {each}. The others make up for it."]
    reasons = {one.category: why_none(one.category, definition, source, labels) for one in lacks if not one.patients}
    parts += filter(None, reasons.values())
    scarce = [one for one in lacks if one.patients]
    if scarce:
        size = max(larger(source.size, one.wanted, one.found) for one in scarce)
        names = " and ".join(spoken(one.category) for one in scarce)
        parts.append(f"For more of {names}: nephrosyn run {source.scenario} --patients {size}.")
    return " ".join(parts)


def why_none(category: str, definition: DefinitionSet, source: Source, labels: pl.DataFrame) -> str:
    """Return why nobody has a category: its care cannot lead to it, or what the clauses say of those in the set."""
    flag = FLAG_OF_CATEGORY.get(category)
    if flag is None:
        return ""
    start = f"{sentence(spoken(category))}:"
    why = ruled_out(flag, definition, source.cohort.resolved.scenario)
    if why:
        advice = "for such cases choose another definition set (--criteria) or another scenario, not a larger run"
        return f"{start} no patient of {source.scenario} can be expected to meet it, because {why}; {advice}."
    return f"{start} {_answers(flag, definition, source, labels)}."


def _answers(flag: str, definition: DefinitionSet, source: Source, labels: pl.DataFrame) -> str:
    """Return what the clauses of a flag say of everybody in the set."""
    mine = [clause for clause, of in FLAG_OF.items() if of == flag]
    told = source.answers(definition).join(labels.select(WHO), on=WHO, how="semi")
    told = told.with_columns(pl.col("clause", "status").cast(pl.String)).filter(
        pl.col("clause").is_in(mine), pl.col("status") != "not defined"
    )
    met = told.filter(status="met").select(WHO).unique()
    if met.height:
        categories = labels.join(met, on=WHO, how="semi", maintain_order="left")["category"].cast(pl.String)
        first = Counter(categories).most_common(1)[0][0]
        many = f"{met.height} patients meet" if met.height > 1 else "one patient meets"
        return f"{many} its clause, but the set puts another category first, most often {spoken(first)}{MORE}"
    clauses = told["clause"].unique(maintain_order=True)
    names = " or ".join(f"“{vocabulary.CLAUSE_NAMES.get(name, name)}”" for name in clauses)
    unknown = told.filter(status="cannot be judged").select(WHO).unique().height
    doubt = f"; for {unknown} that cannot be judged" if unknown else ""
    return f"none of the {labels.height} patients in the set meets {names}{doubt}{MORE}"
