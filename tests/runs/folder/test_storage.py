"""A path or URL names a folder of this machine, or one elsewhere; what cannot be used is refused."""

from __future__ import annotations

import pytest

import nephrosyn as ns
from nephrosyn.errors import RunFolderError
from nephrosyn.runs.folder import storage

LOCAL = ("file://", "file://localhost", "local://", "local://localhost")


@pytest.mark.parametrize("protocol", LOCAL)
def test_urls_of_this_machine_are_folders(tmp_path, protocol):
    url = f"{protocol}{tmp_path}/run"
    assert not storage.is_remote(url)
    ns.run("baseline", patients=3, seed=1, out=url, report=False)
    assert ns.open(url).folder == tmp_path / "run"


@pytest.mark.parametrize("url", ["file://elsewhere/run", "file://", "file://localhost/", "local://run"])
def test_folders_of_other_machines_are_refused(tmp_path, monkeypatch, url):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunFolderError, match="expected file:///PATH for a folder of this machine"):
        ns.run("baseline", patients=3, seed=1, out=url, report=False)
    assert not list(tmp_path.iterdir())


def test_what_a_run_folder_has_is_known_without_reading(tmp_path):
    folder = ns.run("baseline", patients=3, seed=1, out=tmp_path / "run", report=False).tables
    for table in tmp_path.glob("run/*/patients/*.parquet"):
        table.write_bytes(b"\0" * table.stat().st_size)
    assert "patients" in folder and "readings" in folder
    assert "no-such-table" not in folder and 3 not in folder
