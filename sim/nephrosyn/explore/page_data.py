"""What a page about a scenario holds: its texts, what can be changed in it, and the numbers of its model."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nephrosyn import criteria
from nephrosyn.criteria import codes
from nephrosyn.criteria.definition.in_words import in_words
from nephrosyn.errors import EngineError, ScenarioError
from nephrosyn.explore import thresholds
from nephrosyn.explore.changes import Change, cells_of, differences, overlap
from nephrosyn.explore.model_inputs import changeable, model_inputs
from nephrosyn.report.findings import known_shares
from nephrosyn.report.inline_svg import CATEGORY_COLOURS
from nephrosyn.scenario import load
from nephrosyn.scenario.settings import SETTINGS, Setting
from nephrosyn.vocabulary import CATEGORIES, CATEGORY_OF_FLAG, NOTICE, VIEWS, plain_name

if TYPE_CHECKING:
    from nephrosyn.criteria.definition.definition import DefinitionSet
    from nephrosyn.scenario import Resolved
    from nephrosyn.scenario.schema.scenario import Scenario

MOST_PATIENTS = 5000
"""Most patients of a page."""


def page_data(
    name: str, overrides: Sequence[str], definitions: Sequence[DefinitionSet], patients: int, seed: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the texts of a page and the numbers of its model.

    Parameters
    ----------
    name : str
        A shipped scenario, or the path of a file.
    overrides : sequence of str
        ``KEY=VALUE``, as for `nephrosyn.scenario.load`.
    definitions : sequence of DefinitionSet
        The sets that the page offers, the first one shown first.
    patients : int
        Number of patients.
    seed : int
        Seed of the cohort.

    Returns
    -------
    data : dict
        What the page shows, for JSON.
    engine : dict
        `inputs` of the model; `settings`, for each the changes of every value; `sets`, with rules and changes.

    Raises
    ------
    ScenarioError
        If the scenario is unknown or invalid.
    EngineError
        If its patients share a clinic, there are too many, or the code for a browser has not been built.
    """
    if not 1 <= patients <= MOST_PATIENTS:
        raise EngineError(f"--patients: expected 1 to {MOST_PATIENTS:,} in a page; found {patients:,}")
    resolved = load(name, overrides)
    scenario = resolved.scenario
    if scenario.care.clinic.slots != "unlimited":
        raise EngineError(
            f"{name}: patients wait for slots of a clinic ({scenario.care.clinic.slots}), and are treated later "
            "for it, which a page cannot simulate; explore it without waiting: --set care.clinic.slots=unlimited"
        )
    offered = list(_offered(name, overrides, scenario, seed))
    engine: dict[str, Any] = {
        "inputs": model_inputs(scenario, definitions, patients, seed),
        "settings": {setting.name: changes for setting, _, _, _, changes in offered},
        "sets": [thresholds.engine_of(definition) for definition in definitions],
    }
    content = resolved.as_dict()["scenario"]
    given = " ".join(f"--set {shlex.quote(override)}" for override in overrides)
    data = {
        "notice": NOTICE,
        "title": scenario.title,
        "description": scenario.description,
        "scenario": resolved.name,
        "patients": patients,
        "seed": seed,
        "follow_up_days": scenario.population.follow_up_days,
        "command": " ".join(filter(None, [f"nephrosyn run {name} --patients {patients} --seed {seed}", given])),
        "sets": [_set(definition) for definition in definitions],
        "known": list(_known(resolved, definitions)),
        "uncertain": any("fixed" not in entry for entry in (content.get("uncertainty") or {}).values()),
        "settings": [
            {
                "id": setting.name,
                "label": setting.label,
                "group": setting.group,
                "labels": [setting.text(value) for value in values],
                "base": base,
                "arguments": arguments,
            }
            for setting, values, base, arguments, _ in offered
        ],
        "categories": [
            {"name": category, "plain": plain_name(category), "colour": CATEGORY_COLOURS[category]}
            for category in CATEGORIES
        ],
        "clauses": [
            {"code": code, "name": clause, "flag": codes.FLAG_OF[clause]} for code, clause in enumerate(codes.CLAUSES)
        ],
        "terms": {key: list(words) for key, words in engine["inputs"]["terms"].items()},
    }
    return data, engine


Offered = tuple[Setting, list[float], int, list[list[str]], list[list[Change]]]
"""A setting, its values, the place of the present one, and arguments and changes of each value."""


def _offered(name: str, overrides: Sequence[str], scenario: Scenario, seed: int) -> Iterator[Offered]:
    """Yield the settings of a scenario; one whose cells another writes as well would not combine, and is left out."""
    before = changeable(scenario, seed)
    taken: list[set[tuple[str, ...]]] = []
    for setting in SETTINGS:
        present = setting.offered(scenario)
        if present is None:
            continue
        values, arguments, changes = [], [], []
        for value in present[0]:
            is_present = value == present[0][present[1]]
            line = [] if is_present else setting.arguments(scenario, value)
            try:
                after = before if is_present else changeable(load(name, [*overrides, *line]).scenario, seed)
            except ScenarioError:  # the value is out of the range of a key, or contradicts another
                continue
            values.append(value)
            arguments.append(line)
            changes.append(list(differences(before, after)))
        cells = set[tuple[str, ...]]().union(*map(cells_of, changes))
        if len(values) < 2 or not cells or any(overlap(cells, written) for written in taken):
            continue
        taken.append(cells)
        yield setting, values, values.index(present[0][present[1]]), arguments, changes


def _known(resolved: Resolved, definitions: Sequence[DefinitionSet]) -> Iterator[dict[str, Any]]:
    """Yield what the shipped analysis of the scenario's uncertain numbers says, by set and record."""
    content = resolved.as_dict()["scenario"]
    for definition in definitions:
        if definition.name not in criteria.sets():
            continue
        digest = hashlib.sha256(criteria.text(definition.name).encode()).hexdigest()
        for view in VIEWS:
            row = known_shares.find(content, definition.name, digest, view)
            if row is not None and criteria.load(definition.name) == definition:
                yield {"set": row.criteria, "view": view, "low": row.low, "high": row.high, "draws": row.draws}


def _set(definition: DefinitionSet) -> dict[str, Any]:
    """Return what the page says of a definition set."""
    refractory = definition.verdict.refractory.of(child=False)
    return {
        "name": definition.name,
        "title": definition.title,
        "refractory": [CATEGORY_OF_FLAG[flag] for flag in refractory if flag in CATEGORY_OF_FLAG],
        "sentences": {text.clause: text.sentence for text in in_words(definition)},
        "thresholds": [
            {
                "id": offer.path,
                "label": offer.label,
                "labels": [thresholds.label_of(definition, offer, value) for value in values],
                "base": base,
                "edits": [
                    {}
                    if place == base
                    else {
                        path: {"value": new, "unit": thresholds.unit_of(definition, path)}
                        for path, new in thresholds.edits(definition, offer, value).items()
                    }
                    for place, value in enumerate(values)
                ],
            }
            for offer, values, base in thresholds.offered(definition)
        ],
    }
