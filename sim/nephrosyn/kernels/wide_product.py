"""The upper half of the 128-bit product of two 64-bit numbers.

It is one instruction of every 64-bit processor, which neither numpy nor numba offers; in halves of 32 bits it takes
four products.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config
from numba.core import types
from numba.extending import intrinsic


def _interpreted(a: np.uint64, b: np.uint64) -> np.uint64:
    return np.uint64(int(a) * int(b) >> 64)


@intrinsic
def _compiled(_context: Any, a: Any, b: Any) -> tuple[Any, Callable[..., Any]]:
    def lower(_context: Any, builder: ir.IRBuilder, _signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        left, right = (builder.zext(argument, wide) for argument in arguments)
        return builder.trunc(builder.lshr(builder.mul(left, right), wide(64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), lower


high_product: Callable[..., np.uint64] = _interpreted if config.DISABLE_JIT else _compiled
"""Upper 64 bits of the product of two uint64."""
