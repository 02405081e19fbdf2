"""Write a run in parallel: in this process, in several local processes, or on a Dask cluster.

`write` makes a run folder. Its parts are groups of whole sites; the bytes of the folder do not depend on the workers.
"""

from nephrosyn.errors import ClusterError
from nephrosyn.runs.workers.dispatch import WriteOptions, write

__all__ = ["ClusterError", "WriteOptions", "write"]
