"""Two drivers of one patient model: SimPy where patients share a clinic, one compiled loop where they do not.

With unlimited capacity both write the same rows, bit for bit. `simulate` plays a cohort; `Player` plays single parts.
"""

from nephrosyn.engine.simulation import (
    History,
    Part,
    Player,
    check_parts,
    choose_engine,
    cut,
    is_compiled,
    part_size,
    simulate,
)
from nephrosyn.errors import EngineError

__all__ = [
    "EngineError",
    "History",
    "Part",
    "Player",
    "check_parts",
    "choose_engine",
    "cut",
    "is_compiled",
    "part_size",
    "simulate",
]
