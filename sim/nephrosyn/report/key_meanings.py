"""What the keys of a scenario stand for, in words; the reference of scenario files has the same texts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from nephrosyn.scenario.tree import Path, split
from nephrosyn.vocabulary import plain_name


@cache
def key_meanings() -> Mapping[str, str]:
    """Return the meaning of each key; words in capitals, such as ``BAND``, stand for any name."""
    text = files("nephrosyn.scenario.files").joinpath("meanings.toml").read_text("utf-8")
    meanings: dict[str, str] = tomllib.loads(text)
    return meanings


def meaning(key: str) -> str:
    """Return what a key stands for, in a few words.

    Parameters
    ----------
    key : str
        Dotted key of a number, of an element of a list, or of a parameter of a distribution.

    Returns
    -------
    str
        The meaning up to its first semicolon, and what the key says further: age band, lesion, parameter. A key without
        a meaning is returned as it is.

    Examples
    --------
    >>> meaning("population.bands.adults.lesion_mix.fsgs")
    'Share of the lesion in the band (adults, focal segmental glomerulosclerosis)'
    >>> meaning("disease.spontaneous.membranous.time_days.scale")
    'Days from onset until that fall begins (membranous nephropathy, scale)'
    """
    path = split(key)
    for length in (len(path), len(path) - 1):
        if pattern := _pattern(path[:length]):
            text = key_meanings()[pattern].partition(";")[0].removesuffix(".").replace("`", "")
            named = [plain_name(part) for part, place in zip(path, split(pattern), strict=False) if place.isupper()]
            further = ", ".join([*named, *path[length:]])
            return f"{text} ({further})" if further else text
    return key


def _pattern(path: Path) -> str | None:
    """Return the key of the meanings that a path matches, with as few words in capitals as possible."""
    fitting = [pattern for pattern in key_meanings() if _matches(split(pattern), path)]
    return min(fitting, key=lambda pattern: sum(map(str.isupper, split(pattern))), default=None)


def _matches(pattern: Path, path: Path) -> bool:
    return len(pattern) == len(path) and all(
        place.isupper() or place == part for place, part in zip(pattern, path, strict=True)
    )
