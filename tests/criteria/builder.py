"""Records made by hand: say what was read, taken and noted, and get the tables."""

from __future__ import annotations

import json
import tomllib
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache

import polars as pl

from nephrosyn import criteria, vocabulary
from nephrosyn.criteria.definition.omitted_sections import completed
from nephrosyn.criteria.record.patient_arrays import KINETICS

IDS = {"replicate": pl.Int32, "patient": pl.Int32}
BANDS, DRUGS, SCHEDULES = (pl.Enum(v) for v in (vocabulary.DIPSTICK_BANDS, vocabulary.DRUGS, vocabulary.SCHEDULES))
DOSES = {
    **IDS,
    "drug": DRUGS,
    "first_days": pl.Int32,
    "last_days": pl.Int32,
    "dose_mg": pl.Float64,
    "schedule": SCHEDULES,
    "mean_mg_per_day": pl.Float64,
    "dosing_weight_kg": pl.Float64,
}
CONDITIONS = {
    **IDS,
    "noted_days": pl.Int32,
    "condition": pl.Enum(vocabulary.CONDITIONS),
    "kind": pl.Enum(vocabulary.CONDITION_KINDS),
    "action": pl.Enum(vocabulary.STEROID_ACTIONS),
}
FOLLOW_UP = {**IDS, "end_days": pl.Int32, "reason": pl.Enum(vocabulary.END_REASONS)}
PATH = ("start_days", "upcr_start_mg_per_mg", "log_slope_per_day", "upcr_target_mg_per_mg")
# Breakdown per day, loss per day and mg/mg, ratio beyond which it grows no more: as in the baseline scenario.
ALBUMIN_KINETICS = (0.036, 0.006, 12.0)
SCHEMAS = {
    "patients": {
        **IDS,
        "age_at_onset_years": pl.Float64,
        "weight_kg": pl.Float64,
        "lesion": pl.Enum(vocabulary.LESIONS),
    },
    "readings": {**IDS, "taken_days": pl.Int32, "analyte": pl.Enum(vocabulary.ANALYTES), "value": pl.Float64},
    "diary": {**IDS, "first_days": pl.Int32, "last_days": pl.Int32, "grade": BANDS},
    "doses": DOSES,
    "conditions": CONDITIONS,
    "follow_up": FOLLOW_UP,
    "truth/doses": DOSES,
    "truth/conditions": CONDITIONS,
    "truth/follow_up": FOLLOW_UP,
    "truth/proteinuria": {**IDS, **dict.fromkeys(PATH, pl.Float64)},
    "truth/traits": {**IDS, **dict.fromkeys(("albumin_g_per_dl", *KINETICS), pl.Float64)},
}


@dataclass
class Record:
    """One patient's record; each method adds rows and returns the record."""

    age: float
    weight: float
    end: int = 730
    lesion: str | None = None
    reason: str = "end_of_study"
    healthy_albumin: float = 4.2
    rows: dict[str, list[tuple]] = field(default_factory=lambda: {name: [] for name in SCHEMAS})

    def upcr(self, value, *days):
        self.rows["readings"] += [(day, "upcr", value) for day in days]
        return self

    def ill(self, *days):
        """Nephrotic on these days."""
        return self.upcr(5.0, *days)

    def between(self, *days):
        """Neither at remission level nor at relapse level."""
        return self.upcr(1.0, *days)

    def well(self, *days):
        """At remission level on these days."""
        return self.upcr(0.1, *days)

    def well_every(self, step, first, last):
        return self.well(*range(first, last + 1, step))

    def stick(self, band, *days):
        self.rows["readings"] += [(day, "dipstick", float(vocabulary.DIPSTICK_BANDS.index(band))) for day in days]
        return self

    def albumin(self, value, *days):
        """Serum albumin (g/dL) on these days."""
        self.rows["readings"] += [(day, "albumin", value) for day in days]
        return self

    def home(self, grade, first, last):
        self.rows["diary"].append((first, last, grade))
        return self

    def steroid(self, mg, first, last, schedule="daily"):
        """Prednisone, mg on a dosing day."""
        mean = mg if schedule == "daily" else mg / 2
        self.rows["doses"].append(("prednisone", first, last, mg, schedule, mean, self.weight))
        return self

    def agent(self, drug, mg, first, last):
        """Another drug than steroid, daily."""
        self.rows["doses"].append((drug, first, last, mg, "daily", mg, self.weight))
        return self

    def infusion(self, drug, mg, *days):
        """Single infusions of another drug."""
        self.rows["doses"] += [(drug, day, day, mg, "single", mg, self.weight) for day in days]
        return self

    def biopsied(self, lesion):
        self.lesion = lesion
        return self

    def taper(self, first):
        """60 mg for 8 weeks, 40, 20 for 4 weeks each, 10 mg (the maintenance dose) for 12, then none."""
        for mg, start, stop in ((60, 0, 55), (40, 56, 83), (20, 84, 111), (10, 112, 195)):
            self.steroid(mg, first + start, first + stop)
        return self

    def stopped(self, day):
        """No dose of anything after this day; a new one of the same drug may then begin."""
        doses = self.rows["doses"]
        doses[:] = [(drug, first, min(last, day), *dose) for drug, first, last, *dose in doses if first <= day]
        return self

    def noted(self, day, condition, kind, action):
        self.rows["conditions"].append((day, condition, kind, action))
        return self

    def path(self, *pieces):
        """True proteinuria: (start, UPCR at the start, log slope, target) of each piece."""
        self.rows["truth/proteinuria"] += pieces
        return self


def adult(end=730, weight=60.0):
    return Record(40.0, weight, end)


def child(end=730, weight=20.0):
    return Record(6.0, weight, end)


def tables(*records):
    """The tables of a cohort of these records: patients 0, 1, ... of replicate 0."""
    rows = {name: [] for name in SCHEMAS}
    for number, record in enumerate(records):
        mine = {name: list(there) for name, there in record.rows.items()}
        mine["patients"] = [(record.age, record.weight, record.lesion)]
        mine["follow_up"] = [(record.end, record.reason)]
        mine["truth/traits"] = [(record.healthy_albumin, *ALBUMIN_KINETICS)]
        for name in ("doses", "conditions", "follow_up"):
            mine[f"truth/{name}"] = mine[name]
        for name, there in mine.items():
            rows[name] += [(0, number, *row) for row in sorted(there)]
    return {name: pl.DataFrame(there, schema=SCHEMAS[name], orient="row") for name, there in rows.items()}


def shifted(cohort, days):
    """The tables of a cohort with every day so many days later."""
    return {
        name: frame.with_columns(
            pl.col(c) + days for c in frame.columns if c.endswith("_days") and frame.schema[c] == pl.Int32
        )
        for name, frame in cohort.items()
    }


@cache
def source():
    return criteria.load("source")


def variant(folder, base="source", /, **changes):
    """A shipped set with values changed: section__key=value, or section__part__key=value.

    What the set leaves out is there to be changed too, switched off.
    """
    content = deepcopy(completed(tomllib.loads(criteria.whole(criteria.text(base), base))))
    for place, value in changes.items():
        *path, key = place.split("__")
        here = content
        for part in path:
            here = here[part]
        threshold = {k: v for k, v in here[key].items() if k not in ("children", "adults")}
        here[key] = {**threshold, "value": value}
    file = folder / "variant.toml"
    file.write_text(_toml(content), encoding="utf-8")
    return criteria.load(file)


def _toml(content):
    lines = []

    def write(table, path):
        plain = {k: v for k, v in table.items() if not isinstance(v, dict)}
        if path:
            lines.append(f"[{'.'.join(path)}]")
        lines.extend(f"{k} = {json.dumps(v)}" for k, v in plain.items())
        for k, v in table.items():
            if isinstance(v, dict):
                write(v, [*path, k])

    write(content, [])
    return "\n".join(lines)


def verdict_of(record, definition=None, view="observed", until_days=None):
    return criteria.verdict(tables(record), definition or source(), 0, 0, view, until_days)


def statuses(verdict):
    return {clause.name: clause.status for clause in verdict.clauses}
