"""Short digests of scenarios."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def digest_of(values: Mapping[str, Any]) -> str:
    """Return eight characters that change with any of the plain values of a scenario, apart from their uncertainty.

    What a run simulates does not depend on how well its numbers are known.

    Parameters
    ----------
    values : mapping
        Values that JSON can represent.

    Returns
    -------
    str, 8 hexadecimal digits
        Start of the SHA-256 of the canonical JSON.

    Examples
    --------
    >>> digest_of({"seed": 1, "patients": 20}) == digest_of({"patients": 20, "seed": 1}) != digest_of({"seed": 2})
    True
    """
    simulated = {key: value for key, value in values.items() if key != "uncertainty"}
    text = json.dumps(simulated, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]
