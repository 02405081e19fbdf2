"""Reads displayed text back into observed tables, so that the key is computed from exactly what a reader sees."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.record.schema import OBSERVED
from nephrosyn.teach.display import record_tables, units
from nephrosyn.teach.display.spelling import from_words
from nephrosyn.teach.model import Section, Table

KIND_OF = {
    **dict.fromkeys(vocabulary.CONTRAINDICATIONS, "contraindication"),
    **dict.fromkeys(vocabulary.TOXICITIES, "toxicity"),
    "infection": "infection",
    **dict.fromkeys(vocabulary.AGENT_TOXICITIES, "agent_toxicity"),
    **dict.fromkeys(vocabulary.COMPLICATIONS, "complication"),
    **dict.fromkeys(vocabulary.PROVOKING_FACTORS, "provoking_factor"),
    "genetic_form": "genetic_form",
    **dict.fromkeys(vocabulary.CAUSES_OF_DEATH, "cause_of_death"),
}
ANALYTE_OF = {name: analyte for analyte, name in record_tables.NAMES.items()}
SCHEDULE_OF = {text: name for name, text in record_tables.SCHEDULES.items()}
ACTION_OF = {text: name for name, text in vocabulary.ACTION_NAMES.items()}
ACTION_OF |= {record_tables.TAPERED_OFF: "stopped", "cut": "cut"}  # the latter in cases written by earlier versions
REASON_OF = {text: name for name, text in record_tables.ENDED.items()}
REASON_OF |= {"still followed": "end_of_study", "no longer seen": "dropout"}  # in cases written by earlier versions
WHO = {"replicate": 0, "patient": 0}


def parse(sections: Iterable[Section]) -> dict[str, pl.DataFrame]:
    """Return the observed tables of one patient from displayed sections.

    Parameters
    ----------
    sections : iterable of Section
        All sections shown so far, in order; `merged` joins tables that continue.

    Returns
    -------
    dict of str to polars.DataFrame
        Tables for `criteria.classify`: replicate 0, patient 0. Columns that no clause reads are empty.
    """
    tables = merged(sections)
    facts: dict[str, str] = {row[0]: row[1] for row in tables[record_tables.PERSON].rows}
    age = _age(facts["Age at first signs (day 0)"])
    end = re.fullmatch(r"day (\d+), (.+)", facts["Record ends"])
    if end is None:
        raise ValueError("the displayed record has no end")
    biopsy = re.fullmatch(r"(.+), day (\d+)", facts["Kidney biopsy"])
    lesion, biopsied = (from_words(biopsy[1]), int(biopsy[2])) if biopsy else (None, None)
    patient = {"sex": facts["Sex"], "age_at_onset_years": age, "lesion": lesion, "biopsy_days": biopsied}
    for key, column in (("Weight at first visit", "weight_kg"), ("Height at first visit", "height_cm")):
        patient[column] = float(facts[key].split()[0])
    readings = [*_readings(tables.get(record_tables.URINE)), *_readings(tables.get(record_tables.BLOOD))]
    return {
        "patients": _frame("patients", [patient]),
        "readings": _frame("readings", readings),
        "diary": _frame("diary", _diary(tables.get(record_tables.DIARY))),
        "doses": _frame("doses", _doses(tables.get(record_tables.DOSES))),
        "conditions": _frame("conditions", _conditions(tables.get(record_tables.NOTED))),
        "follow_up": _frame("follow_up", [{"end_days": int(end[1]), "reason": REASON_OF[end[2]]}]),
    }


KEY_CELLS = {record_tables.DOSES: (0, 2), record_tables.NOTED: (0, 1)}
"""Cells that identify a row; in other tables only the first."""


def merged(sections: Iterable[Section]) -> dict[str, Table]:
    """Return the tables by caption; rows of later sections are added or replace the same row of an earlier one.

    Parameters
    ----------
    sections : iterable of Section
        All sections shown so far, in order.
    """
    shown: dict[str, Table] = {}
    for section in sections:
        for table in section.tables:
            before = shown.get(table.caption)
            cells = KEY_CELLS.get(table.caption, (0,))
            rows = {tuple(row[k] for k in cells): row for source in (before, table) if source for row in source.rows}
            shown[table.caption] = table.model_copy(update={"rows": tuple(rows.values())})
    return shown


def _frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = OBSERVED[name]
    whole = [{column: {**WHO, **row}.get(column) for column in schema} for row in rows]
    try:
        return pl.DataFrame(whole, schema=schema, orient="row")
    except (OverflowError, TypeError, pl.exceptions.PolarsError) as error:
        raise ValueError(f"table {name} cannot be read: {error}") from None


def _age(text: str) -> float:
    match = re.fullmatch(r"(\d+) years?(?: (\d+) months?)?", text)
    if match is None:
        raise ValueError(f"not an age: {text!r}")
    return int(match[1]) + int(match[2] or 0) / 12


def _readings(table: Table | None) -> Iterable[dict[str, Any]]:
    if table is None:
        return
    for row in table.rows:
        for column, text in zip(table.columns[1:], row[1:], strict=True):
            if text:
                name = ANALYTE_OF[column.name]
                yield {
                    "taken_days": int(row[0]),
                    "analyte": name,
                    "value": units.read(name, text, column.unit),
                    "unit": vocabulary.UNITS[name],
                    "below_limit": text.startswith("<"),
                    "reference_low": _reference_range(name, column.reference, column.unit)[0],
                    "reference_high": _reference_range(name, column.reference, column.unit)[1],
                }


def _reference_range(name: str, text: str, unit: str) -> tuple[float | None, float | None]:
    if not text:
        return None, None
    # Cases written by earlier versions give children the range of adults, and say so.
    low, _, high = text.removeprefix("of adults ").rpartition("to ")
    low = low.strip()
    return (0.0 if low in ("", "up") else units.read(name, low, unit)), units.read(name, high, unit)


def _diary(table: Table | None) -> list[dict[str, Any]]:
    rows = table.rows if table else ()
    return [{"first_days": int(first), "last_days": int(last), "grade": grade} for first, last, grade in rows]


def _doses(table: Table | None) -> list[dict[str, Any]]:
    rows = []
    for first, last, drug, dose, schedule, weight in table.rows if table else ():
        name, amount = SCHEDULE_OF[schedule], float(dose)
        rows.append(
            {
                "drug": from_words(drug),
                "first_days": int(first),
                "last_days": int(last),
                "dose_mg": amount,
                "schedule": name,
                "mean_mg_per_day": amount / 2 if name == "alternate_day" else amount,
                "dosing_weight_kg": float(weight) if weight else None,
            }
        )
    return rows


def _conditions(table: Table | None) -> list[dict[str, Any]]:
    rows = []
    for day, text, action in table.rows if table else ():
        name = from_words(text)
        rows.append({"noted_days": int(day), "condition": name, "kind": KIND_OF[name], "action": ACTION_OF[action]})
    return rows
