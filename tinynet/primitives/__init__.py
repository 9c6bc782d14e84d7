"""Every differentiable operation, one record each, by family.

`REGISTRY` maps names to records. The tests walk it, so no operation goes unchecked.
"""

from tinynet.primitives import arithmetic, elementwise, linalg, reductions, shapes
from tinynet.primitives.operation import REGISTRY, Operation, operation

__all__ = ["REGISTRY", "Operation", "operation"]
