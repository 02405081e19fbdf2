"""The estimators of the shipped classifiers that learn, for scikit-learn.

They are scikit-learn's own, with settings for the wide features: numbers, NaN where nothing was recorded.
"""

from __future__ import annotations

from typing import Any

from nephrosyn.bench.optional_packages import require

MOST_ITERATIONS = 5000
MOST_SEED = 2**32


def most_frequent() -> Any:
    """Return the estimator of ``majority``: always the most frequent class, with the shares of all classes.

    Raises
    ------
    BenchError
        If scikit-learn is missing.

    Examples
    --------
    >>> most_frequent().fit([[0.0], [1.0], [2.0]], ["a", "b", "b"]).predict([[0.0]]).tolist()
    ['b']
    """
    require("sklearn")
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="prior")


def logistic_regression(most_iterations: int = MOST_ITERATIONS) -> Any:
    """Return the estimator of ``logistic-regression``: standardised features, medians in place of missing values.

    A further feature says where a value was missing.

    Parameters
    ----------
    most_iterations : int
        Largest number of iterations of the solver.

    Raises
    ------
    BenchError
        If scikit-learn is missing.

    Examples
    --------
    >>> [name for name, _ in logistic_regression().steps]
    ['simpleimputer', 'standardscaler', 'logisticregression']
    """
    require("sklearn")
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    imputed = SimpleImputer(strategy="median", add_indicator=True)
    return make_pipeline(imputed, StandardScaler(), LogisticRegression(max_iter=most_iterations))


def gradient_boosting(seed: int = 0) -> Any:
    """Return the estimator of ``gradient-boosting``, with scikit-learn's default settings.

    Parameters
    ----------
    seed : int
        Seed of the estimator.

    Raises
    ------
    BenchError
        If scikit-learn is missing.

    Examples
    --------
    >>> gradient_boosting(3).random_state
    3
    """
    require("sklearn")
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(random_state=seed % MOST_SEED)
