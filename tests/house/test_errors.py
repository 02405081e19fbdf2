"""All errors caused by user input have one base class, are in one module and are exported."""

from __future__ import annotations

import ast
import builtins

import pytest

import nephrosyn as ns
from nephrosyn import errors

from .source import modules

NOT_FOR_USERS = {
    "CacheWarning": "a warning",
    "ForeignError": "becomes the reason why other code runs",
    "KernelWarning": "a warning",
    "NotReadyError": "becomes the reason why a classifier has no score",
    "NoAnswerError": "becomes the reason why a classifier gave no answer",
    "OtherTypesError": "other code is called",
    "StorageWarning": "a warning",
    "Terminated": "a signal",
    "UnreadableError": "becomes the error of the scenario, set, run or cases that were read",
    "UnusableError": "becomes the reason why other code runs",
    "WorkerDiedError": "caught where the worker is watched",
}
"""Exceptions that users never see, and why."""

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


def exceptions_defined():
    """Module and name of every exception class."""
    for name, module in modules().items():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
                kinds = [getattr(builtins, base, None) for base in bases]
                if any(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds) or any(
                    base.endswith("Error") for base in bases
                ):
                    yield name, node.name


def test_errors_stand_in_one_module():
    elsewhere = {f"{module}: {name}" for module, name in exceptions_defined() if module != "nephrosyn.errors"}
    assert {text for text in elsewhere if text.rpartition(" ")[2] not in NOT_FOR_USERS} == set()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_has_the_base_and_is_exported(kind):
    assert issubclass(kind, ns.NephrosynError)
    assert issubclass(kind, ValueError)
    assert getattr(ns, kind.__name__) is kind
    assert kind.__name__ in errors.__doc__


def test_value_error_catches_an_unknown_scenario():
    with pytest.raises(ValueError, match="no-such"):
        ns.run("no-such")


def test_dir_lists_the_public_names_and_nothing_else():
    assert set(dir(ns)) == set(ns.__all__)
    assert all(hasattr(ns, name) for name in ns.__all__)
