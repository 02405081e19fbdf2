"""What the user can put right when cases are asked for."""

from __future__ import annotations


class CasesError(ValueError):
    """Cases that cannot be made as asked, with everything that is wrong in words for the user."""
