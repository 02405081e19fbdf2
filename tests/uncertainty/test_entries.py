"""The table ``[uncertainty]``: inheritance, and what is refused."""

from __future__ import annotations

import pytest

from nephrosyn.errors import ScenarioError
from nephrosyn.scenario import load
from nephrosyn.scenario.checks.validate import validated
from nephrosyn.scenario.describe import uncertainty
from nephrosyn.uncertainty import uncertainty_of

SHARE = "disease.spontaneous.membranous.share"
MIX = "population.bands.adults.lesion_mix"
BAND = "population.bands.children.share"
COMPLETE = "disease.response.adults.fsgs.complete"
FACTOR = "triggers.infection.hazard_factor"
CUT = "care.cut_fraction"


@pytest.fixture
def own(tmp_path):
    def loaded(text, name="own.toml", extends="baseline"):
        file = tmp_path / name
        file.write_text(f'extends = "{extends}"\n{text}', "utf-8")
        return load(file)

    return loaded


def entries(resolved):
    return {quantity.entry: quantity for quantity in uncertainty_of(resolved)}


def test_an_entry_is_inherited_and_replaced(own):
    assert str(entries(own(""))[SHARE].law) == "104 of 328"
    changed = own(f'[uncertainty]\n{SHARE} = {{ range = [0.2, 0.4], source = "assumed: a test" }}')
    assert str(entries(changed)[SHARE].law) == "0.2 to 0.4 (range)"
    again = own("", name="second.toml", extends="own.toml")
    assert entries(again)[SHARE] == entries(changed)[SHARE]


def test_a_changed_number_loses_it(own):
    assert SHARE not in entries(own(f'{SHARE} = 0.3\n[sources]\n{SHARE} = "assumed: a test"'))
    assert SHARE not in entries(load("baseline", [f"{SHARE}=0.3"]))
    mix = "minimal_change = 0.426\nfsgs = 0.086"
    assert MIX not in entries(own(f'[{MIX}]\n{mix}\n[sources]\n{MIX} = "assumed: a test"'))


def test_a_changed_parameter_of_a_distribution_loses_it(own):
    key = "disease.spontaneous.membranous.time_days"
    changed = own(f'{key} = {{ dist = "lognorm", s = 0.8, scale = 237 }}\n[sources]\n{key} = "assumed: a test"')
    assert f"{key}.scale" not in entries(changed)


def test_a_nearer_entry_holds_against_a_reason_for_a_table(own):
    texts = uncertainty(own('[uncertainty]\n"disease" = { fixed = "a test" }'))
    assert texts[SHARE] == "104 of 328 (A22)"
    assert texts["disease.spontaneous.fsgs.share"] == "fixed"


def test_a_calibrated_number_without_a_posterior_is_fixed(own):
    key = "disease.relapse.bands.children.rate_per_year"
    text = f'{key} = 1.3\n[sources]\n{key} = "calibrated: C09; run 0a1b2c3d"\n'
    setting = own(text)
    assert "posterior is not stored" in setting.scenario.uncertainty[key].fixed
    assert key not in entries(setting)
    text += f'[uncertainty]\n{key} = {{ range = [0.1, 9], source = "assumed: a test" }}'
    assert key in entries(own(text))


def test_uncertainty_does_not_change_what_is_run(own):
    changed = own(f'[uncertainty]\n{SHARE} = {{ fixed = "a test" }}')
    assert changed.digest() == load("baseline").digest()


def test_every_reason_and_source_is_shown():
    texts = uncertainty(load("baseline"))
    assert texts[f"{MIX}.fsgs"] == "38 of 396 (G02)"
    assert texts["population.bands.adults.share"] == f"follows {BAND}"
    assert texts["disease.response.children.fsgs.partial"] == "follows disease.response.children.fsgs.complete"
    assert texts["disease.spontaneous.membranous.time_days"] == "scale 201 to 279, 95% (A24, assumed)"
    assert "engine" not in texts


SOURCE = 'source = "assumed: a test"'
WRONG = [
    ("disease.spontanous.membranous.share", f"range = [0.1, 0.2], {SOURCE}", "nearest: disease.spontaneous"),
    (SHARE, f"intervall = [0.1, 0.4], {SOURCE}", "nearest: interval"),
    (SHARE, f"interval = [0.1, 0.4], lav = 'normal', {SOURCE}", "an unknown key; nearest: law"),
    (SHARE, f"interval = [0.1, 0.4], law = 'beta', {SOURCE}", "lognormal, logit_normal or normal"),
    (SHARE, f"counts = [1, 4], range = [0.1, 0.4], {SOURCE}", "one of counts, interval, range, posterior and fixed"),
    (SHARE, f"interval = [0.317, 0.4], {SOURCE}", "with the value, 0.317, between its ends"),
    (SHARE, f"interval = [0.2, 0.317], law = 'normal', {SOURCE}", "with the value, 0.317, between its ends"),
    (SHARE, "range = [0.1, 0.4]", "nothing: the key is missing"),
    (SHARE, "range = [0.1, 0.4], source = 'A99'", '"A99", which is no evidence id'),
    (SHARE, f"range = [0.4, 0.1], {SOURCE}", "low below high"),
    (SHARE, f"range = [0.4, 0.5], {SOURCE}", "holds the value, 0.317"),
    (SHARE, f"interval = [0.1, 0.2], {SOURCE}", "holds the value, 0.317"),
    (SHARE, f"interval = [0.0, 0.4], {SOURCE}", "between 0 and 1, both excluded"),
    (SHARE, f"interval = [0.02, 0.7], law = 'normal', {SOURCE}", "a law within the limits of the number, 0 to 1"),
    (SHARE, f"range = [-0.1, 0.7], {SOURCE}", "a law within the limits of the number, 0 to 1"),
    (SHARE, f"counts = [10, 4], {SOURCE}", "met at most of"),
    (SHARE, f"counts = [1, 2, 3], {SOURCE}", "met at most of"),
    (SHARE, f"counts = [20, 300], {SOURCE}", "holds the value, 0.317"),
    (SHARE, f"counts = [-1, 300], {SOURCE}", "a list of counts"),
    (FACTOR, f"counts = [5, 10], {SOURCE}", "counts are for shares and mixes"),
    (FACTOR, f"interval = [0, 10], {SOURCE}", "above 0"),
    (MIX, f"counts = [165, 38], {SOURCE}", "2 counts for 7 members"),
    (MIX, f"counts = [38, 165, 158, 7, 9, 4, 15], {SOURCE}", "counts that agree with the mix: minimal_change"),
    (MIX, f"range = [0.1, 0.2], {SOURCE}", "counts of the members of the mix"),
    (f"{MIX}.fsgs", f"range = [0.05, 0.2], {SOURCE}", "counts of the whole mix"),
    ("population.bands.adults.share", f"range = [0.6, 0.9], {SOURCE}", f"another of {BAND}"),
    (COMPLETE, f"range = [0.3, 0.8], {SOURCE}", "sum to at most 1"),
    ("patients", f"range = [10, 2000], {SOURCE}", "a number that need not be whole"),
    ("disease.response", f"range = [0.1, 0.2], {SOURCE}", "the key of a number or of a mix"),
    ("engine", f"range = [0.1, 0.2], {SOURCE}", "the key of a number or of a mix"),
    ("triggers.infection.from_years", f"range = [0.1, 0.2], {SOURCE}", "the key of a number or of a mix"),
    (CUT, "fixed = ''", "a reason"),
    (SHARE, f"range = [5e-324, 0.4], {SOURCE}", "the ends of a range"),
    (CUT, "", "one of counts, interval, range, posterior and fixed"),
]


@pytest.mark.parametrize(("key", "entry", "words"), WRONG, ids=[f"{key}-{n}" for n, (key, *_) in enumerate(WRONG)])
def test_an_entry_that_cannot_be_is_refused_by_name(own, key, entry, words):
    with pytest.raises(ScenarioError) as caught:
        own(f'[uncertainty]\n"{key}" = {{ {entry} }}')
    problems = [problem for problem in caught.value.problems if problem.path.startswith(f"uncertainty.{key}")]
    assert words in str(problems[0])


def test_a_table_that_is_none_is_refused(own):
    with pytest.raises(ScenarioError, match="a table of dotted keys"):
        own("uncertainty = 3")
    with pytest.raises(ScenarioError, match="one of counts, interval, range, posterior and fixed"):
        own("[uncertainty]\ncare.cut_fraction = 0.3")


def test_a_scenario_in_python_is_refused_in_the_same_words():
    tree = load("baseline").scenario.model_dump(mode="json")
    tree["uncertainty"][SHARE] = {"range": [0.1], "source": "assumed: a test"}
    scenario, problems, _ = validated(tree)
    assert scenario is None
    (problem,) = problems.values()
    assert str(problem) == f"uncertainty.{SHARE}.range: expected [low, high], the ends of a range; found a list of 1"


def test_it_is_set_by_a_file_only():
    with pytest.raises(ScenarioError, match="which only a file sets"):
        load("baseline", [f"uncertainty.{SHARE}.range=[0.1, 0.4]"])


def test_the_problem_of_an_ancestor_names_its_file(tmp_path, own):
    (tmp_path / "first.toml").write_text(
        f'extends = "baseline"\n[uncertainty]\n{SHARE} = {{ range = [0.4, 0.1], {SOURCE} }}', "utf-8"
    )
    with pytest.raises(ScenarioError, match=r"\(in first.toml\)"):
        own("", extends="first.toml")
