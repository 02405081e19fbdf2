"""Two engines of one patient model, SimPy and compiled code, with or without a queue for the slots of a shared clinic.

Both write the same rows, bit for bit. The compiled engine has two drivers: one for patients who share a clinic, and one
for patients who do not meet. `simulate` plays a cohort; `Player` plays single parts.
"""

from nephrosyn.engine.simulation import (
    History,
    Part,
    Player,
    check_parts,
    choose_engine,
    cut,
    has_queue,
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
    "has_queue",
    "is_compiled",
    "part_size",
    "simulate",
]
