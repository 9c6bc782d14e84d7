"""Products of matrices by compiled code.

They do not go to the BLAS: its threads go on spinning after a product, on the processor that the next kernel's
threads want.
"""

from __future__ import annotations

import numpy as np

from tinynet.kernels import products as plain
from tinynet.kernels.compiled.arrays import TYPES, compiled, empty


def product(a: np.ndarray, b: np.ndarray, bias: np.ndarray | None = None, relu: bool = False) -> np.ndarray:
    dtype = a.dtype
    fits = dtype in TYPES and b.dtype == dtype and a.shape[1] == b.shape[0] and a.ndim == b.ndim == 2
    if not fits or (bias is not None and bias.dtype != dtype):
        return plain.product(a, b, bias, relu)
    result = empty((a.shape[0], b.shape[1]), dtype)
    compiled.product(a, b, bias, relu, result)
    return result
