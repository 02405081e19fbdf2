"""The wheel, installed in an environment of its own and far from the source tree, does the main job."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from nephrosyn.kernels.index import BUILT
from nephrosyn.kernels.library import machine

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


def called(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    # By way of the source archive, as a package index would have it: what the archive lacks is missing in the wheel.
    folder = tmp_path_factory.mktemp("dist")
    called(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    assert len(list(folder.glob("*.tar.gz"))) == 1
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fresh")
    called(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    fresh = folder / "venv" / "bin" / "python"
    called(fresh, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{wheel}[all]", cwd=folder)
    return fresh


def test_wheel_holds_scenarios_sets_and_licence(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {f"nephrosyn/scenarios/{path.name}" for path in (ROOT / "scenarios").glob("*.toml")}
    sets = {f"nephrosyn/criteria/sets/{path.name}" for path in (ROOT / "sim/nephrosyn/criteria/sets").glob("*.toml")}
    assert shipped and shipped <= names
    draws = {f"nephrosyn/scenarios/posteriors/{path.name}" for path in (ROOT / "scenarios/posteriors").glob("*.csv")}
    assert draws and draws <= names
    assert sets and sets <= names
    page = ROOT / "sim/nephrosyn/teach/formats/page"
    pages = {f"nephrosyn/teach/formats/page/{path.name}" for path in page.iterdir() if path.is_file()}
    assert "nephrosyn/teach/formats/page/page.html.j2" in pages
    assert {"nephrosyn/teach/display/wordings.toml", *pages} <= names
    assert {"nephrosyn/py.typed", "nephrosyn/__main__.py"} <= names
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_wheel_holds_the_code_built_ahead(wheel):
    built = {f"nephrosyn/kernels/built_ahead/{path.name}" for path in BUILT.iterdir()}
    assert {name.partition(".")[2] for name in built} == {"so", "bc.xz", "json", "wasm"}
    assert built <= set(zipfile.ZipFile(wheel).namelist())


def test_fresh_environment_compiles_nothing(python, tmp_path):
    """The first run loads no compiler and caches nothing, with an empty home."""
    code = (
        "import sys, nephrosyn as ns; ns.run('baseline', patients=5); print({'numba', 'llvmlite'} & set(sys.modules))"
    )
    home = tmp_path / "home"
    home.mkdir()
    done = called("env", f"HOME={home}", "XDG_CACHE_HOME=", "NUMBA_CACHE_DIR=", python, "-c", code, cwd=tmp_path)
    assert done.stdout == ("set()\n" if machine() == "linux-x86_64" else done.stdout)
    assert list(home.iterdir()) == []


def test_wheel_holds_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {
        "nephrosyn",
        f"{'-'.join(wheel.name.split('-')[:2])}.dist-info",
    }
    assert not [name for name in names if name.endswith((".pyc", ".nbi", ".nbc"))]


def test_fresh_environment_runs_the_baseline(python, tmp_path):
    command = python.with_name("nephrosyn")
    done = called(command, "run", "baseline", "--patients", "50", cwd=tmp_path)
    (run,) = (tmp_path / "outputs").iterdir()
    assert (run / "report.html").stat().st_size > 10_000
    assert (run / "manifest.json").is_file()
    assert f"{run.relative_to(tmp_path)}" in done.stdout
    assert "Not for clinical use" in done.stdout


def test_fresh_environment_lists_what_is_shipped(python, tmp_path):
    listed = called(python.with_name("nephrosyn"), "list", cwd=tmp_path).stdout
    for path in (ROOT / "scenarios").glob("*.toml"):
        assert path.stem in listed


def test_fresh_environment_checks_every_scenario(python, tmp_path):
    for path in (ROOT / "scenarios").glob("*.toml"):
        called(python.with_name("nephrosyn"), "check", path.stem, "--quiet", cwd=tmp_path)


def test_version_is_the_same_everywhere(python, wheel, tmp_path):
    from nephrosyn import __version__ as stated

    assert called(python.with_name("nephrosyn"), "--version", cwd=tmp_path).stdout == f"nephrosyn {stated}\n"
    assert f"version: {stated}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## [{stated}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert wheel.name.startswith(f"nephrosyn-{stated}-")


def test_a_run_asks_the_network_for_nothing(python, tmp_path):
    watched = (
        "import sys\n"
        "def hook(event, _):\n"
        "    if event.startswith('socket.') and event != 'socket.__new__': raise SystemExit('network: ' + event)\n"
        "sys.addaudithook(hook)\n"
        "from nephrosyn.cli.app import main\n"
        "main()\n"
    )
    called(python, "-c", watched, "run", "baseline", "--patients", "20", "--out", "run", cwd=tmp_path)
    assert (tmp_path / "run" / "report.html").is_file()
