"""What a user asked of validation or calibration that cannot be done."""

from __future__ import annotations


class RefusalError(ValueError):
    """A choice of setting, figure or key that cannot be used; its text is ready to print."""
