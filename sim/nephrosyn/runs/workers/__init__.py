"""Write a run in parallel: in this process, in several local processes, or on a Dask cluster.

`write` makes a run folder. Its parts are groups of whole sites; the bytes of the folder do not depend on the workers.
Names are imported on first use, so that a worker imports only what it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nephrosyn.errors import WorkerError

if TYPE_CHECKING:
    from nephrosyn.runs.workers.dispatch import WriteOptions, write

__all__ = ["WorkerError", "WriteOptions", "write"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.dispatch"), name)


def __dir__() -> list[str]:
    return __all__
