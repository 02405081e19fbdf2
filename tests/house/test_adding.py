"""The instructions in CONTRIBUTING for adding something, followed in a copy of the package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .source import PACKAGE, ROOT

pytestmark = pytest.mark.slow

AGENT = '    DrugEntry("ofatumumab", "anti_cd20", ("intravenous",), "L01FA02", None),\n'
REGIMEN = """\
extends = "modern-children"
title = "Ofatumumab at the first dose of steroid"
description = "A copy of the package with one more agent."

[second_line.policy.children]
starts = [
    { when = "steroid_start", number = 1, delay_days = 7, lesions = ["any"], sequence = ["ofatumumab"], overlap_days = 0, steroid = "as_planned" },
]

[second_line.regimens.ofatumumab]
drug = "ofatumumab"
dose = { amount = 300, per = "m2", cap_mg = 1000, round_to_mg = 100 }
every_days = 14
course_days = 14
courses = 2
least_days_between_courses = 180
most_mg_per_kg = "unlimited"
most_g = "unlimited"
onset_days = { dist = "fixed", value = 7 }
offset_days = { dist = "lognorm", s = 0.25, scale = 300 }
relapse_factor = 0.12
rebound_factor = 1.0
rebound_days = 0
sensitive_response = 0.5
time_to_response_days = { dist = "lognorm", s = 0.6, scale = 60 }
fails_at_relapses = 2
fails_after_days = 183
visit_days = 28
infection_factor = 1.3
withdraw_steroid = true
not_with = ["tuberculosis", "hepatitis"]
toxicities = { infusion_reaction = { rate_per_year = 18.0, action = "none" } }

[second_line.regimens.ofatumumab.resistant_response]
minimal_change = { complete = 0.35, partial = 0.25 }
fsgs = { complete = 0.20, partial = 0.30 }
membranous = { complete = 0.20, partial = 0.40 }
mesangial_proliferative = { complete = 0.25, partial = 0.30 }
membranoproliferative = { complete = 0.05, partial = 0.15 }
c1q = { complete = 0.20, partial = 0.20 }
iga = { complete = 0.05, partial = 0.10 }

[sources]
"second_line.policy.children.starts" = "assumed: everybody, so that the agent is seen"
"second_line.regimens.ofatumumab" = "assumed: as rituximab"
"""  # noqa: E501


@pytest.fixture
def package(tmp_path):
    """A copy of the package with its scenarios, as a wheel has them."""
    copy = shutil.copytree(PACKAGE, tmp_path / "nephrosyn", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "scenarios", copy / "scenarios")
    return copy


def printed(package: Path, code: str) -> str:
    """Output of Python code that uses the copy of the package, with the model interpreted."""
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment, cwd=package.parent, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def append(file: Path, before: str, text: str) -> None:
    """Insert text before a line that occurs once in a file."""
    source = file.read_text(encoding="utf-8")
    assert source.count(before) == 1
    file.write_text(source.replace(before, text + before), encoding="utf-8")


def test_an_agent(package):
    append(package / "vocabulary.py", ')\n"""All drugs. To add one', AGENT)
    (package / "scenarios" / "one-more-agent.toml").write_text(REGIMEN, encoding="utf-8")
    code = (
        "import nephrosyn as ns; from nephrosyn.criteria.clauses.second_line_resistance import CLASS_NAMES, CLASS_OF\n"
        "cohort = ns.run('one-more-agent', patients=2, seed=1, overrides=['population.follow_up_days=60'])\n"
        "given = cohort.doses['drug'].to_list()\n"
        "print(given.count('ofatumumab'), CLASS_NAMES[CLASS_OF[-1]])"
    )
    count, mechanism = printed(package, code).split()
    assert int(count) >= 2
    assert mechanism == "anti_cd20"


def test_a_definition_set(package):
    text = (package / "criteria" / "sets" / "source.toml").read_text(encoding="utf-8")
    text = text.replace('name = "source"', 'name = "eight-weeks"').replace(
        "course = { value = 12", "course = { value = 8"
    )
    (package / "criteria" / "sets" / "eight-weeks.toml").write_text(text, encoding="utf-8")
    code = (
        "from nephrosyn import criteria; "
        "print('eight-weeks' in criteria.sets(), criteria.load('eight-weeks').resistance.course.value)"
    )
    assert printed(package, code) == "True 8"


def test_a_scenario(package):
    (package / "scenarios" / "seldom-seen.toml").write_text(
        'extends = "baseline"\ntitle = "Seldom seen"\ndescription = "Every second visit is missed."\n'
        '[chart]\nmissed_visit_probability = 0.5\n[sources]\n"chart.missed_visit_probability" = "assumed: a trial"\n',
        encoding="utf-8",
    )
    code = (
        "from nephrosyn.scenario import load, shipped; "
        "print('seldom-seen' in shipped(), load('seldom-seen').scenario.chart.missed_visit_probability)"
    )
    assert printed(package, code) == "True 0.5"


def test_a_column(package):
    append(
        package / "record" / "schema.py",
        '            "biopsy_days"',
        '            "insured": Column(pl.Boolean, "has insurance"),\n',
    )
    code = (
        "from nephrosyn.record.schema import OBSERVED, TABLES; "
        "print('insured' in OBSERVED['patients'], TABLES['patients'].columns['insured'].text)"
    )
    assert printed(package, code) == "True has insurance"


def test_an_export_format(package):
    (package / "teach" / "formats" / "titles.py").write_text(
        "def write(sets, primary, folder):\n"
        "    path = folder / 'cases-titles.txt'\n"
        "    path.write_text('\\n'.join(case.id for case in sets[primary].cases))\n"
        "    return [path]\n",
        encoding="utf-8",
    )
    append(
        package / "teach" / "formats" / "registry.py",
        '    "json": Format(',
        '    "titles": Format("nephrosyn.teach.formats.titles", "cases-titles.txt"),\n',
    )
    code = "from nephrosyn.teach.formats.registry import writer; print(writer('titles').__module__)"
    assert printed(package, code) == "nephrosyn.teach.formats.titles"


def test_a_figure(package):
    append(
        package / "report" / "figures" / "__init__.py",
        '    "views": ReportFigure(',
        '    "again": ReportFigure("Relapses once more", lambda findings: relapses(findings.histogram)),\n',
    )
    code = "from nephrosyn.report.figures import FIGURES; print(FIGURES['again'].title)"
    assert printed(package, code) == "Relapses once more"


def test_a_perturbation(package):
    folder = package / "bench" / "perturbations"
    (folder / "silence.py").write_text("def silent(record, level):\n    return []\n", encoding="utf-8")
    with (folder / "constants.toml").open("a", encoding="utf-8") as table:
        table.write(
            '\n[silence]\ndoes = "silence.silent"\ntitle = "Nothing"\nkind = "record"\nmechanism = "none"\n'
            'what = "Nothing is changed."\n'
            'share = { values = [0.1, 0.2, 0.3, 0.4, 0.5], unit = "", source = "assumed" }\n'
        )
    code = (
        "from nephrosyn.bench.perturbations.perturb import function_of, PERTURBATIONS; "
        "print('silence' in PERTURBATIONS, function_of('silence').__name__)"
    )
    assert printed(package, code) == "True silent"
