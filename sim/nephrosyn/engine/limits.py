"""Limits of a run: errors for courses with too many events, and for logs that do not fit into memory."""

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
    Clock.LEVEL: "disease.proteinuria.variation",
    Clock.VISIT: "care.regimen",
    Clock.AGENT_DOSE: "second_line.regimens",
    Clock.AGENT_TOXICITY: "second_line.regimens",
}
"""Scenario keys to check when a clock fires too often."""

USABLE_SHARE = 0.4
"""Fraction of the machine's memory that a log may take; the tables made from it take more than the log itself."""


def too_many_events(replicate: int, patient: int, state: NDArray[np.void]) -> EngineError:
    """Return the error for a patient with too many events; it names the patient and the clock to blame.

    Parameters
    ----------
    replicate, patient : int
        The patient's number and replicate.
    state : record of STATE
        The state reached.

    Returns
    -------
    EngineError
        The error to raise.
    """
    clock = Clock(int(np.argmax(state["latest_events"])))
    keys = KEYS.get(clock)
    look = f"; look at {keys} in the scenario" if keys else ""
    return EngineError(
        f"patient {patient} of replicate {replicate} has more than {int(state['events']) - 1:,} events by day "
        f"{float(state['now']):.6g}, most of them of the clock {clock.name.lower()}{look}"
    )


def check_memory(rows: int, row_bytes: int, patients: int) -> None:
    """Check that a log fits into memory, before the system ends the process.

    Parameters
    ----------
    rows : int
        Rows of the log.
    row_bytes : int, bytes
        Size of a row.
    patients : int
        Patients whose courses the log holds.

    Raises
    ------
    EngineError
        If the log does not fit.
    """
    if rows * row_bytes > USABLE_SHARE * memory_bytes():
        gib = rows * row_bytes / 2**30
        raise EngineError(
            f"the courses of {patients:,} patients simulated together take {gib:,.1f} GiB, more than the available "
            "memory; make --part-patients, population.patients_per_site or population.follow_up_days smaller"
        )


def memory_bytes() -> float:
    """Return the memory of this machine (bytes); infinite where the system does not say."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return float("inf")
