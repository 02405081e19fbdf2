"""Problems of second-line care: each with its path, what was expected and what is there."""

from __future__ import annotations

import pytest

from nephrosyn.errors import ScenarioError
from nephrosyn.scenario import load, shipped

REGIMEN = "second_line.regimens.cyclophosphamide_oral"
STARTS = "second_line.policy.adults.starts"


def start(**changed):
    rule = {"when": "relapse", "number": 1, "delay_days": 0, "lesions": ["any"], "sequence": ["mycophenolate"]}
    rule |= {"overlap_days": 0, "steroid": "as_planned", **changed}
    return f"{STARTS}=[{{{', '.join(f'{key}={value!r}' for key, value in rule.items())}}}]"


WRONG = [
    (start(sequence=["mycofenolate"]), f"{STARTS}.0.sequence.0", 'found "mycofenolate"; nearest: mycophenolate'),
    (start(sequence=["rituximab", "tacrolimus", "rituximab"]), f"{STARTS}.0.sequence.2", "it loops"),
    (start(sequence=[]), f"{STARTS}.0.sequence", ""),
    (start(sequence=[["tacrolimus", "mycofenolate"]]), f"{STARTS}.0.sequence.0.1", "nearest: mycophenolate"),
    (start(sequence=[["tacrolimus"]]), f"{STARTS}.0.sequence.0", ""),
    (
        start(sequence=["rituximab", ["tacrolimus", "ciclosporin"]]),
        f"{STARTS}.0.sequence.1",
        'of one class, calcineurin inhibitor); found ["tacrolimus", "ciclosporin"]',
    ),
    (start(sequence=[["mycophenolate", "azathioprine"]]), f"{STARTS}.0.sequence.0", "of one class, antimetabolite"),
    (
        start(sequence=[["mycophenolate", "ciclosporin", "cyclophosphamide_oral"]]),
        f"{STARTS}.0.sequence.0",
        "mycophenolate and cyclophosphamide are in second_line.never_together",
    ),
    (
        start(sequence=[["cyclophosphamide_oral", "cyclophosphamide_intravenous"]]),
        f"{STARTS}.0.sequence.0",
        "both are cyclophosphamide",
    ),
    (
        start(sequence=[["tacrolimus", "mycophenolate"], ["mycophenolate", "tacrolimus"]]),
        f"{STARTS}.0.sequence.1",
        "it loops",
    ),
    (start(above_mg_per_mg=-1.0), f"{STARTS}.0.above_mg_per_mg", "from 0 to 100 (mg/mg)"),
    ("second_line.never_together=[['tacrolimus', 'levamisol']]", "second_line.never_together.0.1", "levamisole"),
    ("second_line.failure.days_factor.membranus=2.0", "second_line.failure.days_factor.membranus", "membranous"),
    ("second_line.policy.adults.refusal.share=1.5", "second_line.policy.adults.refusal.share", "from 0 to 1"),
    (start(when="relapsing"), f"{STARTS}.0.when", "nearest: relapse"),
    (start(when="resistance", number=2), f"{STARTS}.0.number", "1 where when"),
    (start(lesions=["fsg"]), f"{STARTS}.0.lesions.0", "fsgs"),
    (start(lesions=[]), f"{STARTS}.0.lesions", ""),
    (start(steroid="stop"), f"{STARTS}.0.steroid", "withdraw"),
    (f"{REGIMEN}.course_days=85", f"{REGIMEN}.course_days", "within most_mg_per_kg, 168; found 2 mg x 85 doses, 170"),
    (f"{REGIMEN}.dose={{amount=200.0, per='patient', cap_mg=150.0}}", f"{REGIMEN}.dose.amount", "at most cap_mg, 150"),
    (
        f"{REGIMEN}.dose={{amount=150.0, per='patient', cap_mg=150.0}}",
        f"{REGIMEN}.course_days",
        "within most_g, 10; found 150 mg x 84 doses, 12.6",
    ),
    (f"{REGIMEN}.dose.cap_mg=-1.0", f"{REGIMEN}.dose.cap_mg", "from 0.1 to 10000 (mg)"),
    (f"{REGIMEN}.every_days=3.0", f"{REGIMEN}.every_days", "1, 2, or 7 and more"),
    (f"{REGIMEN}.drug=chlorambucil", f"{REGIMEN}.drug", "cyclophosphamide"),
    (f"{REGIMEN}.not_with=['measles']", f"{REGIMEN}.not_with.0", "tuberculosis"),
    (
        f"{REGIMEN}.resistant_response.fsgs={{complete=0.8, partial=0.3}}",
        f"{REGIMEN}.resistant_response.fsgs",
        "at most 1; found 1.1",
    ),
    ("second_line.response_correlation=-0.1", "second_line.response_correlation", "from 0 to 1"),
    (
        "second_line.cyclophosphamide.reaction.high_single_dose_g=0.3",
        "second_line.cyclophosphamide.reaction.high_single_dose_g",
        "above low_single_dose_g",
    ),
    (
        "second_line.policy.adults.frequent_relapses_in_12_months=9",
        "second_line.policy.adults.frequent_relapses_in_12_months",
        "from 1 to 8",
    ),
    ("second_line.policy.elderly={starts=[]}", "second_line.policy.elderly", "no such band"),
    (
        "complications.serious_infection.rate_per_year.elderly=0.1",
        "complications.serious_infection.rate_per_year.elderly",
        "no such band",
    ),
    ("provoking_factors.search=sometimes", "provoking_factors.search", "resistance"),
    ("provoking_factors.factors.hunger={}", "provoking_factors.factors.hunger", "unknown key"),
    (
        "provoking_factors.factors.malabsorption.share.adults=1.2",
        "provoking_factors.factors.malabsorption.share.adults",
        "from 0 to 1",
    ),
]


@pytest.mark.parametrize(("override", "path", "words"), WRONG, ids=[path for _, path, _ in WRONG])
def test_the_path_and_the_reason_are_named(override, path, words):
    with pytest.raises(ScenarioError) as caught:
        load("baseline", [override])
    messages = {problem.path: str(problem) for problem in caught.value.problems}
    assert path in messages, messages
    assert words in messages[path]


def test_all_problems_of_a_policy_come_at_once():
    rules = "[" + ", ".join(start(sequence=[name]).partition("=")[2][1:-1] for name in ("first", "second")) + "]"
    with pytest.raises(ScenarioError) as caught:
        load("baseline", [f"{STARTS}={rules}", f"{REGIMEN}.course_days=200", "second_line.response_correlation=2.0"])
    assert len(caught.value.problems) == 4


def test_a_course_at_its_cap_is_allowed():
    assert load("baseline", [f"{REGIMEN}.course_days=84"]).scenario.second_line.regimens["cyclophosphamide_oral"]


def test_steroid_alone_is_the_baseline_without_start_rules():
    baseline, alone = load("baseline").scenario, load("steroid-alone").scenario
    assert all(policy.starts for policy in baseline.second_line.policy.values())
    assert not any(policy.starts for policy in alone.second_line.policy.values())
    names = {"title": alone.title, "description": alone.description, "sources": alone.sources}
    policy = {band: rules.model_copy(update={"starts": []}) for band, rules in baseline.second_line.policy.items()}
    second_line = baseline.second_line.model_copy(update={"policy": policy})
    assert baseline.model_copy(update={**names, "second_line": second_line}) == alone


@pytest.mark.parametrize("name", sorted(name for name in shipped() if name.startswith("setting-")))
def test_no_setting_has_the_start_rules_of_the_baseline(name):
    """The care of a published cohort is its own, whatever the default is."""
    scenario, default = load(name).scenario, load("baseline").scenario
    for band, policy in scenario.second_line.policy.items():
        assert policy.starts != default.second_line.policy[band].starts
