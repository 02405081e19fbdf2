"""Problems of values: each with its path, what was expected and what is there."""

import pytest

from nephrosyn.errors import ScenarioError
from nephrosyn.scenario import Resolved, load, shipped

BAND = "population.bands.adults"
DELAY = "care.presentation_delay_days"
UPCR = "disease.proteinuria.nephrotic_mg_per_mg"
TAPER = "care.regimen.adults.first"
STEP = "weeks = 2, per = 'full', cap_mg = 80, schedule = "

WRONG = [
    # override, path, words of the message
    ("patients=0", "patients", "a whole number from 1 to 100000000 (count); found 0"),
    ("patients=1.5", "patients", "a whole number"),
    ("patients=true", "patients", "a whole number from 1 to 100000000 (count); found true"),
    ("patients='7'", "patients", 'found the text "7"'),
    ("seed=-1", "seed", "a whole number"),
    ("engine=simpyy", "engine", 'one of auto, simpy, compiled; found the text "simpyy"; nearest: simpy'),
    ("criteria=source", "criteria", "a list"),
    ("criteria=[]", "criteria", "at least one"),
    ("criteria=['source', 'source']", "criteria", "each named once"),
    (
        f"{TAPER}.full_dose_weeks='5 weeks'",
        f"{TAPER}.full_dose_weeks",
        'from 0 to 1040 (weeks); found the text "5 weeks"',
    ),
    (
        "disease.relapse.bands.adults.rate_per_year=-1",
        "disease.relapse.bands.adults.rate_per_year",
        "from 0 to 366 (1/year); found -1",
    ),
    ("care.cut_fraction=1.01", "care.cut_fraction", "from 0 to 1 (fraction); found 1.01"),
    ("care.cut_fraction=nan", "care.cut_fraction", "found nan"),
    ("disease.relapse.bands.adults.frailty_shape=inf", "disease.relapse.bands.adults.frailty_shape", "found inf"),
    (
        "disease.relapse.bands.adults.frailty_shape=1" + "0" * 400,
        "disease.relapse.bands.adults.frailty_shape",
        "a huge whole number",
    ),
    ("care.cut_fraction=2020-01-01", "care.cut_fraction", "the date 2020-01-01"),
    ("care.cut_fraction={a=1}", "care.cut_fraction", "a table of 1"),
    ("care.clinic.slots=0", "care.clinic.slots", 'a whole number from 1 to 10000 (count) or "unlimited"; found 0'),
    ("care.clinic.slots=unlimted", "care.clinic.slots", "nearest: unlimited"),
    (
        "disease.late_resistance_probability=0.01",
        "disease.late_resistance_probability",
        "disease.late_resistance (share and after_days); found a key of an earlier version",
    ),
    (
        "disease.relapse.remission_time_correlation=0.1",
        "disease.relapse.remission_time_correlation",
        "disease.remission_time.frailty_correlation; found a key of an earlier version",
    ),
    (
        "disease.relapse.below_threshold_factor=5",
        "disease.relapse.below_threshold_factor",
        "disease.relapse.bands.BAND.below_threshold_factor; found a key of an earlier version",
    ),
    (
        "disease.relapse.since_remission_factor=[1.0]",
        "disease.relapse.since_remission_factor",
        "disease.relapse.bands.BAND.since_remission_factor; found a key of an earlier version",
    ),
    (
        "care.contraindications.diabetes.adults=0.01",
        "care.contraindications.diabetes.adults",
        "care.contraindications.diabetes.share.adults; found a key of an earlier version",
    ),
    (
        "care.regimen.adults.first.pulses={number=3, after_weeks=12, every_days=2, mg_per_m2=500, cap_mg=1000, "
        "round_to_mg=10, counts_as_days=5}",
        "care.regimen.adults.first.pulses.after_weeks",
        "fewer weeks than resistance_weeks, 12; found 12",
    ),
    ("care.cut_fractoin=0.5", "care.cut_fractoin", "unknown key; nearest: cut_fraction"),
    (f"{BAND}.lesion_mix.fsg=0.1", f"{BAND}.lesion_mix.fsg", "unknown key; nearest: fsgs"),
    ("care.toxicities.osteonecrosi={action='cut'}", "care.toxicities.osteonecrosi", "nearest: osteonecrosis"),
    (f"{BAND}.share=0.8", "population.bands", "shares of the age bands that sum to 1"),
    (f"{BAND}.lesion_mix.fsgs=0.9", f"{BAND}.lesion_mix", "lesion shares that sum to 1"),
    (f"{BAND}.to_years=10", f"{BAND}.to_years", "an age above from_years, 18 (years); found 10"),
    (f"{BAND}.from_years=17", f"{BAND}.from_years", "bands that do not overlap"),
    (
        "disease.response.adults.iga.complete=0.9",
        "disease.response.adults.iga",
        "complete + partial of at most 1; found 1.25",
    ),
    ("care.regimen.elderly={home_diary=true}", "care.regimen.elderly", "no such band"),
    (
        "care.contraindications.diabetes.share.adult=0.1",
        "care.contraindications.diabetes.share.adult",
        "no such band; nearest: adults",
    ),
    (
        "disease.death.rate_per_year={adults=0.1}",
        "disease.death.rate_per_year",
        "disease.death.background_per_year (by the ages of from_years); found a key of an earlier version",
    ),
    (
        f"{BAND}.weight_log_sd=0.1",
        f"{BAND}.weight_log_sd",
        "male_weight_spread and female_weight_spread; found a key of an earlier version",
    ),
    (
        f"{BAND}.lesion_from_years.iga=95",
        f"{BAND}.lesion_from_years.iga",
        "an age below to_years, 90 (years); found 95",
    ),
    (
        "population.growth.female_weight_power=[0,0,0,0,0,0,0,0,0,0,0,0,-3]",
        "population.growth.female_weight_power",
        "at most 0.9; found a larger product",
    ),
    (
        f"{DELAY}={{dist='lognrm', s=1}}",
        DELAY,
        'a supported distribution of scipy.stats, or fixed; found "lognrm"; nearest: lognorm',
    ),
    (f"{DELAY}={{dist='lognorm', scale=1}}", DELAY, "found no s"),
    (f"{DELAY}={{dist='lognorm', s=1, scael=2}}", DELAY, "unknown scael; nearest: scale"),
    (
        f"{DELAY}={{dist='lognorm', s=1, scale=-2}}",
        DELAY,
        "scale from 1e-06 to 1000000 in lognorm; found s = 1, scale = -2",
    ),
    (f"{DELAY}={{dist='lognorm', s='1'}}", f"{DELAY}.s", "a number; found the text"),
    (f"{DELAY}={{dist='lognorm', s=nan}}", f"{DELAY}.s", "found nan"),
    (f"{DELAY}={{dist='poisson', mu=2}}", DELAY, "a supported distribution of scipy.stats"),
    (f"{DELAY}={{dist='fixed', loc=2}}", DELAY, "the parameters of fixed: value; found unknown loc"),
    (f"{DELAY}={{dist='fixed', value=-2}}", DELAY, "values of at least 0 (days); found fixed with values down to -2"),
    (f"{DELAY}={{dist='norm', loc=3, scale=1}}", DELAY, "values of at least 0 (days)"),
    (f"{UPCR}={{dist='fixed', value=0}}", UPCR, "values of at least 0.0001 (mg/mg); found fixed with values down to 0"),
    (f"{UPCR}={{dist='norm', loc=3, scale=1}}", UPCR, "values of at least 0.0001 (mg/mg)"),
    (f"{DELAY}=3", DELAY, "a distribution such as"),
    (f"{DELAY}={{dist=3}}", f"{DELAY}.dist", "a text"),
    (
        "care.adherence.taken_fraction={dist='uniform', scale=2}",
        "care.adherence.taken_fraction",
        "values of at most 1 (fraction)",
    ),
    (f"{BAND}.age_years={{dist='norm', loc=5, scale=1}}", f"{BAND}.age_years", "values from 18 to"),
    (f"{BAND}.age_years={{dist='fixed', value=5}}", f"{BAND}.age_years", "values from 18 to"),
    ("population.growth.male_height_cm=[100]", "population.growth.male_height_cm", "as many entries as age_years"),
    ("population.growth.age_years=[]", "population.growth.age_years", "at least one number"),
    ("triggers.infection.from_years=[0, 5, 4]", "triggers.infection.from_years", "a list that rises; found [0, 5, 4]"),
    (
        "triggers.infection.from_years=[0,1,2,3,4,5,6,7,8]",
        "triggers.infection.from_years",
        "a list of at most 8, each a number",
    ),
    ("care.regimen.adults.visits.taper_days=0.5", "care.regimen.adults.visits.taper_days", "from 1 to 36525 (days)"),
    ("triggers.infection.from_years=[1]", "triggers.infection.from_years", "a list that starts at 0"),
    ("triggers.infection.shape=[1]", "triggers.infection.shape", "as many entries as from_years"),
    (
        "disease.relapse.bands.adults.since_remission_factor=[1, 1, 1, 1, 1, 1, 1]",
        "disease.relapse.bands.adults.since_remission_factor",
        "as many entries",
    ),
    ("readings.dipstick.cuts_mg_per_dl=[1, 2, 3]", "readings.dipstick.cuts_mg_per_dl", "5 lower cuts"),
    ("readings.reference.upcr=[1]", "readings.reference.upcr", "a list of 2 numbers; found a list of 1"),
    ("readings.reference.upcr=[1, 2, 3]", "readings.reference.upcr", "a list of 2 numbers; found a list of 3"),
    ("readings.reference.upcr=[2, 1]", "readings.reference.upcr", "a lower and a higher limit"),
    (f"{TAPER}.resistance_weeks=2", f"{TAPER}.resistance_weeks", "a number at least full_dose_weeks, 8; found 2"),
    (
        "care.regimen.adults.watch.relapse_mg_per_mg=0.1",
        "care.regimen.adults.watch.relapse_mg_per_mg",
        "a number above remission_mg_per_mg",
    ),
    (f"{TAPER}.dose.per=full", f"{TAPER}.dose.per", "m2, kg or patient"),
    (f"{TAPER}.taper.1.amount=0.95", f"{TAPER}.taper.1", "a dose that does not rise"),
    (f"{TAPER}.taper.0.amount=1.5", f"{TAPER}.taper.0", "a dose that does not rise"),
    (f"{TAPER}.taper.0.weeks=0", f"{TAPER}.taper.0.weeks", "a number from 0.1 to 1040 (weeks); found 0"),
    (f"{TAPER}.taper.0.weeks=-1", f"{TAPER}.taper.0.weeks", "a number from 0.1 to 1040 (weeks); found -1"),
    (f"{TAPER}.taper.77.weeks=1", f"--set {TAPER}.taper.77.weeks", "no 77 in it"),
    ("patients.x=1", "--set patients.x", "no x in it"),
    ("cares.cut_fraction=0.5", "--set cares.cut_fraction", "nearest: care"),
    ("patients", "--set", "KEY=VALUE"),
    ("=3", "--set", "KEY=VALUE"),
    ("sources.care=S1", "--set sources.care", "only a file sets"),
    ("extends=baseline", "--set extends", "only a file sets"),
]


@pytest.mark.parametrize(
    ("override", "path", "words"), WRONG, ids=[f"{path}-{place}" for place, (_, path, _) in enumerate(WRONG)]
)
def test_a_wrong_value_is_reported(override, path, words):
    with pytest.raises(ScenarioError) as caught:
        load("baseline", [override])
    messages = {problem.path: str(problem) for problem in caught.value.problems}
    assert words in messages[path]


def test_a_new_band_needs_its_tables(problems):
    reported = problems(overrides=("population.bands.elderly={share=0.0}",))
    assert "nothing: the key is missing" in reported["care.regimen.elderly"].actual
    assert "nothing: the key is missing" in reported["population.bands.elderly.lesion_mix"].actual


def test_a_lesion_that_occurs_needs_its_tables(write):
    lines = shipped()["baseline"].read_text("utf-8").splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("c1q = { share"))
    with pytest.raises(ScenarioError, match=r"disease\.spontaneous\.c1q: expected an entry for each lesion"):
        load(write(text, extends=None))


@pytest.mark.parametrize(
    ("table", "key", "expected"),
    [
        (("chart", "decimals"), "cholesterol", "a whole number from 0 to 6 (decimals)"),
        (("readings", "reference"), "weight", "a list of 2 numbers"),
        (("care", "toxicities"), "cataract", "a table"),
    ],
)
def test_every_analyte_and_condition_has_its_entry(table, key, expected):
    values = load("baseline").as_dict()
    here = values["scenario"]
    for part in table:
        here = here[part]
    del here[key]
    with pytest.raises(ScenarioError) as caught:
        Resolved.from_dict(values)
    problem = {problem.path: problem for problem in caught.value.problems}[".".join((*table, key))]
    assert (problem.expected, problem.actual) == (expected, "nothing: the key is missing")


def test_missing_keys_say_what_they_would_be(write):
    with pytest.raises(ScenarioError) as caught:
        load(write("patients = 1\n", extends=None))
    reported = {problem.path: problem for problem in caught.value.problems}
    assert reported["seed"].actual == "nothing: the key is missing"
    assert reported["care"].expected == "a table"


@pytest.mark.parametrize("engine", ["auto", "compiled", "simpy"])
@pytest.mark.parametrize("slots", [3, '"unlimited"'])
def test_every_engine_goes_with_every_clinic(engine, slots):
    load("baseline", [f"engine={engine}", f"care.clinic.slots={slots}"])


def test_all_problems_at_once(problems):
    text = """
patients = 0
population.bands.adults.share = 0.9
care.cut_fractoin = 1
care.clinic.slots = "many"
care.cut_fraction = 0.9
[sources]
"chart" = "NOPE"
"""
    assert set(problems(text)) == {
        "patients",
        "population.bands",
        "population.bands.adults.share",
        "care.cut_fractoin",
        "care.clinic.slots",
        "care.cut_fraction",
        "sources.chart",
    }


def test_a_problem_of_an_ancestor_names_its_file(write):
    write("patients = 0", name="first.toml")
    with pytest.raises(ScenarioError) as caught:
        load(write("replicates = 0", extends="first.toml"))
    assert {problem.path: problem.file for problem in caught.value.problems} == {
        "patients": "first.toml",
        "replicates": "",
    }


def test_the_message_is_ready_to_print(write):
    with pytest.raises(ScenarioError) as caught:
        load("baseline", ["patients=0", "seed=x"])
    assert str(caught.value) == (
        "scenario baseline has 2 problems:\n"
        "  patients: expected a whole number from 1 to 100000000 (count); found 0\n"
        f'  seed: expected a whole number from 0 to {2**63 - 1}; found the text "x"'
    )
