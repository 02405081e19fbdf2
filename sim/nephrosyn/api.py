"""The Python interface: run a scenario, open a run folder, and work with the cohort."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from nephrosyn import criteria as definition_sets
from nephrosyn.errors import RunFolderError, wrong_count
from nephrosyn.runs import relabel
from nephrosyn.runs.draws import draw_tables
from nephrosyn.runs.draws.counts import TABLES as COUNT_TABLES
from nephrosyn.runs.draws.values import VALUES
from nephrosyn.runs.folder import (
    Folder,
    Format,
    RemoteFolder,
    identity,
    layout,
    require_local,
    require_path,
    run_description,
    storage,
)
from nephrosyn.runs.folder.part import encoded
from nephrosyn.runs.folder.remote_storage import claimed
from nephrosyn.runs.folder.tables import Manifest, Tables, refuse_gaps
from nephrosyn.runs.labels import classify_tables
from nephrosyn.runs.run import Plan, Progress, load_sets, silent
from nephrosyn.runs.workers import WriteOptions
from nephrosyn.runs.workers import write as write_run
from nephrosyn.scenario import Resolved, load

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nephrosyn.criteria import Verdict
    from nephrosyn.explore.page import Explorer
    from nephrosyn.report.findings.summary import Answers
    from nephrosyn.report.findings.uncertainty import Uncertainty
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
    uncertainty: int | None = None,
    keep_draws: bool = False,
    progress: Progress | None = None,
) -> Cohort:
    """Simulate a scenario and classify its patients.

    Parameters
    ----------
    scenario : str or Path
        A shipped scenario or a TOML file.
    patients, seed, replicates, engine, criteria : optional
        Values that replace those of the scenario.
    overrides : sequence of str
        ``KEY=VALUE`` for any other key of the scenario.
    out : path, optional
        The run folder. Without `out` and `outputs` the cohort stays in memory.
    outputs : path, optional
        Parent of the run folder ``<scenario>-<digest>``, if `out` is not given.
    format : {"parquet", "csv"}
        Format of the tables on disk.
    report : bool
        Write the report into the run folder.
    overwrite : bool
        Replace an existing run.
    resume : bool
        Resume an interrupted run or repair a damaged one.
    workers : int, optional
        Processes that share the parts of a run on disk; None for all cores. The result does not depend on it.
    part_patients : int, optional
        Approximate number of patients per part; by default 2,000 to 5,000, and fewer if follow-up is longer than two
        years. No row depends on it.
    cluster : str, optional
        Address of a Dask scheduler whose workers make the parts, or ``local:N``.
    uncertainty : int, optional
        Number of draws of the scenario's uncertain numbers, at least 20. Each is played with as many patients as the
        scenario has, and they are counted; `Cohort.uncertainty` is what the draws say.
    keep_draws : bool
        Also keep the labels, tables and truth of every draw, for `Cohort.draw`.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Cohort
        The cohort; its tables are read from disk if a folder was written.

    Raises
    ------
    ScenarioError, CriteriaError, EngineError, RunFolderError, WorkerError
        If the input is invalid; each is a ``ValueError`` with a message for the user.

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
    options = WriteOptions(format, overwrite, resume, workers, cluster, part_patients)
    options.check(out if out is not None else outputs)
    if out is None and outputs is None:
        plan = Plan(resolved, progress or silent, part_patients, uncertainty=uncertainty, keep_draws=keep_draws)
        return Cohort(plan.in_memory(), plan.about(format), None)
    folder = out if out is not None else Path(outputs or "") / _folder_name(resolved, uncertainty, keep_draws)
    size = options.part_size(folder)
    plan = Plan(resolved, progress or silent, size, uncertainty=uncertainty, keep_draws=keep_draws)
    added = relabel.added_sets(run_description(folder), resolved.scenario.criteria) if resume else []
    write_run(plan, folder, options)
    cohort = open(folder)
    if uncertainty is None:  # with draws, the manifest alone says how well the numbers are known
        cohort._resolved = resolved
    _store_uncertainty(cohort)
    if added and isinstance(cohort._disk, Folder):
        relabel.classify(cohort._disk, added, progress or silent)
    if report:
        _report(cohort, progress)
    return cohort


def _report(cohort: Cohort, progress: Progress | None) -> None:
    """Write the report of a run that has just been finished."""
    try:
        cohort.report(progress=progress)
    except BaseException as error:
        error.add_note(f"the tables of the run are complete; write its report with: nephrosyn report {cohort.location}")
        raise


def _folder_name(resolved: Resolved, uncertainty: int | None, keep_draws: bool) -> str:
    draws = f"-{uncertainty}-draws{'-kept' if keep_draws else ''}" if uncertainty is not None else ""
    return f"{resolved.name}-{resolved.digest()}{draws}"


def _store_uncertainty(cohort: Cohort) -> None:
    """Write what the draws of a run say to its folder, if it has any."""
    known = cohort.uncertainty
    if known is not None:
        folder, format_ = storage.storage_at(cohort.location), cohort.manifest["format"]
        name = f"derived/{VALUES}.{format_}"
        folder.put("derived/uncertainty.json", layout.as_json(known.as_dict()))
        folder.put(name, encoded(known.values, format_, name))


def open(folder: str | Path) -> Cohort:
    """Open a run folder.

    Parameters
    ----------
    folder : path
        A run folder, or a URL that fsspec can open.

    Returns
    -------
    Cohort
        The cohort; tables are read on access.

    Raises
    ------
    RunFolderError
        If it is not a run, is incomplete, or was changed.
    """
    require_path(folder)
    disk = RemoteFolder(str(folder)) if storage.is_remote(folder) else Folder(storage.local(folder))
    return Cohort(disk, disk.manifest, disk)


class Cohort:
    """A simulated cohort.

    Attributes
    ----------
    tables : mapping of str to polars.DataFrame
        All tables, the observed ones and ``truth/...``.
    manifest : dict
        Description of the run.
    folder : Path or None
        The run folder, if the cohort was written.
    """

    def __init__(self, tables: Mapping[str, pl.DataFrame], manifest: dict[str, Any], disk: Folder | None) -> None:
        self._of_draws: Mapping[str, pl.DataFrame] = tables
        if type(tables) is dict:
            of_draws = {*COUNT_TABLES, *draw_tables.TABLES}
            tables = Tables({name: frame for name, frame in tables.items() if name not in of_draws})
        self.tables = tables
        self.manifest = Manifest(manifest) if type(manifest) is dict else manifest
        self._disk = disk
        self.folder = getattr(disk, "path", None)
        self.location = str(self.folder or getattr(disk, "url", ""))
        self._answers: Answers | None = None
        self._resolved: Resolved | None = None

    def __repr__(self) -> str:
        """Return a short description of the run."""
        where = f" in {self.folder}" if self.folder else ""
        about = self.manifest
        return f"<Cohort {about['scenario']['name']}: {about['patients']} patients, seed {about['seed']}{where}>"

    def _repr_html_(self) -> str:
        """Return the run and its tables as HTML, for notebooks."""
        from nephrosyn.report.page.tables import Table

        rows = [(name, f"{height:,}") for name, height in getattr(self.tables, "rows", {}).items()]
        return Table(repr(self).strip("<>"), ("table", "rows"), rows).html()

    def __getattr__(self, name: str) -> Any:
        """Return a table by name: a frame in memory, or a lazy frame on disk."""
        if name.startswith("_") or name == "tables":
            raise AttributeError(name)
        if name not in self.tables:
            raise AttributeError(f"a cohort has no table {name!r}; its tables are {', '.join(self.tables)}")
        return self.tables[name] if self._disk is None else self._disk.lazy(name)

    @property
    def labels(self) -> pl.DataFrame:
        """The labels: one row for each patient, definition set and view."""
        return self.tables["labels"]

    @cached_property
    def uncertainty(self) -> Uncertainty | None:
        """What draws of the scenario's uncertain numbers say; None for a run without draws."""
        if "uncertainty" not in self.manifest:
            return None
        from nephrosyn.report.findings import uncertainty

        counts = (self._of_draws[name] for name in COUNT_TABLES)
        return uncertainty.find(self.manifest["uncertainty"], self.resolved, *counts)

    def draw(self, draw: int) -> Cohort:
        """Return one draw of the uncertain numbers as a cohort in memory, for a run with ``keep_draws``.

        Its scenario has the drawn numbers, and its `replicate` is 0.

        Parameters
        ----------
        draw : int
            Number of the draw, from 0.

        Raises
        ------
        RunFolderError
            If the run has not kept its draws, or there is no such draw.

        Examples
        --------
        >>> cohort = run("baseline", patients=10, uncertainty=20, keep_draws=True)
        >>> cohort.draw(3).labels.height
        20
        """
        tables = draw_tables.tables_of_draw(self._disk or self._of_draws, self.manifest, draw)
        return Cohort(tables, draw_tables.manifest_of_draw(self.manifest, draw, tables["labels"]), None)

    @property
    def resolved(self) -> Resolved:
        """The scenario that was run."""
        if self._resolved is None:
            self._resolved = Resolved.from_dict(self.manifest["scenario"])
        return self._resolved

    def patient(self, patient: int, replicate: int = 0) -> Patient:
        """Return one patient.

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
            refuse_gaps(tables, self.location)
        return Patient(patient, replicate, Tables(tables), self.manifest)

    def classify(
        self, names: str | Sequence[str], *, keep_going: bool = False, progress: Progress | None = None
    ) -> pl.DataFrame:
        """Classify the cohort by further definition sets; labels and sets are stored with the run.

        A report in the run folder is updated.

        Parameters
        ----------
        names : str or sequence of str
            One or more shipped sets or TOML files.
        keep_going : bool
            Leave patients with impossible values undetermined; ``manifest["impossible_patients"]`` counts them.

        Returns
        -------
        polars.DataFrame
            All labels, old and new.

        Raises
        ------
        CriteriaError
            If a set is unknown or invalid, or the record holds impossible values.
        RunFolderError
            If another process is changing the run folder.
        """
        sets, self._answers = load_sets([names] if isinstance(names, str) else names), None
        if self._disk is not None:
            require_local(self._disk)
            relabel.classify(self._disk, sets, progress or silent, keep_going=keep_going)
            if (self._disk.path / "report.html").is_file():
                self.report(progress=progress)
            return self.labels
        fresh = classify_tables(self.tables, [loaded.definition for loaded in sets], keep_going=keep_going)
        count = relabel.count_impossible(self.tables) if keep_going else 0
        self.tables = Tables({**self.tables, "labels": relabel.merge_labels(self.labels, fresh)})
        self.manifest.update(relabel.updated_manifest(self.manifest, sets, count))
        return self.labels

    def export(
        self,
        to: str,
        out: str | Path,
        *,
        labels: Sequence[str] | None = None,
        codes: str | Path = "standard",
        split: str | None = None,
        workers: int | None = None,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> Path:
        """Export the observed record in a format of the field, and return the folder; the truth is never exported.

        Parameters
        ----------
        to : {"meds", "omop", "omop-parquet", "fhir"}
            The format.
        out : path
            Folder to write. An interrupted export is continued.
        labels : sequence of str, optional
            Definition sets whose labels are exported beside the record; all by default, none if ``["none"]``.
        codes : str or path
            ``standard``, ``local`` for codes of nephrosyn's own only, or a TOML file with entries of your own.
        split : str, optional
            Shares of a division of the patients, as ``train=0.7,tuning=0.1,held_out=0.2``.
        workers : int, optional
            Processes that share the parts of a run on disk; all cores by default. The files do not depend on it.
        overwrite : bool
            Replace an earlier export.
        progress : callable, optional
            Called with (stage, done, total).

        Raises
        ------
        ExportError, RunFolderError
            If an option is wrong, the run does not fit the format or cannot be read, or the folder is in use.

        Examples
        --------
        >>> import tempfile
        >>> cohort = run("baseline", patients=5, seed=1)
        >>> sorted(path.name for path in cohort.export("meds", Path(tempfile.mkdtemp()) / "meds").iterdir())
        ['README.md', 'data', 'labels', 'manifest.json', 'metadata']
        """
        from nephrosyn.interchange.export import export
        from nephrosyn.interchange.record_part import InMemory

        options: dict[str, Any] = {"to": to, "out": out, "labels": labels, "codes": codes, "split": split}
        options |= {"workers": workers, "overwrite": overwrite, "progress": progress or silent}
        source = InMemory(self.tables) if self._disk is None else self._disk
        return export(self.manifest, source, self.location, **options)

    def cases(self, count: int = 20, **options: Any) -> CaseSet:
        """Make practice cases from the observed record; for `options` see `nephrosyn.teach.request.Request`."""
        from nephrosyn.teach.items.case_set import of_cohort

        return of_cohort(self, count, **options)

    def explore(self, **options: Any) -> Explorer:
        """Make a page that simulates the scenario in the browser; for `options` see `nephrosyn.explore_scenario`."""
        from nephrosyn.explore.page import of_run

        return of_run(self.manifest, self.resolved, **options)

    def answers(self) -> Answers:
        """Return the refractory share and the categories by every definition set and view; see `report.answers`."""
        from nephrosyn import report

        self._answers = self._answers or report.answers(self.tables, self.manifest, self.uncertainty)
        return self._answers

    def report(self, folder: str | Path | None = None, *, progress: Progress | None = None) -> Path | str:
        """Write the report.

        Parameters
        ----------
        folder : path, optional
            Folder or URL where to write it; that of the run by default.

        Returns
        -------
        Path or str
            Path or URL of the report.

        Raises
        ------
        RunFolderError
            If the cohort is in memory and no folder is given, another process writes there, or it cannot be written.
        """
        from nephrosyn import report

        target = str(folder) if folder is not None else self.location
        if not target:
            raise RunFolderError("this cohort is in memory: choose a folder for the report (folder)")
        (progress := progress or silent)("report", 0, 1)
        with self._writing(target) as place:
            self._answers = report.write(self.tables, self.resolved, self.manifest, place, self.uncertainty)
        progress("report", 1, 1)
        return place.where(report.PAGE)

    @contextmanager
    def _writing(self, target: str) -> Iterator[storage.Storage]:
        """Hold the run while something is written to it; another folder is not held."""
        if target != self.location:
            yield storage.storage_at(target)
        elif isinstance(self._disk, RemoteFolder):
            with claimed(target, f"the report of {identity.named(self.manifest)}") as place:
                yield place
        else:
            with relabel.locked(Path(target)):
                yield storage.LocalStorage(Path(target))


@dataclass(frozen=True, repr=False)
class Patient:
    """One patient of a cohort, with the patient's rows of all tables."""

    number: int
    replicate: int
    tables: dict[str, pl.DataFrame]
    manifest: dict[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        """Return a short description of the patient."""
        rows = sum(frame.height for frame in self.tables.values())
        return f"<Patient {self.number}, replicate {self.replicate}: {rows} rows in {len(self.tables)} tables>"

    def verdict(self, name: str | None = None, view: str = "observed") -> Verdict:
        """Return the verdict of a definition set, with its reasons."""
        definition = relabel.definition(self.manifest, name)
        keep_going = bool(self.manifest.get("impossible_patients"))
        return definition_sets.verdict(
            self.tables, definition, self.replicate, self.number, view, keep_going=keep_going
        )

    def verdicts(self, names: Sequence[str] | None = None, view: str = "observed") -> list[Verdict]:
        """Return the verdicts of several definition sets; by default all that the run was classified by."""
        return [self.verdict(name, view) for name in names or self.manifest.get("sets") or [None]]

    def plot(self) -> Figure:
        """Draw the timeline of the patient."""
        from nephrosyn.report.figures import patient_timeline

        return patient_timeline(self.tables, self.replicate, self.number)
