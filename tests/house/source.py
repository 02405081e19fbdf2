"""The package's source as syntax trees: imports, calls and names of each module."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "sim" / "nephrosyn"
KERNELS = {"entry", "shared", "kernel", "inline", "once"}
"""Decorators of compiled functions."""


@dataclass(frozen=True)
class Module:
    """One source file: its dotted name, its path and its tree."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        """The part of the package the module belongs to; the root module is ``__init__``."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else "__init__"

    @property
    def imports(self) -> set[str]:
        """Dotted names of everything imported, anywhere in the file."""
        return self._imports(self.tree)

    @property
    def imports_for_types(self) -> set[str]:
        """Dotted names imported for type checking only."""
        blocks = [n for n in ast.walk(self.tree) if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
        return set().union(*(self._imports(block) for block in blocks))

    def _imports(self, tree: ast.AST) -> set[str]:
        names: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                names.update(f"{base}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.Call) and _called(node).endswith("import_module"):
                names.update(a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str))
        return names

    @property
    def has_kernels(self) -> bool:
        """Whether a function of the module is compiled."""
        functions = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]
        return any(isinstance(d, ast.Name) and d.id in KERNELS for f in functions for d in f.decorator_list)

    @property
    def calls(self) -> set[str]:
        """Names of everything called, as written."""
        return {_called(node) for node in ast.walk(self.tree) if isinstance(node, ast.Call)}

    @property
    def attributes(self) -> set[str]:
        """Every dotted expression, as written."""
        return {ast.unparse(node) for node in ast.walk(self.tree) if isinstance(node, ast.Attribute)}

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.name.split(".")
        is_package = self.path.name == "__init__.py"
        base = parts[: len(parts) - node.level + is_package]
        return ".".join([*base, node.module] if node.module else base)


def _called(node: ast.Call) -> str:
    return ast.unparse(node.func)


@cache
def modules() -> dict[str, Module]:
    """Every module of the package by its dotted name."""
    by_name = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        by_name[name] = Module(name, path, ast.parse(path.read_text(encoding="utf-8"), str(path)))
    return by_name


def inner_imports(module: Module) -> set[str]:
    """Names of the package's own modules that a module imports."""
    known = modules()
    inner = set()
    for name in module.imports - {"nephrosyn.__version__"}:
        while name and name not in known:
            name = name.rpartition(".")[0]
        if name and name != module.name:
            inner.add(name)
    return inner


def outer_imports(module: Module) -> set[str]:
    """Top-level names of other packages that a module imports when it runs; imports for types alone do not count."""
    return {name.partition(".")[0] for name in module.imports - module.imports_for_types} - {"nephrosyn"}
