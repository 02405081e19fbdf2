"""A request for cases, and a check that reports everything wrong with it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from nephrosyn.errors import MOST_SEED, CasesError, wrong_count
from nephrosyn.teach.model import ItemKind, Spelling, UnitSystem

KINDS: tuple[ItemKind, ...] = get_args(ItemKind)
UNITS: tuple[UnitSystem, ...] = get_args(UnitSystem)
SPELLINGS: tuple[Spelling, ...] = get_args(Spelling)
Balance = Literal["category", "natural"]
BALANCES: tuple[Balance, ...] = get_args(Balance)
EARLIER_BALANCE = "label"
"""Earlier name of the balance by category."""
LEVELS = range(1, 6)
MOST_CASES = 10_000


@dataclass(frozen=True)
class Request:
    """A request for cases.

    Attributes
    ----------
    count : int
        Number of cases; a near-miss pair counts as two.
    criteria : tuple of str
        Definition sets; every kind but disagreement uses the first. By default the first set of the run, and for
        disagreement all shipped sets.
    kinds : tuple of str
        Kinds of cases, in numbers as equal as possible.
    balance : {"category", "natural"}
        Categories in equal numbers, or as frequent as in the run.
    difficulty : int or None
        Only cases of this predicted difficulty.
    units, spelling : str
        Primary system of units, and spelling.
    seed : int
        Seed for the choice of patients and wordings.
    patients : tuple of int
        Numbers of the patients to make cases of, of the first replicate; by default any.
    figures : bool
        Whether to include pictures.
    """

    count: int = 20
    criteria: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("single",)
    balance: str = "category"
    difficulty: int | None = None
    units: str = "conventional"
    spelling: str = "american"
    seed: int = 1
    patients: tuple[int, ...] = ()
    figures: bool = field(default=True, compare=False)

    def check(self) -> None:
        """Check the request.

        Raises
        ------
        CasesError
            If anything is wrong; the message lists all of it.

        Examples
        --------
        >>> Request(count=0, kinds=("essay",)).check()
        Traceback (most recent call last):
        ...
        nephrosyn.errors.CasesError: count: expected a whole number from 1 to 10000; found 0
        kind: expected some of single, numeric, key-features, staged, matching, near-miss, disagreement; got essay
        """
        wrong = []
        wrong += wrong_count("count", self.count, 1, MOST_CASES)
        wrong += wrong_count("seed", self.seed, 0, MOST_SEED)
        unknown = [name for name in self.kinds if name not in KINDS]
        if unknown or not self.kinds:
            wrong.append(f"kind: expected some of {', '.join(KINDS)}; got {', '.join(unknown) or 'none'}")
        if self.balance != EARLIER_BALANCE:
            wrong += _one_of("balance", self.balance, BALANCES)
        wrong += _one_of("units", self.units, UNITS)
        wrong += _one_of("spelling", self.spelling, SPELLINGS)
        if self.difficulty is not None and self.difficulty not in LEVELS:
            wrong.append(f"difficulty: expected 1 to 5; got {self.difficulty}")
        if wrong:
            raise CasesError("\n".join(wrong))

    def shares(self) -> dict[ItemKind, int]:
        """Return the number of cases of each kind; near-miss cases come in pairs."""
        kinds = [name for name in KINDS if name in self.kinds]
        shares = {kind: self.count // len(kinds) for kind in kinds}
        for kind in kinds[: self.count % len(kinds)]:
            shares[kind] += 1
        if shares.get("near-miss", 0) % 2:
            donor = next((kind for kind in kinds if kind != "near-miss" and shares[kind]), None)
            if donor is None:
                raise CasesError(f"count: near-miss cases come in pairs, so expected an even number; got {self.count}")
            shares["near-miss"] += 1
            shares[donor] -= 1
        return {kind: share for kind, share in shares.items() if share}


def _one_of(option: str, got: str, names: Sequence[str]) -> list[str]:
    return [] if got in names else [f"{option}: expected one of {', '.join(names)}; got {got}"]
