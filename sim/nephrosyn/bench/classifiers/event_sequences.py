"""A classifier of the order of events: logistic regression on short sequences of what a record says.

The wide features lose the order of events: whether protein was back before or after the dose was reduced. Counts of
runs of one to three events and of the time between them keep it. They are the plainest model of sequences: every
coefficient is that of a readable sequence, fitting is deterministic, and scikit-learn is enough. A hidden Markov model
was not used: its states would need starting values and their number a choice, and likelihoods of whole records
depend most on how many visits they have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import polars as pl

from nephrosyn.bench.classifiers.fitted import MOST_ITERATIONS
from nephrosyn.bench.classifiers.linear import probabilities_table
from nephrosyn.bench.classifiers.protocol import NotReadyError, ReadyClassifier, ReadyFunction, Setup, ShownRecord
from nephrosyn.bench.features.data_dictionary import (
    CLEAR_UPCR_MG_PER_MG,
    COURSE_GAP_DAYS,
    HEAVY_BANDS,
    HEAVY_UPCR_MG_PER_MG,
)
from nephrosyn.bench.optional_packages import in_a_line, require
from nephrosyn.bench.training import NOBODY
from nephrosyn.record.schema import PATIENT_KEY
from nephrosyn.vocabulary import DIPSTICK_BANDS, STEROID

GAPS_DAYS = ((8, "week"), (31, "month"), (92, "quarter"), (183, "half-year"))
"""Upper limits of the time between two events, and its name; a longer time is ``longer``."""
LONGEST_SEQUENCE = 3
FEWEST_PATIENTS = 3
"""Sequences that fewer patients of the training cohort have are left out."""
LOW_ALBUMIN_G_PER_DL = 2.5
Tables = Mapping[str, pl.DataFrame]


def events(tables: Tables) -> pl.DataFrame:
    """Return the events of every patient in order of time: `replicate`, `patient`, `day`, `event`.

    Events are states of urine and albumin that differ from the state before, courses of steroid and changes of its
    dose, other drugs, missed visits and conditions.
    """
    parts = (
        _urine(tables["readings"]),
        _diary(tables["diary"]),
        _albumin(tables["readings"]),
        _steroid(tables["doses"]),
        _drugs(tables["doses"]),
        tables["visits"]
        .filter(pl.col("missed"))
        .select(*PATIENT_KEY, day="planned_days", event=pl.lit("visit missed")),
        tables["conditions"].select(*PATIENT_KEY, day="noted_days", event=pl.col("kind").cast(pl.String)),
        _end(tables["follow_up"]),
    )
    kinds = [part.select(*PATIENT_KEY, pl.col("day").cast(pl.Int32), pl.col("event").cast(pl.String)) for part in parts]
    return pl.concat(kinds).drop_nulls("day").sort(*PATIENT_KEY, "day", "event")


def _changes(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose event differs from that of the row before of the same patient."""
    rows = rows.sort(*PATIENT_KEY, "day", "event")
    before = pl.col("event").shift(1).over(PATIENT_KEY)
    return rows.filter((pl.col("event") != before).fill_null(True))


def _state(heavy: pl.Expr, clear: pl.Expr) -> pl.Expr:
    between = pl.when(clear).then(pl.lit("urine clear")).otherwise(pl.lit("some protein"))
    return pl.when(heavy).then(pl.lit("heavy protein")).otherwise(between)


def _urine(readings: pl.DataFrame) -> pl.DataFrame:
    value, ratio = pl.col("value"), pl.col("analyte") == "upcr"
    rows = readings.filter(pl.col("analyte").is_in(["upcr", "dipstick"])).drop_nulls("value")
    heavy = pl.when(ratio).then(value >= HEAVY_UPCR_MG_PER_MG).otherwise(value >= DIPSTICK_BANDS.index(HEAVY_BANDS[0]))
    clear = pl.when(ratio).then(value < CLEAR_UPCR_MG_PER_MG).otherwise(value <= DIPSTICK_BANDS.index("trace"))
    return _changes(rows.select(*PATIENT_KEY, day="taken_days", event=_state(heavy, clear)))


def _diary(diary: pl.DataFrame) -> pl.DataFrame:
    grade = pl.col("grade").cast(pl.String)
    state = _state(grade.is_in(HEAVY_BANDS), grade.is_in(["negative", "trace"]))
    return _changes(diary.select(*PATIENT_KEY, day="first_days", event="home " + state))


def _albumin(readings: pl.DataFrame) -> pl.DataFrame:
    rows = readings.filter(analyte="albumin").drop_nulls("value")
    low = pl.when(pl.col("value") < LOW_ALBUMIN_G_PER_DL).then(pl.lit("albumin low")).otherwise(pl.lit("albumin back"))
    return _changes(rows.select(*PATIENT_KEY, day="taken_days", event=low))


def _steroid(doses: pl.DataFrame) -> pl.DataFrame:
    rows = doses.filter(drug=STEROID).sort(*PATIENT_KEY, "first_days", "last_days", "mean_mg_per_day")
    gap = pl.col("first_days") - pl.col("last_days").shift(1).over(PATIENT_KEY)
    dose = pl.col("mean_mg_per_day")
    change = dose - dose.shift(1).over(PATIENT_KEY)
    event = (
        pl.when((gap > COURSE_GAP_DAYS).fill_null(True))
        .then(pl.lit("steroid started"))
        .when(change > 0)
        .then(pl.lit("steroid raised"))
        .when(change < 0)
        .then(pl.lit("steroid reduced"))
    )
    return rows.select(*PATIENT_KEY, day="first_days", event=event).drop_nulls("event")


def _drugs(doses: pl.DataFrame) -> pl.DataFrame:
    rows = doses.filter(pl.col("drug") != STEROID).group_by(*PATIENT_KEY, "drug", maintain_order=True)
    return rows.agg(day=pl.col("first_days").min()).select(*PATIENT_KEY, "day", event=pl.col("drug").cast(pl.String))


def _end(follow_up: pl.DataFrame) -> pl.DataFrame:
    return follow_up.select(*PATIENT_KEY, day="end_days", event=pl.col("reason").cast(pl.String))


def gap_name(days: int) -> str:
    """Return the name of a time between two events.

    Examples
    --------
    >>> gap_name(7), gap_name(400)
    ('week', 'longer')
    """
    return next((name for limit, name in GAPS_DAYS if days < limit), "longer")


def sequences(history: Sequence[tuple[int, str]]) -> Iterator[str]:
    """Yield every run of one to three events, and of two with the time between them.

    Parameters
    ----------
    history : sequence of (int, str)
        Day and event, in order of time; the same event on several days in a row counts once.

    Examples
    --------
    >>> list(sequences([(0, "heavy protein"), (3, "steroid started")]))
    ['heavy protein', 'heavy protein > steroid started', 'heavy protein > week > steroid started', 'steroid started']
    """
    changed = [next(rows) for _, rows in groupby(history, key=lambda row: row[1])]
    names = [name for _, name in changed]
    for place, (day, name) in enumerate(changed):
        for end in range(place + 1, min(place + LONGEST_SEQUENCE, len(names)) + 1):
            yield " > ".join(names[place:end])
            if end == place + 2:
                yield f"{name} > {gap_name(changed[place + 1][0] - day)} > {names[place + 1]}"


def _documents(tables: Tables, people: pl.DataFrame) -> list[list[tuple[int, str]]]:
    """Return the history of each patient, in the order of `people`."""
    grouped = events(tables).group_by(PATIENT_KEY, maintain_order=True).agg("day", "event")
    rows = people.join(grouped, on=PATIENT_KEY, how="left", maintain_order="left")
    return [list(zip(day or [], event or [], strict=True)) for day, event in rows.select("day", "event").iter_rows()]


class EventSequences:
    """Logistic regression on the counts of short sequences of events."""

    name = "event-sequences"
    title = "logistic regression on sequences of up to three events of another cohort"

    def ready(self, setup: Setup) -> ReadyClassifier:
        """Fit the model.

        Raises
        ------
        NotReadyError
            If there is nothing to learn from, or scikit-learn cannot fit the model.
        """
        require("sklearn")
        from threadpoolctl import threadpool_limits

        training = setup.training
        if training.answers.is_empty():
            raise NotReadyError(NOBODY)
        model = _model()
        histories = _documents(training.tables, training.answers.select(PATIENT_KEY))
        with threadpool_limits(1):
            try:
                model.fit(histories, training.answers["answer"].cast(pl.String).to_numpy())
            except ValueError as error:
                raise NotReadyError(in_a_line(str(error))) from None
        names = [str(name) for name in model.classes_]

        def answer(shown: ShownRecord) -> pl.DataFrame:
            with threadpool_limits(1):
                values = model.predict_proba(_documents(shown.tables, shown.people))
            return probabilities_table(shown.people, names, values, setup.task)

        return ReadyFunction(answer)


def _model() -> Any:
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    counts = CountVectorizer(analyzer=sequences, min_df=FEWEST_PATIENTS)
    # Logarithms of counts: the tenth relapse says less than the second.
    scaled = TfidfTransformer(sublinear_tf=True, use_idf=False, norm=None)
    return make_pipeline(counts, scaled, LogisticRegression(max_iter=MOST_ITERATIONS, C=0.1))


EVENT_SEQUENCES = EventSequences()
