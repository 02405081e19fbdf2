"""Features use nothing that was recorded later, none gives the label away, and the data set is as scikit-learn's."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn.bench.features.data_dictionary import FEATURES
from nephrosyn.bench.features.extract import before, features
from nephrosyn.record.schema import OBSERVED

pytest.importorskip("sklearn")
UNTIL = 90


@pytest.fixture(scope="module")
def early():
    return ns.datasets.make_nephrotic_cohort(600, random_state=3, until_days=UNTIL, label_days=730, target="refractory")


def test_nothing_recorded_later_is_used(run):
    """What is cut from the record by hand beforehand changes no feature."""
    cut = dict(run.observed)
    cut["readings"] = cut["readings"].filter(pl.col("taken_days") < UNTIL)
    cut["doses"] = cut["doses"].filter(pl.col("first_days") < UNTIL)
    cut["conditions"] = cut["conditions"].filter(pl.col("noted_days") < UNTIL)
    cut["visits"] = cut["visits"].filter(pl.coalesce("actual_days", "planned_days") < UNTIL)
    cut["follow_up"] = cut["follow_up"].with_columns(pl.max_horizontal("end_days", pl.lit(10_000)).alias("end_days"))
    ended = run.observed["follow_up"].filter(pl.col("end_days") < UNTIL)["patient"].implode()
    stay = ~pl.col("patient").is_in(ended)
    assert features(cut, UNTIL).filter(stay).equals(features(run.observed, UNTIL).filter(stay))
    assert not features(run.observed).equals(features(run.observed, UNTIL))


def test_the_record_before_a_day_ends_there(run):
    cut = before(run.observed, UNTIL)
    assert set(cut) == set(OBSERVED)
    assert cut["doses"]["last_days"].max() < UNTIL
    assert cut["follow_up"]["end_days"].max() < UNTIL
    late = run.observed["patients"].filter(pl.col("biopsy_days") >= UNTIL)["patient"].implode()
    assert cut["patients"].filter(pl.col("patient").is_in(late))["lesion"].null_count() == len(late[0])


def test_the_order_of_rows_does_not_matter(run):
    turned = {name: frame.reverse() for name, frame in run.observed.items() if name != "patients"}
    day_rows = features({**run.observed, **turned}).select("visits_kept", "prednisone_days", "upcr_max_mg_per_mg")
    assert day_rows.equals(features(run.observed).select(day_rows.columns))


def test_every_feature_is_in_the_dictionary_once(run):
    names = [one.name for one in FEATURES]
    assert len(set(names)) == len(names)
    assert features(run.observed).columns == ["replicate", "patient", *names]


def test_no_single_feature_gives_the_label_away(early):
    """A label, or what only a label could tell, would have an area of 1; what a doctor sees by day 90 has less."""
    from sklearn.metrics import roc_auc_score

    refractory = early.target == 1
    areas = {}
    for name in early.feature_names:
        for fill in (-1e9, 1e9):
            area = roc_auc_score(refractory, early.data[name].fillna(fill))
            areas[name, fill] = max(area, 1 - area)
    assert max(areas.values()) < 0.95
    leak = (early.target + np.arange(len(early.target)) * 1e-6).to_numpy()
    assert roc_auc_score(refractory, leak) == 1.0


def test_it_is_a_data_set_like_any_other(early):
    from sklearn.utils import Bunch

    assert isinstance(early, Bunch)
    rows = 600 - sum(early.left_out.values())
    assert early.data.shape == (rows, len(early.feature_names)) and list(early.data.columns) == early.feature_names
    assert set(early.target) == set(range(len(early.target_names)))
    assert early.frame.shape == (rows, len(early.feature_names) + 1)
    assert not set(early.truth) & set(early.events)
    assert "Not for clinical use" in early.DESCR and all(one.name in early.DESCR for one in FEATURES)
    asked = {"target": "refractory", "keep_undetermined": True}
    data, target = ns.datasets.make_nephrotic_cohort(5, random_state=3, return_X_y=True, as_frame=False, **asked)
    assert isinstance(data, np.ndarray) and data.shape[0] == 5 and target.shape == (5,)


def test_more_patients_leave_the_first_as_they_are(early):
    few = ns.datasets.make_nephrotic_cohort(20, random_state=3, until_days=UNTIL, label_days=730, target="refractory")
    size = len(few.data)
    assert 0 < size <= 20
    assert few.data.equals(early.data.iloc[:size])
    assert few.target.equals(early.target.iloc[:size])
    assert (few.patient == early.patient[:size]).all()
