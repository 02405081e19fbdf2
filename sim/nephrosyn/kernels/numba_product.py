"""The upper half of a 128-bit product for numba."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.registry import cpu_target
from numba.extending import intrinsic


@intrinsic
def _high_product(_context: Any, a: Any, b: Any) -> tuple[Any, Callable[..., Any]]:
    def lower(_context: Any, builder: ir.IRBuilder, _signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        left, right = (builder.zext(argument, wide) for argument in arguments)
        return builder.trunc(builder.lshr(builder.mul(left, right), wide(64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), lower


@cache
def product_type() -> Any:
    """Return numba's type of the function."""
    cpu_target.typing_context.refresh()
    return cpu_target.typing_context.resolve_value_type(_high_product)
