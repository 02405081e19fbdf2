"""The frame of every page and its Markdown twin: templates, escaping, and the facts of a run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from nephrosyn.report import formatting
from nephrosyn.vocabulary import NOTICE

FRAME = "frame.html.j2"
"""The template that the others extend."""


@cache
def environment() -> Environment:
    """Return the template environment: HTML is escaped, Markdown is not; an undefined name is an error."""
    templates = Environment(
        loader=PackageLoader("nephrosyn.report.page"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["md"] = formatting.escape_markup
    templates.globals["notice"] = NOTICE
    return templates


def html(template: str, **values: Any) -> str:
    """Return an HTML page.

    Parameters
    ----------
    template : str
        File name of a template that extends ``frame.html.j2``.
    **values : Any
        Values of the template. Text is escaped; inline SVG figures, which the template marks as safe, are not.

    Returns
    -------
    str
        A page that needs no other file.
    """
    return environment().get_template(template).render(**values)


def prepare(template: str) -> None:
    """Compile a template, and those that it extends, before its values are known."""
    for name in (template, FRAME):
        environment().get_template(name)


def markdown(template: str, **values: Any) -> str:
    """Return a Markdown document with single blank lines, ending in a newline."""
    document = environment().get_template(template).render(**values)
    return re.sub(r"\n{3,}", "\n\n", document).strip() + "\n"


def plain_markdown(heading: str, *parts: str) -> str:
    """Return a Markdown document without a template: a heading, the notice, and paragraphs or tables.

    Examples
    --------
    >>> print(plain_markdown("Result", "One sentence."))
    # Result
    <BLANKLINE>
    > Synthetic data from a simulation. Not for clinical use.
    <BLANKLINE>
    One sentence.
    <BLANKLINE>
    """
    return "\n\n".join([f"# {heading}", f"> {NOTICE}", *parts]) + "\n"


def run_facts(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return size, seed and version of a run, as name and value.

    Examples
    --------
    >>> run_facts({"patients": 3000, "replicates": 2, "seed": 1, "version": "1.0"})[:2]
    [('Patients', '3,000'), ('Replicates', '2')]
    """
    return [
        ("Patients", formatting.number(int(manifest["patients"]))),
        ("Replicates", str(manifest["replicates"])),
        ("Seed", str(manifest["seed"])),
        ("nephrosyn version", str(manifest["version"])),
    ]
