"""Arguments and options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nephrosyn.errors import RunFolderError


class Engine(StrEnum):
    """The simulation engines."""

    auto = "auto"
    simpy = "simpy"
    compiled = "compiled"


class Format(StrEnum):
    """The file formats of tables."""

    parquet = "parquet"
    csv = "csv"


class View(StrEnum):
    """The two records that patients are classified by."""

    complete = "complete"
    observed = "observed"


def local_path(text: str) -> Path:
    """Return the path of a file or folder of this machine.

    Raises
    ------
    typer.BadParameter
        If the text is a URL of anything else.

    Examples
    --------
    >>> local_path("file:///data/run").as_posix()
    '/data/run'
    """
    from nephrosyn.runs.folder import storage

    try:
        if not storage.is_remote(text):
            return storage.local(text)
    except RunFolderError as error:
        raise typer.BadParameter(str(error)) from None
    raise typer.BadParameter(f"expected a path on this machine; found the URL {text!r}")


ScenarioName = Annotated[str, typer.Argument(metavar="SCENARIO", help="Shipped scenario (see list) or TOML file.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a key of the scenario; repeatable.")
]
RunFolder = Annotated[Path, typer.Argument(parser=local_path, metavar="RUN", help="Folder of a finished run.")]
RunFolderOrUrl = Annotated[str, typer.Argument(metavar="RUN", help="Folder or URL of a finished run.")]
Sets = Annotated[
    list[str] | None, typer.Option("--criteria", metavar="NAME", help="Definition set or TOML file; repeatable.")
]
OneSet = Annotated[
    str | None, typer.Option("--criteria", metavar="NAME", help="Definition set or TOML file.", show_default=False)
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Suppress progress and summary.")]
Record = Annotated[
    View, typer.Option("--view", help="Record to classify patients by: what the clinic recorded, or all that happened.")
]
Runs = Annotated[
    list[Path],
    typer.Argument(
        parser=local_path, metavar="RUN", help="Folders of two or more finished runs; the first is the reference."
    ),
]
FromSet = Annotated[str, typer.Option("--from", metavar="NAME", help="Definition set or TOML file to start from.")]
ToSet = Annotated[str, typer.Option("--to", metavar="NAME", help="Definition set or TOML file that replaces it.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", parser=local_path, metavar="DIR", help="Write the page, text, figure and values to a folder."
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace earlier output of this command.")]
Uncertainty = Annotated[
    int | None,
    typer.Option("--uncertainty", metavar="N", help="Also play N draws of the uncertain numbers, at least 20."),
]
Workers = Annotated[
    int | None, typer.Option("--workers", metavar="N", help="Processes that share the draws [default: all cores].")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the values as JSON.")]
Silent = Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors.")]
OnlyKeys = Annotated[
    str | None, typer.Option("--only", metavar="PATTERN", help="Show only keys that match, e.g. 'care.*'.")
]
OnlyChanged = Annotated[
    bool, typer.Option("--changed", help="Show only values that differ from the scenario it extends.")
]
SetName = Annotated[str, typer.Argument(metavar="NAME", help="Shipped definition set (see list) or TOML file.")]
SchemaFile = Annotated[
    Path | None,
    typer.Option("--out", parser=local_path, metavar="FILE", help="Write to a file instead of standard output."),
]


def listed(texts: list[str] | None) -> list[str]:
    """Return the names of a repeatable option that takes several, separated by commas."""
    return [part.strip() for text in texts or [] for part in text.split(",") if part.strip()]
