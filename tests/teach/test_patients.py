"""Cases of patients that are named."""

from __future__ import annotations

import json

import pytest

import nephrosyn as ns
from nephrosyn.errors import CasesError
from nephrosyn.vocabulary import plain_name


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("named") / "run"
    return ns.run("baseline", patients=40, seed=3, criteria=["source", "ipna-2022"], out=folder, report=False)


def test_a_case_is_of_the_patient_named(run, cli, tmp_path):
    made = cli("cases", run.folder, "--patient", "7", "--format", "json", "--out", tmp_path / "cases")
    assert made.exit_code == 0, made.stderr
    (case,) = json.loads((tmp_path / "cases" / "cases-si.json").read_text(encoding="utf-8"))["cases"]
    category = run.labels.filter(patient=7, criteria="source", view="observed")["category"].item()
    (key,) = (option["text"] for option in case["stages"][0]["questions"][0]["options"] if option["credit"])
    assert key.lower() == plain_name(category)
    assert run.cases(1, patients=(7,)).cases[0].id == case["id"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"patients": (40,)}, "patient: expected 0 to 39, of the first replicate; got 40"),
        ({"patients": (7, 8), "count": 3}, "patient: 2 of the 2 patients named give single cases by source"),
    ],
)
def test_patients_who_give_no_case_are_named(run, options, said):
    with pytest.raises(CasesError, match=said):
        run.cases(**{"count": 1, **options})


def test_a_set_that_is_not_for_the_patient_is_named(run):
    adult = run.tables["patients"].filter(band="adults")["patient"][0]
    with pytest.raises(CasesError, match="the definition set ipna-2022 applies to none of them"):
        run.cases(1, patients=(adult,), criteria=("ipna-2022",))
