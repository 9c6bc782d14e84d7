"""Products of matrices by compiled code.

Only small ones go to the BLAS, which takes one thread for these: the threads of large ones go on spinning
afterwards, on the processor that the next kernel's threads want. Of the small ones, those whose second matrix
needs no packing take half as long here.
"""

from __future__ import annotations

import numpy as np

from tinynet.kernels import products as plain
from tinynet.kernels.calls import run
from tinynet.kernels.compiled.arrays import TYPES, compiled
from tinynet.kernels.memory import empty

SMALL = 1 << 17  # products of numbers; half of what OpenBLAS gives to one thread
REGISTER = 16  # numbers, or a divisor of it for other instruction sets and types


def product(a: np.ndarray, b: np.ndarray, bias: np.ndarray | None = None, relu: bool = False) -> np.ndarray:
    packed = b.shape[-1] % REGISTER or not b.flags.c_contiguous
    if packed and a.size * b.shape[-1] <= SMALL:
        return plain.product(a, b, bias, relu)
    dtype = a.dtype
    fits = dtype in TYPES and b.dtype == dtype and a.shape[1] == b.shape[0] and a.ndim == b.ndim == 2
    if not fits or (bias is not None and bias.dtype != dtype):
        return plain.product(a, b, bias, relu)
    result = empty((a.shape[0], b.shape[1]), dtype)
    return run(compiled.product, result, a, b, bias, relu, result)
