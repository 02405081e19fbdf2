"""Data go one way through the package, and so do imports."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import pytest

from nephrosyn.kernels.compile import NEVER_COMPILED

from .source import inner_imports, modules

ORDER = [
    "terms",
    "texts",
    "interpreter",
    "pieces",
    "copies",
    "compiling",
    "streams",
    "tables",
    "meanings",
    "scenario",
    "latent",
    "patients",
    "course",
    "engine",
    "ledger",
    "losses",
    "truth",
    "chart",
    "cohort",
    "criteria",
    "evidence",
    "report",
    "twins",
    "plan",
    "labelling",
    "validation",
    "reclassification",
    "cases",
    "bench",
    "cluster",
    "person",
    "api",
    "datasets",
    "__init__",
    "console",
    "options",
    "checking",
    "comparing",
    "run_verbs",
    "evidence_verbs",
    "teaching_verbs",
    "bench_verbs",
    "cli",
    "__main__",
]


def test_every_module_has_its_place_in_the_order():
    assert {module.layer for module in modules().values()} <= set(ORDER)


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_only_from_modules_above(name):
    module = modules()[name]
    place = ORDER.index(module.layer)
    below = {other for other in inner_imports(module) if ORDER.index(modules()[other].layer) > place}
    assert not below, f"{name} imports {sorted(below)}, which stand after it"


def test_no_cycles():
    graph = {name: inner_imports(module) for name, module in modules().items()}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"cyclic imports: {' -> '.join(error.args[1])}")
    assert len(order) == len(graph)


def test_compiled_code_is_made_of_nothing_its_copies_do_not_depend_on():
    graph = {name: inner_imports(module) for name, module in modules().items()}
    made_of = {name for name in graph if "nephrosyn.kernels.compile" in graph[name] and name != "nephrosyn.runs.run"}
    assert len(made_of) > 10
    while more := set().union(*(graph[name] for name in made_of)) - made_of - {"nephrosyn"}:
        made_of |= more
    apart = {name.removesuffix(".py") for name in NEVER_COMPILED}
    assert not {name for name in made_of if modules()[name].layer in apart}
