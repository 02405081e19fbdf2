"""Cohort definitions in the JSON format of Circe, rendered to the SQL of a database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from duckcdm.circe import build_cohort_query
from duckcdm.sqlrender import render, split_sql, translate

PREDNISONE, UPCR = 1551099, 3001582
AGENTS = (1310317, 19014878, 19003999, 19010482, 950637, 1308290, 1314273)
FIRST_DAY, LAST_DAY, RELAPSE_FROM, NEPHROTIC_MG_PER_G = 77, 98, 120, 2000.0
NEVER_DAYS = 36_500


def concept_set(number: int, name: str, concepts: Sequence[int]) -> dict[str, Any]:
    items = [{"concept": {"CONCEPT_ID": concept, "CONCEPT_NAME": name}} for concept in concepts]
    return {"id": number, "name": name, "expression": {"items": items}}


def within(first: int, last: int) -> dict[str, Any]:
    """Days after the first dose."""
    ends = {"Start": {"Days": first, "Coeff": 1}, "End": {"Days": last, "Coeff": 1}}
    return {**ends, "UseEventEnd": False}


def rule(name: str, criteria: dict[str, Any], window: dict[str, Any]) -> dict[str, Any]:
    once = {"Criteria": criteria, "StartWindow": window, "Occurrence": {"Type": 2, "Count": 1}}
    expression = {"Type": "ALL", "CriteriaList": [once], "DemographicCriteriaList": [], "Groups": []}
    return {"name": name, "expression": expression}


NEPHROTIC = {"Measurement": {"CodesetId": 1, "ValueAsNumber": {"Value": NEPHROTIC_MG_PER_G, "Op": "gte"}}}
AGENT = {"DrugExposure": {"CodesetId": 2}}
RULES = {
    "treated": [],
    "resistant": [rule("nephrotic about week 12", NEPHROTIC, within(FIRST_DAY, LAST_DAY))],
    "agent": [rule("a further agent", AGENT, within(0, NEVER_DAYS))],
    "relapse": [rule("nephrotic later on", NEPHROTIC, within(RELAPSE_FROM, NEVER_DAYS))],
}


def definition(rules: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A cohort of persons with prednisone who meet some rules after the first dose, as ATLAS writes it."""
    return {
        "ConceptSets": [
            concept_set(0, "prednisone", [PREDNISONE]),
            concept_set(1, "ratio", [UPCR]),
            concept_set(2, "agents", AGENTS),
        ],
        "PrimaryCriteria": {
            "CriteriaList": [{"DrugExposure": {"CodesetId": 0, "First": True}}],
            "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
            "PrimaryCriteriaLimit": {"Type": "First"},
        },
        "QualifiedLimit": {"Type": "First"},
        "ExpressionLimit": {"Type": "First"},
        "InclusionRules": list(rules),
        "CensoringCriteria": [],
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
        "CensorWindow": {},
    }


def statements(rules: Sequence[dict[str, Any]], dialect: str, schema: str, number: int = 1) -> list[str]:
    """The statements that fill the table ``cohort`` with the persons."""
    text = json.dumps(definition(rules))
    query = build_cohort_query(text, cdm_schema=schema, target_table=f"{schema}.cohort", cohort_id=number)
    sql = translate(render(query, tempEmulationSchema=schema), dialect)
    return [statement for statement in split_sql(sql) if statement.strip()]
