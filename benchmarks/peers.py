"""Other simulators, each running the small course of ``small.py`` as far as it can express it."""

from __future__ import annotations

from importlib import metadata, util

from benchmarks import rows, small_cimba

PEERS = {
    "small_simpy": ("simpy", "a process for each activity of a patient"),
    "small_salabim": ("salabim", "a component for each activity of a patient"),
    "small_starsim": ("starsim", "all patients at once, in steps of a day"),
    "small_ciw": ("ciw", "visits and queue only: it has no clocks of a patient"),
    "small_cimba": ("cimba", "in C, a process for each patient, and a queue for one slot that is about 80% busy"),
}
"""By measurement: the package and its method."""

WITH_QUEUE = ("small_cimba",)
"""Peers whose patients queue: they are compared with the model's compiled clinic."""

NEEDED = {"starsim": ("sciris", "pandas"), "ciw": ("networkx", "tqdm")}
"""Further packages required; a partly installed peer counts as not installed."""


def installed(peer: str) -> bool:
    """Whether a peer is installed."""
    package = PEERS[peer][0]
    if package == "cimba":
        return rows.compiler() is not None and small_cimba.pkg_config("--exists") is not None
    return all(util.find_spec(name) is not None for name in (package, *NEEDED.get(package, ())))


def version(peer: str) -> str:
    """Return the version of an installed peer."""
    package = PEERS[peer][0]
    return small_cimba.pkg_config("--modversion") or "" if package == "cimba" else metadata.version(package)
