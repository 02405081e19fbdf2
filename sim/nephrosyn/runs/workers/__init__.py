"""One run on many processes: parts of whole sites, each made anywhere, and a folder that does not show where.

`write` makes a run folder: in this process, in several of this machine, or on a Dask cluster.
"""

from nephrosyn.runs.workers.dispatch import Asked, write
from nephrosyn.runs.workers.errors import ClusterError

__all__ = ["Asked", "ClusterError", "write"]
