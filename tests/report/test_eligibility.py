"""Sets that are not for everybody, and flags that a set does not define: counts worked by hand."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

import nephrosyn as ns
from nephrosyn import criteria, vocabulary
from nephrosyn.criteria.codes import CLAUSES, FLAG_OF_CLAUSE
from nephrosyn.report import summarise
from nephrosyn.report import text as wording
from nephrosyn.report.findings.verdicts import (
    course_flags,
    cross_classification,
    eligibility,
    flag_overlap,
    refractory_share,
    subgroups,
)
from nephrosyn.report.page import definition_sections
from nephrosyn.statistics import proportions
from nephrosyn.vocabulary import CATEGORY_OF_FLAG

from . import factory

CHILDREN = ["steroid_resistant"] * 3 + ["steroid_dependent"] * 2 + ["non_relapsing"] * 4 + ["undetermined"]
ADULTS = 15
PAEDIATRIC = [*CHILDREN, *["outside"] * ADULTS]
TWO_FLAGS = ("resistant", "dependent")
NOBODY = ["outside"] * 25


def ids(count=25, replicates=1):
    return {
        "replicate": np.repeat(np.arange(replicates), count // replicates).astype(np.int32),
        "patient": np.tile(np.arange(count // replicates), replicates).astype(np.int32),
    }


def labels(categories=PAEDIATRIC, name="paediatric", view="observed", flags=TWO_FLAGS):
    return factory.labels_of(ids(len(categories)), categories, name, view, flags)


@pytest.fixture
def cohort():
    """Ten children and fifteen adults, by a paediatric set, one for adults and one for everybody."""
    tables = factory.cohort(25)
    band = pl.Series(["children"] * 10 + ["adults"] * 15)
    adults = ["outside"] * 10 + ["steroid_resistant"] * 6 + ["non_relapsing"] * 9
    every = ["steroid_resistant"] * 5 + ["non_relapsing"] * 20
    sets = {"paediatric": (PAEDIATRIC, TWO_FLAGS), "adult": (adults, TWO_FLAGS), "every": (every, vocabulary.FLAGS)}
    found = [labels(shares, name, view, flags) for name, (shares, flags) in sets.items() for view in vocabulary.VIEWS]
    return {**tables, "patients": tables["patients"].with_columns(band=band), "labels": pl.concat(found)}


def test_shares_are_among_those_to_whom_the_set_may_apply():
    (found,) = refractory_share.refractory(labels())
    assert (found.met, found.unmet, found.unknown, found.outside) == (5, 4, 1, 15)
    assert (found.patients, found.cohort) == (10, 25)
    assert found.share == proportions.wilson(5, 10)
    assert found.determined == proportions.wilson(5, 9)
    assert found.undetermined == proportions.wilson(1, 10)


def test_whose_lesion_is_not_known_may_be_in_the_set_and_is_undetermined():
    unsure = labels().with_columns(applies=pl.Series([*[True] * 9, None, *[False] * 14, None]))
    (found,) = refractory_share.refractory(unsure)
    assert (found.patients, found.unknown, found.outside) == (11, 2, 14)


def test_the_headline_says_who_is_outside():
    told = summarise(labels()).sentence
    assert "50% (95% interval 24 to 76%, of chance alone) of the 10 patients to whom" in told
    assert "to whom the “paediatric” criteria may apply are refractory" in told
    assert told.endswith("15 of 25 patients are outside this set by age or lesion.")
    assert "outside" not in summarise(labels(CHILDREN)).sentence


def test_a_set_for_nobody_says_so():
    told = summarise(labels(NOBODY))
    assert told.sentence.endswith(
        "apply to nobody in this simulated cohort, so there is no share to compare with one third: "
        "all 25 patients are outside this set by age or lesion."
    )
    assert told.headline.comparison.position == "unknown"
    assert wording.undetermined_sentence(told.headline) == ""


def test_only_categories_that_the_set_can_give_are_listed():
    found = refractory_share.categories(labels(), "paediatric", "observed")
    assert [(row.category, row.share.count) for row in found] == [
        ("steroid_resistant", 3),
        ("steroid_dependent", 2),
        ("infrequently_relapsing", 0),
        ("non_relapsing", 4),
        ("undetermined", 1),
    ]
    assert {row.share.total for row in found} == {10}


def test_a_category_that_somebody_has_is_never_left_out():
    found = refractory_share.categories(labels(), "paediatric", "observed", eligibility.Defined(("resistant",)))
    assert sum(row.share.count for row in found) == 10


def test_non_remitting_stands_beside_the_other_flags():
    order = eligibility.CATEGORY_ORDER
    assert sorted(order) == sorted(vocabulary.CATEGORIES)
    assert order.index("non_remitting") < order.index("infrequently_relapsing")
    assert order[-1] == "undetermined"


def test_a_flag_that_is_not_defined_makes_nobody_undetermined():
    answers = eligibility.defined(labels())
    assert answers == eligibility.Defined(TWO_FLAGS)
    found = flag_overlap.combinations(labels(), "paediatric", "observed", answers.flags)
    assert {(item.flags, item.determined): item.patients for item in found} == {
        (frozenset(), True): 4,
        (frozenset({"resistant"}), True): 3,
        (frozenset({"dependent"}), True): 2,
        (frozenset(), False): 1,
    }


def test_where_nobody_was_judged_every_flag_may_be_defined():
    assert eligibility.defined(labels(["undetermined"] * 4)).flags == vocabulary.FLAGS


def test_a_band_outside_the_set_is_counted_not_judged(cohort):
    chosen = refractory_share.of(cohort["labels"], "paediatric", "observed")
    children, adults = subgroups.by_column(chosen, cohort["patients"], "band", factory.BANDS)
    assert (children.refractory.patients, children.refractory.outside) == (10, 0)
    assert (adults.refractory.patients, adults.refractory.unknown, adults.refractory.outside) == (0, 0, 15)
    assert math.isnan(adults.refractory.share.share)


def test_the_share_by_first_day_met_leaves_out_who_is_outside():
    found = subgroups.by_first_met(labels(), [0, 1000])
    assert [(moment.refractory.met, moment.refractory.patients) for moment in found.moments] == [(0, 10), (5, 10)]
    assert found.outside == 15


def test_a_replicate_with_nobody_in_the_set_has_no_share():
    categories = ["steroid_resistant", "non_relapsing"] * 2 + ["steroid_resistant"] * 4 + ["outside"] * 4
    three = factory.labels_of(ids(12, replicates=3), categories, "paediatric")
    (found,) = refractory_share.refractory(three)
    assert (found.replicates.replicates, found.replicates.mean) == (2, 0.75)
    assert refractory_share.categories(three, "paediatric", "observed")[0].replicates.mean == 0.75


def test_the_two_records_are_compared_on_those_in_the_set_by_both():
    complete = labels(["steroid_resistant", "non_relapsing", "outside", "outside"], view="complete")
    observed = labels(["steroid_resistant", "undetermined", "undetermined", "outside"])
    found = flag_overlap.agreement(pl.concat([complete, observed]), "paediatric")
    assert (found.same.count, found.same.total, found.lost, found.outside) == (1, 2, 1, 2)
    nobody = [labels(NOBODY, view=view) for view in vocabulary.VIEWS]
    assert flag_overlap.agreement(pl.concat(nobody), "paediatric") is None


def test_two_sets_are_compared_on_the_patients_of_both(cohort):
    found = cross_classification.compare(cohort["labels"], "observed")
    pair = found.pairs["paediatric", "every"]
    assert pair.patients == pair.kappas["category", cross_classification.EVERYBODY].patients == 10
    # two dependent become resistant, one undetermined non-relapsing
    assert (pair.moved.count, pair.moved.total, pair.gained, pair.lost) == (3, 10, 0, 0)
    assert pair.excluded == cross_classification.Excluded(first_only=0, second_only=15, neither=0)
    assert pair.kappas["category", cross_classification.DETERMINED].patients == 9
    two = [refractory_share.of(cohort["labels"], name, "observed") for name in ("paediatric", "every")]
    assert cross_classification.between(*two, "paediatric", "every") == pair


def test_kappa_of_the_patients_of_both_is_that_without_the_others(cohort):
    children = cohort["labels"].filter(pl.col("patient") < 10, pl.col("criteria") != "adult")
    all_, few = (cross_classification.compare(frame, "observed") for frame in (cohort["labels"], children))
    pair = ("paediatric", "every")
    assert all_.pairs[pair].kappas == few.pairs[pair].kappas
    two = cross_classification.compare(cohort["labels"].filter(pl.col("criteria") != "adult"), "observed")
    assert two.fleiss == few.fleiss
    assert two.fleiss["category", cross_classification.EVERYBODY_OF_ALL].patients == 10


def test_sets_without_a_patient_in_common_have_no_kappa_and_say_why(cohort):
    found = cross_classification.compare(cohort["labels"], "observed")
    pair = found.pairs["paediatric", "adult"]
    assert (pair.patients, pair.excluded) == (0, cross_classification.Excluded(10, 15, 0))
    assert {kappa.note for kappa in pair.kappas.values()} == {"no patient is in both sets"}
    assert {kappa.note for kappa in found.fleiss.values()} == {"no patient is in all sets"}
    assert "not defined: no patient is in all of them" in definition_sections.fleiss_sentence(found)
    told = definition_sections.excluded_sentence(pair.excluded, pair.patients, "paediatric", "adult")
    assert told.startswith("25 of 25 patients are excluded: 15 outside “paediatric”, 10 outside “adult”, by age")


def test_named_courses_are_counted_in_the_set():
    late = [True, True, False, None, *[False] * 6, *[None] * 15]
    frame = labels().with_columns(late_responder=pl.Series(late))
    answers = eligibility.defined(frame)
    assert answers.course == ("late_responder",)
    (found,) = course_flags.find(frame, {"paediatric": answers}, "observed")
    assert (found.share, found.unknown) == (proportions.wilson(2, 10), 1)
    assert course_flags.find(labels(NOBODY), {"paediatric": answers}, "observed") == []


def test_the_page_of_a_set_that_is_not_for_everybody(made, cohort):
    late = (
        pl.when(pl.col("patient") < 2).then(pl.lit(value=True)).when(pl.col("patient") < 10).then(pl.lit(value=False))
    )
    cohort["labels"] = cohort["labels"].with_columns(
        late_responder=pl.when(pl.col("criteria") == "paediatric").then(late)
    )
    folder, summary = made(cohort)
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert summary.headline.share == proportions.wilson(5, 10)
    for row in (
        "| adults | 0 of 15 | – | – | – |",
        "| paediatric, observed | 10 of 25 | 50.0% |",
        "| adult | 0 | 25 | – |",
        "| every | 10 | 15 | 30.0% (10.8 to 60.3%) |",
        "| paediatric | late responder | 2 | 20.0% | 5.7 to 51.0% | 0 (0.0%) |",
        "“paediatric” criteria, observed record, 10 of 25 patients (15 are outside this set by age or lesion)",
        "Patients: 25",
    ):
        assert row in text
    assert "nan" not in text.lower().split()
    first = text[: text.index("“every” criteria")]
    assert "steroid-intolerant" not in first
    assert "persistently non-remitting" in text
    assert "outside the set" in (folder / "figures/groups.svg").read_text(encoding="utf-8")


def test_the_page_of_sets_for_nobody(made):
    tables = factory.cohort(25)
    for sets in (["nobody"], ["nobody", "neither"]):
        found = [labels(NOBODY, name, view) for name in sets for view in vocabulary.VIEWS]
        folder, summary = made({**tables, "labels": pl.concat(found)}, folder=sets[-1])
        text = (folder / "report.md").read_text(encoding="utf-8")
        assert summary.sentence in text
        assert "nan" not in text.lower().split()
        assert "applies to nobody" in (folder / "figures/definitions.svg").read_text(encoding="utf-8")


def test_flags_and_categories_are_those_of_the_criteria():
    assert {*CATEGORY_OF_FLAG} == {*vocabulary.FLAGS}
    assert {*CATEGORY_OF_FLAG.values()} <= {*vocabulary.CATEGORIES}
    assert {*wording.FLAG_NAMES} == {*vocabulary.FLAGS}
    assert {*wording.COURSE_NAMES} == {*vocabulary.COURSE_FLAGS}


def test_what_a_shipped_set_defines_is_what_it_answers():
    sets = [criteria.load(name) for name in criteria.sets()]
    tables = ns.run("baseline", patients=8, seed=1).tables
    flags = dict(zip(CLAUSES, FLAG_OF_CLAUSE, strict=True))
    answers = criteria.clause_answers(tables, sets, "observed").cast({"clause": pl.String, "status": pl.String})
    for rules in sets:
        here = answers.filter(pl.col("status") != "not defined", criteria=rules.name)
        given = {flags[clause] for clause in here["clause"]}
        told = eligibility.defined(pl.DataFrame(), rules)
        assert {*told.flags, *told.course} == given, rules.name
