"""Baselines that learn from another cohort of the same scenario, anew in every bench; nothing fitted is ever loaded."""

from __future__ import annotations

import polars as pl

from nephrosyn.bench.classifiers.protocol import PROBABILITY, Answering, Asked, Held, NotReadyError, Shown
from nephrosyn.bench.requirements import in_a_line, need
from nephrosyn.bench.task import WHO
from nephrosyn.bench.training import NOBODY


class Majority:
    """Always the most frequent right answer of the training cohort."""

    name = "majority"
    title = "always the most frequent category of another cohort of the same scenario"

    def ready(self, asked: Asked) -> Answering:
        """Count the answers to learn from.

        Raises
        ------
        NotReadyError
            If there are none.
        """
        if asked.training.answers.is_empty():
            raise NotReadyError(NOBODY)
        counted = asked.training.answers["answer"].value_counts().sort("count", "answer", descending=[True, False])
        shares = dict(zip(counted["answer"].cast(pl.String), counted["count"] / counted["count"].sum(), strict=True))
        most = next(iter(shares))
        chances = {f"{PROBABILITY}{one}": pl.lit(float(shares.get(one, 0.0))) for one in asked.task.classes}
        return Held(lambda shown: shown.people.with_columns(predicted=pl.lit(most), **chances))


class GradientBoosting:
    """scikit-learn's HistGradientBoostingClassifier, with its own defaults, on the wide features."""

    name = "gradient-boosting"
    title = "scikit-learn's histogram gradient boosting on the wide features of another cohort"

    def ready(self, asked: Asked) -> Answering:
        """Learn, with the seed of the training cohort.

        Raises
        ------
        NotReadyError
            If there is nothing to learn from, or scikit-learn cannot.
        """
        need("sklearn")
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits

        training = asked.training
        if training.answers.is_empty():
            raise NotReadyError(NOBODY)
        model = HistGradientBoostingClassifier(random_state=training.seed % 2**32)
        wide = training.features
        columns = training.columns
        with threadpool_limits(1):  # threads that wait for one another in a loop are slow where cores are shared
            try:
                model.fit(wide.select(columns).to_numpy(), wide["answer"].to_numpy())
            except ValueError as error:
                raise NotReadyError(in_a_line(str(error))) from None
        names = [str(one) for one in model.classes_]

        def answer(shown: Shown) -> pl.DataFrame:
            with threadpool_limits(1):
                chances = model.predict_proba(shown.features.select(columns).to_numpy())
            likely = {f"{PROBABILITY}{one}": chances[:, place] for place, one in enumerate(names)}
            absent = {f"{PROBABILITY}{one}": 0.0 for one in asked.task.classes if one not in names}
            best = pl.Series(names).gather(chances.argmax(axis=1))
            filled = [pl.lit(value).alias(name) for name, value in absent.items()]
            return (
                shown.features.select(WHO)
                .with_columns(predicted=best)
                .hstack(pl.DataFrame(likely))
                .with_columns(filled)
            )

        return Held(answer)


MAJORITY = Majority()
GRADIENT_BOOSTING = GradientBoosting()
