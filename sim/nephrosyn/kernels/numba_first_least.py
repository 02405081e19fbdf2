"""The place of the least number of a row for numba."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

_NUMBER_BYTES = 8
_GROUP = 4
"""Numbers whose comparison becomes bits at once, by one instruction of x86-64."""


@intrinsic(prefer_literal=True)
def _first_least(_context: Any, row: Any, length: Any) -> tuple[Any, Callable[..., Any]] | None:
    if not isinstance(length, types.IntegerLiteral):
        return None

    def lower(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return _index_of_least(builder, array.data, length.literal_value)

    return types.int64(row, length), lower


def _index_of_least(builder: ir.IRBuilder, data: Any, length: int) -> Any:
    """Return code for the index of the least of some numbers in memory."""
    vector = ir.VectorType(ir.DoubleType(), length)
    numbers = builder.load(builder.bitcast(data, vector.as_pointer()), align=_NUMBER_BYTES)
    least = numbers
    for half in _halves(length):
        lower, upper = (builder.shuffle_vector(least, least, _places(start, half)) for start in (0, half))
        least = builder.select(builder.fcmp_ordered("<", upper, lower), upper, lower)
    everywhere = builder.shuffle_vector(least, least, ir.Constant(ir.VectorType(ir.IntType(32), _GROUP), [0] * _GROUP))
    places = ir.Constant(ir.IntType(64), 0)
    for start in range(0, length, _GROUP):
        group = builder.shuffle_vector(numbers, numbers, _places(start, _GROUP))
        equal = builder.bitcast(builder.fcmp_ordered("==", group, everywhere), ir.IntType(_GROUP))
        bits = builder.zext(equal, ir.IntType(64))
        places = builder.or_(places, builder.shl(bits, ir.Constant(ir.IntType(64), start)))
    return builder.cttz(places, cgutils.true_bit)


def _halves(length: int) -> list[int]:
    """Return lengths, each half of the one before, down to 1."""
    return [length >> k for k in range(1, length.bit_length())]


def _places(start: int, count: int) -> Any:
    return ir.Constant(ir.VectorType(ir.IntType(32), count), list(range(start, start + count)))


@cache
def first_least_type() -> Any:
    """Return numba's type of the function."""
    cpu_target.typing_context.refresh()
    return cpu_target.typing_context.resolve_value_type(_first_least)
