"""The versioned table of constants: what each perturbation does at each severity, with the source of each number."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from nephrosyn.errors import nearest

Kind = Literal["record", "label", "cohort"]

SEVERITIES = (0, 1, 2, 3, 4, 5)
"""0 changes nothing, 5 is the worst."""
NO_CHANGE = "nothing is changed"
TABLE = Path(__file__).parent / "constants.toml"
TEXTS = ("title", "kind", "mechanism", "what", "does")


@dataclass(frozen=True)
class Constant:
    """A constant of a perturbation: one value for each severity from 1 to 5, or one for all.

    Attributes
    ----------
    values : tuple
        For severities 1 to 5.
    unit : str
        Unit, in words.
    source : str
        Evidence id, citation, or ``assumed: reason``.
    steps : bool
        Whether it varies with severity.
    """

    values: tuple[Any, ...]
    unit: str
    source: str
    steps: bool


@dataclass(frozen=True)
class Perturbation:
    """One kind of error in the record, the labels or the cohort.

    Attributes
    ----------
    name : str
        Its name; also part of the key of its random draws.
    mechanism : str
        Why the error occurs, as written in the log.
    title : str
        A few words.
    what : str
        What it does to a record, in sentences.
    kind : {"record", "label", "cohort"}
        Whether it changes the observed record, the reference labels, or who is in the cohort.
    does : str
        The function that makes the changes, as ``module.function`` of this package.
    constants : mapping of str to Constant
        Its constants.
    """

    name: str
    mechanism: str
    title: str
    what: str
    kind: Kind
    does: str
    constants: Mapping[str, Constant]

    def at(self, severity: int) -> dict[str, Any]:
        """Return the constants at a severity from 1 to 5."""
        return {name: constant.values[severity - 1] for name, constant in self.constants.items()}

    @property
    def severities(self) -> tuple[str, ...]:
        """What each severity from 0 to 5 means, in words."""
        stepped = {name: constant for name, constant in self.constants.items() if constant.steps}
        texts = [
            "; ".join(f"{constant.values[step]:g} {constant.unit}" for constant in stepped.values())
            for step in range(len(SEVERITIES) - 1)
        ]
        return (NO_CHANGE, *texts)


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
"""Version of the table of constants; results of different versions are not comparable."""
_ALL = {name: _perturbation(name, content) for name, content in _CONTENT.items()}
SHIPPED = tuple(_ALL)
"""Names of the perturbations of the table."""
OF_RECORDS = tuple(name for name, perturbation in _ALL.items() if perturbation.kind == "record")
"""Names of those that change the observed record."""
PERTURBATIONS: Mapping[str, Perturbation] = MappingProxyType(_ALL)
"""All perturbations by name: the shipped ones, and those of users that were registered."""


def add(perturbation: Perturbation) -> None:
    """Add a user's perturbation to `PERTURBATIONS`, or replace an earlier one of its name."""
    _ALL[perturbation.name] = perturbation


def of_records() -> tuple[str, ...]:
    """Return the names of all perturbations that change the observed record, users' ones too."""
    return tuple(name for name, perturbation in PERTURBATIONS.items() if perturbation.kind == "record")


def unknown(name: str) -> str:
    """Return the message for a name that is no perturbation, with the nearest names.

    Examples
    --------
    >>> unknown("prevalence_low")
    'there is no perturbation prevalence_low; nearest: prevalence_lowered, prevalence_raised'
    """
    near = nearest(name, PERTURBATIONS)
    hint = f"nearest: {near}" if near else f"known: {', '.join(PERTURBATIONS)}"
    return f"there is no perturbation {name}; {hint}"
