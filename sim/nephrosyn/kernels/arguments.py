"""Arguments of code built ahead, as the 64-bit words that it reads.

An array is seven or more words, as numba passes it: two that count references and are not used here, its size, the
bytes of an item, its address, its shape and its strides. A tuple is the words of its items. A layout says what an
argument must be; code is never called with anything else.
"""

from __future__ import annotations

import struct
from operator import index
from typing import Any

import numpy as np

LAYOUTS = {"int": int, "float": float, "bool": bool}
SMALLEST, LARGEST = -(2**63), 2**63 - 1
_FLOAT, _WORD = struct.Struct("<d"), struct.Struct("<q")


class OtherTypesError(TypeError):
    """The arguments are not those that the code was built for."""


_layouts: dict[int, tuple[np.dtype[Any], str]] = {}
"""Layouts of structured types by identity; comparing the types themselves would take as long as a course."""
_MOST_LAYOUTS = 256


def dtype_layout(dtype: np.dtype[Any]) -> str:
    """Return a dtype in full: names, offsets and types of fields, and the size.

    Parameters
    ----------
    dtype : numpy.dtype
        Any type, also structured.

    Examples
    --------
    >>> dtype_layout(np.dtype("f8"))
    '<f8'
    >>> dtype_layout(np.dtype([("day", "i4"), ("values", "f8", 3)]))
    '{day@0:<i4 values@4:<f8(3,)}28'
    """
    if dtype.fields is None and dtype.subdtype is None:
        return dtype.str
    known = _layouts.get(id(dtype))
    if known is None:
        if len(_layouts) >= _MOST_LAYOUTS:
            _layouts.clear()
        known = _layouts[id(dtype)] = dtype, _layout_in_full(dtype)
    return known[1]


def _layout_in_full(dtype: np.dtype[Any]) -> str:
    if dtype.fields is not None:
        fields = " ".join(f"{name}@{dtype.fields[name][1]}:{dtype_layout(dtype[name])}" for name in dtype.names or ())
        return f"{{{fields}}}{dtype.itemsize}"
    return f"{dtype_layout(dtype.base)}{dtype.shape}"


def words_of(value: Any, layout: Any) -> list[int]:
    """Return the words of an argument.

    Parameters
    ----------
    value : object
        The argument.
    layout : str, list or dict
        One of `LAYOUTS`; a list of the layouts of a tuple's items; or of an array its ``dtype`` (see `dtype_layout`),
        ``ndim`` and whether it is ``written``.

    Returns
    -------
    list of int
        Valid as long as the argument's arrays exist.

    Raises
    ------
    OtherTypesError
        If the argument is of another type.

    Examples
    --------
    >>> words_of((3, 0.5), ["int", "float"])
    [3, 4602678819172646912]
    """
    if isinstance(layout, dict):
        return _words_of_array(value, layout)
    if isinstance(layout, list):
        if not isinstance(value, tuple) or len(value) != len(layout):
            raise OtherTypesError
        return [word for item, item_layout in zip(value, layout, strict=True) for word in words_of(item, item_layout)]
    return [_word(value, layout)]


def _word(value: Any, layout: str) -> int:
    """Return the word of a number; types that numba would tell apart do not fit."""
    if layout == "float" and isinstance(value, float):
        word: int = _WORD.unpack(_FLOAT.pack(value))[0]
        return word
    if layout == "bool" and isinstance(value, bool | np.bool_):
        return int(value)
    if layout == "int" and isinstance(value, int | np.int64) and not isinstance(value, bool):
        number = index(value)
        if SMALLEST <= number <= LARGEST:
            return number
    raise OtherTypesError


def _words_of_array(value: Any, layout: dict[str, Any]) -> list[int]:
    if type(value) is not np.ndarray or value.ndim != layout["ndim"] or dtype_layout(value.dtype) != layout["dtype"]:
        raise OtherTypesError
    flags = value.flags
    if not (flags.c_contiguous and flags.aligned) or (layout["written"] and not flags.writeable):
        raise OtherTypesError
    address = value.ctypes.data  # quicker than the array interface, which describes all fields of a record
    return [0, 0, value.size, value.itemsize, address, *value.shape, *value.strides]
