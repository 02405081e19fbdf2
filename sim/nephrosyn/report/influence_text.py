"""What the share hangs on, in sentences."""

from __future__ import annotations

from nephrosyn.report.findings.influence import Influence, NumberInfluence
from nephrosyn.report.formatting import decimal, number, percent

NAMED = 3
"""Numbers that a sentence names at most."""


def moved_most(influence: Influence) -> str:
    """Return which numbers move the share most, in a sentence; or that none can be told from chance.

    Parameters
    ----------
    influence : Influence
        What the share hangs on.
    """
    leading = influence.leading[:NAMED]
    if not leading:
        return f"no uncertain number stands out in {number(influence.draws)} draws; more draws may show one"
    named = ["; ".join(map(_named, leading[:-1])), _named(leading[-1])]
    return f"what moves it most: {' and '.join(filter(None, named))}"


def _named(influence: NumberInfluence) -> str:
    effect = "raises" if influence.correlation.value > 0 else "lowers"
    words = influence.meaning[0].lower() + influence.meaning[1:]
    return f"{words}, which {effect} it (partial rank correlation {signed(influence.correlation.value)})"


def signed(value: float) -> str:
    """Return a correlation with its sign and two decimals.

    Examples
    --------
    >>> signed(0.514), signed(-0.3)
    ('+0.51', '−0.30')
    """
    return ("+" if value > 0 else "") + decimal(value)


def certainty(influence: Influence) -> str:
    """Return how certain the answer to the question is, in a sentence."""
    draws, question = number(influence.draws), influence.question
    predicate = f"lies within {question}" if question.margin else f"is {question}"
    if influence.wrong > 0:
        return (
            f"In {percent(influence.right, 0)} of the draws the share {predicate}, so the likelier answer is wrong "
            f"with a probability of {percent(influence.wrong, 0)}."
        )
    none = "in none" if influence.right == 0 else "in all"
    return (
        f"The share {predicate} {none} of the {draws} draws, so no study of these numbers would change that answer: "
        "their expected value of information is 0."
    )


def held_fixed(influence: Influence) -> str:
    """Return which numbers the partial rank correlations hold fixed."""
    count, others = influence.held_fixed, len(influence.numbers) - 1
    if count == others:
        return "The correlation with each number holds all others fixed."
    return (
        f"The correlation with each number holds the {number(count)} leading others fixed; {number(influence.draws)} "
        f"draws are too few for all {number(others)}."
    )


def by_chance(influence: Influence) -> str:
    """Return how many numbers would seem to matter by chance alone."""
    expected = round(0.05 * len(influence.numbers))
    return (
        f"Of {number(len(influence.numbers))} numbers without any effect, about {number(expected)} would have a "
        "correlation whose 95% interval excludes 0, by chance."
    )
