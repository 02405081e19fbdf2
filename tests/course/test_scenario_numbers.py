"""Numbers of definitions and rules that a scenario holds: each changes some courses."""

from __future__ import annotations

import pytest

from nephrosyn.scenario import load

from .second_line.test_policy import one_rule

RARE = "second_line.policy.children.frequent_relapses_in_6_months=8"
FREQUENT = "second_line.policy.children.starts=[{when='frequent_relapse', number=1, delay_days=0, lesions=['any'], "
FREQUENT += "sequence=['mycophenolate'], overlap_days=0, steroid='as_planned'}]"
LONG = "population.follow_up_days=1461"
CYCLOPHOSPHAMIDE = one_rule("relapse", ["cyclophosphamide_oral"])
EARLY_STOP = [f"second_line.policy.{band}.stopping.negative_days=30" for band in ("children", "adults")]


@pytest.mark.parametrize(
    ("name", "overrides", "key", "value"),
    [
        ("children-first-episode", [], "care.regimen.children.watch.diary_days", 6),
        ("adult-mixed-lesions", [], "care.regimen.adults.watch.partial_fraction", 0.05),
        ("adult-mixed-lesions", [], "disease.proteinuria.highest_partial_fraction", 0.1),
        ("adult-mixed-lesions", [], "disease.proteinuria.highest_remission_fraction", 0.2),
        ("modern-children", [LONG], "second_line.policy.children.dependence_within_days", 365),
        ("modern-children", [LONG], "second_line.policy.children.six_months_days", 30),
        ("children-first-episode", [LONG, RARE, FREQUENT], "second_line.policy.children.twelve_months_days", 1461),
        ("source-combined-care", EARLY_STOP, "second_line.policy.adults.stopping.stray_readings", 0),
        ("baseline", [LONG, *CYCLOPHOSPHAMIDE], "second_line.dosing.review_days", 7),
        ("children-first-episode", [LONG, *CYCLOPHOSPHAMIDE], "second_line.dosing.change_above_fraction", 0.9),
        ("cyclophosphamide-large-doses", [], "second_line.dosing.least_infusion_fraction", 1.0),
        (
            "adult-mixed-lesions",
            ["complications.venous_thrombosis.prone_share=1.0"],
            "complications.venous_thrombosis.flat_below_g_per_dl",
            2.7,
        ),
    ],
)
def test_a_number_of_the_scenario_changes_courses(played, name, overrides, key, value):
    before = played(name, *overrides)
    after = played(name, *overrides, f"{key}={value}")
    tables = ("truth/events", "truth/doses", "truth/proteinuria")
    assert not all(before[table].equals(after[table]) for table in tables)


def test_partial_and_complete_response_stay_below_their_highest_levels(played):
    name = "adult-mixed-lesions"
    traits = played(name)["truth/traits"]
    proteinuria = load(name).scenario.disease.proteinuria
    highest = proteinuria.highest_partial_fraction * traits["nephrotic_upcr_mg_per_mg"]
    assert (traits["partial_upcr_mg_per_mg"] <= highest * (1 + 1e-9)).all()
    highest = proteinuria.highest_remission_fraction * proteinuria.remission_below_mg_per_mg
    assert traits["remission_upcr_mg_per_mg"].max() <= highest * (1 + 1e-9)
