"""Logistic regression on the wide features of another cohort."""

from __future__ import annotations

from typing import Any

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
from nephrosyn.bench.task import Task
from nephrosyn.bench.training import NOBODY
from nephrosyn.record.schema import PATIENT_KEY


def probabilities_table(people: pl.DataFrame, names: list[str], values: Any, task: Task) -> pl.DataFrame:
    """Return the most probable answers, with a probability of every class of the task.

    Parameters
    ----------
    people : polars.DataFrame
        `replicate` and `patient`, in the order of the rows of `values`.
    names : list of str
        The classes that the model knows, in the order of the columns.
    values : ndarray of float, shape (patients, classes)
        Their probabilities.
    task : Task
        The question; classes that the model does not know get a probability of 0.
    """
    likely = pl.DataFrame({f"{PROBABILITY}{name}": values[:, place] for place, name in enumerate(names)})
    absent = [pl.lit(0.0).alias(f"{PROBABILITY}{name}") for name in task.classes if name not in names]
    best = pl.Series(names).gather(values.argmax(axis=1))
    return people.with_columns(predicted=best).hstack(likely).with_columns(absent)


class LogisticRegression:
    """scikit-learn's LogisticRegression on standardised features; medians replace missing values."""

    name = "logistic-regression"
    title = "scikit-learn's logistic regression on the wide features of another cohort"

    def ready(self, setup: Setup) -> ReadyClassifier:
        """Fit the model.

        Raises
        ------
        NotReadyError
            If there is nothing to learn from, or scikit-learn cannot fit the model.
        """
        model = fitted.logistic_regression()
        from threadpoolctl import threadpool_limits

        training = setup.training
        if training.answers.is_empty():
            raise NotReadyError(NOBODY)
        wide, columns = training.features, training.columns
        with threadpool_limits(1):
            try:
                model.fit(wide.select(columns).to_numpy(), wide["answer"].to_numpy())
            except ValueError as error:
                raise NotReadyError(in_a_line(str(error))) from None
        names = [str(name) for name in model.classes_]

        def answer(shown: ShownRecord) -> pl.DataFrame:
            with threadpool_limits(1):
                values = model.predict_proba(shown.features.select(columns).to_numpy())
            return probabilities_table(shown.features.select(PATIENT_KEY), names, values, setup.task)

        return ReadyFunction(answer)


LOGISTIC_REGRESSION = LogisticRegression()
