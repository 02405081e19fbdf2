"""Who may write at a URL: the run that created its lock, at stores with and without conditional writes."""

from __future__ import annotations

import functools
import warnings
from typing import ClassVar

import pytest

from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder import RemoteWriter, remote_storage
from nephrosyn.runs.folder.lock import LOCK, new_token
from nephrosyn.runs.folder.remote_storage import RemoteStorage, StorageWarning

pytest.importorskip("fsspec")
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import register_implementation
from fsspec.spec import AbstractFileSystem

ABOUT = {"scenario": {"name": "baseline"}, "seed": 1, "patients": 2000, "replicates": 1}


class Plain(MemoryFileSystem):
    """A store whose class implements no conditional write."""

    protocol = "plain"
    store: ClassVar = {}
    pseudo_dirs: ClassVar = [""]
    pipe_file = AbstractFileSystem.pipe_file


class Careless(MemoryFileSystem):
    """A store that takes the condition and ignores it, as some servers that speak S3 do."""

    protocol = "careless"
    store: ClassVar = {}
    pseudo_dirs: ClassVar = [""]

    def pipe_file(self, path, value, mode="overwrite", **_):
        super().pipe_file(path, value)


@pytest.fixture(autouse=True)
def stores(monkeypatch):
    monkeypatch.setattr(remote_storage, "SETTLE_SECONDS", 0.0)
    for store in (MemoryFileSystem, Plain, Careless):
        store.store.clear()
    for store in (Plain, Careless):
        register_implementation(store.protocol, store, clobber=True)


def test_a_second_run_is_told_which_one_holds_the_url():
    first = RemoteWriter("memory://cohorts/run", about=ABOUT)
    with pytest.raises(RunFolderError) as refused:
        RemoteWriter("memory://cohorts/run", about={**ABOUT, "seed": 2})
    said = str(refused.value)
    assert "being written by another nephrosyn process: baseline (seed 1, 2,000 patients), process " in said
    assert " UTC; wait, or choose another URL" in said
    first.stop()
    assert first.storage.names() == []


def just_before_the_claim(monkeypatch, another):
    """Let another run begin after this one has found neither content nor a lock."""
    create = RemoteStorage._create

    def watched(self, content):
        monkeypatch.setattr(RemoteStorage, "_create", create)
        another()
        return create(self, content)

    monkeypatch.setattr(RemoteStorage, "_create", watched)


def test_of_two_that_begin_at_once_one_gets_the_url(monkeypatch):
    won = []
    just_before_the_claim(monkeypatch, lambda: won.append(RemoteWriter("memory://cohorts/run", about=ABOUT)))
    with pytest.raises(RunFolderError, match="being written by another nephrosyn process: baseline"):
        RemoteWriter("memory://cohorts/run", about=ABOUT)
    won[0].storage.put("observed/one", b"1")


def test_a_lock_that_another_run_has_just_written_is_no_claim(monkeypatch):
    storage = RemoteStorage("memory://cohorts/run")
    just_before_the_claim(monkeypatch, lambda: RemoteStorage("memory://cohorts/run").take(new_token("first")))
    with pytest.raises(RunFolderError, match="another nephrosyn process: first"):
        storage.claim(new_token("second"))


def test_a_run_that_is_over_before_the_claim_is_not_written_over(monkeypatch):
    def whole_run():
        other = RemoteWriter("memory://cohorts/run", about=ABOUT)
        other.storage.put("observed/one", b"1")
        other.finish()

    just_before_the_claim(monkeypatch, whole_run)
    with pytest.raises(RunFolderError, match="is not empty"):
        RemoteWriter("memory://cohorts/run", about=ABOUT)
    written = set(RemoteStorage("memory://cohorts/run").names())
    assert written >= {"manifest.json", "observed/one", "datapackage.json"}
    assert LOCK not in written


@pytest.mark.parametrize("option", ["resume", "overwrite"])
def test_a_run_that_takes_over_stops_the_other(option):
    first = RemoteWriter("memory://cohorts/run", about=ABOUT)
    second = RemoteWriter("memory://cohorts/run", about=ABOUT, **{option: True})
    with pytest.raises(RunFolderError, match="was taken over by another nephrosyn"):
        first.storage.put("observed/one", b"1")
    first.stop()
    second.storage.put("observed/one", b"1")


def test_a_write_that_arrived_although_its_answer_was_lost_is_a_claim(monkeypatch):
    pipe_file = MemoryFileSystem.pipe_file

    @functools.wraps(pipe_file)
    def answer_lost(self, *arguments, **options):
        pipe_file(self, *arguments, **options)
        raise OSError("the connection was reset")

    monkeypatch.setattr(MemoryFileSystem, "pipe_file", answer_lost)
    storage = RemoteStorage("memory://cohorts/run")
    storage.claim(new_token())
    monkeypatch.undo()
    storage.put("observed/one", b"1")


@pytest.mark.parametrize("store", ["plain", "careless"])
def test_a_store_without_conditional_writes_gets_a_weaker_check_and_a_warning(store, monkeypatch):
    url = f"{store}://cohorts/run"
    with pytest.warns(StorageWarning, match="this store has no conditional writes"):
        first = RemoteStorage(url)
        first.claim(new_token("first"))
    with pytest.raises(RunFolderError, match="another nephrosyn process: first"):
        RemoteStorage(url).claim(new_token("second"))
    first.release()

    def another_writes_last(_):
        RemoteStorage(url).take(new_token("second"))

    monkeypatch.setattr(remote_storage.time, "sleep", another_writes_last)
    with pytest.warns(StorageWarning), pytest.raises(RunFolderError, match="another nephrosyn process: second"):
        first.claim(new_token("first"))


def test_a_store_with_conditional_writes_gives_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RemoteStorage("memory://cohorts/run").claim(new_token())
    assert RemoteStorage("memory://cohorts/run").names() == [LOCK]
