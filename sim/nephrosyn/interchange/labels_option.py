"""Which labels an export holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nephrosyn.errors import ExportError, nearest

NONE = "none"


def chosen_sets(manifest: Mapping[str, Any], labels: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of the definition sets whose labels are exported.

    Parameters
    ----------
    manifest : mapping
        Manifest of the run.
    labels : sequence of str, optional
        Names of sets, as the user wrote them; all sets of the run by default, and no set for ``["none"]``.

    Raises
    ------
    ExportError
        If the run was not classified by one of them.
    """
    sets = manifest.get("sets", {})
    names = {entry.get("asked", name): name for name, entry in sets.items()} | {name: name for name in sets}
    if labels is None:
        return tuple(sets)
    if list(labels) == [NONE]:
        return ()
    unknown = [label for label in labels if label not in names]
    if unknown:
        close = nearest(unknown[0], names)
        todo = f"classify the run by it first: nephrosyn classify RUN --criteria {unknown[0]}"
        if NONE in unknown:
            todo = "none stands alone"
        elif close:
            todo = f"did you mean {close}? Else {todo}"
        raise ExportError(
            f"--labels: expected sets by which the run was classified ({', '.join(sets) or 'none'}); found "
            f"{', '.join(unknown)}; {todo}"
        )
    return tuple(dict.fromkeys(names[label] for label in labels))
