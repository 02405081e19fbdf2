"""A run in an object store: a real server that speaks S3, and the same bytes in it."""

from __future__ import annotations

import json

import pytest

import nephrosyn as ns
from nephrosyn.errors import RunFolderError
from nephrosyn.runs.workers import dispatch

from .conftest import PARTS, asked

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
