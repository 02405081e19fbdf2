"""The command line, as ``python -m nephrosyn``."""

import os
import sys


def main() -> None:
    """Run the command line.

    ``python -m`` puts the working folder first in the search path; here it goes last, so that it hides no module.
    """
    if sys.path[:1] == [os.getcwd()]:  # noqa: PTH109 - nothing may be imported before
        sys.path.append(sys.path.pop(0))
    from nephrosyn.cli.app import main as command_line

    command_line()


if __name__ == "__main__":
    main()
