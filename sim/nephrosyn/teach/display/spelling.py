"""Terms in plain words, in American or British spelling, and back."""

from __future__ import annotations

import re

from nephrosyn import vocabulary
from nephrosyn.teach.model import Spelling

AMERICAN = {
    "haemorrhagic": "hemorrhagic",
    "hypogammaglobulinaemia": "hypogammaglobulinemia",
    "diarrhoea": "diarrhea",
    **{drug.name: drug.american for drug in vocabulary.DRUG_TABLE if drug.american},
    "paediatric": "pediatric",
    "oedema": "edema",
    "judgement": "judgment",
    "colour": "color",
    "centre": "center",
}
"""American spelling of British words; the package itself uses British spelling."""
BRITISH = {"leukopenia": "leucopenia"}
"""British spelling of words that the package itself spells the American way."""

_TERMS = (*vocabulary.CONDITIONS, *vocabulary.LESIONS, *vocabulary.DRUGS, *vocabulary.CATEGORIES, *vocabulary.FLAGS)


def to_words(name: str) -> str:
    """Return a term in plain words.

    Examples
    --------
    >>> to_words("fsgs"), to_words("peptic_ulcer")
    ('focal segmental glomerulosclerosis', 'peptic ulcer')
    """
    return vocabulary.plain_name(name)


_TERM_BY_WORDS = {to_words(name): name for name in _TERMS}


def from_words(text: str) -> str:
    """Return the term for plain words in either spelling."""
    for british, american in AMERICAN.items():
        text = text.replace(american, british) if british not in text else text
    for american, british in BRITISH.items():
        text = text.replace(british, american)
    return _TERM_BY_WORDS[text]


def spelled(text: str, spelling: Spelling) -> str:
    """Return a text in a spelling.

    Examples
    --------
    >>> spelled("Ciclosporin and diarrhoea", "american"), spelled("leukopenia", "british")
    ('Cyclosporine and diarrhea', 'leucopenia')
    """
    pattern, changes = _SPELLINGS[spelling]
    return pattern.sub(lambda match: _alike(changes[match[0].lower()], match[0]), text)


def _alike(new: str, old: str) -> str:
    """Return a word with a capital if another has one."""
    return new.capitalize() if old[0].isupper() else new


def _pattern(changes: dict[str, str]) -> tuple[re.Pattern[str], dict[str, str]]:
    return re.compile(rf"\b(?:{'|'.join(changes)})", re.IGNORECASE), changes


_SPELLINGS: dict[str, tuple[re.Pattern[str], dict[str, str]]] = {
    "american": _pattern(AMERICAN),
    "british": _pattern(BRITISH),
}


def article(text: str) -> str:
    """Return a text with the indefinite article.

    Examples
    --------
    >>> article("8-year-old girl"), article("13-year-old boy"), article("11-year-old boy")
    ('an 8-year-old girl', 'a 13-year-old boy', 'an 11-year-old boy')
    """
    vowel = re.match(r"(8|11\b|11-|18|[aeiouAEIOU])", text) is not None
    return f"{'an' if vowel else 'a'} {text}"


def listed(parts: list[str]) -> str:
    """Return a list in words.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def sentence(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]
