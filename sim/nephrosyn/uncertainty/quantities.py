"""The uncertain numbers of a scenario: which keys move together, by which law, after which source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nephrosyn.scenario import Resolved
from nephrosyn.scenario.checks.uncertainty import BANDS, Limits, completed, distribution_of, followers, limits_of
from nephrosyn.scenario.schema.limits import is_too_small
from nephrosyn.scenario.schema.uncertainty import Entry, Fixed
from nephrosyn.scenario.tree import Path, dotted, get, split
from nephrosyn.statistics.uncertain_numbers import Dirichlet, Drawn, NumberDistribution

Kind = Literal["number", "mix"]


@dataclass(frozen=True)
class Quantity:
    """An uncertain number, or numbers that move together.

    Attributes
    ----------
    keys : tuple of str
        Dotted keys that it sets. The law is that of the first, or of all members of a mix.
    law : Beta, Normal, Uniform, Drawn or Dirichlet
        What is known of it.
    source : str
        Where the law comes from: evidence ids, or ``assumed: reason``.
    kind : {"number", "mix"}
        ``mix`` for who the patients are: lesion mix, age, share of an age band.
    entry : str
        Its key in ``[uncertainty]``.
    limits : Limits or None
        Limits of the number, at which the law is truncated; None for a mix of lesions.
    """

    keys: tuple[str, ...]
    law: NumberDistribution | Dirichlet
    source: str
    kind: Kind
    entry: str
    limits: Limits | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names by which its uniform numbers are drawn, one for each; numbers of one table of draws share theirs."""
        return (f"posterior:{self.law.table}",) if isinstance(self.law, Drawn) else self.keys

    def values(self, tree: Any, probabilities: Sequence[float]) -> dict[str, float]:
        """Return the values of its keys at some quantiles of the law.

        Parameters
        ----------
        tree : table
            The scenario.
        probabilities : sequence of float in (0, 1)
            One for each of its names; only the first is used, except for a mix of lesions.

        Returns
        -------
        dict of str to float
            Value of each key.
        """
        if isinstance(self.law, Dirichlet):
            return dict(zip(self.keys, map(_or_zero, self.law.shares(probabilities)), strict=True))
        if isinstance(self.law, Drawn):
            return self.at(tree, self.law.in_row(probabilities[0]))
        return self.at(tree, self._truncated(self.law, probabilities[0]))

    def at(self, tree: Any, value: float) -> dict[str, float]:
        """Return the values of its keys if the first has a given value; the rest of a whole is shared as before.

        Parameters
        ----------
        tree : table
            The scenario.
        value : float
            Value of the first key, in its unit.
        """
        before = float(get(tree, split(self.keys[0])))
        remaining = (1.0 - value) / (1.0 - before) if before < 1.0 else 0.0
        following = {key: _or_zero(float(get(tree, split(key))) * remaining) for key in self.keys[1:]}
        return {self.keys[0]: _or_zero(value), **following}

    def _truncated(self, law: NumberDistribution, probability: float) -> float:
        assert self.limits is not None
        below, above = law.probability_below(self.limits.least), law.probability_below(self.limits.most)
        value = law.quantile(below + probability * (above - below))
        return min(max(value, self.limits.least), self.limits.most)


def _or_zero(value: float) -> float:
    """Return 0 for a number that is too small to be intended."""
    return 0.0 if is_too_small(value) else value


def uncertainty_of(resolved: Resolved) -> tuple[Quantity, ...]:
    """Return the uncertain numbers of a scenario.

    Parameters
    ----------
    resolved : Resolved
        The scenario.

    Returns
    -------
    tuple of Quantity
        In the order of its ``[uncertainty]``; numbers that are fixed are not among them.

    Examples
    --------
    >>> from nephrosyn.scenario import load
    >>> spontaneous = {quantity.entry: quantity for quantity in uncertainty_of(load("baseline"))}[
    ...     "disease.spontaneous.membranous.share"
    ... ]
    >>> str(spontaneous.law), spontaneous.source, spontaneous.kind
    ('104 of 328', 'A22', 'number')
    """
    entries = resolved.scenario.uncertainty
    tree = resolved.scenario.model_dump(mode="json")
    return tuple(quantity(tree, key, entry, entries) for key, entry in entries.items() if not isinstance(entry, Fixed))


def stated_numbers(resolved: Resolved) -> tuple[Quantity, ...]:
    """Return the numbers of which any file of a scenario says how well they are known, also those changed since.

    Parameters
    ----------
    resolved : Resolved
        The scenario.

    Returns
    -------
    tuple of Quantity
        Those of kind ``number``. The value of the scenario may lie outside the interval of the distribution.
    """
    tree = resolved.scenario.model_dump(mode="json")
    entries = {path: entry for path, entry in resolved.stated_uncertainty().items() if limits_of(tree, path)}
    texts = {dotted(path): entry for path, entry in entries.items()}
    stated = (quantity(tree, dotted(path), completed(tree, path, entry), texts) for path, entry in entries.items())
    return tuple(number for number in stated if number.kind == "number")


def quantity(tree: Any, key: str, entry: Entry, entries: Mapping[str, Entry]) -> Quantity:
    """Return the uncertain number, or the numbers that move together, of one entry that is not ``fixed``.

    Parameters
    ----------
    tree : table
        The scenario.
    key : str
        Key of the entry.
    entry : Entry
        The entry.
    entries : mapping of str to Entry
        All entries; a number with an entry of its own does not follow another.
    """
    assert not isinstance(entry, Fixed)
    path = split(key)
    keys = (key, *followers(tree, path, entries))
    if isinstance(get(tree, path), Mapping):
        keys = tuple(f"{key}.{name}" for name in get(tree, path))
    law, limits = distribution_of(tree, path, entry), limits_of(tree, path)
    return Quantity(keys, law, str(entry.source), _kind(tree, path), key, limits)


def _kind(tree: Any, path: Path) -> Kind:
    """Return the kind of a number: ages, shares and lesions of age bands make up the mix of patients."""
    is_mix = path[:2] == BANDS and path[3] in ("lesion_mix", "age_years", "share")
    return "mix" if is_mix else "number"
