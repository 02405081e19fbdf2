"""Definition sets as a worker receives them: checked, and reduced to the numbers by which patients are classified.

They are plain values for JSON, so that a worker needs neither the text of a set nor pydantic, which checks it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, Union

if TYPE_CHECKING:
    from nephrosyn.criteria.definition.definition import DefinitionSet


@dataclass(frozen=True)
class PreparedSet:
    """The numbers of a definition set.

    Attributes
    ----------
    name : str
        Name in the labels.
    numbers : tuple of mapping of str to float, shape (2,)
        Thresholds by the names of `compiled.RULES`: for adults at 0, for children at 1.
    refractory, precedence : tuple of str
        Flags that make a patient refractory; all flags, the first one that applies gives the category.
    """

    name: str
    numbers: tuple[Mapping[str, float], Mapping[str, float]]
    refractory: tuple[str, ...]
    precedence: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PreparedSet:
        """Rebuild it from the values of `as_dict`."""
        adults, children = values["numbers"]
        return cls(values["name"], (adults, children), tuple(values["refractory"]), tuple(values["precedence"]))


Definition: TypeAlias = Union["DefinitionSet", PreparedSet]
"""What patients are classified by."""


def refractory_flags(definition: Definition) -> Sequence[str]:
    """Return the flags that make a patient refractory."""
    if isinstance(definition, PreparedSet):
        return definition.refractory
    return definition.verdict.refractory.of(child=False)


def precedence(definition: Definition) -> Sequence[str]:
    """Return the flags of a definition set; the first one that applies gives the category."""
    if isinstance(definition, PreparedSet):
        return definition.precedence
    return definition.verdict.precedence.of(child=False)
