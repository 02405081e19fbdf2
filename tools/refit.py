"""Fit the numbers of the settings anew, in order, and write them into the scenarios: ``make refit``.

A fit begins at a start of its own, so the number it writes does not change it: the same command gives the same digest.
"""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from nephrosyn.evidence.calibration.fit import Calibration, calibrate
from nephrosyn.evidence.calibration.output import DIGITS
from nephrosyn.scenario.files.provenance import CALIBRATED

SCENARIOS = Path(__file__).parents[1] / "scenarios"
RELAPSE = "disease.relapse.bands.children"
RESPONSE = "disease.response.children.minimal_change"
TIME = f"{RESPONSE}.time_to_remission_days"
NEVER = f"{RELAPSE}.never_relapsing_share"
RUN = re.compile(CALIBRATED + r" [^\"]*; run [0-9a-f]{8}")
SOURCE = re.compile(rf'"([\w.]+)" = "{CALIBRATED}')


@dataclass(frozen=True)
class Fit:
    """One calibration: the setting it is asked of, the numbers with their starts, the figures."""

    setting: str
    free: tuple[str, ...]
    figures: tuple[str, ...]
    patients: int

    @property
    def command(self) -> str:
        """The command that makes it again."""
        words = ["nephrosyn", "calibrate", self.setting, *(word for one in self.free for word in ("--free", one))]
        return shlex.join([*words, "--figures", ",".join(self.figures), "--patients", str(self.patients)])

    @property
    def places(self) -> list[tuple[str, str]]:
        """The scenario and the key of each number."""
        keys = [one.partition("=")[0].rpartition(":") for one in self.free]
        return [(holder or self.setting, key) for holder, _, key in keys]

    @property
    def source(self) -> str:
        """What stands as the source of its numbers now."""
        setting, key = self.places[0]
        return source(setting, key)

    def run(self) -> Calibration:
        """Fit."""
        return calibrate(self.setting, self.free, self.figures, patients=self.patients)


# The response of a setting comes first: it does not depend on relapse, and relapse begins where it ends.
FITS = (
    Fit(
        "setting-beijing-children",
        (f"{RESPONSE}.complete=0.75", f"{TIME}.s=0.7", f"{TIME}.scale=9"),
        ("A03", "A04", "B04"),
        4000,
    ),
    Fit("setting-seoul-children", (f"{RESPONSE}.complete=0.9",), ("A07",), 4000),
    Fit("setting-paris", (f"{TIME}.s=0.6", f"{TIME}.scale=8"), ("B01",), 4000),
    # What the settings share, with what three of them have of their own.
    Fit(
        "setting-children",
        (
            f"{RELAPSE}.rate_per_year=1.6",
            f"{RELAPSE}.frailty_shape=0.6",
            f"{RELAPSE}.threshold_share=0.5",
            f"setting-china-ssns:{NEVER}=0.2",
            f"setting-paris:{NEVER}=0.05",
            f"setting-uk-prednos:{NEVER}=0.12",
            f"setting-uk-prednos:{RELAPSE}.rate_per_year=9",
        ),
        ("C01", "C03", "C04", "C07", "C08", "C25"),
        2000,
    ),
    Fit("setting-japan-children", (f"{NEVER}=0.2",), ("C13",), 4000),
    Fit("setting-toronto-european", (f"{NEVER}=0.02",), ("C18",), 4000),
    Fit("setting-toronto-south-asian", (f"{NEVER}=0.08",), ("C19",), 4000),
    Fit("setting-toronto-east-asian", (f"{NEVER}=0.17",), ("C20",), 4000),
)  # fmt: skip


def source(setting: str, key: str) -> str:
    """Return the source of a number as its own scenario gives it."""
    told: dict[str, str] = tomllib.loads((SCENARIOS / f"{setting}.toml").read_text("utf-8"))["sources"]
    return told[max((one for one in told if f"{key}.".startswith(f"{one}.")), key=len)]


def write(setting: str, key: str, value: float, told: str) -> None:
    """Write a number and its source into a scenario, in place.

    Raises
    ------
    ValueError
        If the number or its source stands there not exactly once.
    """
    file = SCENARIOS / f"{setting}.toml"
    text = file.read_text("utf-8")
    name = re.escape(key.rpartition(".")[2])
    text, numbers = re.subn(rf"(?<=\b{name} = )[\d.]+", f"{value:.{DIGITS}g}", text)
    lines = text.splitlines()
    own = [
        place
        for place, line in enumerate(lines)
        if (found := SOURCE.match(line)) and f"{key}.".startswith(f"{found[1]}.")
    ]
    if numbers != 1 or len(own) != 1:
        raise ValueError(f"{file.name}: {key} stands there {numbers} times, its source {len(own)} times")
    lines[own[0]] = RUN.sub(told, lines[own[0]])
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Fit all, or those whose settings are named."""
    for fit in FITS:
        if sys.argv[1:] and fit.setting not in sys.argv[1:]:
            continue
        found = fit.run()
        for (setting, key), one in zip(fit.places, found.fitted, strict=True):
            write(setting, key, one.value, found.source)
            sys.stdout.write(f"{setting} {key} {one.value:.4g} ({one.low:.3g} to {one.high:.3g})\n")
        for row in found.after:
            sys.stdout.write(f"  {row.figure.id} {row.distance:+.2f} {row.place}\n")
        sys.stdout.write(f"  {found.source}; {found.runs} runs\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
