"""Write a run in parallel: in this process, in several local processes, or on a Dask cluster.

`write` makes a run folder. Its parts are groups of whole sites; the bytes of the folder do not depend on the workers.
"""

from nephrosyn.errors import WorkerError
from nephrosyn.runs.workers.dispatch import WriteOptions, write

__all__ = ["WorkerError", "WriteOptions", "write"]
