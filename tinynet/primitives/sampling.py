"""Weighted sums of rows named by number: resizing, and affine maps of images. Linear in the rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.kernels.sampling import sampled, sampled_adjoint
from tinynet.primitives.domain import Domain, Sizes, Values
from tinynet.primitives.operation import operation


def _some_places(sizes: Sizes, attributes: dict[str, Any]) -> list[np.ndarray]:
    """Places shared by all arrays, and places of each array's own: of one row, of two, of three."""
    generator = np.random.default_rng(0)
    return [
        generator.integers(0, sizes["P"], (arrays, sizes["Q"], count))
        for arrays in (1, sizes["A"])
        for count in (1, 2, 3)
    ]


def _some_weights(sizes: Sizes, attributes: dict[str, Any]) -> list[np.ndarray]:
    """Weights of all rows named, and of all but the first."""
    shape = attributes["places"].shape
    generator = np.random.default_rng(1)
    return [generator.uniform(-1, 1, shape), generator.uniform(-1, 1, (*shape[:2], shape[2] - 1))]


TAPS = {"places": _some_places, "weights": _some_weights}


@operation
class sample:
    """Sums of rows of x (A, P, C), named by `places` (A or 1, Q, K), times `weights`: (A, Q, C).

    K − 1 weights leave the rest of 1 to the first row. Its gradient is the exact adjoint; TensorFlow's
    for affine maps is another (the cotangent sampled by the inverse map), which is only near it.
    """

    domain = Domain((Values("A P C"),), TAPS, sizes={"Q": (1, 4)})
    linear = (0,)

    def forward(x, *, places, weights):
        return sampled(x, places, weights), (x.shape[1],)

    def vjp(g, residuals, needs, *, places, weights):
        return (sample_adjoint(g, places=places, weights=weights, size=residuals[0]),)


@operation
class sample_adjoint:
    """Each result given back to the rows it was summed from: the adjoint of sampling, (A, size, C)."""

    domain = Domain(
        (Values("A Q C"),), {**TAPS, "size": lambda n, _: [n["P"], n["P"] + 2]}, sizes={"P": (1, 4)}
    )
    linear = (0,)

    def forward(g, *, places, weights, size):
        return sampled_adjoint(g, places, weights, size), ()

    def vjp(h, residuals, needs, *, places, weights, size):
        return (sample(h, places=places, weights=weights),)
