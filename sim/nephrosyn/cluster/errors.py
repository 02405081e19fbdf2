"""What can go wrong with the machines that make the parts."""

from __future__ import annotations


class ClusterError(ValueError):
    """Workers or a scheduler that cannot be used, with the reason in words for the user."""
