"""The upper half of the 128-bit product of two 64-bit numbers.

It is one instruction of every 64-bit processor, which neither numpy nor numba offers; in halves of 32 bits it takes
four products.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class HighProduct:
    """A function of two uint64; numba compiles it to the processor's own product."""

    def __call__(self, a: np.uint64, b: np.uint64) -> np.uint64:
        """Return the upper 64 bits of the product."""
        return np.uint64(int(a) * int(b) >> 64)

    @property
    def _numba_type_(self) -> Any:
        from nephrosyn.kernels.numba_product import product_type

        return product_type()


high_product = HighProduct()
"""Upper 64 bits of the product of two uint64."""
