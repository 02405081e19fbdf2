"""Two rules of thumb as people use them on real records: by what was prescribed, and by the last note alone.

Their numbers are assumptions about such rules, not criteria; they are here to be beaten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.bench.classifiers.protocol import Answering, Asked, Held, NotReadyError, Shown
from nephrosyn.bench.features.data_dictionary import (
    CLEAR_UPCR_MG_PER_MG,
    COURSE_GAP_DAYS,
    HEAVY_BANDS,
    HEAVY_UPCR_MG_PER_MG,
)
from nephrosyn.bench.task import ABSTAINED, NO, WHO, YES, Task, category_tells_refractory

EARLY_AGENT_DAYS = 180
"""A second drug this soon after the first prednisone reads as resistance; assumed: 12 weeks of trial, and waiting."""
STARTS_IN_HALF_A_YEAR = 3
HALF_A_YEAR_DAYS = 183

Tables = Mapping[str, pl.DataFrame]


def _first(pairs: list[tuple[pl.Expr, str]], otherwise: str) -> pl.Expr:
    """Return the first answer whose condition holds."""
    told = pl.lit(otherwise)
    for condition, answer in reversed(pairs):
        told = pl.when(condition.fill_null(False)).then(pl.lit(answer)).otherwise(told)
    return told


def coded_care(tables: Tables) -> pl.DataFrame:
    """Return a category by prescriptions and coded conditions, as a query of billing data would.

    Codes tell that somebody has nephrotic syndrome, not how steroid worked; what is prescribed next must tell that.
    """
    doses = tables["doses"].sort(*WHO, "first_days", maintain_order=True)
    steroid = doses.filter(drug=vocabulary.STEROID)
    begins = pl.col("first_days") - pl.col("last_days").shift(1).over(WHO) > COURSE_GAP_DAYS
    starts = steroid.filter(begins.fill_null(True))
    third = pl.col("first_days") - pl.col("first_days").shift(STARTS_IN_HALF_A_YEAR - 1)
    courses = starts.group_by(WHO, maintain_order=True).agg(
        steroid_days=pl.col("first_days").first(), courses=pl.len(), dense=(third <= HALF_A_YEAR_DAYS).any()
    )
    agents = doses.filter(pl.col("drug") != vocabulary.STEROID).group_by(WHO).agg(agent_days=pl.col("first_days").min())
    harms = tables["conditions"].filter(pl.col("kind").is_in(["toxicity", "contraindication"]))
    people = tables["patients"].select(WHO).unique(maintain_order=True)
    wide = people.join(courses, on=WHO, how="left", maintain_order="left")
    wide = wide.join(agents, on=WHO, how="left", maintain_order="left")
    wide = wide.join(harms.group_by(WHO).agg(harmed=pl.len() > 0), on=WHO, how="left", maintain_order="left")
    agent = pl.col("agent_days").is_not_null()
    said = _first(
        [
            (pl.col("courses").is_null() & ~agent, ABSTAINED),
            (pl.col("harmed"), "steroid_intolerant"),
            (pl.col("agent_days") - pl.col("steroid_days") <= EARLY_AGENT_DAYS, "steroid_resistant"),
            (agent, "steroid_dependent"),
            (pl.col("dense"), "frequently_relapsing"),
            (pl.col("courses") > 1, "infrequently_relapsing"),
        ],
        "non_relapsing",
    )
    return wide.select(*WHO, predicted=said)


def last_notes(tables: Tables) -> pl.DataFrame:
    """Return the words of each patient's last visit: `replicate`, `patient`, `note`."""
    kept = tables["visits"].filter(~pl.col("missed")).group_by(WHO).agg(day=pl.col("actual_days").max())
    urine = _urine(tables["readings"]).join(kept, on=WHO).filter(pl.col("taken_days") <= pl.col("day"))
    seen = urine.sort(*WHO, "taken_days", maintain_order=True).group_by(WHO, maintain_order=True)
    state = seen.agg(heavy=pl.col("heavy").last(), clear=pl.col("clear").last(), ever_clear=pl.col("clear").any())
    words = _first(
        [
            (pl.col("heavy") & pl.col("ever_clear"), "relapse, nephrotic range"),
            (pl.col("heavy"), "nephrotic range"),
            (pl.col("clear"), "remission"),
        ],
        "some proteinuria",
    )
    on = tables["doses"].join(kept, on=WHO)
    on = on.filter((pl.col("first_days") <= pl.col("day")) & (pl.col("last_days") >= pl.col("day")))
    drugs = on.group_by(WHO).agg(drugs=pl.col("drug").cast(pl.String).unique().sort().str.join(", "))
    harmed = (
        tables["conditions"].filter(kind="toxicity").join(kept, on=WHO).filter(pl.col("noted_days") <= pl.col("day"))
    )
    harm = harmed.group_by(WHO).agg(harm=pl.lit("toxicity of steroid"))
    people = tables["patients"].select(WHO).unique(maintain_order=True)
    for part in (state.select(*WHO, state=words), drugs, harm):
        people = people.join(part, on=WHO, how="left", maintain_order="left")
    return people.select(*WHO, note=pl.concat_str("state", "drugs", "harm", separator="; ", ignore_nulls=True))


def _urine(readings: pl.DataFrame) -> pl.DataFrame:
    value = pl.col("value")
    heavy_band, clear_band = vocabulary.DIPSTICK_BANDS.index(HEAVY_BANDS[0]), vocabulary.DIPSTICK_BANDS.index("trace")
    stick = pl.col("analyte") == "dipstick"
    rows = readings.filter(pl.col("analyte").is_in(["upcr", "dipstick"])).drop_nulls("value")
    return rows.select(
        *WHO,
        "taken_days",
        heavy=pl.when(stick).then(value >= heavy_band).otherwise(value >= HEAVY_UPCR_MG_PER_MG),
        clear=pl.when(stick).then(value <= clear_band).otherwise(value < CLEAR_UPCR_MG_PER_MG),
    )


def last_note(tables: Tables) -> pl.DataFrame:
    """Return a category by keywords of the last note alone."""

    def has(word: str) -> pl.Expr:
        return pl.col("note").str.contains(word, literal=True)

    agent = pl.any_horizontal([has(drug) for drug in vocabulary.AGENTS])
    said = _first(
        [
            (has("toxicity"), "steroid_intolerant"),
            (has("relapse") & has(vocabulary.STEROID), "steroid_dependent"),
            (has("relapse"), "infrequently_relapsing"),
            (has("nephrotic"), "steroid_resistant"),
            (has("remission") & agent, "steroid_dependent"),
            (has("remission"), "non_relapsing"),
        ],
        ABSTAINED,
    )
    return last_notes(tables).select(*WHO, predicted=said)


def asked_for(said: pl.DataFrame, task: Task) -> pl.DataFrame:
    """Return categories as what the task asks for."""
    if task.target == "category":
        return said
    refractory = pl.col("predicted").is_in(task.refractory_categories)
    told = pl.when(refractory).then(pl.lit(YES)).otherwise(pl.lit(NO))
    return said.with_columns(predicted=pl.when(pl.col("predicted") == ABSTAINED).then("predicted").otherwise(told))


class Rule:
    """A rule on the tables.

    Parameters
    ----------
    name, title : str
        What it is called, and what it does in a line.
    judge : callable
        Observed tables to `replicate`, `patient`, `predicted`.
    """

    def __init__(self, name: str, title: str, judge: Callable[[Tables], pl.DataFrame]) -> None:
        self.name, self.title, self._judge = name, title, judge

    def ready(self, asked: Asked) -> Answering:
        """Return it ready to be asked.

        Raises
        ------
        NotReadyError
            If the question is whether patients are refractory, and categories do not say so under the set.
        """
        task = asked.task
        if task.target == "refractory" and not category_tells_refractory(task.definition):
            raise NotReadyError(
                f"names categories, which do not say whether a patient is refractory under {task.definition.name}"
            )

        def answer(shown: Shown) -> pl.DataFrame:
            return asked_for(self._judge(shown.tables), asked.task)

        return Held(answer)


CODED_CARE = Rule("coded-care", "prescriptions and coded conditions, as a query of billing data sees them", coded_care)
LAST_NOTE = Rule("last-note", "keywords of the last visit's note alone", last_note)
