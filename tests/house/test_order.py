"""Imports follow the order of the rooms and have no cycles."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import pytest

from nephrosyn.kernels.sources import COMPILED_ROOMS

from .source import inner_imports, modules

ORDER = [
    "vocabulary",
    "text_files",
    "errors",
    "toml_files",
    "kernels",
    "statistics",
    "scenario",
    "uncertainty",
    "patients",
    "course",
    "engine",
    "record",
    "criteria",
    "runs",
    "report",
    "comparison",
    "evidence",
    "teach",
    "interchange",
    "bench",
    "explore",
    "datasets",
    "api",
    "__init__",
    "cli",
    "__main__",
]
"""The rooms, each after those it may import from."""


def acyclic_order(graph: dict[str, set[str]]) -> list[str]:
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"cyclic imports: {' -> '.join(error.args[1])}")


def within(package: str) -> list[str]:
    return [name for name in modules() if name == package or name.startswith(f"{package}.")]


def imports_from(part: str, target: str) -> bool:
    imported = {name for module in within(part) for name in inner_imports(modules()[module])}
    return any(name == target or name.startswith(f"{target}.") for name in imported)


def test_every_module_stands_in_a_room_of_the_order():
    assert {module.room for module in modules().values()} <= set(ORDER)


def test_imports_only_from_rooms_that_stand_before():
    wrong = []
    for name, module in sorted(modules().items()):
        place = ORDER.index(module.room)
        after = {imported for imported in inner_imports(module) if ORDER.index(modules()[imported].room) > place}
        wrong += [f"{name} imports {imported}" for imported in sorted(after)]
    assert not wrong, "\n".join(wrong)


def test_no_cycle_between_modules():
    graph = {name: inner_imports(module) for name, module in modules().items()}
    assert len(acyclic_order(graph)) == len(graph)


def test_no_cycle_between_the_parts_of_a_room():
    """The subpackages of a room import each other in one direction only."""
    packages = {name for name, module in modules().items() if module.path.name == "__init__.py"}
    for room in sorted(packages):
        parts = {name for name in packages if name.rpartition(".")[0] == room}
        acyclic_order({part: {target for target in parts - {part} if imports_from(part, target)} for part in parts})


def test_compiled_code_comes_from_the_rooms_its_cached_copies_depend_on():
    graph = {name: inner_imports(module) for name, module in modules().items()}
    sources = {name for name in graph if modules()[name].has_kernels}
    assert len(sources) > 10
    while more := set().union(*(graph[name] for name in sources)) - sources - {"nephrosyn"}:
        sources |= more
    assert {modules()[name].room for name in sources} <= {room.removesuffix(".py") for room in COMPILED_ROOMS}
