"""A scenario as numbers for a page, which simulates it with ``kernels/model.mjs`` and the WebAssembly module.

The numbers are those that Python itself hands to compiled code: parameters by age band, quantile tables, growth, the
rules of the chart, the thresholds of definition sets. Whatever numpy, scipy or polars work out is in them.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from nephrosyn import vocabulary
from nephrosyn.course.advance import ALL_VISITS, LOG_FULL, TOO_MANY_EVENTS
from nephrosyn.course.parameters.prepare import prepare
from nephrosyn.course.state.state import CLOCK_COLUMNS
from nephrosyn.criteria import codes
from nephrosyn.criteria.classification import clauses_of
from nephrosyn.criteria.definition.compiled import order, rules
from nephrosyn.criteria.evaluation.evaluate import SPANS_PER_SEGMENT
from nephrosyn.criteria.evaluation.workspace import Workspace, Written
from nephrosyn.criteria.record.patient_arrays import NO_NAME, Record
from nephrosyn.errors import EngineError
from nephrosyn.kernels.arguments import dtype_layout
from nephrosyn.kernels.built import RESULT_WORDS
from nephrosyn.kernels.index import BUILT, Index, read_index
from nephrosyn.kernels.special_functions import special_functions
from nephrosyn.patients.trait_numbers import trait_numbers
from nephrosyn.record import schema
from nephrosyn.record.bodies import growth_curves
from nephrosyn.record.columns import TABLES, Chart, People, Place
from nephrosyn.record.tables import chart_rules, route_codes
from nephrosyn.scenario.schema.distributions import TAIL
from nephrosyn.scenario.schema.quantile_tables import NODES, SPAN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nephrosyn.criteria.definition.definition import DefinitionSet
    from nephrosyn.scenario.schema.scenario import Scenario

FORMAT = 1
"""Version of these inputs; ``kernels/model.mjs`` refuses any other."""
ENTRIES = {
    "draw": "nephrosyn.patients.compiled_traits.draw",
    "advance": "nephrosyn.course.advance.advance",
    "bodies": "nephrosyn.record.bodies.write_bodies",
    "survey": "nephrosyn.record.chart.survey",
    "chart": "nephrosyn.record.chart.write_chart",
    "evaluate": "nephrosyn.criteria.evaluation.evaluate_clauses.evaluate_all",
}
"""Entry points that a page calls, by the name it has for them."""


def model_inputs(
    scenario: Scenario,
    definitions: Sequence[DefinitionSet],
    patients: int,
    seed: int,
    replicate: int = 0,
    *,
    first_patient: int = 0,
) -> dict[str, Any]:
    """Return all numbers of a scenario that a page needs to simulate it.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario whose patients share no clinic.
    definitions : sequence of DefinitionSet
        The sets by which to classify.
    patients : int
        Number of patients.
    seed, replicate : int
        Seed and replicate of all random draws.
    first_patient : int
        Number of the first patient.

    Returns
    -------
    dict
        Ready for ``json.dumps``. The digest names the WebAssembly module in ``kernels/built_ahead``.

    Raises
    ------
    EngineError
        If patients share a clinic, or no code was built for these sources.

    Examples
    --------
    >>> from nephrosyn.criteria import load as load_set
    >>> from nephrosyn.scenario import load
    >>> inputs = model_inputs(load("baseline").scenario, [load_set("source")], 100, seed=1)
    >>> inputs["patients"], inputs["criteria"]["sets"][0]["name"]
    (100, 'source')
    """
    if scenario.care.clinic.slots != "unlimited":
        raise EngineError("a page cannot simulate patients who share a clinic; expected care.clinic.slots = unlimited")
    index = _index()
    return {
        "format": FORMAT,
        "digest": index.digest,
        "entries": {name: index.functions[entry][0] for name, entry in ENTRIES.items()},
        "result_words": RESULT_WORDS,
        "seed": str(seed),
        "replicate": str(replicate),
        "first_patient": first_patient,
        "patients": patients,
        **{name: _encoded(value) for name, value in changeable(scenario, seed, replicate).items()},
        "criteria": _criteria(definitions),
        "tables": _tables(),
        "columns": _columns(),
        "codes": _codes(scenario),
        "terms": _terms(scenario),
    }


def changeable(scenario: Scenario, seed: int, replicate: int = 0) -> dict[str, Any]:
    """Return the inputs that depend on the values of a scenario, as plain values, arrays, and tuples of them.

    Parameters
    ----------
    scenario : Scenario
        A resolved scenario.
    seed, replicate : int
        Seed and replicate of all random draws.
    """
    albumin = scenario.disease.albumin
    return {
        "follow_up_years": scenario.population.follow_up_days / vocabulary.DAYS_PER_YEAR,
        "numbers": trait_numbers(scenario),
        "prepared": prepare(scenario, seed, replicate),
        "growth": growth_curves(scenario.population.growth),
        "chart": chart_rules(scenario, seed, replicate),
        "albumin": {
            "catabolism": albumin.catabolism_per_day,
            "loss": albumin.loss_per_day_per_mg_per_mg,
            "saturates_at": albumin.loss_saturates_at_mg_per_mg,
        },
    }


def _encoded(value: Any) -> Any:
    """Return one of the changeable inputs as JSON can hold it; numbers by name stay numbers."""
    if isinstance(value, dict):
        return {key: float(number) for key, number in value.items()}
    return encoded(value)


def encoded(value: Any) -> Any:
    """Return numbers, arrays and tuples of them as JSON can hold them: integers as text, arrays in base64.

    Half of the quantile tables of a scenario are equal to others: rows of an array that occur again are written once.

    Parameters
    ----------
    value : int, float, ndarray or tuple
        An argument of an entry point.

    Examples
    --------
    >>> encoded((3, 0.5, np.arange(2, dtype=np.uint8)))
    ['3', 0.5, {'dtype': '|u1', 'shape': [2], 'data': 'AAE='}]
    """
    if isinstance(value, tuple):
        return [encoded(item) for item in value]
    if isinstance(value, np.ndarray):
        described = {"dtype": dtype_layout(np.asarray(value).dtype), "shape": list(value.shape)}
        if value.ndim == 2 and len(value) > 1:
            distinct, rows = np.unique(value, axis=0, return_inverse=True)
            if len(distinct) < len(value):
                return {**described, "data": _text(distinct), "rows": rows.ravel().tolist()}
        return {**described, "data": _text(value)}
    return str(value) if isinstance(value, int) else float(value)


def _text(array: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def _index() -> Index:
    index = read_index(BUILT)
    if index is None:
        raise EngineError("no WebAssembly was built of these sources; run tools/build_kernels.py")
    return index


def _criteria(definitions: Sequence[DefinitionSet]) -> dict[str, Any]:
    thresholds = rules(definitions)
    flags = (*vocabulary.FLAGS, *vocabulary.COURSE_FLAGS)
    return {
        "rules": encoded(np.asarray(thresholds)),
        "order": encoded(order(thresholds)),
        "flags": {flag: clauses_of(flag) for flag in flags},
        "sets": [
            {
                "name": definition.name,
                "refractory": list(definition.verdict.refractory.of(child=False)),
                "precedence": list(definition.verdict.precedence.of(child=False)),
            }
            for definition in definitions
        ],
        "category_of_flag": vocabulary.CATEGORY_OF_FLAG,
    }


def _tables() -> dict[str, float]:
    """Return the shape of a quantile table, and the largest normal score that is not clipped."""
    last_score = float(-special_functions().ndtri(TAIL))
    return {"nodes": NODES, "span": SPAN, "last_score": last_score}


def _columns() -> dict[str, Any]:
    """Return the names of the arrays in each tuple that compiled code takes."""
    return {
        "people": People._fields,
        "chart": [[name, TABLES[Place[name.upper()]]._fields] for name in Chart._fields],
        "record": Record._fields,
        "workspace": Workspace._fields,
        "written": Written._fields,
    }


def _codes(scenario: Scenario) -> dict[str, Any]:
    return {
        "all_visits": ALL_VISITS,
        "log_full": LOG_FULL,
        "too_many_events": TOO_MANY_EVENTS,
        "clock_columns": CLOCK_COLUMNS,
        "no_name": NO_NAME,
        "never": str(codes.NEVER),
        "clauses": len(codes.CLAUSES),
        "answer_columns": codes.COLUMNS,
        "spans_per_segment": SPANS_PER_SEGMENT,
        "met": codes.MET,
        "not_met": codes.NOT_MET,
        "unknown": codes.UNKNOWN,
        "undefined": codes.UNDEFINED,
        "age_or_lesion_not_known": [codes.AGE_NOT_KNOWN, codes.LESION_NOT_KNOWN],
        "other_age_or_lesion": [codes.OTHER_AGE, codes.OTHER_LESION],
        "death": vocabulary.END_REASONS.index("death"),
        "uncounted_drugs": [vocabulary.DRUGS.index(name) for name in (vocabulary.PULSE, *vocabulary.SUPPORTIVE)],
        "days_per_year": vocabulary.DAYS_PER_YEAR,
        "day_zero": int(np.datetime64(scenario.calendar.day_zero, "D").astype(np.int64)),
        "routes": route_codes().tolist(),
    }


def _terms(scenario: Scenario) -> dict[str, Sequence[str]]:
    """Return the terms that codes stand for, by the name of the column."""
    return {
        "band": list(scenario.population.bands),
        "sex": vocabulary.SEXES,
        "lesion": vocabulary.LESIONS,
        "kind": vocabulary.VISIT_KINDS,
        "analyte": vocabulary.ANALYTES,
        "unit": schema.UNIT.categories.to_list(),
        "grade": vocabulary.DIPSTICK_BANDS,
        "drug": vocabulary.DRUGS,
        "schedule": vocabulary.SCHEDULES,
        "route": vocabulary.ROUTES,
        "condition": vocabulary.CONDITIONS,
        "condition_kind": vocabulary.CONDITION_KINDS,
        "action": vocabulary.STEROID_ACTIONS,
        "event": vocabulary.EVENTS,
        "reason": vocabulary.END_REASONS,
        "category": vocabulary.CATEGORIES,
        "view": vocabulary.VIEWS,
    }
