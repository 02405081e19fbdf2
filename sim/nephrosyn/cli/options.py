"""What several verbs of the command line take: their arguments and options, each told once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Engine(StrEnum):
    """The engines a user may ask for."""

    auto = "auto"
    simpy = "simpy"
    compiled = "compiled"


class Format(StrEnum):
    """The formats of the tables."""

    parquet = "parquet"
    csv = "csv"


class View(StrEnum):
    """The two records that can be judged."""

    complete = "complete"
    observed = "observed"


ScenarioName = Annotated[str, typer.Argument(metavar="SCENARIO", help="A shipped name (see list) or a TOML file.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the scenario; repeatable.")
]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")]
Sets = Annotated[
    list[str] | None, typer.Option("--criteria", metavar="NAME", help="A definition set or a TOML file; repeatable.")
]
OneSet = Annotated[str | None, typer.Option("--criteria", metavar="NAME", help="Definition set.", show_default=False)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only what was asked for, or nothing.")]
Record = Annotated[View, typer.Option("--view", help="Which record is judged.")]
Runs = Annotated[list[Path], typer.Argument(metavar="RUN RUN...", help="Finished runs; the first is the reference.")]
FromSet = Annotated[str, typer.Option("--from", metavar="NAME", help="A definition set or a TOML file.")]
ToSet = Annotated[str, typer.Option("--to", metavar="NAME", help="The set that takes its place, or a TOML file.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write page, text, figure and values.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what this verb wrote there before.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the values as JSON.")]
NothingUnlessWrong = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing unless something is wrong.")]
OnlyKeys = Annotated[str | None, typer.Option("--only", metavar="PATTERN", help="Only keys like this, as 'care.*'.")]
OnlyChanged = Annotated[bool, typer.Option("--changed", help="Only what differs from what it extends.")]
SetName = Annotated[str, typer.Argument(metavar="NAME", help="A shipped set (see list) or a TOML file.")]
SchemaFile = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write to a file.")]
