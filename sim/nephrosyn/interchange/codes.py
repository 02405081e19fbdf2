"""The codes of every word of the vocabulary in the code systems of the field.

`codes.toml` has an entry for each word that a record can hold: a standard code with two independent citations, or the
reason why there is none. A word without a standard code goes out under a code of nephrosyn's own, with its name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

from nephrosyn.errors import ExportError, nearest, value_text
from nephrosyn.text_files import UnreadableError, parsed_toml
from nephrosyn.toml_files import content, merge_tables
from nephrosyn.vocabulary import plain_name

LOCAL = "NEPHROSYN"
"""Vocabulary of the codes that no standard has."""
SYSTEMS = {
    "LOINC": "http://loinc.org",
    "SNOMED": "http://snomed.info/sct",
    "RxNorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "ATC": "http://www.whocc.no/atc",
    "UCUM": "http://unitsofmeasure.org",
    "GENDER": "http://hl7.org/fhir/administrative-gender",
    "VISIT": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    LOCAL: "https://nephrosyn.example/codes",
}
"""URI of each code system, as FHIR names it."""
SOURCES = "sources"
LEAST_CITATIONS = 2


@dataclass(frozen=True)
class Code:
    """The code of one word.

    Attributes
    ----------
    group, word : str
        Vocabulary of nephrosyn, for example ``analyte``, and the word in it.
    vocabulary, code : str
        Code system and code; `LOCAL` and ``group/word`` for a word without a standard code.
    display : str
        Name.
    concept_id : int
        Standard concept of OMOP; 0 if none is known.
    unit : str
        Unit of values in UCUM; empty if there is none.
    unit_concept_id : int
        OMOP concept of the unit.
    from_unit : str
        Unit inside nephrosyn.
    factor : float
        Factor from that unit to `unit`.
    atc : str
        Code of a drug in the ATC classification.
    citations : tuple of str
        Where the code was read: keys of the table ``sources``.
    reason : str
        Why there is no standard code; empty if there is one.
    """

    group: str
    word: str
    vocabulary: str
    code: str
    display: str
    concept_id: int = 0
    unit: str = ""
    unit_concept_id: int = 0
    from_unit: str = ""
    factor: float = 1.0
    atc: str = ""
    citations: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is a code of nephrosyn's own."""
        return self.vocabulary == LOCAL

    @property
    def text(self) -> str:
        """Vocabulary and code in one text, as MEDS has them.

        Examples
        --------
        >>> load_codes().of("analyte", "albumin").text
        'LOINC//1751-7'
        """
        return f"{self.vocabulary}//{self.code.replace('/', '//')}"

    @property
    def system(self) -> str:
        """URI of the code system."""
        return SYSTEMS[self.vocabulary]


class Codes:
    """The codes of all words.

    Parameters
    ----------
    entries : mapping of (str, str) to Code
        By group and word.
    """

    def __init__(self, entries: Mapping[tuple[str, str], Code]) -> None:
        self._entries = dict(entries)

    def __iter__(self) -> Iterator[Code]:
        return iter(self._entries.values())

    def of(self, group: str, word: str) -> Code:
        """Return the code of a word.

        Raises
        ------
        ExportError
            If there is no entry.
        """
        if (group, word) not in self._entries:
            raise ExportError(f"codes: expected an entry {group}.{word}; found none")
        return self._entries[group, word]

    def group(self, group: str) -> dict[str, Code]:
        """Return the codes of a group by word."""
        return {word: code for (of, word), code in self._entries.items() if of == group}

    def local(self) -> Codes:
        """Return codes of nephrosyn's own for all words; names and units stay."""
        return Codes({key: _as_local(code) for key, code in self._entries.items()})


def _as_local(code: Code) -> Code:
    return replace(code, vocabulary=LOCAL, code=f"{code.group}/{code.word}", concept_id=0, atc="")


def load_codes(choice: str | Path = "standard") -> Codes:
    """Return the codes.

    Parameters
    ----------
    choice : str or path
        ``standard``; ``local``, for codes of nephrosyn's own only; or a TOML file whose entries replace shipped ones.

    Returns
    -------
    Codes
        One entry for each word.

    Raises
    ------
    ExportError
        If the file cannot be read, or an entry has neither two citations nor a reason.

    Examples
    --------
    >>> load_codes().of("analyte", "upcr").code, load_codes("local").of("analyte", "upcr").text
    ('2890-2', 'NEPHROSYN//analyte//upcr')
    """
    if str(choice) == "standard":
        return _shipped()
    if str(choice) == "local":
        return _shipped().local()
    path = Path(choice)
    if not path.is_file():
        raise ExportError(f"--codes: expected standard, local or a TOML file; found {str(choice)!r}, which is none")
    try:
        additions = parsed_toml(content(path))
    except UnreadableError as error:
        raise ExportError(f"{choice}: expected {error.expected}; found {error.actual}") from None
    merged = merge_tables(_shipped_table(), additions, lambda below, above: "none" in above or "code" in above)
    return _checked(merged, str(choice), _shipped_table())


@cache
def _shipped_table() -> dict[str, Any]:
    return parsed_toml(content(files(__package__) / "codes.toml"))


@cache
def _shipped() -> Codes:
    return _checked(_shipped_table(), "codes.toml")


TYPES: dict[str, Any] = {
    "vocabulary": str,
    "code": str,
    "display": str,
    "concept_id": int,
    "unit": str,
    "unit_concept_id": int,
    "from_unit": str,
    "factor": float | int,
    "atc": str,
    "citations": list,
    "none": str,
}


def _checked(table: Mapping[str, Any], file: str, shipped: Mapping[str, Any] | None = None) -> Codes:
    """Return the codes of a table, or raise an error with everything that is wrong with it.

    Parameters
    ----------
    table : mapping
        Entries by group and word, and the sources.
    file : str
        Where they were read.
    shipped : mapping, optional
        The table of the package, for a table that replaces entries of it.
    """
    _refuse(list(_unknown(table, shipped or table)), file)
    entries, problems, sources = {}, [], table.get(SOURCES, {})
    for group, words in table.items():
        for word, entry in words.items() if isinstance(words, Mapping) and group != SOURCES else ():
            wrong = list(_problems_of(entry, sources))
            if not wrong and shipped and word in shipped.get(group, {}):
                wrong = list(_problems_of_unit(entry, shipped[group][word]))
            problems += [f"{group}.{word}: {problem}" for problem in wrong]
            if not wrong:
                entries[group, word] = _entry(group, word, entry)
    _refuse(problems, file)
    return Codes(entries)


def _refuse(problems: list[str], file: str) -> None:
    if problems:
        raise ExportError("\n".join([f"codes in {file}:", *(f"  {problem}" for problem in problems)]))


def _unknown(table: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is no group of words, and words that no record holds."""
    for group, words in table.items():
        if group not in known:
            yield f"expected one of the groups {', '.join(known)}; found {group}"
        elif not isinstance(words, Mapping):
            yield f"{group}: expected a table; found {value_text(words)}"
        elif group != SOURCES:
            for word in words:
                if word not in known[group]:
                    close = nearest(word, known[group])
                    meant = f"; nearest: {close}" if close else ""
                    yield f"{group}: expected a word of the record; found {word}{meant}"


def _problems_of_unit(entry: Mapping[str, Any], shipped: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the unit of an entry: it says how values are converted from that of nephrosyn."""
    if "from_unit" not in shipped:
        return
    if entry.get("from_unit") != shipped["from_unit"]:
        actual = value_text(entry["from_unit"]) if "from_unit" in entry else "none"
        yield f'from_unit: expected "{shipped["from_unit"]}", the unit inside nephrosyn; found {actual}'
    if not entry.get("unit"):
        yield "unit: expected the unit of exported values, in UCUM; found none"
    if not 0.0 < entry.get("factor", 1.0) < math.inf:
        yield f"factor: expected a number above 0; found {value_text(entry['factor'])}"


def _problems_of(entry: Any, sources: Mapping[str, str]) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield f"expected a table; found {value_text(entry)}"
        return
    for key, value in entry.items():
        if key not in TYPES:
            yield f"expected one of {', '.join(TYPES)}; found the key {key}"
        elif not isinstance(value, TYPES[key]) or isinstance(value, bool):
            kinds = get_args(TYPES[key]) or (TYPES[key],)
            yield f"{key}: expected {' or '.join(kind.__name__ for kind in kinds)}; found {value_text(value)}"
    if "none" in entry:
        if "code" in entry or not str(entry["none"]).strip():
            yield 'expected a code, or none = "reason"; found both, or no reason'
        return
    for key in ("vocabulary", "code", "display"):
        if not str(entry.get(key, "")).strip():
            yield f"expected {key}; found {'an empty text' if key in entry else 'none'}"
    if str(entry.get("vocabulary") or LOCAL) not in SYSTEMS:
        yield f"vocabulary: expected one of {', '.join(SYSTEMS)}; found {value_text(entry['vocabulary'])}"
    if isinstance(entry.get("citations", []), list):
        yield from _problems_of_citations(entry, sources)


def _problems_of_citations(entry: Mapping[str, Any], sources: Mapping[str, str]) -> Iterator[str]:
    cited = list(dict.fromkeys(map(str, entry.get("citations", []))))
    yield from (
        f"citations: expected a key of [sources]; found {value_text(key)}" for key in cited if key not in sources
    )
    if len(cited) < LEAST_CITATIONS:
        yield (
            f"citations: expected {LEAST_CITATIONS} independent ones for code {entry.get('code')}; found {len(cited)}; "
            'cite another source, or say none = "reason"'
        )


def _entry(group: str, word: str, entry: Mapping[str, Any]) -> Code:
    values = {key: value for key, value in entry.items() if key != "none"}
    values["citations"] = tuple(values.get("citations", ()))
    values["factor"] = float(values.get("factor", 1.0))
    reason = str(entry.get("none", ""))
    if reason:
        values |= {"vocabulary": LOCAL, "code": f"{group}/{word}", "display": values.get("display", plain_name(word))}
    return Code(group, word, reason=reason, **values)
