"""Other simulators, each running the small course of ``small.py`` as far as it can express it."""

from __future__ import annotations

from importlib import metadata, util

PEERS = {
    "small_simpy": ("simpy", "a process for each activity of a patient"),
    "small_salabim": ("salabim", "a component for each activity of a patient"),
    "small_starsim": ("starsim", "all patients at once, in steps of a day"),
    "small_ciw": ("ciw", "visits and queue only: it has no clocks of a patient"),
}
"""By measurement: the package and its method."""

NEEDED = {"starsim": ("sciris", "pandas"), "ciw": ("networkx", "tqdm")}
"""Further packages required; a partly installed peer counts as not installed."""


def installed(peer: str) -> bool:
    """Whether a peer is installed."""
    package = PEERS[peer][0]
    return all(util.find_spec(name) is not None for name in (package, *NEEDED.get(package, ())))


def version(peer: str) -> str:
    """Return the version of an installed peer."""
    return metadata.version(PEERS[peer][0])
