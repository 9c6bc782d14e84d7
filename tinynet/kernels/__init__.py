"""The hot loops, over plain arrays.

Nothing here knows what a derivative is. Each kernel is written in NumPy; this page is where
a faster version of one would be chosen.
"""

from tinynet.kernels.convolution import convolve, input_gradient, kernel_gradient
from tinynet.kernels.pooling import (
    average_pool,
    average_pool_adjoint,
    from_winners,
    max_pool,
    to_winners,
    winners,
)
from tinynet.kernels.spatial import output_sizes, padding_amounts

__all__ = [
    "average_pool", "average_pool_adjoint", "convolve", "from_winners", "input_gradient", "kernel_gradient",
    "max_pool", "output_sizes", "padding_amounts", "to_winners", "winners",
]  # fmt: skip
