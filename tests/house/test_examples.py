"""Every example in a docstring runs and prints the output shown."""

from __future__ import annotations

import doctest
import importlib

import pytest

from .source import modules

WITH_EXAMPLES = sorted(name for name, module in modules().items() if ">>>" in module.path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    result = doctest.testmod(importlib.import_module(name), optionflags=flags)
    assert result.attempted
    assert not result.failed
