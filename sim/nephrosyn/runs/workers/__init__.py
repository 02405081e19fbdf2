"""One run on many processes: parts of whole sites, each made anywhere, and a folder that does not show where.

`write` makes a run folder: in this process, in several of this machine, or on a Dask cluster.
"""

from nephrosyn.errors import ClusterError
from nephrosyn.runs.workers.dispatch import Asked, write

__all__ = ["Asked", "ClusterError", "write"]
