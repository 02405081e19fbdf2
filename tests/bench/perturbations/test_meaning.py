"""What each perturbation does, one by one: shares by exact tests, changes by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest, kstest

from nephrosyn import criteria
from nephrosyn.bench.perturbations import PERTURBATIONS, perturb
from nephrosyn.bench.task import Task
from nephrosyn.errors import PerturbationError
from nephrosyn.record.schema import OBSERVED, SCHEMAS

ON = ["replicate", "patient"]
ALPHA = 1e-4  # with the seeds as they are, each exact test fails a right program once in ten thousand


def at(many, name, severity=5, seed=11):
    return perturb(many, name, severity, seed=seed, replicate=0)


def number(name, key, severity):
    return PERTURBATIONS[name].constants[key].values[severity - 1]


def readings(record, analyte):
    return record["readings"].filter(pl.col("analyte") == analyte)


def beside(many, made, analyte):
    """Readings of one analyte before and after."""
    return readings(many, analyte).join(readings(made, analyte), on=[*ON, "visit"], suffix="_made")


def holds(count, of, share):
    assert binomtest(int(count), int(of), share).pvalue > ALPHA, (count, of, share)


@pytest.mark.parametrize("severity", [1, 3, 5])
@pytest.mark.parametrize(
    ("name", "table", "change"),
    [
        ("results_lost", "readings", "removed"),
        ("doses_lost", "doses", "removed"),
        ("rows_duplicated", "readings", "added"),
        ("rows_duplicated", "conditions", "added"),
    ],
)
def test_the_share_of_rows_is_the_one_stated(many, name, table, change, severity):
    _, log = at(many, name, severity)
    count = log.filter(pl.col("table") == table, pl.col("change") == change).height
    holds(count, many[table].height, number(name, "share", severity))


def missed(many, made, which=None):
    """How many of some visits that took place, after the first, are missed now."""
    both = many["visits"].join(made["visits"], on=[*ON, "visit"], suffix="_made")
    both = both.filter(~pl.col("missed"), pl.col("visit") > 0)
    both = both if which is None else both.join(which, on=ON, how="semi")
    return both["missed_made"].sum(), both.height


def test_a_missed_visit_leaves_no_result_and_the_first_is_never_missed(many):
    made, _ = at(many, "visits_missing", 4)
    holds(*missed(many, made), number("visits_missing", "share", 4))
    gone = made["visits"].filter("missed")
    assert gone["actual_days"].null_count() == gone.height
    assert made["readings"].join(gone, on=[*ON, "visit"], how="semi").is_empty()
    first = pl.col("visit") == 0
    assert made["visits"].filter(first).equals(many["visits"].filter(first))


def test_the_young_miss_more(many):
    made, _ = at(many, "visits_missing_by_age", 3)
    age = pl.col("age_at_onset_years")
    share = number("visits_missing_by_age", "share", 3)
    for who, factor in ((age < 10, 1.0), (age.is_between(10, 25, closed="left"), 2.2), (age >= 25, 1.3)):
        holds(*missed(many, made, many["patients"].filter(who)), factor * share)


def test_distance_makes_patients_differ_more_than_chance(many):
    def spread(name):
        made, _ = at(many, name, 3)
        both = many["visits"].join(made["visits"], on=[*ON, "visit"], suffix="_made")
        both = both.filter(~pl.col("missed"), pl.col("visit") > 0)
        per = both.group_by(ON).agg(pl.col("missed_made").sum().alias("k"), pl.len().alias("n"))
        share = per["k"].sum() / per["n"].sum()
        # the sum of squared standard residuals is about chi-squared with one per patient
        return float(((per["k"] - per["n"] * share) ** 2 / (per["n"] * share * (1 - share))).mean())

    bound = 5 * np.sqrt(2 / many["patients"].height)  # five standard errors of a mean of chi-squared
    assert abs(spread("visits_missing") - 1) < bound
    assert spread("visits_missing_by_distance") > 1 + bound


def test_only_visits_with_clear_urine_are_missed_when_mild(many):
    made, log = at(many, "visits_missing_when_mild", 4)
    assert log.height
    lost = many["readings"].join(made["readings"], on=[*ON, "visit", "analyte"], how="anti")
    assert readings({"readings": lost}, "upcr")["value"].max() <= 0.2
    clear = readings(many, "upcr").filter(pl.col("value") <= 0.2, pl.col("visit") > 0)
    stayed = clear.join(made["readings"], on=[*ON, "visit", "analyte"], how="semi")
    holds(clear.height - stayed.height, clear.height, number("visits_missing_when_mild", "share", 4))


def test_a_late_visit_takes_its_results_along_and_stays_within_follow_up(many):
    made, _ = at(many, "visits_late", 5)
    both = many["visits"].join(made["visits"], on=[*ON, "visit"], suffix="_made").join(many["follow_up"], on=ON)
    later = both.with_columns(delay=pl.col("actual_days_made") - pl.col("actual_days"))
    assert later["delay"].min() == 0
    assert (later["actual_days_made"] <= later["end_days"]).all()
    taken = beside(many, made, "albumin").with_columns(moved=pl.col("taken_days_made") - pl.col("taken_days"))
    taken = taken.join(later, on=[*ON, "visit"])
    assert (taken["moved"] == taken["delay"]).all()
    free = later.filter(pl.col("end_days") - pl.col("actual_days") > 400, pl.col("visit") > 0)
    holds((free["delay"] > 0).sum(), free.height, number("visits_late", "share", 5))
    # -mean log(u) of a uniform is exponential; rounded up it is geometric, so one less is at least 28 days with e**-1
    late = free.filter(pl.col("delay") > 0)
    holds((late["delay"] > 28).sum(), late.height, np.exp(-1))


def test_a_dipstick_is_misread_by_one_band(many, record):
    made, _ = at(many, "dipstick_misread", 5)
    both = beside(many, made, "dipstick")
    assert set((both["value_made"] - both["value"]).unique()) == {-1.0, 0.0, 1.0}
    inner = both.filter(pl.col("value").is_between(1, 4))
    holds((inner["value_made"] != inner["value"]).sum(), inner.height, number("dipstick_misread", "share", 5))
    moved = inner.filter(pl.col("value_made") != pl.col("value"))
    holds((moved["value_made"] > moved["value"]).sum(), moved.height, 0.5)
    diary, log = at(record, "dipstick_misread", 5)
    assert log.filter(pl.col("table") == "diary").height > 20
    step = diary["diary"]["grade"].to_physical().cast(int) - record["diary"]["grade"].to_physical().cast(int)
    assert set(step.unique()) == {-1, 0, 1}


def test_noise_of_the_ratio_is_lognormal(many):
    made, _ = at(many, "upcr_noise", 3)
    both = beside(many, made, "upcr").filter(pl.col("value") > 2)  # where rounding does not tell
    error = np.log((both["value_made"] / both["value"]).to_numpy())
    assert kstest(error, "norm", args=(0, number("upcr_noise", "sd_log", 3))).pvalue > ALPHA
    for analyte in ("albumin", "dipstick", "uacr"):
        assert readings(made, analyte).equals(readings(many, analyte))


def test_bromcresol_green_reads_high_where_albumin_is_low(many):
    made, _ = at(many, "albumin_bcg", 5)
    both = beside(many, made, "albumin").with_columns(bias=pl.col("value_made") - pl.col("value"))
    low = both.filter(pl.col("value") <= 2.1)["bias"].to_numpy()
    assert abs(low.mean() - 0.62) < 5 * 0.24 / np.sqrt(len(low))  # beyond 5 standard errors: 6 in 10 million
    assert (both.filter(pl.col("value") >= 4)["bias"] == 0).all()
    _, log = at(many, "albumin_bcg", 2)
    assert log["patient"].n_unique() < 0.6 * many["patients"].height


def test_units_are_mixed_up_by_their_factors(many):
    made, _ = at(many, "units_mixed", 5)
    for analyte, factor in (("upcr", 113.12), ("albumin", 10)):
        both = beside(many, made, analyte)
        wrong = both.filter(pl.col("value_made") != pl.col("value"))
        holds(wrong.height, both.filter(pl.col("value") > 0).height, number("units_mixed", "share", 5))
        assert np.allclose(wrong["value_made"], wrong["value"] * factor, atol=0.051)
    assert (made["readings"]["unit"] == many["readings"]["unit"]).all()


def test_dates_heap(many):
    made, _ = at(many, "dates_rounded", 5)
    assert (made["readings"]["taken_days"] % 28 == 0).all()
    assert (made["conditions"]["noted_days"] % 28 == 0).all()
    runs = made["doses"].filter(pl.col("schedule") != "single")
    assert (runs["first_days"] % 28 == 0).all()
    assert ((runs["last_days"] + 1) % 28 == 0).all()
    assert (runs["last_days"] >= runs["first_days"]).all()
    some, _ = at(many, "dates_rounded", 1)
    both = many["visits"].join(some["visits"], on=[*ON, "visit"], suffix="_made").filter(~pl.col("missed"))
    uneven = both.filter(pl.col("actual_days") % 7 != 0)
    holds((uneven["actual_days"] != uneven["actual_days_made"]).sum(), uneven.height, 0.2)


def test_prescriptions_run_on_but_into_no_other_run_of_the_drug(many):
    made, log = at(many, "doses_as_prescribed", 5)
    assert set(log["column"].unique()) == {"last_days"}
    assert (log["after"] > log["before"]).all()
    assert (log["after"] - log["before"]).max() == number("doses_as_prescribed", "longest", 5)
    runs = made["doses"].sort(*ON, "drug", "first_days")
    following = runs.with_columns(pl.col("first_days").shift(-1).over(*ON, "drug").alias("next"))
    assert (following["last_days"] < following["next"]).drop_nulls().all()
    ended = runs.join(made["follow_up"], on=ON)
    assert (ended["last_days"] <= ended["end_days"]).all()
    on = pl.col("schedule") == "single"
    assert made["doses"].filter(on).equals(many["doses"].filter(on))


def test_weights_are_pounds_or_a_decimal_point_off(many):
    made, log = at(many, "weight_errors", 5)
    assert set(log["column"].unique()) == {"weight_kg", "value", "dosing_weight_kg"}
    holds(log.filter(pl.col("table") == "doses").height, many["doses"].height, 0.2)
    before, after = log["before"].to_numpy(), log["after"].to_numpy()
    kinds = [np.abs(before * factor - after) < 0.051 for factor in (2.20462, 10, 0.1)]  # kept to 0.1 kg
    assert np.any(kinds, axis=0).all()
    holds(kinds[0].sum(), log.height, 0.6)
    assert made["doses"]["mean_mg_per_day"].equals(many["doses"]["mean_mg_per_day"])


def test_truncated_history_begins_later_and_is_otherwise_whole(many):
    made, _ = at(many, "history_truncated", 3)
    start = many["visits"].filter(pl.col("visit") == 0).select(*ON, begin=pl.col("planned_days") + 90)
    start = start.join(many["follow_up"], on=ON).with_columns(pl.min_horizontal("begin", "end_days").alias("begin"))
    late = many["visits"].filter(pl.col("visit") == 0).join(made["visits"], on=[*ON, "visit"], how="anti")
    holds(late.height, many["patients"].height, number("history_truncated", "share", 3))
    for table, first, last in (("readings", "taken_days", "taken_days"), ("doses", "first_days", "last_days")):
        frame = many[table].join(start, on=ON).join(late.select(ON), on=ON, how="semi")
        frame = frame.filter(pl.col(last) >= pl.col("begin"))
        frame = frame.with_columns(pl.max_horizontal(first, "begin").alias(first)).select(many[table].columns)
        assert made[table].join(late.select(ON), on=ON, how="semi").equals(frame)
        others = [frame.join(late.select(ON), on=ON, how="anti") for frame in (made[table], many[table])]
        assert others[0].equals(others[1])


def test_short_follow_up_is_a_loss_to_follow_up(many):
    made, _ = at(many, "follow_up_short", 5)
    first = many["visits"].filter(pl.col("visit") == 0).select(*ON, "planned_days")
    ends = made["follow_up"].join(first, on=ON).join(many["follow_up"], on=ON, suffix="_clean")
    last = ends["planned_days"] + 90
    assert (ends["end_days"] == ends.select(pl.min_horizontal(last, "end_days_clean")).to_series()).all()
    cut = ends.filter(pl.col("end_days") < pl.col("end_days_clean"))
    assert set(cut["reason"]) == {"dropout"}
    for table, day in (("readings", "taken_days"), ("conditions", "noted_days"), ("doses", "last_days"),
                       ("visits", "actual_days"), ("patients", "biopsy_days")):  # fmt: skip
        both = made[table].join(made["follow_up"], on=ON)
        assert (both[day] <= both["end_days"]).drop_nulls().all()
    later = many["patients"]["biopsy_days"].is_not_null() & made["patients"]["biopsy_days"].is_null()
    assert later.any()
    assert made["patients"].filter(later)["lesion"].null_count() == later.sum()


def test_what_is_copied_forward_stood_at_the_visit_before(many):
    made, log = at(many, "copied_forward", 3)
    before = many["readings"].sort(*ON, "visit").with_columns(
        last=pl.col("value").shift(1).over(*ON, "analyte", order_by="visit")
    )  # fmt: skip
    both = before.join(made["readings"], on=[*ON, "visit", "analyte"], suffix="_made")
    copied = both.filter(pl.col("value") != pl.col("value_made"))
    assert copied.height == log.filter(pl.col("column") == "value").height
    assert (copied["value_made"] == copied["last"]).all()
    could = both.filter(pl.col("last") != pl.col("value"))
    holds(copied.height, could.height, 0.1)


def test_a_coarsened_ratio_is_a_dipstick_and_stands_once(many):
    made, log = at(many, "upcr_coarsened", 5)
    assert not set(made["readings"]["analyte"].unique()) & {"upcr", "uacr"}
    dipsticks = readings(made, "dipstick")
    assert not dipsticks.select(*ON, "visit").is_duplicated().any()
    assert set(dipsticks["unit"]) == {"band"}
    fresh = dipsticks.join(readings(many, "dipstick"), on=[*ON, "visit"], how="anti")
    both = fresh.join(readings(many, "upcr"), on=[*ON, "visit"], suffix="_ratio")
    assert both.height == fresh.height == log.filter(pl.col("column") == "analyte").height > 0
    bands = np.digitize(both["value_ratio"] * 90, [15, 30, 100, 300, 1000])
    assert (both["value"].to_numpy() == bands).all()
    assert set(fresh["reference_high"]) == {1.0}


def test_wrong_labels_follow_the_confusion_matrix(many):
    made, _ = at(many, "label_noise", 5)
    both = many["labels"].join(made["labels"], on=ON, suffix="_made")
    known = both.filter(pl.col("category") != "undetermined")
    wrong = known.filter(pl.col("category") != pl.col("category_made"))
    holds(wrong.height, known.height, number("label_noise", "share", 5))
    matrix = number("label_noise", "matrix", 5)
    assert all(after in matrix[before] for before, after in wrong.select("category", "category_made").rows())
    listed = Task(criteria.load("source")).refractory_categories
    judged = wrong.filter(pl.col("refractory").is_not_null())
    assert (judged["refractory_made"] == judged["category_made"].cast(pl.String).is_in(listed)).all()
    assert wrong["first_met_days_made"].null_count() == wrong["refractory_kind_made"].null_count() == wrong.height
    rest = both.filter(pl.col("category") == pl.col("category_made"))
    assert rest["refractory"].equals(rest["refractory_made"])


@pytest.mark.parametrize("name", ["source", "iskdc", "kdigo-2021-adults", "ipna-2022", "japan-official-refractory"])
def test_a_wrong_label_is_one_that_the_set_can_give(name):
    """Every category is taken for each that the set can give, as often as the row of the matrix has it."""
    asked = Task(criteria.load(name))
    size = 2000
    rows = [(category, name) for category in asked.classes for _ in range(size)]
    labels = pl.DataFrame(rows, schema=["category", "criteria"], orient="row").with_row_index("patient")
    empty = {column: pl.lit(None) for column in SCHEMAS["labels"] if column not in labels.columns}
    known = {"replicate": pl.lit(0), "refractory": pl.col("category").is_in(asked.refractory_categories)}
    labels = labels.with_columns(**{**empty, **known}).select(
        pl.col(column).cast(kind) for column, kind in SCHEMAS["labels"].items()
    )
    record = {table: pl.DataFrame(schema=dict(SCHEMAS[table])) for table in OBSERVED} | {"labels": labels}
    made, _ = perturb(record, "label_noise", 5, seed=4, replicate=0, definition=asked.definition)
    both = labels.join(made["labels"], on=ON, suffix="_made")
    matrix, share = number("label_noise", "matrix", 5), number("label_noise", "share", 5)
    for category in asked.classes:
        row = {other: part for other, part in matrix[category].items() if other in asked.classes}
        mine = both.filter(pl.col("category") == category)["category_made"].cast(pl.String)
        assert set(mine) == {category, *row}
        for other, part in row.items():
            holds((mine == other).sum(), size, share * part / sum(row.values()))
    assert (both["refractory_made"] == both["category_made"].is_in(asked.refractory_categories)).all()


def test_which_set_gave_the_labels_must_be_known(many):
    own = {**many, "labels": many["labels"].with_columns(criteria=pl.lit("a-set-of-my-own"))}
    with pytest.raises(PerturbationError, match=r"the definition set that gave the labels \(a-set-of-my-own\)"):
        at(own, "label_noise")
    made, _ = perturb(own, "label_noise", 5, seed=11, replicate=0, definition=criteria.load("source"))
    assert made["labels"]["category"].equals(at(many, "label_noise")[0]["labels"]["category"])


def test_another_definition_gives_its_own_labels_to_whom_both_are_for(many):
    made, log = at(many, "definition_shift", 5)
    assert log.height
    both = many["labels"]["applies"] & many["labels_other"]["applies"]
    assert both.any() and not both.all()
    for column in ("category", "frequent", "refractory", "refractory_kind", "first_met_days"):
        assert made["labels"][column].filter(both).equals(many["labels_other"][column].filter(both))
        assert made["labels"][column].filter(~both).equals(many["labels"][column].filter(~both))
    half, _ = at(many, "definition_shift", 3)
    apart = (
        many["labels"].join(many["labels_other"], on=ON, suffix="_other").join(half["labels"], on=ON, suffix="_made")
    )
    apart = apart.filter("applies_other", pl.col("category") != pl.col("category_other"))
    holds((apart["category_made"] == apart["category_other"]).sum(), apart.height, 0.5)


@pytest.mark.parametrize(("name", "refractory"), [("prevalence_lowered", True), ("prevalence_raised", False)])
def test_who_is_left_out_is_so_by_the_label_alone(many, name, refractory):
    made, log = at(many, name, 3)
    assert set(log["change"].unique()) == {"left_out"}
    gone = many["labels"].join(made["labels"], on=ON, how="anti")
    assert set(gone["refractory"].unique()) == {refractory}
    holds(gone.height, (many["labels"]["refractory"] == refractory).sum(), 0.5)
    for table, frame in made.items():
        assert frame.join(gone, on=ON, how="semi").is_empty()
        assert frame.equals(many[table].join(gone, on=ON, how="anti"))
