"""Write the page on the effects of care: statements of the source texts as paired comparisons (``make docs``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nephrosyn as ns
from nephrosyn.comparison.care.comparison import Comparison
from nephrosyn.comparison.care.findings import Row
from nephrosyn.comparison.care.page import difference
from nephrosyn.comparison.care.tables import CHANCE, NUMBERS, line
from nephrosyn.comparison.drawn_numbers import MOST_PATIENTS
from nephrosyn.report.figures import paired_differences as figure
from nephrosyn.vocabulary import NOTICE

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "explanation" / "what-care-changes.md"
FIGURES = DOCS / "figures"
PATIENTS, SEED, DRAWS = 2000, 1, 50
BANDS = ("children", "adults")

INTRODUCTION = """\
Statements of the source texts compare one kind of care with another. Here the model answers each as a question
about the same patients: both arms have the same patients, the same seed and the same random numbers, and differ only in
care, so every difference is within patients ([how to compare](../how-to/compare-care.md)). The results follow from the
assumptions of the [model](model-second-line.md). They are not evidence that a treatment works."""
READING = """\
Differences are the second arm minus the first, with two 95% intervals: by chance alone, and *with the numbers*, which
also covers what the sources of the scenarios leave open ({draws} draws of {drawn} patients; in the figures, thick and
thin lines). What holds in the first but not in the second is so with the numbers of the scenario, and not known
otherwise. *Better*, *same* and *worse* count patients under
the second arm. The last column is the factor by which the number of patients would have to grow in two unpaired groups
to give an interval as narrow."""


@dataclass(frozen=True)
class Arm:
    """One kind of care: a scenario and its overrides."""

    label: str
    scenario: str
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """A statement of the source texts, and the two arms that test it in the model."""

    statement: str
    title: str
    says: str
    compared: str
    first: Arm
    second: Arm
    outcomes: tuple[str, ...]


def mycophenolate(overlap_days: int) -> tuple[str, ...]:
    """Return a policy: mycophenolate from the first relapse on, steroid withdrawn after an overlap."""
    rule = (
        "{when = 'relapse', number = 1, delay_days = 14, lesions = ['any'], sequence = ['mycophenolate'], "
        f"overlap_days = {overlap_days}, steroid = 'withdraw'}}"
    )
    return tuple(f"second_line.policy.{band}.starts=[{rule}]" for band in BANDS)


def started(when: str, sequence: str, *, delay_days: int = 0, overlap_days: int = 28) -> tuple[str, ...]:
    """Return a policy of one rule for both age bands."""
    rule = (
        f"{{when = '{when}', number = 1, delay_days = {delay_days}, lesions = ['any'], sequence = {sequence}, "
        f"overlap_days = {overlap_days}, steroid = 'as_planned'}}"
    )
    return tuple(f"second_line.policy.{band}.starts=[{rule}]" for band in BANDS)


def treated(complication: str, factor: str, treated_days: int, found_days: int) -> tuple[str, ...]:
    """Return how soon a complication is treated, and how soon a search finds it where it is hidden."""
    return (
        f"complications.{complication}.course.treated_after_days={{dist = 'fixed', value = {treated_days}}}",
        f"provoking_factors.factors.{factor}.found_after_days={{dist = 'fixed', value = {found_days}}}",
        "provoking_factors.search='presentation'",
    )


def refusal(share: float) -> tuple[str, ...]:
    """Return the share of patients who refuse immunosuppressants at first, for a year or until the next relapse."""
    return tuple(f"second_line.policy.{band}.refusal.share={share}" for band in BANDS)


def stopping(rule: str) -> tuple[str, ...]:
    """Return a stopping rule for both age bands."""
    return tuple(f"second_line.policy.{band}.stopping.rule='{rule}'" for band in BANDS)


HALF = (
    "second_line.regimens.cyclophosphamide_small.course_days=37",
    "second_line.regimens.cyclophosphamide_small.most_mg_per_kg=75",
)
SMALL, LARGE = "cyclophosphamide-small-doses", "cyclophosphamide-large-doses"
DISEASE = ("relapses_per_year", "complete_remission_fraction", "prednisone_mg_per_kg")
REACTIONS = ("cyclophosphamide_mg_per_kg", "agent_toxicity_gut_reaction", "agent_toxicity_gonadal_damage")
INFECTION = ("serious_infection", "hidden_infection")
THROMBOSIS = ("venous_thrombosis", "hidden_thrombosis")
FIVE_YEARS = "population.follow_up_days=1826"
ENDS = ("complication_serious_infection", "kidney_failure", "death", "refractory")

QUESTIONS = (
    Question(
        "S7",
        "Treating infection late or early",
        "Infection keeps steroid from working, and is to be treated in time.",
        "Two years of `false-refractory`. A serious infection is treated after six weeks or three days, a hidden one "
        "is found after half a year or a week.",
        Arm("late", "false-refractory", treated(*INFECTION, 42, 183)),
        Arm("early", "false-refractory", treated(*INFECTION, 3, 7)),
        (*DISEASE, *ENDS),
    ),
    Question(
        "S7",
        "Treating renal vein thrombosis late or early",
        "Renal vein thrombosis keeps steroid from working, and is to be treated in time.",
        "Two years of `false-refractory`. A thrombosis is treated after three months or a week, a hidden one is found "
        "after half a year or a week.",
        Arm("late", "false-refractory", treated(*THROMBOSIS, 91, 183)),
        Arm("early", "false-refractory", treated(*THROMBOSIS, 7, 7)),
        (*DISEASE, *ENDS),
    ),
    Question(
        "S13",
        "Large or small single doses of cyclophosphamide with the same total",
        "Protection follows the cumulative dose, acute reactions follow the single dose.",
        "Minimal change disease over five years; from the first relapse on, 150 mg/kg in all: as tablets of 2 mg/kg "
        f"every day (`{SMALL}`), or as infusions of 15 mg/kg every four weeks (`{LARGE}`).",
        Arm("small doses", SMALL),
        Arm("large doses", LARGE),
        (*DISEASE, *REACTIONS),
    ),
    Question(
        "S13",
        "Half the cumulative dose",
        "Protection follows the cumulative dose.",
        f"The small doses of `{SMALL}` to 150 mg/kg, or stopped at 75 mg/kg.",
        Arm("150 mg/kg", SMALL),
        Arm("75 mg/kg", SMALL, HALF),
        (*DISEASE, *REACTIONS),
    ),
    Question(
        "S14",
        "Withdrawing steroid at once or after an overlap",
        "Steroid works fast but fails on reduction, the agent is slow: steroid is kept while the agent builds up.",
        "Adults with minimal change disease who relapse get mycophenolate two weeks later (`adult-minimal-change` with "
        "a policy). Steroid is withdrawn when its full dose ends, or tapered as planned for twelve weeks first.",
        Arm("no overlap", "adult-minimal-change", mycophenolate(0)),
        Arm("twelve weeks' overlap", "adult-minimal-change", mycophenolate(84)),
        ("relapses_per_year", "complete_remission_fraction", "prednisone_mg_per_kg", "mycophenolate_mg_per_kg"),
    ),
    Question(
        "S17",
        "Cyclophosphamide or vincristine",
        "Vincristine is as effective as cyclophosphamide, and milder.",
        "Five years of `children-first-episode`: children who relapse frequently are given twelve weeks of "
        "cyclophosphamide by mouth, or eight weekly injections of vincristine.",
        Arm(
            "cyclophosphamide",
            "children-first-episode",
            (FIVE_YEARS, *started("frequent_relapse", "['cyclophosphamide_oral']", delay_days=14)),
        ),
        Arm(
            "vincristine",
            "children-first-episode",
            (FIVE_YEARS, *started("frequent_relapse", "['vincristine']", delay_days=14)),
        ),
        (*DISEASE, *REACTIONS, "agent_toxicity_leukopenia", "agent_toxicity_neuropathy", *ENDS),
    ),
    Question(
        "S18",
        "One agent or two at once in resistant disease",
        "Some patients need more than two immunosuppressants combined: steroid and two others.",
        "Five years of `adult-mixed-lesions`: when resistance is declared, tacrolimus is started, alone or together "
        "with mycophenolate.",
        Arm("tacrolimus", "adult-mixed-lesions", (FIVE_YEARS, *started("resistance", "['tacrolimus']"))),
        Arm(
            "tacrolimus and mycophenolate",
            "adult-mixed-lesions",
            (FIVE_YEARS, *started("resistance", "[['tacrolimus', 'mycophenolate']]")),
        ),
        (
            *DISEASE,
            "tacrolimus_mg_per_kg",
            "mycophenolate_mg_per_kg",
            "agent_toxicity_nephrotoxicity",
            "agent_toxicity_leukopenia",
            *ENDS,
        ),
    ),
    Question(
        "the text",
        "Refusing immunosuppressants at first or accepting them",
        "Patients are reluctant to take immunosuppressants, and lose time.",
        "Ten years of `source-combined-care`: everybody refuses at first, and accepts after a year or at the next "
        "relapse; or everybody accepts at once.",
        Arm("refused at first", "source-combined-care", refusal(1.0)),
        Arm("accepted", "source-combined-care", refusal(0.0)),
        (*DISEASE, *REACTIONS, *ENDS),
    ),
    Question(
        "S19",
        "Stopping after a fixed course or after half a year of clear urine",
        "An agent is stopped only after the urine has been clear for more than half a year.",
        "Ten years of `source-combined-care`, with the course length of each regimen, or by the rule of the source.",
        Arm("fixed course", "source-combined-care", stopping("course")),
        Arm("clear urine", "source-combined-care", stopping("clear_urine")),
        (*DISEASE, *REACTIONS, "mycophenolate_mg_per_kg", *ENDS),
    ),
    Question(
        "S20",
        "Steroid alone or with other agents",
        "Without other agents, relapse is almost inevitable.",
        "Ten years of `steroid-only` and of `source-combined-care`: the same patients and the same prevention.",
        Arm("steroid alone", "steroid-only"),
        Arm("combined care", "source-combined-care"),
        (*DISEASE, *REACTIONS, *ENDS),
    ),
)


def compared(
    question: Question,
    patients: int = PATIENTS,
    seed: int = SEED,
    draws: int | None = None,
    workers: int | None = 1,
) -> Comparison:
    """Run both arms and compare them, with draws of the uncertain numbers if wanted."""
    runs = [
        ns.run(arm.scenario, patients=patients, seed=seed, overrides=arm.overrides)
        for arm in (question.first, question.second)
    ]
    return ns.compare(*runs, uncertainty=draws, workers=workers)


def picked(question: Question, comparison: Comparison) -> list[Row]:
    """Return the outcomes of the question, in order; those that occurred in neither arm are left out."""
    rows = {row.outcome.name: row for row in comparison.contrasts[0].rows}
    return [rows[name] for name in question.outcomes if name in rows]


def part(number: int, question: Question, workers: int | None = 1) -> tuple[str, str]:
    """Return a section of the page and its figure."""
    rows = picked(question, compared(question, draws=DRAWS, workers=workers))
    drawn_rows = [difference(row, question.second.label) for row in rows]
    head = ("outcome", "unit", question.first.label, question.second.label, CHANCE, NUMBERS)
    head = (*head, "better", "same", "worse", "patients if unpaired")
    cells = [[cell for place, cell in enumerate(line(row, drawn=True)) if place != len(head) - 1] for row in rows]
    table = ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *cells)]
    name = f"care-{number}.svg"
    title = f"## {number}. {question.title} ({question.statement})"
    picture = f"![Paired differences: {question.title}](../figures/{name})"
    text = [title, f"*The source:* {question.says}", question.compared, "\n".join(table), picture]
    return "\n\n".join(text), figure.draw(drawn_rows, question.first.label)


def main() -> None:
    """Write the page and its figures."""
    parts = []
    for number, question in enumerate(QUESTIONS, 1):
        text, drawn = part(number, question, workers=None)
        parts.append(text)
        (FIGURES / f"care-{number}.svg").write_text(drawn, encoding="utf-8")
    size = f"{PATIENTS:,} patients in each arm, seed {SEED}."
    head = [
        "# What care changes",
        f"{NOTICE} Generated by `make docs`; do not edit.",
        INTRODUCTION,
        f"{READING.format(draws=DRAWS, drawn=f'{MOST_PATIENTS:,}')} {size}",
    ]
    PAGE.write_text("\n\n".join([*head, *parts]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
