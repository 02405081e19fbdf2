"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# No test may depend on the speed of the machine, so no example has a deadline.
settings.register_profile("steady", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("steady")
