"""What all tests share."""

from __future__ import annotations

from pathlib import Path

from hypothesis import settings

import nephrosyn

# No test may depend on the speed of the machine, so no example has a deadline.
settings.register_profile("steady", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("steady")


def _remove_stale_compiled_copies() -> None:
    """Remove compiled copies older than any file of the model; numba itself looks at one file only."""
    package = Path(nephrosyn.__file__).parent
    model = [path for path in package.rglob("*.py") if "njit" in (text := path.read_text()) or "compiling" in text]
    newest = max(path.stat().st_mtime for path in [*model, package / "course" / "codes.py"])
    for copy in package.rglob("*.nb[ci]"):
        if copy.stat().st_mtime < newest:
            copy.unlink(missing_ok=True)


_remove_stale_compiled_copies()
