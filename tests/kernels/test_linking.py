"""Kernels are compiled into their callers, and have no machine code of their own."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

from nephrosyn.kernels.compile import from_python, inline, kernel
from nephrosyn.kernels.numba_linking import EntryCompiler, KernelLibrary


@inline
def _square(x):
    return x * x


@kernel
def _fall(x, days):
    return x - 0.5 * _square(x) * days


@kernel
def _steps(x, days, out):
    for i in range(len(out)):
        x = _fall(x, days)
        out[i] = x
    return x


@kernel
def _other(x):
    return _fall(x, 2.0) + _square(x)


@kernel
def _both(x, out):
    return _steps(x, 0.1, out) + _other(x)


@kernel
def _refuses(x):
    return x.no_such_field


def plain(x, steps):
    values = []
    for _ in range(steps):
        x = x - 0.5 * (x * x) * 0.1
        values.append(x)
    return x, values


def test_nested_kernels_give_the_result_of_python():
    out = np.empty(40)
    last, values = plain(0.7, 40)
    assert from_python(_steps)(0.7, 0.1, out) == last
    assert out.tolist() == values


def test_entry_points_share_a_kernel_and_its_calls():
    out = np.empty(3)
    last, _ = plain(0.7, 3)
    other = (0.7 - 0.5 * (0.7 * 0.7) * 2.0) + 0.7 * 0.7
    assert from_python(_other)(0.7) == other
    assert from_python(_both)(0.7, out) == last + other


def test_a_kernel_has_no_machine_code_of_its_own():
    from_python(_other)(0.7)
    for function in (_other, _fall, _square):
        (compiled,) = [
            overload
            for overload in function.compiled.overloads.values()
            if len(overload.signature.args) == len(overload.fndesc.args)
        ]
        assert isinstance(compiled.library, KernelLibrary)
        assert compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name) == 0


def test_a_typing_error_names_the_field():
    with pytest.raises(TypingError, match="no_such_field"):
        from_python(_refuses)(1.0)


def test_garbage_collection_is_on_again_after_compiling():
    def double(x):
        return 2 * x

    def wrong(x):
        return x.no_such_field

    assert gc.isenabled()
    assert njit(pipeline_class=EntryCompiler)(double)(2) == 4
    assert gc.isenabled()
    with pytest.raises(TypingError):
        njit(pipeline_class=EntryCompiler)(wrong)(2)
    assert gc.isenabled()
