"""From a scenario to a cohort: the whole way on one screen, and the cohort as its user holds it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from nephrosyn import criteria as definition_sets
from nephrosyn.comparison.care import Comparison as Comparison
from nephrosyn.comparison.care import compare as compare
from nephrosyn.comparison.definitions import Reclassification as Reclassification
from nephrosyn.comparison.definitions import reclassify as reclassify
from nephrosyn.errors import RunFolderError
from nephrosyn.runs import relabel
from nephrosyn.runs import workers as running
from nephrosyn.runs.folder import Folder, Format, RemoteFolder, begun, here, location
from nephrosyn.runs.folder.tables import Manifest, Tables, refuse_gaps
from nephrosyn.runs.run import Plan, Progress, judge, load_sets, silent
from nephrosyn.scenario import Resolved, load
from nephrosyn.scenario.counts import wrong_count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nephrosyn.criteria import Verdict
    from nephrosyn.report.findings.summary import Answers
    from nephrosyn.teach.model import CaseSet


def run(
    scenario: str | Path,
    *,
    patients: int | None = None,
    seed: int | None = None,
    replicates: int | None = None,
    overrides: Sequence[str] = (),
    engine: str | None = None,
    criteria: str | Sequence[str] | None = None,
    out: str | Path | None = None,
    outputs: str | Path | None = None,
    format: Format = "parquet",
    report: bool = True,
    overwrite: bool = False,
    resume: bool = False,
    workers: int | None = 1,
    part_patients: int | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> Cohort:
    """Simulate a scenario and judge its patients.

    Parameters
    ----------
    scenario : str or Path
        A shipped name, or a TOML file.
    patients, seed, replicates, engine, criteria : optional
        In place of the scenario's own.
    overrides : sequence of str
        ``KEY=VALUE`` for any other key.
    out : path, optional
        The run folder. Without it, and without `outputs`, the cohort stays in memory.
    outputs : path, optional
        Where the run folder ``<scenario>-<digest>`` is made, if `out` does not name it.
    format : {"parquet", "csv"}
        Of the tables on disk.
    report : bool
        Write the report into the run folder.
    overwrite : bool
        Replace a run that stands there.
    resume : bool
        Go on with a run that was broken off there, or mend a damaged one.
    workers : int, optional
        Processes that share the parts of a run that is written; None for all cores. They change no byte.
    part_patients, cluster : optional
        About so many patients make a part, which changes no row; a Dask scheduler that has parts made, or ``local:N``.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Cohort
        The tables, from disk if a folder was written.

    Raises
    ------
    ScenarioError, CriteriaError, EngineError, RunFolderError, ClusterError
        All of them ``ValueError``, with a message for the user.

    Examples
    --------
    >>> cohort = run("baseline", patients=20, seed=1)
    >>> cohort.patients.height
    20
    """
    values = {"patients": patients, "seed": seed, "replicates": replicates, "engine": engine}
    settings = [f"{key}={value}" for key, value in values.items() if value is not None]
    if isinstance(criteria, str):
        criteria = [criteria]
    if criteria is not None:
        settings.append("criteria=" + json.dumps([str(name) for name in criteria], ensure_ascii=False))
    resolved = load(scenario, [*overrides, *settings])
    asked = running.Asked(format, overwrite, resume, workers, cluster, part_patients)
    asked.check(out if out is not None else outputs)
    if out is None and outputs is None:
        plan = Plan(resolved, progress or silent, part_patients)
        return Cohort(plan.in_memory(), plan.about(format), None)
    folder = out if out is not None else Path(outputs or "") / f"{resolved.name}-{resolved.digest()}"
    plan = Plan(resolved, progress or silent, asked.size(folder))
    later = relabel.added_sets(begun(folder), resolved.scenario.criteria) if resume else []
    running.write(plan, folder, asked)
    cohort = open(folder)
    if later and isinstance(cohort._disk, Folder):
        relabel.classify(cohort._disk, later, progress or silent)
    if report and cohort.folder is not None:
        cohort.report(progress=progress)
    return cohort


def open(folder: str | Path) -> Cohort:
    """Open a run folder.

    Parameters
    ----------
    folder : path
        Where a run was written.

    Returns
    -------
    Cohort
        Its tables, read when asked for.

    Raises
    ------
    RunFolderError
        If it is no run, is incomplete, or was changed.
    """
    found = RemoteFolder(str(folder)) if location.is_remote(folder) else Folder(location.local(folder))
    return Cohort(found, found.manifest, found)


class Cohort:
    """A simulated cohort.

    Attributes
    ----------
    tables : mapping of str to polars.DataFrame
        All tables; ``truth/...`` beside the observed ones.
    manifest : dict
        What was run.
    folder : Path or None
        Where it lies, if it was written.
    """

    def __init__(self, tables: Mapping[str, pl.DataFrame], manifest: dict[str, Any], disk: Folder | None) -> None:
        self.tables = Tables(tables) if type(tables) is dict else tables
        self.manifest = Manifest(manifest) if type(manifest) is dict else manifest
        self._disk = disk
        self.folder = getattr(disk, "path", None)
        self.place = str(self.folder or getattr(disk, "url", ""))
        self._answers: Answers | None = None

    def __repr__(self) -> str:
        """What was run, in a line."""
        where = f" in {self.folder}" if self.folder else ""
        about = self.manifest
        return f"<Cohort {about['scenario']['name']}: {about['patients']} patients, seed {about['seed']}{where}>"

    def _repr_html_(self) -> str:
        """What was run and its tables, for a notebook."""
        from nephrosyn.report.page.tables import Table

        rows = [(name, f"{height:,}") for name, height in getattr(self.tables, "rows", {}).items()]
        return Table(repr(self).strip("<>"), ("table", "rows"), rows).html()

    def __getattr__(self, name: str) -> Any:
        """A table by its name: a frame in memory, a lazy frame on disk."""
        if name.startswith("_") or name == "tables":
            raise AttributeError(name)
        if name not in self.tables:
            raise AttributeError(f"a cohort has no {name!r}; its tables are {', '.join(self.tables)}")
        return self.tables[name] if self._disk is None else self._disk.lazy(name)

    @property
    def labels(self) -> pl.DataFrame:
        """The verdicts: one row for each patient, definition set and view."""
        return self.tables["labels"]

    @property
    def resolved(self) -> Resolved:
        """The scenario that was run."""
        return Resolved.from_dict(self.manifest["scenario"])

    def patient(self, patient: int, replicate: int = 0) -> Patient:
        """One patient.

        Raises
        ------
        RunFolderError
            If there is no such patient.
        """
        wrong = [
            *wrong_count("patient", patient, 0, self.manifest["patients"] - 1),
            *wrong_count("replicate", replicate, 0, self.manifest["replicates"] - 1),
        ]
        if wrong:
            raise RunFolderError("; ".join(wrong))
        key = {"replicate": replicate, "patient": patient}
        if self._disk is None:
            tables = {name: frame.filter(**key) for name, frame in self.tables.items()}
        else:
            disk = self._disk
            tables = {name: disk.collect(disk.lazy(name).filter(**key)) for name in disk}
            refuse_gaps(tables, self.place)
        return Patient(patient, replicate, Tables(tables), self.manifest)

    def classify(
        self, names: str | Sequence[str], *, keep_going: bool = False, progress: Progress | None = None
    ) -> pl.DataFrame:
        """Judge the cohort by further definition sets; labels and sets are kept with the run.

        A report that stands in the run folder is written anew.

        Parameters
        ----------
        names : str or sequence of str
            Shipped sets, or TOML files; at least one.
        keep_going : bool
            Leave patients with impossible values undetermined; ``manifest["impossible_patients"]`` counts them.

        Returns
        -------
        polars.DataFrame
            All labels, old and new.

        Raises
        ------
        CriteriaError
            If a set is unknown or wrong, or the record holds impossible values.
        RunFolderError
            If another process is changing the run folder.
        """
        chosen, self._answers = load_sets([names] if isinstance(names, str) else names), None
        if self._disk is not None:
            here(self._disk)
            relabel.classify(self._disk, chosen, progress or silent, keep_going=keep_going)
            if (self._disk.path / "report.html").is_file():
                self.report(progress=progress)
            return self.labels
        fresh = judge(self.tables, [one.definition for one in chosen], keep_going=keep_going)
        count = relabel.count_impossible(self.tables) if keep_going else 0
        self.tables = Tables({**self.tables, "labels": relabel.merged(self.labels, fresh)})
        self.manifest.update(relabel.known(self.manifest, chosen, count))
        return self.labels

    def cases(self, count: int = 20, **asked: Any) -> CaseSet:
        """Practice cases from the observed record; ``asked`` as in `nephrosyn.teach.request.Request`."""
        from nephrosyn.teach.items.case_set import of_cohort

        return of_cohort(self, count, **asked)

    def answers(self) -> Answers:
        """The answer of the cohort, and the categories of every definition set and view; see `report.answers`."""
        from nephrosyn import report

        self._answers = self._answers or report.answers(self.tables, self.manifest)
        return self._answers

    def report(self, folder: str | Path | None = None, *, progress: Progress | None = None) -> Path:
        """Write the report.

        Parameters
        ----------
        folder : path, optional
            Where to; the run folder if not given.

        Returns
        -------
        Path
            The page.

        Raises
        ------
        RunFolderError
            If the cohort is in memory and no folder is given, or it cannot be written.
        """
        from nephrosyn import report

        target = Path(folder) if folder is not None else self.folder
        if target is None:
            raise RunFolderError("this cohort is in memory: say which folder the report goes to")
        (progress := progress or silent)("report", 0, 1)
        try:
            with relabel.alone(target) if target == self.folder else nullcontext():
                self._answers = report.write(self.tables, self.resolved, self.manifest, target)
        except OSError as error:
            raise RunFolderError(f"cannot write the report to {target}: {error.strerror}") from None
        progress("report", 1, 1)
        return target / "report.html"


@dataclass(frozen=True, repr=False)
class Patient:
    """One patient of a cohort, with all tables cut to this patient."""

    number: int
    replicate: int
    tables: dict[str, pl.DataFrame]
    manifest: dict[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        """Who, in a line; the tables are many."""
        rows = sum(frame.height for frame in self.tables.values())
        return f"<Patient {self.number}, replicate {self.replicate}: {rows} rows in {len(self.tables)} tables>"

    def verdict(self, name: str | None = None, view: str = "observed") -> Verdict:
        """The verdict of a definition set, with its reasons."""
        chosen = relabel.definition(self.manifest, name)
        keep_going = bool(self.manifest.get("impossible_patients"))
        return definition_sets.verdict(self.tables, chosen, self.replicate, self.number, view, keep_going=keep_going)

    def verdicts(self, names: Sequence[str] | None = None, view: str = "observed") -> list[Verdict]:
        """The verdicts of several definition sets; of all by which the run was judged, unless some are named."""
        return [self.verdict(name, view) for name in names or self.manifest.get("sets") or [None]]

    def plot(self) -> Figure:
        """The patient's timeline."""
        from nephrosyn.report.figures import patient_timeline

        return patient_timeline(self.tables, self.replicate, self.number)
