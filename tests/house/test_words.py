"""Names in the code are standard terms; words that they replaced do not return."""

from __future__ import annotations

import ast
import re

from .source import modules

WHOLE = {
    "asked",
    "chosen",
    "each",
    "found",
    "kept",
    "made",
    "mine",
    "one",
    "other",
    "own",
    "p",
    "s",
    "told",
    "u",
    "x",
}
"""Names that do not describe what they stand for."""

PART = {
    "aside": "excluded",
    "belief": "assessment",
    "falsely": "pseudo_refractory",
    "harm": "adverse_event",
    "harms": "adverse_events",
    "judge": "classify or evaluate",
    "judged": "classified or evaluated",
    "judgement": "verdict",
    "judging": "classifying or evaluating",
    "law": "distribution",
    "laws": "distributions",
    "ledger": "history",
    "marks": "arguments",
    "pieces": "segments",
    "spells": "episodes",
    "stretches": "intervals",
    "truly": "true_refractory",
    "twins": "counterfactual pairs",
    "verb": "command",
    "verbs": "commands",
}
"""Words not used, alone or as part of a name, and the term used instead."""

ALLOWED: dict[str, str] = {
    "law": "a key of the entries of [uncertainty], and the distribution of an uncertain number",
    "p": "the probability of a quantile, also as an argument in the table of published estimates",
}
"""Names that keep such a word, and why."""


def words(name: str) -> set[str]:
    """The words of a name in snake case or camel case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


def names(tree: ast.Module) -> set[str]:
    """All names that a module defines."""
    named = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            named.add(node.name)
        elif isinstance(node, ast.arg):
            named.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            named.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            named.add(node.attr)
        elif isinstance(node, ast.alias) and node.asname:
            named.add(node.asname)
    return named


def types_in_docstrings(tree: ast.Module) -> set[str]:
    """Classes that the docstrings of a module give as types: after a parameter, or alone on a line."""
    types = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node) or ""
            for line in re.findall(r"^ *(?:[\w, *]+ : .+|[A-Z]\w+)$", text, re.MULTILINE):
                types.update(re.findall(r"\b[A-Z]\w+", line))
    return types


def given_up(name: str) -> bool:
    return name not in ALLOWED and (name.strip("_").lower() in WHOLE or bool(words(name) & PART.keys()))


def test_the_rule_sees_what_it_forbids():
    assert given_up("judge_all")
    assert given_up("_found")
    assert given_up("LeftAside")
    assert not given_up("lawful")


def test_the_rule_reads_the_types_in_docstrings():
    text = 'def run(a):\n    """Run.\n\n    a : list of Laws\n\n    Returns\n    -------\n    Ledger\n    """\n'
    assert {"Laws", "Ledger"} <= types_in_docstrings(ast.parse(text))


def test_no_name_carries_a_word_that_was_given_up():
    wrong = [
        f"{module.name}: {name}"
        for module in modules().values()
        for name in sorted(names(module.tree) | types_in_docstrings(module.tree) | set(module.name.split(".")))
        if given_up(name)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_exception_is_still_needed():
    everywhere = set().union(*(names(module.tree) for module in modules().values()))
    assert ALLOWED.keys() <= everywhere
