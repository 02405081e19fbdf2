"""Baselines fitted on another cohort of the same scenario; they are fitted in every bench, never loaded from a file."""

from __future__ import annotations

import polars as pl

from nephrosyn.bench.classifiers import fitted
from nephrosyn.bench.classifiers.protocol import (
    PROBABILITY,
    NotReadyError,
    ReadyClassifier,
    ReadyFunction,
    Setup,
    ShownRecord,
)
from nephrosyn.bench.optional_packages import in_a_line
from nephrosyn.bench.training import NOBODY
from nephrosyn.record.schema import PATIENT_KEY


class Majority:
    """Always answers with the most frequent right answer of the training cohort."""

    name = "majority"
    title = "always the most frequent category of another cohort of the same scenario"

    def ready(self, setup: Setup) -> ReadyClassifier:
        """Count the right answers of the training cohort.

        Raises
        ------
        NotReadyError
            If nobody in the training cohort has one.
        """
        if setup.training.answers.is_empty():
            raise NotReadyError(NOBODY)
        counted = setup.training.answers["answer"].value_counts().sort("count", "answer", descending=[True, False])
        shares = dict(zip(counted["answer"].cast(pl.String), counted["count"] / counted["count"].sum(), strict=True))
        most = next(iter(shares))
        probabilities = {f"{PROBABILITY}{name}": pl.lit(float(shares.get(name, 0.0))) for name in setup.task.classes}
        return ReadyFunction(lambda shown: shown.people.with_columns(predicted=pl.lit(most), **probabilities))


class GradientBoosting:
    """scikit-learn's HistGradientBoostingClassifier, with its default settings, on the wide features."""

    name = "gradient-boosting"
    title = "scikit-learn's histogram gradient boosting on the wide features of another cohort"

    def ready(self, setup: Setup) -> ReadyClassifier:
        """Fit the model, seeded with the seed of the training cohort.

        Raises
        ------
        NotReadyError
            If there is nothing to learn from, or scikit-learn cannot fit the model.
        """
        training = setup.training
        model = fitted.gradient_boosting(training.seed)
        from threadpoolctl import threadpool_limits

        if training.answers.is_empty():
            raise NotReadyError(NOBODY)
        wide = training.features
        columns = training.columns
        with threadpool_limits(1):  # threads in a busy wait are slow where cores are shared
            try:
                model.fit(wide.select(columns).to_numpy(), wide["answer"].to_numpy())
            except ValueError as error:
                raise NotReadyError(in_a_line(str(error))) from None
        names = [str(name) for name in model.classes_]

        def answer(shown: ShownRecord) -> pl.DataFrame:
            with threadpool_limits(1):
                probabilities = model.predict_proba(shown.features.select(columns).to_numpy())
            likely = {f"{PROBABILITY}{name}": probabilities[:, place] for place, name in enumerate(names)}
            absent = [pl.lit(0.0).alias(f"{PROBABILITY}{name}") for name in setup.task.classes if name not in names]
            best = pl.Series(names).gather(probabilities.argmax(axis=1))
            return (
                shown.features.select(PATIENT_KEY)
                .with_columns(predicted=best)
                .hstack(pl.DataFrame(likely))
                .with_columns(absent)
            )

        return ReadyFunction(answer)


MAJORITY = Majority()
GRADIENT_BOOSTING = GradientBoosting()
