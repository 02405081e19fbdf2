"""A run in an object store: a real server that speaks S3, and the same bytes in it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import nephrosyn as ns
from nephrosyn.cli.app import app
from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder.remote_storage import RemoteStorage
from nephrosyn.runs.workers import dispatch

from .conftest import ASKED, PARTS, asked, bytes_of

pytest.importorskip("s3fs")
pytest.importorskip("moto")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def store():
    """A file system of a server that begins empty."""
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    patch = pytest.MonkeyPatch()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
    }.items():
        patch.setenv(name, value)
    files = s3fs.S3FileSystem(skip_instance_cache=True)
    files.mkdir("cohorts")
    yield files
    patch.undo()
    server.stop()


def contents(store, url):
    store.invalidate_cache()
    root = url.removeprefix("s3://")
    return {name.removeprefix(f"{root}/"): store.cat_file(name) for name in store.find(root)}


def test_the_same_bytes_as_in_a_folder(store, undisturbed):
    cohort = ns.run(**asked(out="s3://cohorts/run", workers=2))
    assert contents(store, "s3://cohorts/run") == undisturbed
    assert cohort.labels.height == 2 * 120
    again = ns.open("s3://cohorts/run")
    assert again.tables["visits"].equals(cohort.tables["visits"])
    assert again.patient(7).verdict().patient == 7


BOTH = """
import sys, time
from pathlib import Path
from nephrosyn.cli.app import main
from nephrosyn.runs.folder.remote_storage import RemoteStorage

create, own = RemoteStorage._create, Path(sys.argv[1])

def together(*arguments):
    RemoteStorage._create = create
    own.touch()
    while len(list(own.parent.iterdir())) < 2:  # the other one has not yet found the URL empty
        time.sleep(0.01)
    return create(*arguments)

RemoteStorage._create = together
main(sys.argv[2:])
"""


def test_of_two_processes_that_begin_at_once_one_gets_the_url(store, undisturbed, tmp_path):
    command = ("run", *ASKED, "--out", "s3://cohorts/both")
    both = [
        subprocess.Popen([sys.executable, "-c", BOTH, tmp_path / name, *command], stderr=subprocess.PIPE, text=True)
        for name in ("one", "two")
    ]
    ended = {process.returncode: err for process in both for _, err in [process.communicate(timeout=120)]}
    assert set(ended) == {0, 2}, ended
    assert "being written by another nephrosyn process: baseline (seed 3, 120 patients), process " in ended[2]
    assert len(ended[2].splitlines()) == 1
    assert contents(store, "s3://cohorts/both") == undisturbed


def test_a_store_that_goes_away_leaves_what_is_stored(store, undisturbed, monkeypatch):
    """From the third part on every request fails, as without a network; then the store is there again."""
    put, calls = RemoteStorage.put, []

    def unreachable(*_, **__):
        raise OSError("Could not connect to the endpoint\nand a second line")

    def watched(self, name, content):
        calls.append(name)
        if len(calls) > 40:
            for method in ("pipe_file", "cat_file", "find", "rm_file"):
                monkeypatch.setattr(self._files, method, unreachable, raising=False)
        put(self, name, content)

    with monkeypatch.context() as patch:
        patch.setattr(RemoteStorage, "put", watched)
        with pytest.raises(
            RunFolderError, match="s3://cohorts/gone: Could not connect to the endpoint\n2 of 12 parts"
        ) as gone:
            ns.run(**asked(out="s3://cohorts/gone"))
    monkeypatch.undo()
    assert "2 of 12 parts are finished and stored; repeat the same run with resume" in gone.value.__notes__[0]
    with pytest.raises(RunFolderError, match="being written by another nephrosyn process: baseline"):
        ns.run(**asked(out="s3://cohorts/gone"))  # its lock could not be removed
    ns.run(**asked(out="s3://cohorts/gone", resume=True))
    assert contents(store, "s3://cohorts/gone") == undisturbed


def test_a_report_that_cannot_be_written_is_written_later_with_the_same_bytes(store, tmp_path, monkeypatch):
    url, put = "s3://cohorts/reported", RemoteStorage.put

    def refused(self, name, content):
        if name == "figures/answer.svg":
            raise RunFolderError(f"cannot write {name} of {self.url}: Access Denied")
        put(self, name, content)

    with monkeypatch.context() as patch:
        patch.setattr(RemoteStorage, "put", refused)
        with pytest.raises(RunFolderError, match=r"answer\.svg of s3://cohorts/reported: Access Denied") as denied:
            ns.run(**asked(out=url, report=True))
    later = f"the tables of the run are complete; write its report with: nephrosyn report {url}"
    assert denied.value.__notes__ == [later]
    ns.run(**asked(out=tmp_path / "run", report=True))
    told = CliRunner().invoke(app, ["report", url])
    assert told.exit_code == 0, told.output
    assert f"report  {url}/report.html" in told.output
    assert contents(store, url) == bytes_of(tmp_path / "run")


def test_missing_credentials_are_a_line(store, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    type(store).clear_instance_cache()
    with pytest.raises(RunFolderError, match=r"^cannot list s3://cohorts/secret: Unable to locate credentials$"):
        ns.run(**asked(out="s3://cohorts/secret"))
    type(store).clear_instance_cache()


def test_broken_off_and_gone_on_with(store, undisturbed, monkeypatch):
    made = dispatch._results

    def interrupted(*arguments):
        for count, found in enumerate(made(*arguments)):
            if count == 5:
                raise KeyboardInterrupt
            yield found

    with monkeypatch.context() as patch:
        patch.setattr(dispatch, "_results", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ns.run(**asked(out="s3://cohorts/broken"))
    with pytest.raises(RunFolderError, match="not a finished run"):
        ns.open("s3://cohorts/broken")
    with pytest.raises(RunFolderError, match="not empty"):
        ns.run(**asked(out="s3://cohorts/broken"))
    with pytest.raises(RunFolderError, match="seed was 3, now 4"):
        ns.run(**asked(out="s3://cohorts/broken", resume=True, seed=4))
    store.pipe_file("cohorts/broken/observed/visits/part-00001.parquet", b"damaged")
    ns.run(**asked(out="s3://cohorts/broken", resume=True))
    assert contents(store, "s3://cohorts/broken") == undisturbed
    assert len(json.loads(undisturbed["manifest.json"])["files"]) == 14 * PARTS


def test_what_is_no_run_is_never_overwritten(store):
    store.pipe_file("cohorts/thesis/chapter.txt", b"years of work")
    with pytest.raises(RunFolderError, match="never overwritten"):
        ns.run(**asked(out="s3://cohorts/thesis", overwrite=True))
    assert contents(store, "s3://cohorts/thesis") == {"chapter.txt": b"years of work"}


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("s3://no-such-bucket/run", "no-such-bucket"),
        ("gopher://host/run", "cannot use gopher://host/run"),
    ],
)
def test_a_place_that_cannot_be_used(store, url, says):
    with pytest.raises(RunFolderError, match=says):
        ns.run(**asked(out=url))


def test_where_nothing_is_finished_a_run_begins(store, undisturbed):
    store.pipe_file("cohorts/nothing/.lock", b"1 0123")
    ns.run(**asked(out="s3://cohorts/nothing", resume=True))
    assert contents(store, "s3://cohorts/nothing") == undisturbed
