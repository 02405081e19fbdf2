"""Compiled functions without a Python wrapper are called by compiled functions only: from Python they would crash."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from .source import PACKAGE

INNER = {"kernel", "inline", "once"}
COMPILED = INNER | {"entry", "shared"}
FILES = sorted(PACKAGE.rglob("*.py"))


def decorators(function):
    return {d.id for d in function.decorator_list if isinstance(d, ast.Name)}


def functions(tree, wanted):
    return {n.name for n in tree.body if isinstance(n, ast.FunctionDef) and decorators(n) & wanted}


@cache
def inner_names():
    """Module and name of every compiled function that Python must not call."""
    found = {}
    for path in FILES:
        module = ".".join(("nephrosyn", *path.relative_to(PACKAGE).with_suffix("").parts))
        found[module] = functions(ast.parse(path.read_text(encoding="utf-8")), INNER)
    return found


def known_here(tree, module, inner):
    """Names under which a module knows such functions."""
    names = {name: name for name in inner[module]}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in inner:
            names |= {a.asname or a.name: a.name for a in node.names if a.name in inner[node.module]}
    return set(names)


def calls_from_python(tree, names):
    """Calls of such functions anywhere but inside a compiled function."""
    compiled = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and decorators(n) & COMPILED]
    inside = {id(node) for function in compiled for node in ast.walk(function)}
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Name) and called.id in names and id(node) not in inside:
            yield f"line {called.lineno}: {called.id}"


def test_there_are_such_functions():
    assert sum(map(len, inner_names().values())) > 100


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_python_calls_none_of_them(path):
    module = ".".join(("nephrosyn", *path.relative_to(PACKAGE).with_suffix("").parts))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert list(calls_from_python(tree, known_here(tree, module, inner_names()))) == []
