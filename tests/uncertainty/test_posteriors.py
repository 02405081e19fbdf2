"""Numbers known by a table of draws: reading it, drawing its rows, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

import nephrosyn as ns
from nephrosyn.errors import ScenarioError
from nephrosyn.evidence.sensitivity.analysis import ranges_of
from nephrosyn.scenario import Resolved, load, shipped
from nephrosyn.scenario.describe import uncertainty
from nephrosyn.scenario.files.catalogue import shipped_posteriors
from nephrosyn.scenario.files.posteriors import parsed
from nephrosyn.scenario.schema.uncertainty import Posterior
from nephrosyn.scenario.tree import get, split
from nephrosyn.uncertainty import draw, uncertainty_of

RATE = "disease.relapse.bands.children.rate_per_year"
SHAPE = "disease.relapse.bands.children.frailty_shape"
SHARE = "disease.relapse.bands.children.threshold_share"
COMPLETE = "disease.response.children.fsgs.complete"
SOURCE = 'source = "assumed: a test"'
ROWS = 50


def table():
    """A table of two related numbers: the baseline's 1.0 and 0.6 lie within."""
    place = np.arange(ROWS) * 7 % ROWS / ROWS
    return "\n".join([f"made:{RATE},made:{SHAPE}", *(f"{0.5 + at:.4g},{1.1 - at:.4g}" for at in place)]) + "\n"


@pytest.fixture
def own(tmp_path):
    def loaded(text, name="own.toml", extends="baseline", draws=None):
        (tmp_path / "tables").mkdir(exist_ok=True)
        (tmp_path / "tables" / "made.csv").write_text(draws or table(), "utf-8")
        file = tmp_path / name
        file.write_text(f'extends = "{extends}"\n{text}', "utf-8")
        return load(file)

    return loaded


BOTH = f"""
[uncertainty]
"{RATE}" = {{ posterior = "tables/made.csv", {SOURCE} }}
"{SHAPE}" = {{ posterior = "tables/made.csv", {SOURCE} }}
"""


def values(resolved, *keys):
    tree = resolved.scenario.model_dump(mode="json")
    return tuple(get(tree, split(key)) for key in keys)


def test_a_draw_takes_one_row_for_all_numbers_of_a_table(own):
    resolved = own(BOTH)
    columns = parsed(table())
    rows = set(zip(*columns.values(), strict=True))
    drawn = [values(draw(resolved, place), RATE, SHAPE) for place in range(30)]
    assert set(drawn) <= rows
    assert len(set(drawn)) > 15
    assert stats.spearmanr(*np.array(drawn).T).statistic == pytest.approx(-1.0)


def test_other_numbers_are_not_moved_by_a_table(own):
    with_table, without = draw(own(BOTH), 3).scenario, draw(own("", "bare.toml"), 3).scenario
    assert with_table.disease.response == without.disease.response
    assert with_table.triggers == without.triggers
    relapse, other = with_table.disease.relapse.bands["children"], without.disease.relapse.bands["children"]
    assert relapse.threshold_share == other.threshold_share


def test_scenarios_with_the_same_table_draw_the_same_row(own):
    first, second = (
        own(BOTH),
        own(
            '[population]\nfollow_up_days = 400\n[sources]\n"population.follow_up_days" = "assumed: a test"',
            "second.toml",
            "own.toml",
        ),
    )
    assert values(draw(first, 5), RATE, SHAPE) == values(draw(second, 5), RATE, SHAPE)


def test_a_number_that_is_changed_leaves_the_others_in_the_table(own):
    own(BOTH)
    changed = own(
        f'[disease.relapse.bands.children]\nfrailty_shape = 0.7\n[sources]\n"{SHAPE}" = "assumed: a test"',
        "third.toml",
        "own.toml",
    )
    assert [
        quantity.entry for quantity in uncertainty_of(changed) if quantity.names == ("posterior:tables/made.csv",)
    ] == [RATE]
    assert values(draw(changed, 4), SHAPE) == (0.7,)


def test_a_manifest_holds_the_draws(own, tmp_path):
    resolved = own(BOTH)
    again = json.loads(json.dumps(resolved.as_dict()))
    (tmp_path / "tables" / "made.csv").unlink()
    reread = Resolved.from_dict(again)
    assert reread.scenario == resolved.scenario
    assert draw(reread, 2).scenario == draw(resolved, 2).scenario
    assert resolved.digest() == own("", "bare.toml").digest()


@pytest.mark.slow
def test_a_run_needs_no_table_once_it_is_made(own, tmp_path):
    own(BOTH)
    ns.run(str(tmp_path / "own.toml"), patients=20, uncertainty=20, out=tmp_path / "run", report=False)
    (tmp_path / "tables" / "made.csv").unlink()
    known = ns.open(tmp_path / "run").uncertainty
    assert known.counts["draw"].n_unique() == 20
    laws = json.loads((tmp_path / "run" / "manifest.json").read_text("utf-8"))["uncertainty"]["quantities"]
    assert [law["law"] for law in laws if law["keys"] == [SHAPE]] == ["0.145 to 1.08 (95%, posterior tables/made.csv)"]


def test_it_is_shown_with_the_interval_of_the_number_alone(own):
    assert uncertainty(own(BOTH))[SHAPE] == "0.145 to 1.08, 95%, by draws of tables/made.csv (assumed)"


def test_the_source_is_that_of_the_number_by_default(own):
    entry = own(BOTH.replace(f", {SOURCE}", "")).scenario.uncertainty[SHAPE]
    assert isinstance(entry, Posterior)
    assert entry.source == load("baseline").origins[SHAPE]


def test_sensitivity_takes_the_interval_of_the_number_alone(own):
    (range_,) = [one for one in ranges_of(own(BOTH)) if one.key == SHAPE]
    assert (range_.low, range_.high) == pytest.approx(np.quantile(parsed(table())[f"made:{SHAPE}"], [0.025, 0.975]))


def test_partial_response_stays_when_complete_response_was_calibrated(own):
    draws = f"made:{COMPLETE}\n" + "".join(f"{0.2 + at / 200:.4g}\n" for at in range(ROWS))
    resolved = own(f'[uncertainty]\n"{COMPLETE}" = {{ posterior = "tables/made.csv", {SOURCE} }}', draws=draws)
    partial = COMPLETE.replace("complete", "partial")
    assert values(draw(resolved, 1), partial) == values(resolved, partial)
    with pytest.raises(ScenarioError, match="sum to at most 1"):
        high = draws.replace("0.445", "0.995")
        own(f'[uncertainty]\n"{COMPLETE}" = {{ posterior = "tables/made.csv", {SOURCE} }}', draws=high)


def column(numbers, name=f"made:{SHAPE}"):
    return "\n".join([name, *map(str, numbers)])


WRONG = [
    ('posterior = "childrn-relapse"', None, "nearest: children-relapse"),
    ('posterior = "tables/none.csv"', None, "the path of a CSV file"),
    ('posterior = ""', None, "the name of a table of draws"),
    ('posterior = "tables/made.csv", column = "made:x"', None, "a column of tables/made.csv"),
    ('posterior = "tables/made.csv", draws = [1, 2]', None, "a list of 20 to 10,000 numbers"),
    ('posterior = "tables/made.csv"', column(range(30), "a:b"), f"a table with a column of {SHAPE}"),
    ('posterior = "tables/made.csv"', column(["1,1"] * 30, f"a:{SHAPE},b:{SHAPE}"), f"column = one of a:{SHAPE}, b:"),
    ('posterior = "tables/made.csv"', column([0.5, 0.7] * 5), "20 to 10,000 rows"),
    ('posterior = "tables/made.csv"', column([0.5, 0.7, "x"] * 10), '"x" in line 4'),
    ('posterior = "tables/made.csv"', column([0.5, "0.7,1"] * 10), "2 in line 3"),
    ('posterior = "tables/made.csv"', column([0.5, "nan"] * 10), "numbers in each row"),
    ('posterior = "tables/made.csv"', column([0.5] * 20, f"a:{SHAPE},a:{SHAPE}"), "names each column once"),
    ('posterior = "tables/made.csv"', column([0.5, 1e6] * 10), "draws within the limits of the number"),
    ('posterior = "tables/made.csv"', column([0.65, 0.7] * 10), "draws around the value, 0.6"),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "draws", "words"), WRONG, ids=[str(place) for place in range(len(WRONG))])
def test_a_table_that_cannot_be_used_is_refused_by_name(own, entry, draws, words):
    with pytest.raises(ScenarioError) as caught:
        own(f'[uncertainty]\n"{SHAPE}" = {{ {entry}, {SOURCE} }}', draws=draws)
    (problem,) = caught.value.problems
    assert problem.path.startswith(f"uncertainty.{SHAPE}")
    assert words in str(problem)


def test_draws_of_a_manifest_are_of_one_table(own):
    resolved = own(BOTH).as_dict()
    del resolved["scenario"]["uncertainty"][SHAPE]["draws"][-1]
    with pytest.raises(ScenarioError, match=r"50 draws, as of the other numbers of tables/made.csv"):
        Resolved.from_dict(resolved)


def test_a_shipped_scenario_draws_each_table_jointly():
    """The rank correlations of 300 draws are those of the table, within 3.5 of their standard errors."""
    resolved = load("setting-china-ssns")
    keys = [RATE, SHAPE, SHARE]
    entries = [resolved.scenario.uncertainty[key] for key in keys]
    assert {entry.posterior for entry in entries} == {"children-relapse"}
    drawn = stats.spearmanr(np.array([values(draw(resolved, place), *keys) for place in range(100)])).statistic
    stored = stats.spearmanr(np.array([entry.draws for entry in entries]).T).statistic
    for place in ((0, 1), (0, 2), (1, 2)):
        assert abs(np.arctanh(drawn[place]) - np.arctanh(stored[place])) < 3.5 * np.sqrt(1.06 / 97)
    assert abs(stored[0, 1]) > 0.4


def test_every_shipped_table_is_used_and_every_calibrated_number_has_one():
    used = set()
    for name in shipped():
        resolved = load(name)
        entries = resolved.scenario.uncertainty
        used |= {entry.posterior for entry in entries.values() if isinstance(entry, Posterior)}
        assert not [key for key, entry in entries.items() if "is not stored" in getattr(entry, "fixed", "")], name
    assert used == set(shipped_posteriors())


def test_settings_that_were_calibrated_apart_are_related_by_the_shared_numbers_only():
    """Toronto's two shares who never relapse hang on its rate, which hangs on the shape: given the rate they are free.

    The partial rank correlation given the rate is within 3.5 standard errors of 0.
    """
    columns = parsed(shipped_posteriors()["children-relapse"].read_text("utf-8"))
    never = "disease.relapse.bands.children.never_relapsing_share"
    names = [f"setting-toronto-{name}:{never}" for name in ("south-asian", "east-asian")]
    earlier = [name for name in columns if name not in names]
    ranks = np.array([stats.rankdata(columns[name]) for name in [*earlier, *names]])
    partial = -np.linalg.inv(np.corrcoef(ranks))[-1, -2]
    scale = np.linalg.inv(np.corrcoef(ranks)).diagonal()
    assert abs(np.arctanh(partial / np.sqrt(scale[-1] * scale[-2]))) < 3.5 / np.sqrt(400 - len(earlier) - 3)
