"""Scores of probabilities are those of scikit-learn, statsmodels and MAPIE, and their intervals hold what is known."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from nephrosyn import criteria
from nephrosyn.bench.score import calibration_scores, group_gaps, selective_scores
from nephrosyn.bench.score.area_under_curve import area_of_weights, average_precision_of_weights
from nephrosyn.bench.score.metrics import ALL, given_probabilities
from nephrosyn.bench.score.probability_scores import METRICS, _functions, probability_scores
from nephrosyn.bench.task import YES, Task
from nephrosyn.statistics.proportions import newcombe_interval, wilson_interval

metrics = pytest.importorskip("sklearn.metrics")
statsmodels = pytest.importorskip("statsmodels.api")
proportion = pytest.importorskip("statsmodels.stats.proportion")
mapie = pytest.importorskip("mapie.metrics.calibration")

SEEDS = range(4)
REFRACTORY = Task(criteria.load("source"), "refractory")


def cohort(seed, patients=200, ties=True):
    """Return probabilities that are too extreme, and outcomes."""
    made = np.random.default_rng(seed)
    true = made.beta(1.0, 1.6, patients)
    odds = np.log(true / (1 - true))
    said = 1 / (1 + np.exp(-(0.3 + 1.4 * odds)))
    return (np.round(said, 2) if ties else said), made.random(patients) < true


def drawn_weights(seed, patients, draws=3):
    """Return the weights of all patients, and of some resamples."""
    made = np.random.default_rng(seed)
    some = [np.bincount(made.integers(0, patients, patients), minlength=patients) for _ in range(draws)]
    return np.vstack([np.ones(patients), *some]).astype(float)


@pytest.mark.parametrize("seed", SEEDS)
def test_ranking_is_that_of_scikit_learn(seed):
    said, positive = cohort(seed)
    weights = drawn_weights(seed, len(said))
    area, precision = area_of_weights(said, positive)(weights), average_precision_of_weights(said, positive)(weights)
    for row, of_row, precision_of_row in zip(weights, area, precision, strict=True):
        assert of_row == pytest.approx(metrics.roc_auc_score(positive, said, sample_weight=row))
        assert precision_of_row == pytest.approx(metrics.average_precision_score(positive, said, sample_weight=row))


@pytest.mark.parametrize("seed", SEEDS)
def test_slope_and_intercept_are_those_of_statsmodels(seed):
    said, positive = cohort(seed, ties=False)
    weights, odds = drawn_weights(seed, len(said)), calibration_scores.logit(said)
    slope = calibration_scores.calibration_slope(said, positive)(weights)
    intercept = calibration_scores.calibration_intercept(said, positive)(weights)
    family, constant = statsmodels.families.Binomial(), np.ones((len(said), 1))
    for row, steepness, level in zip(weights, slope, intercept, strict=True):
        both = statsmodels.GLM(positive, np.column_stack([constant, odds]), family, freq_weights=row).fit()
        alone = statsmodels.GLM(positive, constant, family, offset=odds, freq_weights=row).fit()
        assert steepness == pytest.approx(both.params[1], rel=1e-6)
        assert level == pytest.approx(alone.params[0], rel=1e-6, abs=1e-8)


def test_probabilities_that_separate_have_no_slope():
    said, positive = np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True])
    assert np.isnan(calibration_scores.calibration_slope(said, positive)(np.ones((1, 4)))[0])
    assert np.isnan(calibration_scores.calibration_intercept(said, ~np.zeros(4, bool))(np.ones((1, 4)))[0])


@pytest.mark.parametrize("seed", SEEDS)
def test_calibration_error_and_parts_of_brier_are_those_of_their_definitions(seed):
    said, positive = cohort(seed)
    (error,) = calibration_scores.expected_error(said, positive)(np.ones((1, len(said))))
    parts = {name: one[0] for name, one in calibration_scores.brier_parts(said, positive)(np.ones((1, 200))).items()}
    distance, square, resolved, inside = 0.0, 0.0, 0.0, 0.0
    edges = [(k / 10, (k + 1) / 10 if k < 9 else 1.1) for k in range(10)]
    for low, high in edges:
        here = (said >= low) & (said < high)
        if here.any():
            share, mean = positive[here].mean(), said[here].mean()
            distance += here.mean() * abs(share - mean)
            square += here.mean() * (share - mean) ** 2
            resolved += here.mean() * (share - positive.mean()) ** 2
            apart = (said[here] - mean) ** 2 - 2 * (positive[here] - share) * (said[here] - mean)
            inside += here.mean() * apart.mean()
    assert error == pytest.approx(distance)
    assert parts["brier"] == pytest.approx(metrics.brier_score_loss(positive, said))
    assert parts["brier_reliability"] == pytest.approx(square)
    assert parts["brier_resolution"] == pytest.approx(resolved - inside)
    assert parts["brier_uncertainty"] == pytest.approx(positive.mean() * (1 - positive.mean()))


@pytest.mark.parametrize("seed", SEEDS)
def test_calibration_error_is_that_of_mapie(seed):
    said, positive = cohort(seed, ties=False)
    (error,) = calibration_scores.expected_error(said, positive)(np.ones((1, len(said))))
    edges = calibration_scores.BINS + 1  # MAPIE counts the edges of bins
    wanted = mapie.expected_calibration_error(positive.astype(int), said, num_bins=edges, split_strategy="uniform")
    assert error == pytest.approx(wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_errors_by_coverage_are_those_of_patients_cut_into_pieces(seed):
    """A patient of weight 1 is as good as a thousand pieces; groups of equal certainty are mixed evenly."""
    made = np.random.default_rng(seed)
    certainty, wrong = np.round(made.random(40), 1), made.random(40) < 0.4
    pieces = 1000
    rate = {value: wrong[certainty == value].mean() for value in set(certainty)}
    errors = np.repeat([rate[value] for value in sorted(certainty, reverse=True)], pieces)
    risk = np.cumsum(errors) / np.arange(1, len(errors) + 1)
    curve, all_patients = selective_scores.RiskCoverage(certainty, wrong), np.ones((1, 40))
    assert curve.area()(all_patients)[0] == pytest.approx(risk.mean(), abs=2e-4)
    for coverage in selective_scores.COVERAGES:
        assert curve.error_at(coverage)(all_patients)[0] == pytest.approx(risk[int(coverage * len(risk)) - 1])


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.8])
def test_net_benefit_counts_right_and_wrong_treatments(threshold):
    said, positive = cohort(3)
    tn, fp, fn, tp = metrics.confusion_matrix(positive, said >= threshold).ravel()
    (benefit,) = selective_scores.net_benefit(said, positive, threshold)(np.ones((1, 200)))
    assert benefit == pytest.approx(tp / 200 - fp / 200 * threshold / (1 - threshold))
    (everybody,) = selective_scores.net_benefit(np.ones(200), positive, threshold)(np.ones((1, 200)))
    assert everybody == pytest.approx((tp + fn) / 200 - (fp + tn) / 200 * threshold / (1 - threshold))


def frame_of(said, positive):
    names = np.array(["not_refractory", "refractory"])
    return pl.DataFrame(
        {
            "patient": np.arange(len(said)),
            "reference": names[positive.astype(int)],
            "predicted": names[(said >= 0.5).astype(int)],
            "p_refractory": said,
            "p_not_refractory": 1 - said,
        }
    )


def test_every_score_is_made_with_an_interval():
    said, positive = cohort(1)
    made = list(probability_scores(frame_of(said, positive), REFRACTORY, 1, 200))
    assert {score.metric for score in made} == set(METRICS)
    assert all(score.n == 200 and score.value is not None for score in made)
    assert all(score.low <= score.high for score in made if score.low is not None)
    without = [score for score in made if score.low is None]
    assert {score.metric for score in without} <= {"error_at_coverage"}
    assert (
        list(probability_scores(frame_of(said, positive).drop("p_refractory", "p_not_refractory"), REFRACTORY, 1)) == []
    )


def test_means_over_classes_are_those_of_scikit_learn():
    task, made = Task(criteria.load("source")), np.random.default_rng(7)
    chances = made.dirichlet(np.ones(len(task.classes)), 300)
    right = np.array([made.choice(task.classes, p=row) for row in chances])
    said = {f"p_{name}": chances[:, place] for place, name in enumerate(task.classes)}
    predicted = np.array(task.classes)[chances.argmax(axis=1)]
    frame = pl.DataFrame({"patient": np.arange(300), "reference": right, "predicted": predicted, **said})
    values = {(one.metric, one.of): one.value for one in probability_scores(frame, task, 1, 20)}
    order = sorted(task.classes)
    sorted_chances = np.column_stack([said[f"p_{name}"] for name in order])
    wanted = metrics.roc_auc_score(right, sorted_chances, multi_class="ovr", average="macro", labels=order)
    assert values["auroc", ALL] == pytest.approx(wanted)
    each = [metrics.average_precision_score(right == name, said[f"p_{name}"]) for name in task.classes]
    assert values["average_precision", ALL] == pytest.approx(np.mean(each))
    for name, of_class in zip(task.classes, each, strict=True):
        assert values["average_precision", name] == pytest.approx(of_class)


COHORTS, PATIENTS = 200, 400


@pytest.mark.slow
def test_intervals_hold_the_truth():
    """In 200 cohorts with known law each interval holds the score of 400,000 patients as often as it says.

    With 95% coverage fewer than 178 of 200 come up in 1 of 10,000 seeds (binomial); bootstrap intervals of 400 patients
    are known to reach 92 to 95%, for which fewer than 171 come up as rarely: the limit. That of the calibration error
    says 90%: 160. An interval of 80% would fail. Uncertainty is left out: it is that of a share.
    """
    whole = given_probabilities(frame_of(*cohort(0, 400_000, ties=False)), REFRACTORY)
    truth = {key: float(one[0]) for key, one in _functions(whole, REFRACTORY)(np.ones((1, whole.height))).items()}
    held = dict.fromkeys(truth, 0)
    for seed in range(1, COHORTS + 1):
        for score in probability_scores(frame_of(*cohort(seed, PATIENTS, ties=False)), REFRACTORY, seed, 200):
            key = score.metric, score.of
            held[key] += score.low is not None and score.low <= truth[key] <= score.high
    limits = {key: 160 if key[0] == "expected_calibration_error" else 171 for key in held}
    assert {key: count for key, count in held.items() if count < limits[key]} == {}


def test_newcombe_and_wilson_are_those_of_statsmodels():
    for counts, level in (((56, 70, 48, 80), 0.95), ((3, 40, 0, 50), 0.99), ((10, 10, 9, 20), 0.9)):
        wanted = proportion.confint_proportions_2indep(*counts, method="newcomb", alpha=1 - level)
        assert newcombe_interval(*counts, level) == pytest.approx(wanted)
        wanted = proportion.proportion_confint(*counts[:2], alpha=1 - level, method="wilson")
        assert wilson_interval(*counts[:2], level) == pytest.approx(wanted)


def test_the_worst_group_is_held_together_with_all_others():
    """In 400 cohorts of five equally good groups the interval of the worst holds their accuracy.

    Each interval alone is at 95%, so that the lowest of five would be missed in about one cohort of nine. Together they
    miss in 5% of cohorts: more than 34 of 400 come up in 1 of 1,000 seeds, and 45 are expected without the correction.
    """
    made, missed, alone = np.random.default_rng(5), 0, 0
    for _ in range(400):
        right = made.binomial(80, 0.8, 5)
        worst, *differences = group_gaps.of_axis({f"group {k}": (int(n), 80) for k, n in enumerate(right)})
        missed += not worst[5] <= 0.8 <= worst[6]
        low, high = wilson_interval(int(right.min()), 80)
        alone += not low <= 0.8 <= high
        assert len(differences) == 5
    assert missed <= 34 < alone


def test_groups_of_a_bench(found):
    worst = found.scores.filter(metric=group_gaps.WORST, classifier="source")
    plain = found.scores.filter(metric="accuracy", classifier="source", perturbation="none")
    for row in worst.to_dicts():
        of_axis = plain.filter(slice=row["slice"])
        assert row["value"] == of_axis["value"].min()
        assert row["low"] <= row["value"] <= row["high"]
    assert worst.height


def test_tables_and_figures_show_them(bench_folder):
    page = (bench_folder / "bench.html").read_text(encoding="utf-8")
    for title in ("Ranking by probability", "Calibration of the probability", "Worst groups", "Net benefit"):
        assert title in page
    assert (bench_folder / "decisions.svg").is_file() and (bench_folder / "certainty.svg").is_file()
    assert YES in (bench_folder / "leaderboard.md").read_text(encoding="utf-8")
