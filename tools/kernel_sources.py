"""Find the source files that compiled functions depend on.

These are their own, those of the constants and types that they use, and how they are compiled (`nephrosyn.kernels`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

DECORATORS = {"entry", "kernel", "inline", "handler"}
"""Decorators of compiled functions; see `nephrosyn.kernels.compile`."""


def kernel_sources(package: Path) -> list[str]:
    """Return the files that compiled functions depend on.

    Parameters
    ----------
    package : Path
        Folder of the package.

    Returns
    -------
    list of str
        Sorted names, relative to the package.
    """
    modules = Modules(package)
    left = [(name, function) for name in modules.names for function in modules.compiled(name)]
    seen = set(left)
    while left:
        more = set(modules.uses(*left.pop())) - seen
        seen |= more
        left += more
    compilers = {name for name in modules.names if name.startswith(f"{package.name}.kernels")}
    return sorted(modules.file(name) for name in {name for name, _ in seen} | compilers)


class Modules:
    """The modules of a package, read but not imported.

    Attributes
    ----------
    names : set of str
        Names of all modules.
    """

    def __init__(self, package: Path) -> None:
        self._package = package
        self._paths = {self._name(path): path for path in package.rglob("*.py")}
        self.names = set(self._paths)

    def _name(self, path: Path) -> str:
        parts = (self._package.name, *path.relative_to(self._package).with_suffix("").parts)
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def file(self, name: str) -> str:
        """Return the file of a module, relative to the package."""
        return self._paths[name].relative_to(self._package).as_posix()

    @cache  # noqa: B019 - lives as long as the build
    def statements(self, name: str) -> list[ast.stmt]:
        """Return the statements of a module, with those inside of top-level blocks, as loops."""
        return list(_flat(ast.parse(self._paths[name].read_text(encoding="utf-8")).body))

    def compiled(self, name: str) -> Iterator[str]:
        """Yield the names of the compiled functions of a module."""
        for statement in self.statements(name):
            if isinstance(statement, ast.FunctionDef):
                words = {n.id for d in statement.decorator_list for n in ast.walk(d) if isinstance(n, ast.Name)}
                if words & DECORATORS:
                    yield statement.name

    def uses(self, name: str, word: str) -> Iterator[tuple[str, str]]:
        """Yield what a name of a module is made from: module and name of each."""
        for statement in self.statements(name):
            if isinstance(statement, ast.Import | ast.ImportFrom):
                yield from self._imported(statement, word)
            elif word in _bound(statement):
                yield from ((name, used) for used in _words(statement))

    def _imported(self, statement: ast.Import | ast.ImportFrom, word: str) -> Iterator[tuple[str, str]]:
        for alias in statement.names:
            if word != (alias.asname or alias.name.partition(".")[0]):
                continue
            whole = alias.name if isinstance(statement, ast.Import) else f"{statement.module}.{alias.name}"
            if whole in self.names:  # the module itself: all that it binds
                yield from ((whole, bound) for s in self.statements(whole) for bound in _bound(s))
            elif isinstance(statement, ast.ImportFrom) and statement.module in self.names:
                yield statement.module, alias.name


def _flat(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in statements:
        yield statement
        if isinstance(statement, ast.If | ast.For | ast.While | ast.With | ast.Try):
            for block in ("body", "orelse", "finalbody"):
                yield from _flat(getattr(statement, block, []))


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds or changes, imports apart."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return set()
    stored = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    changed = {
        n.value.id for n in ast.walk(statement) if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name)
    }
    return stored | changed


def _words(statement: ast.stmt) -> set[str]:
    """Return the names that a statement reads."""
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
