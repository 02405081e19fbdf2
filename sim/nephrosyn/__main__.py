"""The command line, as ``python -m nephrosyn``."""

from nephrosyn.cli import main

if __name__ == "__main__":
    main()
