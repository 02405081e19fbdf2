"""Write the page on face validity: simulated courses for a reader to judge, and the last reading (``make docs``)."""

from __future__ import annotations

import hashlib
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

import nephrosyn as ns
from nephrosyn.report.figures import svg
from nephrosyn.report.formatting import escape_markup
from nephrosyn.report.page.tables import Table
from nephrosyn.vocabulary import CONTRAINDICATIONS, KIND_NAMES, NOTICE, STEROID, plain_name

DOCS = Path(__file__).parents[1] / "docs" / "explanation"
PAGE = DOCS / "face-validity.md"
FIGURES = DOCS / "face-validity"
READING = Path(__file__).with_name("face_validity.toml")
"""The verdicts of the last reader, for the courses with its digest."""
SCENARIOS = ("modern-children", "modern-adults")
PATIENTS, SEED = 1000, 5
CRITERIA, VIEW = "source", "observed"
PER_GROUP = 4
GROUPS: Mapping[str, Sequence[str]] = {
    "Frequently relapsing": ("frequently_relapsing",),
    "Infrequently relapsing": ("infrequently_relapsing",),
    "Steroid-dependent": ("steroid_dependent",),
    "Steroid-resistant": ("steroid_resistant",),
    "Non-relapsing": ("non_relapsing",),
    "Steroid-intolerant or undetermined": ("steroid_intolerant", "undetermined"),
}
GAP_DAYS = 100
"""Doses of an agent further apart than this belong to different courses."""

INTRODUCTION = f"""\
Face validity is the judgement of a reader who knows the disease: could this course have been that of a patient? This
page shows {PER_GROUP * len(GROUPS)} simulated courses, {PER_GROUP} for each category of the definition set
`{CRITERIA}`, from {PATIENTS:,} patients of each of the scenarios {" and ".join(f"`{name}`" for name in SCENARIOS)}
(seed {SEED}). They are drawn at random within the category, none is picked by hand; where one scenario has too few
patients in a category, the other fills its place.

[Published figures](published-figures.md) compare averages. A model can have the right averages and still contain
courses that nobody has seen, such as a relapse on the day after another, a dose that no clinic would give, or an agent
continued for years without effect. These are found by reading.

Judge each course from its line and its figure alone, plausible or not, and give a reason. The verdicts are in
`tools/face_validity.toml`, with the digest of the courses to which they belong: if the model changes, the courses
change, and earlier verdicts are no longer shown beside them."""
LEGEND = """\
Days count from onset; the lines end with the record, the figures with the true course, which is their grey line.
*Remissions and relapses* are the true ones, not those that the clinic saw: the day of the first complete remission with
the days of steroid before it, then each relapse with the days from its beginning to remission. *Steroid* is prednisone
as prescribed: days on it, mean dose on those days, and when it ended. Conditions are given with the day on which they
were noted; colds are left out."""


@dataclass(frozen=True)
class Course:
    """One patient.

    Attributes
    ----------
    number : int
        Position on the page, from 1.
    group : str
        Heading under which the course is shown.
    scenario : str
        Scenario from which the patient comes.
    patient : Patient
        The patient, with all tables.
    category : str
        Category in the record.
    """

    number: int
    group: str
    scenario: str
    patient: ns.Patient
    category: str

    @property
    def name(self) -> str:
        """Name of the figure's file."""
        return f"{self.number:02}.svg"

    @cached_property
    def cells(self) -> tuple[str, ...]:
        """The line of the table, without number and verdict."""
        tables = self.patient.tables
        person = tables["patients"].row(0, named=True)
        who = f"{person['age_at_onset_years']:.1f} y, {person['sex']}, {person['weight_kg']:.0f} kg"
        true = tables["truth/traits"].row(0, named=True)["lesion"]
        lesion = plain_name(true) + ("" if person["lesion"] else " (not biopsied)")
        end = tables["follow_up"].row(0, named=True)
        return (
            f"{self.scenario}, patient {self.patient.number}",
            who,
            lesion,
            plain_name(self.category),
            "; ".join(episodes(tables)),
            steroid(tables["doses"], end["end_days"]),
            "; ".join(agents(tables["doses"], end["end_days"])) or "none",
            "; ".join(conditions(tables["conditions"], tables["truth/events"])) or "none",
            f"day {end['end_days']}, {plain_name(end['reason'])}",
        )


HEAD = (
    "no.",
    "from",
    "patient",
    "lesion",
    "category",
    "remissions and relapses",
    "steroid",
    "agents",
    "conditions noted",
    "end",
    "last reading",
)


def episodes(tables: Mapping[str, pl.DataFrame]) -> Iterator[str]:
    """Yield the first remission and each relapse, with the days to remission."""
    doses = tables["doses"].filter(pl.col("drug").cast(pl.String) == STEROID)
    began = doses["first_days"].min()
    start: float | None = None
    first = True
    names = ("complete_remission", "relapse", "partial_remission")
    seen = pl.col("time_days") <= tables["follow_up"]["end_days"].max()
    events = tables["truth/events"].filter(pl.col("event").cast(pl.String).is_in(names) & seen).sort("time_days")
    for day, event in events.select("time_days", pl.col("event").cast(pl.String)).iter_rows():
        if event == "relapse":
            if start is not None:
                yield f"relapse on day {start:.0f}, no remission before the next"
            start = day
        elif event == "complete_remission" and start is not None:
            yield f"relapse on day {start:.0f} ({day - start:.0f} days)"
            start = None
        elif event == "complete_remission":
            on = f", {day - began:.0f} days of steroid" if began is not None and day >= began else ", without steroid"
            yield f"remission on day {day:.0f}{on}" if first else f"remission on day {day:.0f}"
            first = False
        else:
            yield f"partial remission on day {day:.0f}"
    if start is not None:
        yield f"relapse on day {start:.0f}, no remission"
    elif first:
        yield "never in complete remission"


def steroid(doses: pl.DataFrame, end: int) -> str:
    """Return days on steroid, the mean dose on those days, and when steroid ended."""
    rows = doses.filter(pl.col("drug").cast(pl.String) == STEROID)
    if not rows.height:
        return "none"
    length = pl.col("last_days") - pl.col("first_days") + 1
    amount = length * pl.col("mean_mg_per_day") / pl.col("dosing_weight_kg")
    days, total = rows.select(days=length.sum(), total=amount.sum()).row(0)
    last = rows["last_days"].max()
    given = f"from day {rows['first_days'].min()}, {days} days, mean {total / days:.2f} mg/kg/day"
    return f"{given}, " + ("ongoing" if last >= end else f"off since day {last + 1}")


def agents(doses: pl.DataFrame, end: int) -> Iterator[str]:
    """Yield each course of a drug other than steroid."""
    courses: list[list[Any]] = []
    for row in doses.sort("first_days", maintain_order=True).iter_rows(named=True):
        if row["drug"] == STEROID:
            continue
        before = [course for course in courses if course[0] == row["drug"]][-1:]
        if before and row["first_days"] - before[0][2] <= GAP_DAYS:
            before[0][2] = row["last_days"]
            before[0][3] += 1
        else:
            courses.append([row["drug"], row["first_days"], row["last_days"], 1, row["schedule"]])
    for drug, first, last, count, schedule in courses:
        name = plain_name(drug)
        if schedule == "single":
            yield f"{name}, {count} infusion{'s' if count > 1 else ''} from day {first}"
        else:
            yield f"{name}, day {first} to " + ("the end" if last >= end else str(last))


def conditions(noted: pl.DataFrame, events: pl.DataFrame) -> Iterator[str]:
    """Yield each condition but colds, with its kind and day, what was done with steroid, and until when."""
    treated = events.filter(pl.col("event").cast(pl.String) == "contraindication_treated")
    until = {CONTRAINDICATIONS[int(code)]: int(day) for day, code in treated.select("time_days", "value").iter_rows()}
    for row in noted.iter_rows(named=True):
        if row["kind"] == "infection":
            continue
        action = "" if row["action"] == "none" else f", steroid {row['action']}"
        if row["kind"] == "contraindication" and row["condition"] in until:
            action += f" until treated, day {until[row['condition']]}"
        yield f"{plain_name(row['condition'])} ({KIND_NAMES[row['kind']]}, day {row['noted_days']}{action})"


def courses() -> list[Course]:
    """Return the courses of the page: of each category the same number from each scenario, as far as there are any."""
    cohorts = {name: ns.run(name, patients=PATIENTS, seed=SEED) for name in SCENARIOS}
    chosen: list[Course] = []
    for group, categories in GROUPS.items():
        waiting = {
            (name, category): members(cohort, name, category)
            for category in categories
            for name, cohort in cohorts.items()
        }
        taken: list[tuple[str, str, int]] = []
        while len(taken) < PER_GROUP and any(waiting.values()):
            for (name, category), patients in waiting.items():
                if patients and len(taken) < PER_GROUP:
                    taken.append((name, category, patients.pop(0)))
        for name, category, number in sorted(taken, key=lambda one: SCENARIOS.index(one[0])):
            chosen.append(Course(len(chosen) + 1, group, name, cohorts[name].patient(number), category))
    return chosen


def members(cohort: ns.Cohort, scenario: str, category: str) -> list[int]:
    """Return the patients of a category in an order that depends on the seed alone."""
    labels = (
        cohort.tables["labels"]
        .lazy()
        .filter(
            (pl.col("criteria") == CRITERIA)
            & (pl.col("view").cast(pl.String) == VIEW)
            & (pl.col("category").cast(pl.String) == category)
        )
    )
    numbers = labels.select("patient").collect()["patient"].to_list()
    return sorted(numbers, key=lambda one: hashlib.sha256(f"{SEED}/{scenario}/{one}".encode()).digest())


def digest(shown: Sequence[Course]) -> str:
    """Return the digest of the courses: of every cell of their lines."""
    return hashlib.sha256("\n".join("|".join(course.cells) for course in shown).encode()).hexdigest()[:12]


def reading() -> dict[str, Any]:
    """Return the last reading: digest of the courses, reader, verdicts and findings."""
    return tomllib.loads(READING.read_text(encoding="utf-8"))


def verdicts(shown: Sequence[Course], last: Mapping[str, Any]) -> dict[int, tuple[bool, str]]:
    """Return the verdict of each course by its number; none if the last reading was of other courses."""
    if last["digest"] != digest(shown):
        return {}
    return {entry["course"]: (entry["plausible"], entry["reason"]) for entry in last["verdict"]}


def verdict_text(verdict: tuple[bool, str] | None) -> str:
    """Return a verdict in words."""
    if verdict is None:
        return "not read yet"
    plausible, reason = verdict
    return f"{'plausible' if plausible else 'not plausible'}: {reason}"


def last_reading(shown: Sequence[Course], last: Mapping[str, Any]) -> str:
    """Return the section on what the last reading found."""
    given = verdicts(shown, last)
    if not given:
        return (
            f"The last reading was of other courses (digest `{last['digest']}`), before the model changed. Nobody has "
            f"read the courses below yet (digest `{digest(shown)}`)."
        )
    count = sum(plausible for plausible, _ in given.values())
    findings = "\n".join(f"- {escape_markup(line)}" for line in last["findings"])
    return (
        f"{last['reader']} {count} of {len(given)} courses were judged plausible (courses with the digest "
        f"`{last['digest']}`).\n\n{findings}"
    )


def alternative(course: Course) -> str:
    """Return the text for readers who do not see the figure."""
    return f"Course {course.number}: {', '.join(course.cells[1:4])}; {course.cells[4]}"


def page(shown: Sequence[Course]) -> str:
    """Return the page."""
    last = reading()
    given = verdicts(shown, last)
    parts = [
        "# Face validity: courses to judge",
        f"{NOTICE} Generated by `make docs`; do not edit.",
        INTRODUCTION,
        "## What the last reading found",
        last_reading(shown, last),
        "## How to read the lines",
        LEGEND,
    ]
    for group in GROUPS:
        of_group = [course for course in shown if course.group == group]
        rows = [(str(one.number), *one.cells, verdict_text(given.get(one.number))) for one in of_group]
        table = Table(group, HEAD, rows, words=len(HEAD))
        parts += [f"## {group}", table.markdown(captioned=False)]
        parts += [f"![{escape_markup(alternative(one))}]({FIGURES.name}/{one.name})" for one in of_group]
    return "\n\n".join(parts) + "\n"


def figure(course: Course) -> str:
    """Return the timeline of a course as a small SVG document."""
    return smaller(svg(course.patient.plot(), alternative(course)))


def smaller(document: str) -> str:
    """Return an SVG document of matplotlib with coordinates of one decimal, and styles as classes."""
    document = re.sub(r"<!DOCTYPE.*?>|<metadata>.*?</metadata>|<!--.*?-->", "", document, flags=re.DOTALL)
    document = re.sub(
        r'\s(?:clip-path|id)="(?:url\([^"]*|(?:patch|line2d|text|xtick|ytick|axes|figure)_\d+)"', "", document
    )
    document = re.sub(r"(?<![#\w.-])(-?\d+\.\d)\d+", r"\1", document)
    styles: dict[str, str] = {}

    def named(match: re.Match[str]) -> str:
        return f'class="{styles.setdefault(match[1], f"s{len(styles)}")}"'

    body = re.sub(r'(?<=[\s])style="([^"]*)"', named, document)
    rules = "".join(f".{name}{{{style}}}" for style, name in styles.items())
    body = re.sub(
        r"(<title>.*?</title>)", lambda match: f"{match[1]}<style>{rules}</style>", body, count=1, flags=re.DOTALL
    )
    body = re.sub(r"<clipPath.*?</clipPath>", "", body, flags=re.DOTALL)
    body = re.sub(r"<g>\s*((?:(?!</?g\b).)*?)\s*</g>", r"\1", body, flags=re.DOTALL)
    body = re.sub(r"<defs>\s*</defs>", "", body)
    return re.sub(r"\s*\n\s*", "\n", body).strip() + "\n"


def main() -> None:
    """Write the page and its figures."""
    shown = courses()
    shutil.rmtree(FIGURES, ignore_errors=True)
    FIGURES.mkdir(parents=True)
    for course in shown:
        (FIGURES / course.name).write_text(figure(course), encoding="utf-8")
    PAGE.write_text(page(shown), encoding="utf-8")
    if not verdicts(shown, reading()):
        print(f"face-validity.md: courses {digest(shown)} have not been read; see {READING.name}")


if __name__ == "__main__":
    main()
