"""Groups of commands: a help flag that loads quickly, and a default command for run folders."""

from __future__ import annotations

from typing import Any, ClassVar

from typer.core import TyperGroup


class LightHelp:
    """A command whose help flag is false instead of missing, which saves typer from loading pydantic."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return the help flag."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.default = False
        return option


class RunFirstGroup(LightHelp, TyperGroup):
    """A group that takes a run folder in place of a command, for its default command."""

    default: ClassVar[str]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command before a run folder."""
        if args and args[0] not in (*self.commands, "--help", "-h"):
            args = [self.default, *args]
        return super().parse_args(ctx, args)
