"""The estimators of the bench are estimators of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from nephrosyn.bench.classifiers import fitted

estimator_checks = pytest.importorskip("sklearn.utils.estimator_checks")
MADE = {
    "majority": fitted.most_frequent,
    "logistic-regression": fitted.logistic_regression,
    "gradient-boosting": fitted.gradient_boosting,
}
EXCEPTIONS: dict[str, dict[str, str]] = {
    "logistic-regression": {
        "check_estimators_overwrite_params": "a pipeline of scikit-learn fits its steps in place",
        "check_dont_overwrite_parameters": "a pipeline of scikit-learn fits its steps in place",
        "check_estimators_nan_inf": "missing values are meant to be accepted",
    },
}
"""Checks that an estimator may fail, and why."""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MADE)
def test_the_checks_of_scikit_learn_pass(name):
    results = estimator_checks.check_estimator(
        MADE[name](), expected_failed_checks=EXCEPTIONS.get(name, {}), on_skip=None, on_fail=None
    )
    failed = [result["check_name"] for result in results if result["status"] == "failed"]
    assert not failed
    assert len(results) > 40


@pytest.mark.parametrize("name", MADE)
def test_the_same_seed_gives_the_same_model(name):
    made = np.random.default_rng(1)
    features, target = made.normal(size=(80, 5)), made.choice(["a", "b", "c"], 80)
    features[made.random((80, 5)) < 0.2] = np.nan
    first, second = (MADE[name]().fit(features, target).predict_proba(features) for _ in range(2))
    assert np.array_equal(first, second)
    assert first.sum(axis=1) == pytest.approx(1.0)
