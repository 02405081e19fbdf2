"""The command line, as ``python -m nephrosyn``."""

import os
import sys


def main() -> None:
    """Run the command line; modules of the working folder, which ``-m`` puts first, take the place of no other."""
    if sys.path[:1] == [os.getcwd()]:  # noqa: PTH109 - nothing may be imported before
        sys.path.append(sys.path.pop(0))
    from nephrosyn.cli.app import main as command_line

    command_line()


if __name__ == "__main__":
    main()
