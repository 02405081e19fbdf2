"""Decorators of compiled functions.

A function called from Python is an entry point (`entry`); the functions that it calls are compiled into it. The code of
entry points is built ahead and comes with the package (`nephrosyn.kernels.built`). numba is imported, and compiles an
entry point, only where no such code serves: the sources were edited, the machine is of another kind, or the arguments
are of other types. With ``NUMBA_DISABLE_JIT=1`` everything is plain Python. All three give the same results.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial, update_wrapper
from typing import Any

from nephrosyn.kernels.built import NO_MATCH, bind_built, call_built, serves
from nephrosyn.kernels.fallback import INTERPRETED


class Kernel:
    """A function that compiled functions call; numba compiles it when needed.

    Parameters
    ----------
    function : callable
        Plain function.
    decorator : str
        Name of its decorator.
    """

    def __init__(self, function: Callable[..., Any], decorator: str) -> None:
        update_wrapper(self, function)
        self.py_func, self._decorator = function, decorator

    @cached_property
    def compiled(self) -> Any:
        """The function as numba compiles it."""
        from nephrosyn.kernels import numba_compiler

        return numba_compiler.compiled_kernel(self.py_func, self._decorator)

    @property
    def _numba_type_(self) -> Any:
        """The type that numba gives to this function where compiled code refers to it."""
        return self.compiled._numba_type_

    @property
    def targetoptions(self) -> Any:
        """Options, among which numba looks for inlining."""
        return self.compiled.targetoptions

    def __call__(self, *arguments: Any) -> Any:
        """Call numba's code."""
        return self.compiled(*arguments)


class Entry(Kernel):
    """A function called from Python.

    Parameters
    ----------
    function : callable
        Plain function.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function, "entry")
        self.name = f"{function.__module__}.{function.__qualname__}"

    @cached_property
    def compiled(self) -> Any:
        """The function as numba compiles it."""
        from nephrosyn.kernels import numba_compiler

        return numba_compiler.compiled_entry(self.py_func)

    def __call__(self, *arguments: Any) -> Any:
        """Call the code built ahead for arguments of these types; otherwise that of numba."""
        result = call_built(self.name, arguments)
        return self.compiled(*arguments) if result is NO_MATCH else result

    def bind(self, leading: int, *arrays: Any) -> Callable[..., Any]:
        """Return a function of the leading arguments alone, which is quicker to call repeatedly.

        Parameters
        ----------
        leading : int
            Number of leading arguments, all integers.
        *arrays
            The other arguments. Results are written into these arrays.

        Returns
        -------
        callable
            A function of the leading arguments, for one thread.
        """
        built = bind_built(self.name, leading, arrays)
        if built is not None:
            return built
        from nephrosyn.kernels import numba_compiler

        return numba_compiler.bound(self.compiled, leading, arrays)


class PlainEntry:
    """An entry point where nothing is compiled.

    Parameters
    ----------
    function : callable
        Plain function.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        update_wrapper(self, function)
        self.py_func = function

    def __call__(self, *arguments: Any) -> Any:
        """Call the plain function."""
        return self.py_func(*arguments)

    def bind(self, leading: int, *arrays: Any) -> Callable[..., Any]:
        """Return a function of the leading arguments alone."""
        return lambda *integers: self.py_func(*integers, *arrays)


def entry(function: Callable[..., Any]) -> Any:
    """Decorate a function that is called from Python.

    Its code is built ahead if a run of ``tools/build_kernels.py`` calls it. It returns a number, a truth value or
    nothing; arrays of results are arguments.

    Parameters
    ----------
    function : callable
        Plain function.

    Returns
    -------
    callable
        The function, compiled.
    """
    return PlainEntry(function) if INTERPRETED else Entry(function)


def _decorate(decorator: str, function: Callable[..., Any]) -> Any:
    return function if INTERPRETED else Kernel(function, decorator)


shared: Any = partial(_decorate, "shared")
"""Decorator of functions called from compiled code and from Python."""

kernel: Any = partial(_decorate, "kernel")
"""Decorator of functions called from compiled code only: they have no machine code of their own."""

inline: Any = partial(_decorate, "inline")
"""Decorator of functions always inlined: those called often, or from one place; calls that pass arrays cost time."""

once: Any = partial(_decorate, "once")
"""Decorator of functions called from one place of compiled code, and inlined before it is compiled: each function
between an entry point and the rest would be compiled once more together with all that it calls."""


def is_ready(function: Any) -> bool:
    """Whether an entry point runs at once, without compiling.

    Gives a `CacheWarning` if numba's cache is damaged, or nothing can be cached.

    Parameters
    ----------
    function : callable
        An entry point.

    Returns
    -------
    bool
        True if its code was built ahead or is cached, or if compilation is switched off.
    """
    if INTERPRETED or serves(function.name):
        return True
    from nephrosyn.kernels import numba_compiler

    return numba_compiler.is_cached(function.compiled)


def caches() -> bool:
    """Whether code that another process compiles can be used by this one.

    Returns
    -------
    bool
        False if nothing is compiled, or nothing can be cached.
    """
    if INTERPRETED:
        return False
    from nephrosyn.kernels import numba_compiler

    return numba_compiler.numba_cache_folder() is not None


def from_python(function: Any) -> Any:
    """Make a kernel callable from Python, to try it out or test it.

    Parameters
    ----------
    function : callable
        A kernel.

    Returns
    -------
    callable
        A function of the same arguments and result.
    """
    if INTERPRETED:
        return function
    from numba import njit

    def call(*arguments: Any) -> Any:
        return function(*arguments)

    return njit(error_model="numpy")(call)
