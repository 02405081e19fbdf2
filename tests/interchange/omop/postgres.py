"""A PostgreSQL server of its own, in a temporary folder, reached through a socket there."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "nobody"
"""Account that runs the server if the tests run as root, which PostgreSQL refuses."""
SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_locks_per_transaction": "256",
    "autovacuum": "off",
}


def program(name: str) -> str:
    """Return the path of a program of the server; Debian keeps them outside the search path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ["PATH"]]))
    assert found, f"PostgreSQL is not installed: {name} was not found (tools/system-packages installs it)"
    return found


@contextmanager
def server() -> Iterator[str]:
    """Start a server and yield how to connect to it."""
    as_root = os.geteuid() == 0
    account = USER if as_root else None
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # the path of a socket has at most 107 characters
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC", "HOME": str(folder)}

    def run(*command: str) -> None:
        done = subprocess.run(
            command, user=account, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr + (folder / "log").read_text() if (folder / "log").exists() else ""

    try:
        if as_root:
            entry = pwd.getpwnam(USER)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        data = str(folder / "data")
        run(program("initdb"), "-D", data, "-U", "tester", "--auth=trust", "--no-sync", "--encoding=UTF8")
        options = (
            " ".join(f"-c {key}={value}" for key, value in SETTINGS.items()) + f" -c unix_socket_directories={folder}"
        )
        run(program("pg_ctl"), "-D", data, "-l", str(folder / "log"), "-w", "-o", options, "start")
        try:
            yield f"host={folder} user=tester"
        finally:
            run(program("pg_ctl"), "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
