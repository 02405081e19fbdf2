"""Limits of a run: courses with too many events, and logs that do not fit into memory, end it with a sentence."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from nephrosyn.course.state.state import Clock
from nephrosyn.errors import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEYS = {
    Clock.RELAPSE: "disease.relapse, triggers",
    Clock.REMISSION: "disease.response, disease.proteinuria",
    Clock.RESPONSE: "disease.response, disease.proteinuria",
    Clock.INFECTION: "triggers.infection, care.prevention.infection_rate_factor",
    Clock.INFECTION_ENDS: "triggers.infection, care.prevention.infection_rate_factor",
    Clock.EXERTION: "triggers.exertion, care.prevention.exertion_rate_factor",
    Clock.EXERTION_ENDS: "triggers.exertion, care.prevention.exertion_rate_factor",
    Clock.THROMBOSIS: "complications.venous_thrombosis",
    Clock.SERIOUS_INFECTION: "complications.serious_infection",
    Clock.COMPLICATION_ENDS: "complications",
    Clock.DOSE_STEP: "care.regimen",
    Clock.VISIT: "care.regimen",
    Clock.AGENT_DOSE: "second_line.regimens",
    Clock.AGENT_TOXICITY: "second_line.regimens",
}
"""What to look at in a scenario where a clock fires without end."""

USABLE_SHARE = 0.4
"""Share of the machine's memory that a log may take; the tables made of it take more than as much again."""


def too_many_events(replicate: int, patient: int, state: NDArray[np.void]) -> EngineError:
    """Say whose course seems to have no end, and by which clock.

    Parameters
    ----------
    replicate, patient : int
        Who.
    state : record of STATE
        Where the course has got to.

    Returns
    -------
    EngineError
        To be raised.
    """
    clock = Clock(int(np.argmax(state["latest_events"])))
    keys = KEYS.get(clock)
    look = f"; look at {keys} in the scenario" if keys else ""
    return EngineError(
        f"patient {patient} of replicate {replicate} has more than {int(state['events']) - 1:,} events by day "
        f"{float(state['now']):.6g}, most of them of the clock {clock.name.lower()}{look}"
    )


def check_memory(rows: int, row_bytes: int, patients: int) -> None:
    """Refuse a log that would not fit into memory, before the system ends the process.

    Parameters
    ----------
    rows : int
        How many the log is to hold.
    row_bytes : int, bytes
        Of one row.
    patients : int
        Whose.

    Raises
    ------
    EngineError
        If they do not fit.
    """
    if rows * row_bytes > USABLE_SHARE * memory_bytes():
        gib = rows * row_bytes / 2**30
        raise EngineError(
            f"the courses of {patients:,} patients who are played together take {gib:,.1f} GiB, more than there is "
            "memory; make --part-patients, population.patients_per_site or population.follow_up_days smaller"
        )


def memory_bytes() -> float:
    """Return the memory of this machine (bytes); infinite where the system does not tell."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return float("inf")
