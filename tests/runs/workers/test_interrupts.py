"""Interrupts while a run is written: none is lost, and each says how to continue."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest

import nephrosyn as ns
from nephrosyn.runs.workers import dispatch, local
from nephrosyn.runs.workers.interrupts import Interrupts

from .conftest import asked

CONTINUE = "repeat the same run with resume (--resume) to continue"


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def swallowed():
    """Interrupt this process where the exception is dropped, as libraries drop those of their callbacks."""
    try:
        interrupt()
        while True:
            pass
    except KeyboardInterrupt:
        return


def test_an_interrupt_that_was_swallowed_is_raised_again():
    with Interrupts() as received:
        swallowed()
        with pytest.raises(KeyboardInterrupt):
            received.check()
        received.check()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class InterruptedWhenDeleted:
    def __del__(self):
        interrupt()
        while True:
            pass


def test_an_interrupt_that_python_drops_is_not_reported_but_raised_again(capfd):
    before = sys.unraisablehook
    with Interrupts() as received:
        InterruptedWhenDeleted()
        with pytest.raises(KeyboardInterrupt):
            received.check()
    assert capfd.readouterr().err == ""
    assert sys.unraisablehook is before


def test_only_the_main_thread_handles_signals():
    found = []

    def work():
        with Interrupts() as received:
            received.check()
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]


def test_a_swallowed_interrupt_ends_a_run_that_can_be_continued(tmp_path, monkeypatch):
    make = dispatch._make_here

    def lossy(local_job, number):
        if number == 3:
            swallowed()
        return make(local_job, number)

    monkeypatch.setattr(dispatch, "_make_here", lossy)
    with pytest.raises(KeyboardInterrupt) as stopped:
        ns.run(**asked(out=tmp_path / "run"))
    assert stopped.value.__notes__ == [f"4 of 12 parts are finished and stored; {CONTINUE}"]


def test_the_same_interrupt_while_the_first_is_answered(tmp_path, monkeypatch):
    note, calls = dispatch._note, []

    def interrupted_again(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 1:
            raise KeyboardInterrupt
        note(*arguments, **options)

    def stops(local_job, number, make=dispatch._make_here):
        if number == 2:
            raise KeyboardInterrupt
        return make(local_job, number)

    monkeypatch.setattr(dispatch, "_note", interrupted_again)
    monkeypatch.setattr(dispatch, "_make_here", stops)
    with pytest.raises(KeyboardInterrupt) as stopped:
        ns.run(**asked(out=tmp_path / "run"))
    assert stopped.value.__notes__ == [f"2 of 12 parts are finished and stored; {CONTINUE}"]


def test_an_interrupt_while_stored_parts_are_checked(tmp_path, monkeypatch):
    test_a_swallowed_interrupt_ends_a_run_that_can_be_continued(tmp_path, monkeypatch)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("nephrosyn.runs.folder.finished_parts.Parts.finished", interrupted)
    with pytest.raises(KeyboardInterrupt) as stopped:
        ns.run(**asked(out=tmp_path / "run", resume=True))
    assert stopped.value.__notes__ == [f"the parts of this run stay stored; {CONTINUE}"]


def test_this_process_makes_parts_while_its_workers_do():
    made, threads = [], []

    def here(number):
        threads.append(threading.current_thread() is threading.main_thread())
        return {"here": number}

    class Remote(local.Worker):
        def __init__(self, *_):
            first_here.wait(10)

        def make(self, number):
            return {"worker": number}

        def kill(self):
            pass

    first_here = threading.Event()

    def here_first(number):
        first_here.set()
        return here(number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "Worker", Remote)
        made = dict(local.Pool("{}", range(40), 1, (), here_first).results())
    assert sorted(made) == [*range(40)]
    assert any("here" in record for record in made.values())
    assert all(threads)


def test_a_part_whose_worker_died_is_not_made_here(monkeypatch):
    class Dies(local.Worker):
        def __init__(self, *_):
            pass

        def make(self, number):
            raise local.WorkerDiedError(-9, "")

        def kill(self):
            pass

    monkeypatch.setattr(local, "Worker", Dies)
    started = threading.Event()

    def here(number):
        started.wait(0.2)  # so that the worker has a part, too
        return {}

    with pytest.raises(local.WorkerError, match=r"killed by signal 9 at part [0-9]+, 3 times"):
        list(local.Pool("{}", range(4), 1, (), here).results())


def test_a_part_that_is_tried_again_is_for_a_worker():
    pool = local.Pool("{}", [], 1, (), lambda number: {})
    pool._retry(7, 1, local.WorkerDiedError(-9, ""))
    assert pool._part_to_make_here() is None
    assert pool._next_part() == (7, 2)
