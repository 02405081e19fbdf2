"""What can go wrong with the machines that make the parts."""

from __future__ import annotations

TOO_LITTLE_MEMORY = "too little memory to make a part; try fewer --workers, or a smaller --part-patients"


class ClusterError(ValueError):
    """Workers or a scheduler that cannot be used, with the reason in words for the user."""
