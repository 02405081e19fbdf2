"""Compiled functions without a Python wrapper are called only by compiled functions; called from Python they crash."""

from __future__ import annotations

import ast
from functools import cache

from .source import KERNELS, Module, modules

INNER = {"kernel", "inline", "once"}


def decorators(function: ast.FunctionDef) -> set[str]:
    return {d.id for d in function.decorator_list if isinstance(d, ast.Name)}


@cache
def inner_names() -> dict[str, set[str]]:
    """The compiled functions that Python must not call, by module."""
    return {
        name: {n.name for n in module.tree.body if isinstance(n, ast.FunctionDef) and decorators(n) & INNER}
        for name, module in modules().items()
    }


def known_in(module: Module) -> set[str]:
    """Names of such functions in a module."""
    names = set(inner_names()[module.name])
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom):
            inner = inner_names().get(node.module or "", set())
            names |= {alias.asname or alias.name for alias in node.names if alias.name in inner}
    return names


def calls_from_python(module: Module) -> list[str]:
    """Calls of such functions anywhere but inside a compiled function."""
    names = known_in(module)
    compiled = [n for n in ast.walk(module.tree) if isinstance(n, ast.FunctionDef) and decorators(n) & KERNELS]
    inside = {id(node) for function in compiled for node in ast.walk(function)}
    return [
        f"{module.path.name}, line {node.lineno}: {node.func.id}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in names and id(node.func) not in inside
    ]


def test_there_are_such_functions():
    assert sum(map(len, inner_names().values())) > 100


def test_python_calls_none_of_them():
    wrong = [call for module in modules().values() for call in calls_from_python(module)]
    assert not wrong, "\n".join(wrong)
