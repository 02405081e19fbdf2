"""Two rules of thumb used on real records: by prescriptions and codes, and by keywords of the last note.

Their thresholds are assumptions about such rules, not criteria. They serve as lower bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.bench.classifiers.protocol import NotReadyError, ReadyClassifier, ReadyFunction, Setup, ShownRecord
from nephrosyn.bench.features.data_dictionary import (
    CLEAR_UPCR_MG_PER_MG,
    COURSE_GAP_DAYS,
    HEAVY_BANDS,
    HEAVY_UPCR_MG_PER_MG,
)
from nephrosyn.bench.task import ABSTAINED, NO, YES, Task, category_tells_refractory
from nephrosyn.record.schema import PATIENT_KEY

EARLY_AGENT_DAYS = 180
"""A second drug this soon after the first prednisone counts as resistance; assumed: 12 weeks of trial, then a delay."""
STARTS_IN_HALF_A_YEAR = 3
HALF_A_YEAR_DAYS = 183

Tables = Mapping[str, pl.DataFrame]


def _first_met(pairs: list[tuple[pl.Expr, str]], otherwise: str) -> pl.Expr:
    """Return the answer of the first condition that is met."""
    result = pl.lit(otherwise)
    for condition, answer in reversed(pairs):
        result = pl.when(condition.fill_null(False)).then(pl.lit(answer)).otherwise(result)
    return result


def coded_care(tables: Tables) -> pl.DataFrame:
    """Return a category by prescriptions and coded conditions, as a query of billing data would.

    Codes record nephrotic syndrome, not the response to steroid; that is inferred from the next prescription.
    """
    doses = tables["doses"].sort(*PATIENT_KEY, "first_days", maintain_order=True)
    steroid = doses.filter(drug=vocabulary.STEROID)
    begins = pl.col("first_days") - pl.col("last_days").shift(1).over(PATIENT_KEY) > COURSE_GAP_DAYS
    starts = steroid.filter(begins.fill_null(True))
    third = pl.col("first_days") - pl.col("first_days").shift(STARTS_IN_HALF_A_YEAR - 1)
    courses = starts.group_by(PATIENT_KEY, maintain_order=True).agg(
        steroid_days=pl.col("first_days").first(), courses=pl.len(), dense=(third <= HALF_A_YEAR_DAYS).any()
    )
    agents = (
        doses.filter(pl.col("drug").cast(pl.String).is_in(vocabulary.AGENTS))
        .group_by(PATIENT_KEY)
        .agg(agent_days=pl.col("first_days").min())
    )
    adverse_events = tables["conditions"].filter(pl.col("kind").is_in(["toxicity", "contraindication"]))
    patients = tables["patients"].select(PATIENT_KEY).unique(maintain_order=True)
    wide = patients.join(courses, on=PATIENT_KEY, how="left", maintain_order="left")
    wide = wide.join(agents, on=PATIENT_KEY, how="left", maintain_order="left")
    wide = wide.join(
        adverse_events.group_by(PATIENT_KEY).agg(intolerant=pl.len() > 0),
        on=PATIENT_KEY,
        how="left",
        maintain_order="left",
    )
    agent = pl.col("agent_days").is_not_null()
    predicted = _first_met(
        [
            (pl.col("courses").is_null() & ~agent, ABSTAINED),
            (pl.col("intolerant"), "steroid_intolerant"),
            (pl.col("agent_days") - pl.col("steroid_days") <= EARLY_AGENT_DAYS, "steroid_resistant"),
            (agent, "steroid_dependent"),
            (pl.col("dense"), "frequently_relapsing"),
            (pl.col("courses") > 1, "infrequently_relapsing"),
        ],
        "non_relapsing",
    )
    return wide.select(*PATIENT_KEY, predicted=predicted)


def last_notes(tables: Tables) -> pl.DataFrame:
    """Return the note of each patient's last visit: `replicate`, `patient`, `note`."""
    last_visit = tables["visits"].filter(~pl.col("missed")).group_by(PATIENT_KEY).agg(day=pl.col("actual_days").max())
    urine = _urine(tables["readings"]).join(last_visit, on=PATIENT_KEY).filter(pl.col("taken_days") <= pl.col("day"))
    by_patient = urine.sort(*PATIENT_KEY, "taken_days", maintain_order=True).group_by(PATIENT_KEY, maintain_order=True)
    state = by_patient.agg(heavy=pl.col("heavy").last(), clear=pl.col("clear").last(), ever_clear=pl.col("clear").any())
    state_words = _first_met(
        [
            (pl.col("heavy") & pl.col("ever_clear"), "relapse, nephrotic range"),
            (pl.col("heavy"), "nephrotic range"),
            (pl.col("clear"), "remission"),
        ],
        "some proteinuria",
    )
    current = tables["doses"].join(last_visit, on=PATIENT_KEY)
    current = current.filter((pl.col("first_days") <= pl.col("day")) & (pl.col("last_days") >= pl.col("day")))
    drugs = current.group_by(PATIENT_KEY).agg(drugs=pl.col("drug").cast(pl.String).unique().sort().str.join(", "))
    toxicity = (
        tables["conditions"]
        .filter(kind="toxicity")
        .join(last_visit, on=PATIENT_KEY)
        .filter(pl.col("noted_days") <= pl.col("day"))
    )
    toxic = toxicity.group_by(PATIENT_KEY).agg(toxicity=pl.lit("toxicity of steroid"))
    notes = tables["patients"].select(PATIENT_KEY).unique(maintain_order=True)
    for part in (state.select(*PATIENT_KEY, state=state_words), drugs, toxic):
        notes = notes.join(part, on=PATIENT_KEY, how="left", maintain_order="left")
    return notes.select(
        *PATIENT_KEY, note=pl.concat_str("state", "drugs", "toxicity", separator="; ", ignore_nulls=True)
    )


def _urine(readings: pl.DataFrame) -> pl.DataFrame:
    value = pl.col("value")
    heavy_band, clear_band = vocabulary.DIPSTICK_BANDS.index(HEAVY_BANDS[0]), vocabulary.DIPSTICK_BANDS.index("trace")
    stick = pl.col("analyte") == "dipstick"
    rows = readings.filter(pl.col("analyte").is_in(["upcr", "dipstick"])).drop_nulls("value")
    return rows.select(
        *PATIENT_KEY,
        "taken_days",
        heavy=pl.when(stick).then(value >= heavy_band).otherwise(value >= HEAVY_UPCR_MG_PER_MG),
        clear=pl.when(stick).then(value <= clear_band).otherwise(value < CLEAR_UPCR_MG_PER_MG),
    )


def last_note(tables: Tables) -> pl.DataFrame:
    """Return a category by keywords of the last note."""

    def has(word: str) -> pl.Expr:
        return pl.col("note").str.contains(word, literal=True)

    agent = pl.any_horizontal([has(drug) for drug in vocabulary.AGENTS])
    predicted = _first_met(
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
    return last_notes(tables).select(*PATIENT_KEY, predicted=predicted)


def to_target(predictions: pl.DataFrame, task: Task) -> pl.DataFrame:
    """Return predicted categories as answers of the task."""
    if task.target == "category":
        return predictions
    refractory = pl.col("predicted").is_in(task.refractory_categories)
    answer = pl.when(refractory).then(pl.lit(YES)).otherwise(pl.lit(NO))
    return predictions.with_columns(
        predicted=pl.when(pl.col("predicted") == ABSTAINED).then("predicted").otherwise(answer)
    )


class Rule:
    """A rule on the observed tables.

    Parameters
    ----------
    name, title : str
        Its name, and a line about what it does.
    classify : callable
        Observed tables to `replicate`, `patient`, `predicted`.
    """

    def __init__(self, name: str, title: str, classify: Callable[[Tables], pl.DataFrame]) -> None:
        self.name, self.title, self._classify = name, title, classify

    def ready(self, setup: Setup) -> ReadyClassifier:
        """Return the rule, ready to answer in terms of the task.

        Raises
        ------
        NotReadyError
            If the target is ``refractory`` and categories do not decide that under the definition set.
        """
        task = setup.task
        if task.target == "refractory" and not category_tells_refractory(task.definition):
            raise NotReadyError(
                f"names categories, which do not say whether a patient is refractory under {task.definition.name}"
            )

        def answer(shown: ShownRecord) -> pl.DataFrame:
            return to_target(self._classify(shown.tables), setup.task)

        return ReadyFunction(answer)


CODED_CARE = Rule("coded-care", "prescriptions and coded conditions, as a query of billing data sees them", coded_care)
LAST_NOTE = Rule("last-note", "keywords of the last visit's note alone", last_note)
