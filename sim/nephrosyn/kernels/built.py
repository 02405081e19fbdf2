"""Code of the entry points that was built ahead, by ``tools/build_kernels.py``.

Its files lie in a folder of the package and are named after the digest of the sources, so code of other sources is
never loaded. A library is machine code for one kind of computer (`nephrosyn.kernels.library`); the LLVM code for any
other is translated by llvmlite, in seconds, and cached (`nephrosyn.kernels.bitcode`).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

from nephrosyn.kernels import library
from nephrosyn.kernels.arguments import OtherTypesError, words_of
from nephrosyn.kernels.fallback import kinds_to_try, pass_over
from nephrosyn.kernels.index import BUILT, ForeignError, Index, UnusableError, read_index

NO_MATCH = object()
"""Result of a call for which there is no code."""
RESULT_WORDS = 2
"""Words before the arguments: the result, and one for an error of the code."""
_NO_VALUE = -2
"""What numba's code returns, apart from 0, if it returns None."""

_ResultWord = ctypes.c_int64 * 1
_ResultFloat = ctypes.c_double * 1


class Function:
    """One variant of an entry point, built for arguments of certain types.

    Parameters
    ----------
    name : str
        Name of the entry point.
    variant : dict
        Its entry in the index.
    address : int
        Address of its code.
    """

    def __init__(self, name: str, variant: dict[str, Any], address: int) -> None:
        self.name, self.layouts, self._result = name, variant["arguments"], variant["result"]
        # Python's lock stays held, as it does during calls of numba's functions.
        self._code = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(address)

    def words(self, arguments: tuple[Any, ...], layouts: list[Any]) -> list[int]:
        """Return the words of some arguments.

        Raises
        ------
        OtherTypesError
            If they are of other types.
        """
        if len(arguments) != len(layouts):
            raise OtherTypesError
        pairs = zip(arguments, layouts, strict=True)
        return [word for argument, layout in pairs for word in words_of(argument, layout)]

    def __call__(self, *arguments: Any) -> Any:
        """Call the code.

        Raises
        ------
        OtherTypesError
            If the arguments are of other types.
        """
        words = [0] * RESULT_WORDS + self.words(arguments, self.layouts)
        memory = (ctypes.c_int64 * len(words))(*words)
        self._run(ctypes.addressof(memory))
        return self._reader(memory)()

    def bind(self, leading: int, arrays: tuple[Any, ...]) -> Callable[..., Any]:
        """Return a function of the leading arguments, which are integers; see `nephrosyn.kernels.compile.Entry`.

        Raises
        ------
        OtherTypesError
            If the arguments are of other types.
        """
        if self.layouts[:leading] != ["int"] * leading:
            raise OtherTypesError
        words = [0] * (RESULT_WORDS + leading) + self.words(arrays, self.layouts[leading:])
        memory = (ctypes.c_int64 * len(words))(*words)
        address, run, read, last = ctypes.addressof(memory), self._run, self._reader(memory), RESULT_WORDS + leading

        def call(*integers: int) -> Any:
            memory[RESULT_WORDS:last] = integers  # type: ignore[call-overload]  # a tuple serves as well as a list
            run(address)
            return read()

        call.arrays = arrays  # type: ignore[attr-defined]  # the words hold addresses of their memory
        return call

    def _run(self, address: int) -> None:
        status = self._code(address)
        if status not in (0, _NO_VALUE):
            raise RuntimeError(f"the compiled function {self.name} failed")

    def _reader(self, memory: Any) -> Callable[[], Any]:
        """Return a function that reads the result."""
        if self._result == "float":
            number = _ResultFloat.from_buffer(memory)
            return lambda: number[0]
        word = _ResultWord.from_buffer(memory)
        if self._result == "bool":
            return lambda: bool(word[0] & 0xFF)
        return (lambda: word[0]) if self._result == "int" else (lambda: None)


@cache
def functions() -> dict[str, list[Function]]:
    """Load the code built ahead.

    Returns
    -------
    dict of list of Function
        The variants of each entry point; empty if no code can be used, then `nephrosyn.kernels.fallback.reasons` says
        why.
    """
    kinds = kinds_to_try()
    if "bitcode" not in kinds:
        return {}
    try:
        index = read_index(BUILT)
    except UnusableError as error:
        pass_over(str(error), warn=True)
        return {}
    if index is None:
        others = any(BUILT.glob("*.json"))
        pass_over("its code built ahead is of other sources" if others else "no code was built ahead", warn=False)
        return {}
    for kind in kinds[:-1]:
        try:
            return _load(kind, index)
        except UnusableError as error:
            pass_over(str(error), warn=not isinstance(error, ForeignError))
    return {}


def _load(kind: str, index: Index) -> dict[str, list[Function]]:
    """Load a library or LLVM code.

    Raises
    ------
    UnusableError
        If this is impossible.
    """
    library.check_words()
    if kind == "library":
        address = library.load(index)
    else:
        from nephrosyn.kernels import bitcode

        address = bitcode.load(index)
    return {
        name: [Function(name, variant, address(variant["symbol"])) for variant in variants]
        for name, variants in index.functions.items()
    }


def serves(name: str) -> bool:
    """Whether an entry point has code built ahead.

    Parameters
    ----------
    name : str
        Its module and name.
    """
    return name in functions()


def call_built(name: str, arguments: tuple[Any, ...]) -> Any:
    """Call the code of an entry point that was built for arguments of these types.

    Parameters
    ----------
    name : str
        Its module and name.
    arguments : tuple
        Its arguments.

    Returns
    -------
    object
        Its result; `NO_MATCH` if there is no such code.
    """
    for function in functions().get(name, ()):
        try:
            return function(*arguments)
        except OtherTypesError:
            continue
    return NO_MATCH


def bind_built(name: str, leading: int, arrays: tuple[Any, ...]) -> Callable[..., Any] | None:
    """Return the code of an entry point as a function of its leading arguments; None if there is no such code."""
    for function in functions().get(name, ()):
        try:
            return function.bind(leading, arrays)
        except OtherTypesError:
            continue
    return None
