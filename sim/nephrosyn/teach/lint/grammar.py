"""Mechanical slips of language in generated text."""

from __future__ import annotations

import re

SLIPS = {
    "double space": re.compile(r"\S  +\S"),
    "unfilled placeholder": re.compile(r"\{\w*\}|\bNone\b|\bnan\b|\(none\)"),
    "space before punctuation": re.compile(r"\s[,.;:!?](\s|$)"),
    "doubled punctuation": re.compile(r"([,.;:!?])\1|[,;:]\.|\.[,;:]"),
    "doubled word": re.compile(r"\b([A-Za-z]+) \1\b", re.IGNORECASE),
    "underscore": re.compile(r"[A-Za-z]_[A-Za-z]"),
    "article": re.compile(
        r"\b[Aa] (?=(?:8|11|18)(?:\D|$)|[aeio][a-z])(?!one\b|once\b)"
        r"|\b[Aa]n (?!8|11\b|11-|18\b|18-|[aeiouAEIO]|hour|honest|UPCR)"
    ),
    "plural": re.compile(
        r"(?<![\d.,])\b1 (?:days|weeks|months|years|relapses|visits|results|runs|patients|readings)\b"
        r"|\b(?:[02-9]|\d{2,}) (?:day|week|month|year|relapse|visit|result|run|patient|reading)\b(?!-)"
    ),
    "small letter at the start of a sentence": re.compile(r"(?<!\bvs)(?<!\b[A-Z])[.!?] +[a-z]"),
}
"""Pattern of each slip."""


def slips(text: str) -> list[str]:
    """Return the slips in a text.

    Parameters
    ----------
    text : str
        A paragraph, stem or feedback.

    Returns
    -------
    list of str
        Each slip with the surrounding words.

    Examples
    --------
    >>> slips("A 8-year-old boy had 1 relapses."), slips("An 8-year-old boy had 1 relapse on day 12.")
    (["article: 'A 8-year-old boy '", "plural: 'boy had 1 relapses.'"], [])
    """
    texts = []
    for name, pattern in SLIPS.items():
        for hit in pattern.finditer(text):
            around = text[max(0, hit.start() - 8) : hit.end() + 15]
            texts.append(f"{name}: {around!r}")
    if text and (text[0].islower() or text[-1] not in ".?:!"):
        texts.append(f"not a complete sentence: {text[:20]!r}")
    return texts
