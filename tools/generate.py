"""Write the generated pages of the documentation: ``make docs``. A test checks that they are up to date."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from nephrosyn import vocabulary
from nephrosyn.record import schema as tables
from nephrosyn.scenario import load, rows
from nephrosyn.scenario.files.provenance import ASSUMED, NEED_NONE, evidence, ids
from nephrosyn.scenario.schema import paths
from nephrosyn.scenario.schema.distribution_ranges import DISTRIBUTIONS, FIXED, LOCATION_AND_SCALE
from nephrosyn.scenario.tree import split

DOCS = Path(__file__).parents[1] / "docs"
MEANINGS = DOCS.parent / "sim" / "nephrosyn" / "scenario" / "files" / "meanings.toml"
WIDTH = 110
PLACES: dict[tuple[str, ...], str] = {
    vocabulary.LESIONS: "LESION",
    vocabulary.ANALYTES: "ANALYTE",
    vocabulary.CONTRAINDICATIONS: "NAME",
    vocabulary.TOXICITIES: "NAME",
    vocabulary.AGENT_TOXICITIES_BY_TIME: "EVENT",
    vocabulary.PROVOKING_FACTORS: "FACTOR",
    vocabulary.REMISSION_CAUSES: "CAUSE",
}
PLACES_BY_PATH: dict[tuple[str, ...], str] = {
    ("sources",): "KEY",
    ("uncertainty",): "KEY",
    ("second_line", "regimens"): "REGIMEN",
}
SIDES = (
    (tables.OBSERVED, "Observed", "`observed/`: what the clinic, and the family at home, recorded."),
    (
        tables.TRUTH,
        "Truth",
        "`truth/`: what really happened. Withhold this folder from whoever is being tested.",
    ),
    (tables.DERIVED, "Derived", "`derived/`: computed from the other tables."),
)

NUMBERS = """\
The values of the scenario `baseline`. [The reference](../reference/scenario.md) explains each key, [the
model](model.md) how the values are used. A row is a number, a list of numbers, a distribution or a step of a taper.
The other shipped scenarios change some of these values: `nephrosyn check NAME` prints any scenario in this form."""
GRADES = """\
The letter at the end of a citation is its grade: R read in an abstract or a published table, R2 read in a secondary
source, D derived from such figures, G general knowledge, not verified."""
SCENARIOS = """\
A scenario is a TOML file. It either has every key below, or has `extends = "NAME"` (a shipped scenario, or a path
relative to the file) and only the keys that differ. There are no defaults. Words in capitals are placeholders:
`BAND` is an age band of `population.bands`, `REGIMEN` a name of your choice without a dot, `COURSE` is `first`,
`relapse` or `frequent_relapse`, `N` an index into a list, starting at 0, and the others are:"""
MERGING = """\
When a scenario extends another, tables are merged key by key; lists and distributions are replaced as a whole. Every
number needs a source, and a number you change loses its inherited source. A distribution is a name from scipy.stats
with its parameters, `{ dist = "lognorm", s = 0.5, scale = 8 }`, or `{ dist = "fixed", value = 3 }`; the available
distributions are listed [below](#distributions). A number is 0, or its absolute value is at least 1e-9. `nephrosyn
check` reports violated relations between keys (sums, order, products of rates and factors, one entry for each band and
lesion)."""
UNCERTAINTY = """\
The table `[uncertainty]` says how well numbers are known. Its keys are dotted, as those of `[sources]`: that of a
number, of a parameter of a distribution (`disease.spontaneous.membranous.time_days.scale`) or of a lesion mix. `fixed`
may also have the key of a table; it then holds for everything below without a nearer key. A number that you change
loses its inherited entry. A number without an entry is fixed, as nothing is known to be uncertain about it."""
UNCERTAINTY_ENTRIES = (
    ('`{ counts = [met, of], source = "A22" }`', "a share, counted: a beta distribution with Jeffreys' prior"),
    (
        '`{ counts = [n1, n2, ...], source = "G02" }`',
        "a lesion mix, counted, in the order of its members: a Dirichlet distribution with Jeffreys' prior; a member "
        "that is 0 and was not counted stays 0",
    ),
    (
        '`{ interval = [low, high], source = "D01" }`',
        "a 95% interval, with the value as the median: logit-normal for a share, normal where the number may be "
        "negative, lognormal otherwise, or as `law` says (`lognormal`, `logit_normal`, `normal`); each half has a "
        "spread of its own",
    ),
    ('`{ range = [low, high], source = "assumed: reason" }`', "only a range is assumed: uniform"),
    (
        '`{ posterior = "children-relapse" }`',
        "calibrated: draws from a posterior in a table, by the name of a shipped one (`scenarios/posteriors`) or the "
        "path of a CSV file relative to the scenario; `column` names the column where several have the key; the source "
        "is that of the number unless given",
    ),
    ('`{ fixed = "reason" }`', "not uncertain, or not known to be"),
)
UNCERTAINTY_TOGETHER = """\
With the share of `complete` response that of `partial` response moves, so that it remains the same part of the rest,
unless it has an entry of its own or `complete` was calibrated; with the share of an age band, those of the other bands.
A row of a table of draws is one draw of all its columns: numbers with the same table always take the same row, in
every scenario that has them. A manifest holds the draws, so that a run does not need the table again. A distribution
may exceed a limit of its number with a probability of at most 1%, and is truncated there; otherwise `nephrosyn check`
refuses it, as it does laws that contradict each other or a fixed number. A calibrated number without an entry is fixed.
`nephrosyn sensitivity` varies the numbers over the same intervals and ranges, each alone, also those that a calibration
or a later file has changed."""
DISTRIBUTION_RANGES = """\
These distributions of scipy.stats are available, with parameters in these ranges, in which their quantiles are finite
and increasing. Draws are limited to the quantiles of 1e-9 and 1 - 1e-9. The value of a `fixed` distribution must be
within the range of its key."""
TABLES = """\
Rows are sorted by replicate, patient, then time. Times are in days from disease onset: day 0 is the day of onset, and
the number of a day is the time rounded down. Column names include the unit. Missing values are null."""

Path_ = tuple[str, ...]
Row = Sequence[str]


def page(title: str, *parts: str) -> str:
    """Return a page with its title and notices."""
    notice = "Generated by `make docs`; do not edit."
    return "\n\n".join([f"# {title}", f"{vocabulary.NOTICE} {notice}", *parts]) + "\n"


def table(head: Row, body: Iterable[Row]) -> str:
    """Return a table in markdown."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _grouped(numbers: list[Row]) -> str:
    """Return one table per top-level section."""
    sections: dict[str, list[Row]] = {}
    for row in numbers:
        sections.setdefault(row[0].partition(".")[0], []).append(row)
    head = ("key", "value", "unit", "source")
    return "\n\n".join(
        f"### {name}\n\n" + table(head, [(f"`{key}`", *rest) for key, *rest in body]) for name, body in sections.items()
    )


def assumptions() -> str:
    """Return every number of the baseline with unit and source, evidence and assumptions in separate sections."""
    numbers = [row for row in rows(load("baseline")) if row[3] and split(row[0]) not in NEED_NONE]
    known = [row for row in numbers if ASSUMED not in row[3]]
    mixed = [row for row in numbers if ASSUMED in row[3] and ids(row[3])]
    assumed = [row for row in numbers if ASSUMED in row[3] and not ids(row[3])]
    counts = [
        ("taken or derived from evidence", str(len(known))),
        ("evidence with an assumption", str(len(mixed))),
        ("assumed", str(len(assumed))),
        ("total", str(len(numbers))),
    ]
    return page(
        "The numbers of the baseline and their sources",
        NUMBERS,
        table(("numbers", "rows"), counts),
        GRADES,
        "## From evidence",
        _grouped(known),
        "## From evidence, with an assumption",
        _grouped(mixed),
        "## Assumed",
        _grouped(assumed),
        "## The evidence cited above",
        table(("id", "finding and reference"), ((name, evidence()[name]) for name in _named(numbers))),
    )


def _named(numbers: Iterable[Row]) -> list[str]:
    named = {name for row in numbers for name in ids(row[3])}
    return [name for name in evidence() if name in named]


def keys(path: Path_, shown: Path_) -> Iterator[tuple[str, Path_]]:
    """Yield every key of a scenario, as displayed (placeholders in capitals) and as a path in the schema."""
    node = paths.node(path) or {}
    names = [key for key in node.get("properties", {}) if not paths.is_distribution(path)]
    if names:
        for key in names:
            yield from keys((*path, key), (*shown, key))
    elif isinstance(node.get("additionalProperties"), dict) and not paths.is_distribution(path):
        known = tuple(paths.keys(path))
        place = PLACES_BY_PATH.get(path) or PLACES.get(known, "BAND")
        yield from keys((*path, known[0] if known else place), (*shown, place))
    elif paths.keys((*path, "0")):
        yield from keys((*path, "0"), (*shown, "N"))
    else:
        yield ".".join(shown), path


def scenario_keys() -> dict[str, Path_]:
    """Return every key of a scenario with its path; the courses of steroid share one entry."""
    shown_keys = keys((), ())
    return {
        re.sub(r"^(care\.regimen\.BAND)\.(first|relapse|frequent_relapse)\b", r"\1.COURSE", key): path
        for key, path in shown_keys
    }


def value_of(path: Path_) -> str:
    """Describe the value at a path: type, range and unit."""
    node = paths.node(path) or {}
    words = {"values_from": "from", "values_to": "to", "values_mostly_to": "and, except for 1 in 1,000, up to"}
    bounds = " ".join(f"{word} {node[name]:g}" for name, word in words.items() if name in node)
    distribution = f"a distribution, its values {bounds}" if bounds else "a distribution"
    return re.sub(r"^a (?:law|distribution) such as \{.*?\}", distribution, paths.expected(path))


def meanings() -> dict[str, str]:
    """Return the meaning of every key of a scenario.

    Raises
    ------
    ValueError
        If a key has no description, or a description no key.
    """
    texts: dict[str, str] = tomllib.loads(MEANINGS.read_text(encoding="utf-8"))
    astray = sorted(set(texts) ^ set(scenario_keys()))
    if astray:
        raise ValueError(
            f"{MEANINGS.name}: keys without a description, or descriptions without a key: {', '.join(astray)}"
        )
    return texts


def distributions() -> str:
    """Return the distributions a scenario may use, with the range of each parameter."""
    placed = [f"`{name}`: {least:g} to {most:g}" for name, (least, most) in LOCATION_AND_SCALE.items()]
    body = [
        (f"`{name}`", "; ".join(f"`{key}`: {low:g} to {high:g}" for key, (low, high) in ranges.items()) or "none")
        for name, ranges in (
            (distribution, {k: r for k, r in parameter_ranges.items() if k not in LOCATION_AND_SCALE})
            for distribution, parameter_ranges in DISTRIBUTIONS.items()
        )
        if name != FIXED
    ]
    text = f"{DISTRIBUTION_RANGES} Every distribution except `fixed` also takes {' and '.join(placed)}."
    return f"## Distributions\n\n{text}\n\n" + table(("distribution", "shape parameters"), body)


def uncertainty() -> str:
    """Return how a scenario says how well its numbers are known."""
    entries = table(("entry", "meaning"), UNCERTAINTY_ENTRIES)
    return f"## Uncertainty\n\n{UNCERTAINTY}\n\n{entries}\n\n{UNCERTAINTY_TOGETHER}"


def scenario() -> str:
    """Return the reference of scenario files."""
    texts = meanings()
    sections: dict[str, list[Row]] = {}
    for key, path in scenario_keys().items():
        section = key.partition(".")[0] if "." in key else "the run"
        sections.setdefault(section, []).append((f"`{key}`", value_of(path), texts[key]))
    parts = [f"## {name}\n\n" + table(("key", "value", "meaning"), body) for name, body in sections.items()]
    return page(
        "Every key of a scenario",
        SCENARIOS,
        table(
            ("name", "one of"),
            [
                ("`LESION`", ", ".join(vocabulary.LESIONS)),
                ("`ANALYTE`", ", ".join(vocabulary.ANALYTES)),
                ("`NAME` of contraindications", ", ".join(vocabulary.CONTRAINDICATIONS)),
                ("`NAME` of toxicities", ", ".join(vocabulary.TOXICITIES)),
                ("`EVENT`", ", ".join(vocabulary.AGENT_TOXICITIES_BY_TIME)),
                ("`FACTOR`", ", ".join(vocabulary.PROVOKING_FACTORS)),
            ],
        ),
        MERGING,
        *parts,
        uncertainty(),
        distributions(),
    )


def table_pages() -> str:
    """Return the reference of the tables."""
    parts = []
    for side, name, what in SIDES:
        parts.append(f"## {name}\n\n{what}")
        for which in side:
            described = tables.TABLES[which]
            body = [
                (f"`{name}`", _kind(column.type), column.unit, column.text)
                for name, column in described.columns.items()
            ]
            columns = table(("column", "type", "unit", "meaning"), body)
            parts.append(f"### {which}\n\nOne row is {described.row}.\n\n{columns}")
    return page(
        "Every table of a run",
        TABLES,
        *parts,
        "## Words",
        table(
            ("column", "words"),
            [(f"`{name}`", ", ".join(kind.categories)) for name, kind in sorted(_vocabularies().items())],
        ),
    )


def _kind(kind: Any) -> str:
    return "word" if isinstance(kind, pl.Enum) else str(kind)


def _vocabularies() -> dict[str, Any]:
    by_column: dict[str, Any] = {}
    for which, schema in tables.SCHEMAS.items():
        for column, kind in schema.items():
            if isinstance(kind, pl.Enum):
                name = column if by_column.get(column, kind) == kind else f"{which}.{column}"
                by_column[name] = kind
    return by_column


def command_line() -> str:
    """Return the help of every command."""
    from typer.main import get_command

    from nephrosyn.cli.app import app

    parts = [f"## {' '.join(words)}\n\n```text\n{help_of(words)}\n```" for words in _commands(get_command(app), ())]
    return page("The command line", f"```text\n{help_of(())}\n```", *parts)


def _commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, inner in getattr(command, "commands", {}).items():
        yield (*words, name)
        yield from _commands(inner, (*words, name))


def help_of(words: tuple[str, ...]) -> str:
    """Return what ``nephrosyn COMMAND --help`` prints."""
    from typer.testing import CliRunner

    from nephrosyn.cli.app import app

    wide = {"COLUMNS": str(WIDTH), "TERMINAL_WIDTH": str(WIDTH)}
    result = CliRunner().invoke(app, [*words, "--help"], prog_name="nephrosyn", env=wide)
    return "\n".join(line.rstrip() for line in result.output.strip().splitlines())


def pages() -> dict[Path, str]:
    """Return every generated page by its path."""
    return {
        DOCS / "explanation" / "assumptions.md": assumptions(),
        DOCS / "reference" / "scenario.md": scenario(),
        DOCS / "reference" / "tables.md": table_pages(),
        DOCS / "reference" / "cli.md": command_line(),
    }


def main() -> None:
    """Write the pages."""
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
