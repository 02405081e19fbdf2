"""The command line in this process, and one finished run to work on."""

from __future__ import annotations

import shutil

import pytest

SMALL = ("--patients", "60", "--seed", "5")


@pytest.fixture(scope="session")
def finished(cli, tmp_path_factory):
    """Hold a finished run; read only."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    result = cli("run", "baseline", *SMALL, "--out", folder)
    assert result.exit_code == 0, result.stderr
    return folder


@pytest.fixture
def own(finished, tmp_path):
    """Copy the finished run, to change."""
    return shutil.copytree(finished, tmp_path / "own")


@pytest.fixture
def refuses(cli):
    """Call with bad input: exit code 2, nothing on standard output, one message with every given part."""

    def call(*arguments: object, saying: tuple[str, ...] = ()) -> str:
        result = cli(*arguments)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
        starts = [line for line in result.stderr.splitlines() if line.startswith(("nephrosyn: ", "Error: "))]
        assert len(starts) == 1
        for part in saying:
            assert part in result.stderr
        return result.stderr

    return call
