"""The versioned table of constants: what each perturbation does at each severity, and where each number is from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

Kind = Literal["record", "label", "cohort"]

SEVERITIES = (0, 1, 2, 3, 4, 5)
"""0 changes nothing, 5 is the worst."""
CLEAN = "nothing is changed"
TABLE = Path(__file__).parent / "constants.toml"
TEXTS = ("title", "kind", "mechanism", "what", "does")


@dataclass(frozen=True)
class Constant:
    """A number of a perturbation: one for each severity from 1 to 5, or one for all.

    Attributes
    ----------
    values : tuple
        For severities 1 to 5.
    unit : str
        What it counts.
    source : str
        Evidence id, citation, or ``assumed: reason``.
    steps : bool
        Whether it grows with severity.
    """

    values: tuple[Any, ...]
    unit: str
    source: str
    steps: bool


@dataclass(frozen=True)
class Perturbation:
    """One kind of error.

    Attributes
    ----------
    name : str
        By which it is asked for; a part of the address of its draws.
    mechanism : str
        How the error comes about, as the log has it.
    title : str
        In a few words.
    what : str
        What it does to a record, in sentences.
    kind : {"record", "label", "cohort"}
        Whether it changes what was observed, the reference labels, or who is in the cohort.
    does : str
        The function that makes the changes, ``module.function`` of this room.
    constants : mapping of str to Constant
        Its numbers.
    """

    name: str
    mechanism: str
    title: str
    what: str
    kind: Kind
    does: str
    constants: Mapping[str, Constant]

    def at(self, severity: int) -> dict[str, Any]:
        """Return its numbers at a severity from 1 to 5."""
        return {name: constant.values[severity - 1] for name, constant in self.constants.items()}

    @property
    def severities(self) -> tuple[str, ...]:
        """What each severity from 0 to 5 means, in words."""
        stepped = {name: constant for name, constant in self.constants.items() if constant.steps}
        words = ["; ".join(f"{one.values[s]:g} {one.unit}" for one in stepped.values()) for s in range(5)]
        return (CLEAN, *words)


def _constant(content: Mapping[str, Any]) -> Constant:
    if "values" in content:
        return Constant(tuple(content["values"]), content["unit"], content["source"], steps=True)
    rest = {key: value for key, value in content.items() if key not in ("unit", "source")}
    return Constant((rest.get("value", rest),) * (len(SEVERITIES) - 1), content["unit"], content["source"], steps=False)


def _perturbation(name: str, content: Mapping[str, Any]) -> Perturbation:
    constants = {key: _constant(value) for key, value in content.items() if key not in TEXTS}
    return Perturbation(name, constants=MappingProxyType(constants), **{key: content[key] for key in TEXTS})


_CONTENT = tomllib.loads(TABLE.read_text(encoding="utf-8"))
VERSION: int = _CONTENT.pop("version")
"""Of the table of constants; results under another one are not comparable."""
PERTURBATIONS: Mapping[str, Perturbation] = MappingProxyType(
    {name: _perturbation(name, content) for name, content in _CONTENT.items()}
)
"""All perturbations by name."""
MECHANISMS = tuple(dict.fromkeys(one.mechanism for one in PERTURBATIONS.values()))
