"""The first call of a researcher works: estimators fit what they get, and what is left out is counted and named."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn.bench.features.data_dictionary import FEATURES
from nephrosyn.bench.features.event_table import KINDS
from nephrosyn.bench.features.extract import COLUMNS
from nephrosyn.errors import BenchError

pytestmark = pytest.mark.slow

threadpool_limits = pytest.importorskip("threadpoolctl").threadpool_limits
CHILDREN = "kdigo-2021-children"
make = ns.datasets.make_nephrotic_cohort


def estimators():
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    yield HistGradientBoostingClassifier(max_iter=5, random_state=0)
    yield RandomForestClassifier(10, random_state=0)
    yield make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=5000))


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"target": "refractory", "until_days": 90, "label_days": 730},
        {"criteria": CHILDREN},
        {"scenario": "modern-children", "keep_undetermined": True},
    ],
    ids=str,
)
def test_what_is_fitted_on_one_cohort_predicts_another(asked):
    train, test = (make(400, random_state=seed, **asked) for seed in (0, 2))
    assert list(train.data.columns) == list(test.data.columns)
    shared = min(len(train.target_names), len(test.target_names))
    assert train.target_names[:shared] == test.target_names[:shared]
    most = np.bincount(test.target).max() / len(test.target)
    for model in estimators():
        with warnings.catch_warnings(), threadpool_limits(1):  # threads in small loops wait for one another
            warnings.simplefilter("error")
            model.fit(train.data, train.target)
        assert model.score(test.data, test.target) > most + 0.05, model


@pytest.mark.parametrize("target", ["category", "refractory"])
def test_codes_run_from_0_without_a_gap(target):
    """As XGBoost asks; and each class is one that somebody has."""
    for size, seed in ((100, 1), (400, 2), (1000, 3)):
        found = make(size, random_state=seed, target=target)
        assert sorted(set(found.target)) == list(range(len(found.target_names)))


def test_columns_without_a_value_are_not_in_the_table_and_constants_are_named():
    found = make(300, random_state=1)
    assert found.data.notna().any().all()
    assert found.absent_features == {"diary_heavy_fraction": "records of this scenario never hold a value"}
    assert {*found.absent_features, *found.feature_names} == {one.name for one in FEATURES}
    constant = [name for name in found.data if found.data[name].nunique(dropna=False) == 1]
    assert found.constant_features == constant and "diary_days" in constant
    assert (found.data[["diary_days", "diary_heavy_runs"]] == 0).all(axis=None)  # a count without a diary
    assert "diary_heavy_fraction: records of this scenario never hold a value" in found.DESCR
    kept = make(100, random_state=1, scenario="modern-children")
    assert not kept.absent_features and kept.feature_names == COLUMNS
    assert kept.data["diary_days"].max() > 0


def test_amounts_and_days_of_what_did_not_happen_have_a_value():
    never = make(60, random_state=1, scenario="setting-spain-membranous", criteria="source", keep_undetermined=True)
    assert (never.data[["prednisone_days", "prednisone_mg_per_kg", "prednisone_max_mg_per_kg_per_day"]] == 0).all(
        axis=None
    )
    assert (never.data["prednisone_since_days"] == never.data["followed_days"]).all()
    early = make(60, random_state=1, until_days=30)
    unclear = early.data["upcr_clear_fraction"] == 0
    assert unclear.any() and (early.data["upcr_first_clear_days"] == early.data["followed_days"])[unclear].all()


def test_whom_the_set_is_not_for_is_left_out_and_told_apart_from_who_cannot_be_judged():
    found = make(400, random_state=0, criteria=CHILDREN)
    labels = (
        ns.run("baseline", patients=400, seed=0, criteria=[CHILDREN]).labels.filter(view="complete").sort("patient")
    )
    assert found.applies.shape == (400,) and found.applies.tolist() == labels["applies"].to_list()
    outside = int((~labels["applies"]).sum())
    open_ = labels.filter("applies", category="undetermined").height
    assert outside > 200 and open_ > 0
    assert found.left_out == {"outside_the_set": outside, "undetermined": open_}
    assert found.applies[found.patient].all() and len(found.data) == 400 - outside - open_
    assert not {"undetermined", "outside_the_set"} & set(found.target_names)
    assert f"Excluded from data and target: {outside} outside the set and {open_} undetermined" in found.DESCR
    whole = make(400, random_state=0, criteria=CHILDREN, keep_outside=True, keep_undetermined=True)
    counts = dict(zip(whole.target_names, np.bincount(whole.target), strict=True))
    assert len(whole.data) == 400 and not whole.left_out
    assert (counts["outside_the_set"], counts["undetermined"]) == (outside, open_)
    pairs = {(a, whole.target_names[b]) for a, b in zip(whole.applies, whole.target, strict=True)}
    assert {said for applies, said in pairs if not applies} == {"outside_the_set"}


def test_refractory_has_two_classes_and_the_third_is_counted():
    found = make(400, random_state=1, target="refractory")
    assert found.target_names == ["not_refractory", "refractory"] and set(found.target) == {0, 1}
    assert found.left_out["undetermined"] == 400 - len(found.target) > 0
    kept = make(400, random_state=1, target="refractory", keep_undetermined=True)
    assert kept.target_names == ["not_refractory", "refractory", "undetermined"]
    assert (kept.target == 2).sum() == found.left_out["undetermined"]


def test_a_small_cohort_is_given_the_columns_and_codes_of_another():
    train = make(300, random_state=0, scenario="modern-children")
    few = [make(12, random_state=seed, scenario="modern-children", like=train, until_days=3) for seed in range(3)]
    for one in few:
        assert list(one.data.columns) == list(train.data.columns)
        assert one.target_names[: len(train.target_names)] == train.target_names
    with pytest.warns(UserWarning, match="codes differ from those of a larger cohort"):
        make(6, random_state=3, scenario="modern-children")


def test_a_class_that_only_the_later_cohort_has_gets_the_next_code():
    train, test = make(100, random_state=1), make(100, random_state=0)
    new = set(test.target_names) - set(train.target_names)
    assert new == {"frequently_relapsing"}
    alike = make(100, random_state=0, like=train)
    assert alike.target_names == [*train.target_names, *new]
    assert (alike.target == len(train.target_names)).sum() == (test.target == test.target_names.index(*new)).sum() > 0


def test_random_state_is_understood_as_scikit_learn_does():
    plain = make(30, random_state=3)
    assert make(30, random_state=np.int64(3)).data.equals(plain.data) and plain.seed == 3
    for kind in (np.random.RandomState, np.random.default_rng):
        source = kind(7)
        first, second = (make(30, random_state=source) for _ in range(2))
        assert first.seed != second.seed and not first.data.equals(second.data)
        assert make(30, random_state=kind(7)).data.equals(first.data)
        assert make(30, random_state=first.seed).data.equals(first.data)
    np.random.seed(5)  # noqa: NPY002 None means numpy's global generator
    drawn = make(30, random_state=None).seed
    np.random.seed(5)  # noqa: NPY002
    assert make(30, random_state=None).seed == drawn


@pytest.mark.parametrize("wrong", [-1, True, 2.5, "3", 2**63])
def test_a_random_state_that_is_none_is_refused(wrong):
    with pytest.raises(BenchError, match="random_state: expected"):
        make(10, random_state=wrong)


def test_everything_wrong_is_told_at_once():
    with pytest.raises(BenchError) as error:
        make(0.5, random_state=1, until_days=100, label_days=np.int64(90), target="what", like=3)
    assert [one.partition(":")[0] for one in error.value.problems] == ["n_samples", "until_days", "target", "like"]
    other = make(50, random_state=1, target="refractory")
    with pytest.raises(BenchError, match="same target, category"):
        make(10, random_state=1, like=other)


def test_a_cohort_without_any_right_answer_is_refused_with_the_reason():
    says = f"no patient has a label by {CHILDREN}: 30 outside the set and 0 undetermined"
    with pytest.raises(BenchError, match=says):
        make(30, random_state=1, scenario="modern-adults", criteria=CHILDREN)


def test_polars_gives_what_pandas_gives():
    plain = make(80, random_state=3, target="refractory")
    frames = make(80, random_state=3, target="refractory", as_frame="polars")
    assert isinstance(frames.data, pl.DataFrame) and frames.data.columns == list(plain.data.columns)
    assert np.array_equal(frames.data.to_numpy(), plain.data.to_numpy(), equal_nan=True)
    assert frames.target.to_list() == plain.target.to_list()
    assert frames.frame.columns == list(plain.frame.columns)
    assert frames.event_table.height == len(plain.event_table)
    with pytest.raises(BenchError, match="as_frame: expected True, False or 'polars'; found 'numpy'"):
        make(20, random_state=1, target="refractory", as_frame="numpy")


def test_the_long_table_has_every_event_once_in_order():
    made = make(40, random_state=2, target="refractory", as_frame="polars")
    events, tables = made.event_table, made.events
    counted = dict(events["kind"].value_counts().iter_rows())
    assert set(counted) <= set(KINDS)
    assert counted["reading"] == tables["readings"].height
    assert counted["dose begins"] == counted["dose ends"] == tables["doses"].height
    assert counted["visit"] + counted.get("missed visit", 0) == tables["visits"].height
    assert counted["condition"] == tables["conditions"].height
    assert counted["end of follow-up"] == tables["follow_up"].height == 40
    assert events.equals(events.sort("patient", "day", maintain_order=True))
    readings = events.filter(kind="reading").group_by("what").agg(pl.col("value").sum()).sort("what")
    wanted = tables["readings"].group_by(what=pl.col("analyte").cast(pl.String)).agg(pl.col("value").sum()).sort("what")
    assert readings["value"].to_list() == pytest.approx(wanted["value"].to_list())
    early = make(40, random_state=2, target="refractory", until_days=90, as_frame="polars").event_table
    assert early["day"].max() < 90


def test_times_end_with_the_event_or_with_follow_up():
    made = make(150, random_state=4, target="refractory", as_frame="polars")
    cohort = ns.run("baseline", patients=150, seed=4)
    labels = cohort.labels.filter(view="complete", criteria="source").filter(pl.col("applies"))
    assert made.survival["patient"].to_list() == labels["patient"].to_list()
    assert made.survival["event"].sum() == labels["refractory"].sum()
    censored = made.survival.filter(~pl.col("event")).join(cohort.tables["follow_up"], on="patient")
    assert censored["time_days"].to_list() == censored["end_days"].to_list()
    early = make(150, random_state=4, target="refractory", label_days=100, as_frame="polars").survival
    assert early["time_days"].max() <= 100
    assert early["event"].sum() < made.survival["event"].sum()
