"""Every differentiable operation, one record each, by family.

`REGISTRY` maps names to records. The tests walk it, so no operation goes unchecked.
"""

from tinynet.primitives import (
    arithmetic,
    classification,
    convolution,
    decompositions,
    elementwise,
    linalg,
    lookup,
    normalization,
    pooled_convolution,
    pooling,
    recurrent,
    reductions,
    sampling,
    shapes,
)
from tinynet.primitives.operation import REGISTRY, Operation, operation

__all__ = [
    "REGISTRY", "Operation", "arithmetic", "classification", "convolution", "decompositions", "elementwise",
    "linalg", "lookup", "normalization", "operation", "pooled_convolution", "pooling", "recurrent", "reductions",
    "sampling", "shapes",
]  # fmt: skip
