"""Export a run: part by part, into a temporary folder that is renamed when everything is written.

Parts are written by several processes, and each part's files are recorded when they are complete. If an export is
interrupted, the same command continues it. The bytes do not depend on the number of processes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nephrosyn import __version__
from nephrosyn.errors import ExportError, RunFolderError, wrong_count
from nephrosyn.interchange import dates
from nephrosyn.interchange.codes import load_codes
from nephrosyn.interchange.counts import Counts
from nephrosyn.interchange.formats import Format, load_format
from nephrosyn.interchange.labels_option import chosen_sets
from nephrosyn.interchange.output import Output
from nephrosyn.interchange.read_me import read_me
from nephrosyn.interchange.record_part import ExportedRun, RecordPart, Source
from nephrosyn.interchange.splits import parse_split
from nephrosyn.record.schema import OBSERVED
from nephrosyn.runs.folder import layout, storage
from nephrosyn.runs.folder.folder import Folder
from nephrosyn.runs.folder.layout import reason
from nephrosyn.runs.folder.lock import LOCK, FolderLock
from nephrosyn.runs.folder.output_folder import OutputFolder
from nephrosyn.runs.folder.remote import RemoteFolder
from nephrosyn.runs.run import Progress, silent
from nephrosyn.scenario import Resolved
from nephrosyn.text_files import parsed_json
from nephrosyn.vocabulary import NOTICE

MANIFEST, READ_ME, REQUEST = "manifest.json", "README.md", "export.json"
DONE = ".parts"
"""Folder of the records of finished parts, until all are."""
MOST_WORKERS = 1024
WORKER = "nephrosyn.interchange.worker"
"""Module that a worker runs."""


@dataclass(frozen=True)
class Request:
    """What is exported and how; everything that the bytes depend on.

    Attributes
    ----------
    run : str
        Path or URL of the run; empty for a cohort in memory.
    to : str
        Name of the format.
    labels : tuple of str
        Definition sets whose labels are exported.
    codes : str
        ``standard``, ``local`` or a file.
    split : str
        Shares of a split; empty for none.
    """

    run: str
    to: str
    labels: tuple[str, ...]
    codes: str = "standard"
    split: str = ""

    def described(self, manifest: Mapping[str, Any], source: Source) -> ExportedRun:
        """Return the run as formats see it, checked."""
        resolved = Resolved.from_dict(manifest["scenario"])
        dates.check_range(resolved.scenario)
        rows = {table: source.part_rows(table) for table in (*OBSERVED, "labels")}
        split = parse_split(self.split) if self.split else ()
        return ExportedRun(resolved, manifest, rows, load_codes(self.codes), self.labels, split)

    def text(self) -> str:
        """Return it as JSON, for a worker."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Request:
        """Return the request that `text` wrote."""
        values = json.loads(text)
        return cls(**{**values, "labels": tuple(values["labels"])})


def open_source(run: str) -> Folder:
    """Open the folder or URL of a run."""
    return RemoteFolder(run) if storage.is_remote(run) else Folder(storage.local(run))


class PartWriter:
    """Writes parts of a run in one format.

    Parameters
    ----------
    request : Request
        What to export.
    folder : Path
        Where to write.
    source : Source, optional
        The run; that of the request by default.
    manifest : mapping, optional
        Manifest of the run, if a source is given.
    """

    def __init__(
        self, request: Request, folder: Path, source: Source | None = None, manifest: Mapping[str, Any] | None = None
    ) -> None:
        if source is None:
            opened = open_source(request.run)
            source, manifest = opened, opened.manifest
        self._source, self._folder = source, folder
        self.run = request.described(manifest or {}, source)
        self.format: Format = load_format(request.to)(self.run)

    def write(self, number: int) -> dict[str, Any]:
        """Write a part and its record, and return the record: files and counts.

        Raises
        ------
        RunFolderError
            If a file cannot be read or written.
        """
        try:
            return self._write(number)
        except OSError as error:
            raise RunFolderError(f"cannot write part {number} of {self._folder}: {reason(error)}") from None

    def _write(self, number: int) -> dict[str, Any]:
        output = Output(self._folder)
        counts = self.format.write_part(RecordPart.read(self.run, self._source, number), output)
        record = {"files": output.files, "counts": counts.as_dict()}
        done = self._folder / DONE
        done.mkdir(exist_ok=True)
        partial = done / f".part-{number:05d}.json"
        partial.write_text(json.dumps(record), encoding="utf-8")
        partial.replace(done / f"part-{number:05d}.json")
        return record

    def finish(self, records: Sequence[Mapping[str, Any]], request: Request) -> Counts:
        """Write what describes all parts, and the manifest, last."""
        output, counts = Output(self._folder), Counts()
        for record in records:
            output.files.update(record["files"])
            counts.update(Counts.from_dict(record["counts"]))
        counts.update(self.format.finish(counts, output))
        output.put(READ_ME, read_me(self.format.title, self.run, counts).encode())
        about = {
            "notice": NOTICE,
            "export": request.to,
            "version": __version__,
            "run": {"name": self.run.name, "seed": self.run.seed, "persons": self.run.persons},
            "labels": list(request.labels),
            "codes": request.codes if request.codes in ("standard", "local") else "own",
            "split": request.split,
            "counts": counts.as_dict(),
        }
        files = dict(sorted(output.files.items()))
        (self._folder / MANIFEST).write_bytes(layout.as_json({**about, "files": files}))
        return counts


def export(
    manifest: Mapping[str, Any],
    source: Source,
    run: str,
    *,
    to: str,
    out: str | Path,
    labels: Sequence[str] | None = None,
    codes: str | Path = "standard",
    split: str | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Path:
    """Export a run.

    Parameters
    ----------
    manifest : mapping
        Manifest of the run.
    source : Source
        Its tables.
    run : str
        Its path or URL; empty for a cohort in memory, which this process exports alone.
    to, out, labels, codes, split, workers, overwrite, progress
        As for `Cohort.export`.

    Returns
    -------
    Path
        The folder of the export.

    Raises
    ------
    ExportError
        If an option is wrong, or the run does not fit the format.
    RunFolderError
        If the folder is in use, or the run cannot be read.
    WorkerError
        If the workers die.
    """
    if workers is not None and (wrong := wrong_count("--workers", workers, 1, MOST_WORKERS)):
        raise ExportError(wrong[0])
    load_format(to)
    folder = _folder(out, run)
    request = Request(run, to, chosen_sets(manifest, labels), str(codes), split or "")
    request.described(manifest, source)
    kind = OutputFolder("an export of nephrosyn", frozenset(_known_files(folder)), MANIFEST, "export")
    kind.check(folder, overwrite=overwrite)
    with _Unfinished(folder, request, manifest) as partial:
        writer = PartWriter(request, partial.path, source, manifest)
        records = partial.finished(writer.run.parts)
        left = [number for number in range(writer.run.parts) if number not in records]
        progress("export", len(records), writer.run.parts)
        for number, record in _written(writer, request, partial.path, left, workers):
            records[number] = record
            progress("export", len(records), writer.run.parts)
        writer.finish([records[number] for number in sorted(records)], request)
        kind.check(folder, overwrite=overwrite)  # it may have come into use meanwhile
        partial.publish()
    return folder


def _folder(out: str | Path, run: str) -> Path:
    """Return the folder of an export, which is local and not inside the run."""
    if storage.is_remote(out):
        raise ExportError(f"--out: expected a local folder; found the URL {out}")
    if not str(out).strip():
        raise ExportError("--out: expected a folder; found an empty name")
    folder = storage.local(out).absolute()
    if run and not storage.is_remote(run):
        of_run = storage.local(run).resolve()
        if of_run in (folder.resolve(), *folder.resolve().parents):
            raise ExportError(f"--out: expected a folder outside the run; found {out}, which is in {of_run}")
    return folder


def _known_files(folder: Path) -> set[str]:
    """Return the top names of the files that the manifest of an export lists; empty without a manifest."""
    try:
        values = parsed_json((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return set()
    files = values.get("files") if isinstance(values, dict) else None
    return {MANIFEST, *(name.split("/")[0] for name in files)} if isinstance(files, dict) else set()


def _written(
    writer: PartWriter, request: Request, folder: Path, numbers: list[int], workers: int | None
) -> Iterator[tuple[int, dict[str, Any]]]:
    from nephrosyn.runs.run import cores
    from nephrosyn.runs.workers.local import Pool

    processes = min(workers or cores(), len(numbers))
    if processes <= 1 or not request.run:
        for number in numbers:
            yield number, writer.write(number)
    else:
        job_text = json.dumps({"request": request.text(), "folder": str(folder)})
        yield from Pool(job_text, numbers, processes - 1, make_here=writer.write, module=WORKER).results()


class _Unfinished:
    """The temporary folder of an export, beside its final one; it stays if the export is interrupted.

    Parameters
    ----------
    folder : Path
        The final folder.
    request : Request
        What is exported: remains of another request are removed.
    manifest : mapping
        Manifest of the run.
    """

    def __init__(self, folder: Path, request: Request, manifest: Mapping[str, Any]) -> None:
        self.folder, self.path = folder, folder.with_name(f".{folder.name}.unfinished")
        self._identity = json.dumps(
            {
                "version": __version__,
                "request": asdict(request),
                "codes": layout.sha256(Path(request.codes)) if Path(request.codes).is_file() else None,
                "run": _identity(manifest),
            },
            sort_keys=True,
        )

    def __enter__(self) -> _Unfinished:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = FolderLock(self.path)
            if self._read() != self._identity:
                self._clear()
                (self.path / REQUEST).write_text(self._identity, encoding="utf-8")
        except BlockingIOError:
            raise RunFolderError(f"{self.folder} is being written by another nephrosyn process") from None
        except OSError as error:
            raise RunFolderError(f"cannot write {self.folder}: {layout.reason(error)}") from None
        return self

    def _read(self) -> str:
        try:
            return (self.path / REQUEST).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return ""

    def _clear(self) -> None:
        for entry in self.path.iterdir():
            if entry.name != LOCK:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def finished(self, parts: int) -> dict[int, dict[str, Any]]:
        """Return the records of the parts that are complete and unchanged."""
        records = {}
        for number in range(parts):
            try:
                record = parsed_json((self.path / DONE / f"part-{number:05d}.json").read_bytes())
                intact = all(
                    layout.sha256(self.path / name) == entry["sha256"] for name, entry in record["files"].items()
                )
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if intact:
                records[number] = record
        return records

    def publish(self) -> None:
        """Rename it to the final folder, replacing an earlier export."""
        shutil.rmtree(self.path / DONE, ignore_errors=True)
        (self.path / REQUEST).unlink()
        try:
            self._lock.release(self.path)
            layout.rename_folder(self.path, self.folder)
        except OSError as error:
            raise RunFolderError(f"cannot write {self.folder}: {layout.reason(error)}") from None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            return
        self._lock.release(self.path)
        if issubclass(kind, ExportError):
            shutil.rmtree(self.path, ignore_errors=True)
        if isinstance(error, OSError):
            raise RunFolderError(f"cannot write {self.folder}: {layout.reason(error)}") from None


def _identity(manifest: Mapping[str, Any]) -> Any:
    """Return what tells a run from another: the hashes of its files, or the scenario of a cohort in memory."""
    files = manifest.get("files")
    if isinstance(files, dict):
        return {name: entry.get("sha256") for name, entry in files.items()}
    return manifest.get("digest")
