"""Validate a merged tree: a scenario, or all problems, named by the keys of the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from nephrosyn.errors import MOST_PROBLEMS, Problem, nearest, value_text
from nephrosyn.scenario.checks.cross_field import contradictions
from nephrosyn.scenario.checks.partial_tree import ValidParts
from nephrosyn.scenario.files.uncertainty import entries_of
from nephrosyn.scenario.schema import paths
from nephrosyn.scenario.schema.retired_keys import RETIRED
from nephrosyn.scenario.schema.scenario import Scenario
from nephrosyn.scenario.schema.units import TOO_SMALL
from nephrosyn.scenario.tree import MISSING, Path, dotted, get, split

KEY = "[key]"
UNCERTAINTY = "uncertainty"


def validated(tree: Mapping[str, Any]) -> tuple[Scenario | None, dict[Path, Problem], set[Path]]:
    """Check a merged scenario.

    Parameters
    ----------
    tree : mapping
        Merged values, with ``sources`` as one flat table.

    Returns
    -------
    scenario : Scenario or None
        None if there are problems.
    problems : dict of path to Problem
        At most one problem for each path.
    unknown : set of path
        Keys that the schema does not know.
    """
    scenario: Scenario | None = None
    problems: dict[Path, Problem] = {}
    unknown: set[Path] = set()
    try:
        scenario = Scenario.model_validate(tree)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False, include_input=False):
            if detail["loc"][:1] == (UNCERTAINTY,):
                problems |= _problems_of_uncertainty(tree)
                continue
            path, problem = _problem(tree, detail["loc"], detail["type"])
            problems.setdefault(path, problem)
            if problem.actual in (UNKNOWN, OLD):
                unknown.add(path)
            if len(problems) > MOST_PROBLEMS:
                return None, problems, unknown
    for path, problem in contradictions(ValidParts(tree, set(problems))):
        problems.setdefault(path, problem)
    return (None if problems else scenario), problems, unknown


def _problems_of_uncertainty(tree: Mapping[str, Any]) -> dict[Path, Problem]:
    """Return what is wrong with the entries of the table ``uncertainty``, in the words of a file."""
    _, problems = entries_of(tree[UNCERTAINTY], tree, "")
    return {split(problem.path): problem for problem in problems}


UNKNOWN = "an unknown key"
OLD = "a key of an earlier version"


def _problem(tree: Mapping[str, Any], place: tuple[int | str, ...], kind: str) -> tuple[Path, Problem]:
    path, wrong_key = _path(tree, place)
    if wrong_key or kind == "extra_forbidden":
        if (key := dotted(path)) in RETIRED:
            return path, Problem(key, RETIRED[key], OLD)
        allowed = paths.keys(path[:-1])
        return path, Problem(dotted(path), "a known key", UNKNOWN, nearest(path[-1], allowed))
    value = get(tree, path)
    if value is MISSING:
        return path, Problem(dotted(path), paths.expected(path), "nothing: the key is missing")
    if kind == TOO_SMALL:
        return path, Problem(dotted(path), paths.expected_or_zero(path), value_text(value))
    like = nearest(value, paths.choices(path)) if isinstance(value, str) else ""
    return path, Problem(dotted(path), paths.expected(path), value_text(value), like)


def _path(tree: Mapping[str, Any], place: tuple[int | str, ...]) -> tuple[Path, bool]:
    """Return the path in the tree of a pydantic location, which also contains names of union members."""
    path: Path = ()
    for part in map(str, place):
        if part == KEY:
            return path, True
        here = get(tree, path)
        if get(tree, (*path, part)) is MISSING and not (isinstance(here, Mapping) and part == str(place[-1])):
            break
        path = (*path, part)
    return path, False
