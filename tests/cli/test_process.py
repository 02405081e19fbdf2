"""The command line as a process of its own: signals, pipes that close, disks that fill."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.slow

NEPHROSYN = (sys.executable, "-m", "nephrosyn")


def started(*arguments: object, cwd, **options):
    command = [*NEPHROSYN, *map(str, arguments)]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.slow
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("after_seconds", [1.0, 4.0])
def test_interrupt_leaves_nothing_behind_but_finished_parts(tmp_path, after_seconds, sent, code):
    process = started("run", "baseline", "--patients", 200_000, "--no-report", cwd=tmp_path)
    time.sleep(after_seconds)
    process.send_signal(sent)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert out == ""
    assert "Traceback" not in err
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert bool(left) == ("repeat the same run with resume (--resume) to continue" in err)


@pytest.mark.slow
def test_no_room_left(tmp_path):
    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    options = ("--patients", 2000, "--no-report", "--out", "run")
    # The compiled model is kept in files of its own; here nothing may be written, so it has to be there already.
    warm = started("run", "baseline", "--patients", 2, "--no-report", "--out", "warm", "--quiet", cwd=tmp_path)
    warm.communicate(timeout=600)
    assert warm.returncode == 0
    process = started("run", "baseline", *options, cwd=tmp_path, preexec_fn=narrow)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2, err
    assert "Traceback" not in err
    assert len(err.splitlines()) <= 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["warm"]


@pytest.mark.parametrize("backend", ["nonsense", "module://matplotlib_inline.backend_inline"])
def test_a_backend_of_another_environment_does_not_matter(tmp_path, backend):
    """A Jupyter kernel hands its own on to what it starts; matplotlib refuses to be imported with an unknown one."""
    draw = (
        "from nephrosyn.report.figures import style\n"
        "import os\n"
        "print(os.environ['MPLBACKEND'], style.svg(style.blank(1.0), 'Nothing').count('<svg '))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", draw], cwd=tmp_path, capture_output=True, text=True, timeout=60,
        env={**os.environ, "MPLBACKEND": backend},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, f"{backend} 1\n"), done.stderr


def test_reader_that_leaves_early(tmp_path):
    line = " ".join([*NEPHROSYN, "check", "baseline", "|", "head", "-n", "1"])
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_screen_without_unicode(tmp_path):
    done = subprocess.run(
        [*NEPHROSYN, "check", "baseline"],
        cwd=tmp_path,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_user_error_is_one_message(tmp_path):
    process = started("run", "no-such-scenario", cwd=tmp_path)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err.startswith("nephrosyn: ")
    assert "Traceback" not in err
