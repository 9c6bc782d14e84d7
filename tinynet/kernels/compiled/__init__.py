"""The compiled kernels, with the signatures of their NumPy versions, which say what they compute."""

from tinynet.kernels.compiled.pooling import max_pool, max_pool_with_winners, to_winners

__all__ = ["max_pool", "max_pool_with_winners", "to_winners"]
