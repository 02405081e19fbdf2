"""What all tests share."""

from __future__ import annotations

import pytest
from hypothesis import settings

# No test may depend on the speed of the machine, so no example has a deadline.
settings.register_profile("steady", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def cli():
    """Call ``nephrosyn`` with arguments; the answer has ``exit_code``, ``stdout`` and ``stderr``."""
    from typer.testing import CliRunner

    from nephrosyn.cli.app import app

    runner = CliRunner()

    def call(*arguments: object):
        result = runner.invoke(app, [str(argument) for argument in arguments], prog_name="nephrosyn")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call
