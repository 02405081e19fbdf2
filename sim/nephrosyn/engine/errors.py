"""What the engines cannot play."""

from __future__ import annotations


class EngineError(ValueError):
    """A scenario that the chosen engine cannot run."""
