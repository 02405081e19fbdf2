"""Refit the calibrated parameters of the settings, in order, and write them into the scenarios: ``make refit``.

Draws of each posterior are written into a table, ``scenarios/posteriors/NAME.csv``, which the scenarios name.

Each fit has its own starting values, so writing its result does not change it: the same command gives the same digest.
"""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from nephrosyn.evidence.calibration.fit import calibrate
from nephrosyn.evidence.calibration.output import entry, sentences
from nephrosyn.evidence.calibration.result import DIGITS, Calibration, FittedParameter
from nephrosyn.scenario import load
from nephrosyn.scenario.files.posteriors import rendered
from nephrosyn.scenario.files.provenance import CALIBRATED
from nephrosyn.scenario.tree import get, split

SCENARIOS = Path(__file__).parents[1] / "scenarios"
RELAPSE = "disease.relapse.bands.children"
RESPONSE = "disease.response.children.minimal_change"
TIME = f"{RESPONSE}.time_to_remission_days"
RATE = f"{RELAPSE}.rate_per_year"
NEVER = f"{RELAPSE}.never_relapsing_share"
RUN = re.compile(CALIBRATED + r" [^\"]*; run [0-9a-f]{8}")
SOURCE = re.compile(rf'"([\w.]+)" = "{CALIBRATED}')


@dataclass(frozen=True)
class Fit:
    """One calibration: its table, the setting, the free parameters with starting values and ranges, and the figures."""

    table: str
    setting: str
    free: tuple[str, ...]
    figures: tuple[str, ...]
    patients: int
    given: str = ""

    @property
    def command(self) -> str:
        """The command that repeats it."""
        words = [
            "nephrosyn",
            "calibrate",
            self.setting,
            *(word for key in self.free for word in ("--free", key)),
        ]
        words += ["--estimates", ",".join(self.figures), "--patients", str(self.patients)]
        return shlex.join([*words, *(["--given", self.given] if self.given else [])])

    @property
    def places(self) -> list[tuple[str, str]]:
        """The scenario and the key of each parameter."""
        keys = [key.partition("=")[0].rpartition(":") for key in self.free]
        return [(holder or self.setting, key) for holder, _, key in keys]

    @property
    def source(self) -> str:
        """The current source of its parameters."""
        setting, key = self.places[0]
        return source(setting, key)

    def run(self) -> Calibration:
        """Run the calibration."""
        return calibrate(self.setting, self.free, self.figures, given=self.given or None, patients=self.patients)


# Response comes first: it does not depend on relapse, but relapse depends on it.
FITS = (
    Fit(
        "beijing-children-response",
        "setting-beijing-children",
        (f"{RESPONSE}.complete=0.75", f"{TIME}.s=0.7", f"{TIME}.scale=9"),
        ("A03", "A04", "B04"),
        4000,
    ),
    Fit("children-remission-time", "setting-children", (f"{TIME}.s=0.6", f"{TIME}.scale=8"), ("B01",), 4000),
    Fit("seoul-children-response", "setting-seoul-children", (f"{RESPONSE}.complete=0.9",), ("A07",), 4000),
    Fit("japan-children-response", "setting-japan-children", (f"{RESPONSE}.complete=0.9",), ("A01",), 4000),
    # The shape that the settings share, with the mean rate of three of them. The figures do not bound the factor and
    # the share; the ranges are those that the baseline says of these numbers.
    Fit(
        "children-relapse",
        "setting-children",
        (
            f"{RELAPSE}.below_threshold_factor=5:1.5:8",
            f"{RELAPSE}.frailty_shape=0.6:0.3:2.4",
            f"{RELAPSE}.threshold_share=0.6:0.2:0.8",
            f"setting-china-ssns:{RATE}=0.7",
            f"setting-paris:{RATE}=1.2",
            f"setting-uk-prednos:{RATE}=5",
        ),
        ("C01", "C03", "C04", "C07", "C08", "C25"),
        2000,
    ),
    Fit("children-relapse", "setting-netherlands", (f"{RATE}=1.4",), ("C09",), 4000, "children-relapse"),
    Fit("children-relapse", "setting-japan-children", (f"{RATE}=1",), ("C13",), 4000, "children-relapse"),
    Fit("children-relapse", "setting-toronto-european", (f"{RATE}=4",), ("C18",), 4000, "children-relapse"),
    # Origins of one city: the rate of its European children, and a share of their own who never relapse.
    Fit("children-relapse", "setting-toronto-south-asian", (f"{NEVER}=0.1",), ("C19",), 4000, "children-relapse"),
    Fit("children-relapse", "setting-toronto-east-asian", (f"{NEVER}=0.2",), ("C20",), 4000, "children-relapse"),
    Fit(
        "hong-kong-adult-mcd-relapse",
        "setting-hong-kong-adult-mcd",
        ("disease.relapse.bands.adults.never_relapsing_share=0.4",),
        ("C30",),
        2000,
    ),
)  # fmt: skip


def source(setting: str, key: str) -> str:
    """Return the source of a parameter from its own scenario."""
    sources: dict[str, str] = tomllib.loads((SCENARIOS / f"{setting}.toml").read_text("utf-8"))["sources"]
    return sources[max((prefix for prefix in sources if f"{key}.".startswith(f"{prefix}.")), key=len)]


def section(text: str, key: str) -> tuple[str, int, int]:
    """Return the header of the table that holds a key, and where its lines begin and end."""
    headers = [(match[1], match.end()) for match in re.finditer(r"^\[([\w.]+)\]$", text, re.MULTILINE)]
    name, start = max((header for header in headers if key.startswith(f"{header[0]}.")), key=lambda one: len(one[0]))
    end = text.find("\n[", start)
    return name, start, len(text) if end < 0 else end


def write(setting: str, key: str, value: float, new_source: str) -> None:
    """Write a parameter and its source into a scenario, in place.

    Raises
    ------
    ValueError
        If the parameter or its source is not there exactly once.
    """
    file = SCENARIOS / f"{setting}.toml"
    text = file.read_text("utf-8")
    name, start, end = section(text, key)
    *tables, leaf = key.removeprefix(f"{name}.").split(".")
    place = "".join(rf"\b{table} = \{{[^\n]*?" for table in tables) + rf"\b{leaf} = "
    lines, numbers = re.subn(rf"({place})[\d.]+", lambda match: f"{match[1]}{value:.{DIGITS}g}", text[start:end])
    text = text[:start] + lines + text[end:]
    rows = text.splitlines()
    source_rows = [
        row for row, line in enumerate(rows) if (match := SOURCE.match(line)) and f"{key}.".startswith(f"{match[1]}.")
    ]
    if numbers != 1 or len(source_rows) != 1:
        raise ValueError(f"{file.name}: {key} is there {numbers} times, its source {len(source_rows)} times")
    rows[source_rows[0]] = RUN.sub(new_source, rows[source_rows[0]])
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")


def kept(setting: str, key: str, fitted: FittedParameter) -> float:
    """Return the value to write: the present one, unless the fit moved it by more than its Monte Carlo error."""
    now = float(get(load(setting).scenario.model_dump(mode="json"), split(key)))
    scale = fitted.parameter.to_scale
    return now if abs(scale(fitted.value) - scale(now)) <= fitted.monte_carlo_error else fitted.value


def write_entry(setting: str, line: str) -> None:
    """Write an entry of ``[uncertainty]`` into a scenario, in place of that of the same key."""
    file = SCENARIOS / f"{setting}.toml"
    rows = file.read_text("utf-8").splitlines()
    key = line.partition(" = ")[0]
    present = [place for place, row in enumerate(rows) if row.startswith(f"{key} = ") and "posterior = " in row]
    if present:
        rows[present[0]] = line
    else:
        if "[uncertainty]" not in rows:
            rows += ["", "[uncertainty]"]
        start = rows.index("[uncertainty]")
        end = next((place for place in range(start + 1, len(rows)) if rows[place].startswith("[")), len(rows))
        while not rows[end - 1]:
            end -= 1
        rows.insert(end, line)
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")


def main() -> None:
    """Run all fits, or those of the tables or settings named on the command line."""
    for fit in FITS:
        if sys.argv[1:] and not {fit.table, fit.setting} & set(sys.argv[1:]):
            continue
        calibration = fit.run()
        table = SCENARIOS / "posteriors" / f"{fit.table}.csv"
        table.parent.mkdir(exist_ok=True)
        columns = calibration.draws()
        table.write_text(rendered(columns, DIGITS), encoding="utf-8")
        for (setting, key), parameter in zip(fit.places, calibration.fitted, strict=True):
            write(setting, key, kept(setting, key, parameter), calibration.source)
            write_entry(setting, entry(parameter.column, fit.table))
            sys.stdout.write(f"{setting} {key} {parameter.value:.4g} ({parameter.low:.3g} to {parameter.high:.3g})\n")
        for row in calibration.after:
            sys.stdout.write(f"  {row.published.id} {row.distance:+.2f} {row.place}\n")
        sys.stdout.write("".join(f"  {sentence}\n" for sentence in sentences(calibration)))
        sys.stdout.write(f"  {calibration.source}; {calibration.runs} runs\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
