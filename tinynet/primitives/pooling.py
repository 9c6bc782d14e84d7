"""Pooling over windows of (N, *spatial, C), and the operations that carry its derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import kernels
from tinynet.primitives.domain import Domain, Sizes, Values
from tinynet.primitives.operation import operation

ONE_AXIS = {"window": [(1,), (2,), (3,)], "strides": [(1,), (2,), (3,)], "padding": ["valid", "same"]}
TWO_AXES = {
    "window": [(2, 2), (3, 2), (1, 3)],
    "strides": [(2, 2), (1, 1), (2, 3)],
    "padding": ["valid", "same"],
}
SIZES = {"N": (1, 2), "T": (3, 6), "H": (3, 5), "W": (3, 5), "C": (1, 2)}


def _pads(spatial, window, strides, padding):
    return kernels.padding_amounts(spatial, window, strides, (1,) * len(window), padding)


def _output(letters: str):
    """Adds the output's axes P, Q to the sizes of the input's."""

    def derive(sizes: Sizes, attributes: dict[str, Any]) -> Sizes:
        spatial = [sizes[a] for a in letters]
        window, strides = attributes["window"], attributes["strides"]
        pads = _pads(spatial, window, strides, attributes["padding"])
        out = kernels.output_sizes(spatial, window, strides, (1,) * len(window), pads)
        return {**sizes, **dict(zip("PQ", out, strict=False))}

    return derive


def _some_winners(letters: str):
    """Winners as a max pooling of some fixed input would choose them."""

    def choices(sizes: Sizes, attributes: dict[str, Any]) -> list[np.ndarray]:
        spatial = tuple(sizes[a] for a in letters)
        window, strides = attributes["window"], attributes["strides"]
        pads = _pads(spatial, window, strides, attributes["padding"])
        shape = (sizes["N"], *spatial, sizes["C"])
        x = np.random.default_rng(0).permutation(np.arange(np.prod(shape), dtype=float)).reshape(shape)
        return [kernels.max_pool_with_winners(x, window, strides, pads)[1]]

    return choices


def _spatial(letters: str):
    return lambda n, _: [tuple(n[a] for a in letters)]


@operation
class max_pool:
    """The largest value of each window; the first of equal ones, row by row, gets the gradient."""

    domain = (
        Domain((Values("N T C", distinct=True),), ONE_AXIS, SIZES),
        Domain((Values("N H W C", distinct=True),), TWO_AXES, SIZES),
    )
    points = (
        (
            (np.array([[[1.0], [1.0], [0.0]]]),),
            {"window": (3,), "strides": (1,), "padding": "valid"},
            (np.array([[[1.0], [0.0], [0.0]]]),),
        ),
    )

    def forward(x, *, window, strides, padding="valid"):
        spatial = x.shape[1:-1]
        output, chosen = kernels.max_pool_with_winners(x, window, strides, _pads(spatial, window, strides, padding))
        return output, (chosen, spatial)

    def evaluate(x, *, window, strides, padding="valid"):
        return kernels.max_pool(x, window, strides, _pads(x.shape[1:-1], window, strides, padding))

    def vjp(g, residuals, needs, **settings):
        chosen, spatial = residuals
        return (to_winners(g, chosen=chosen, spatial=spatial, **settings),)


@operation
class to_winners:
    """Each window's value put at its winner's place: the adjoint of max pooling with winners fixed."""

    domain = (
        Domain((Values("N P C"),), {**ONE_AXIS, "chosen": _some_winners("T"), "spatial": _spatial("T")}, SIZES,
               _output("T")),
        Domain((Values("N P Q C"),), {**TWO_AXES, "chosen": _some_winners("HW"), "spatial": _spatial("HW")}, SIZES,
               _output("HW")),
    )  # fmt: skip
    linear = (0,)

    def forward(g, *, chosen, spatial, window, strides, padding="valid"):
        pads = _pads(spatial, window, strides, padding)
        return kernels.to_winners(g, chosen, spatial, window, strides, pads), ()

    def vjp(h, residuals, needs, *, chosen, spatial, window, strides, padding="valid"):
        return (from_winners(h, chosen=chosen, window=window, strides=strides, padding=padding),)


@operation
class from_winners:
    """The values at the winners' places: max pooling with winners fixed."""

    domain = (
        Domain((Values("N T C"),), {**ONE_AXIS, "chosen": _some_winners("T")}, SIZES),
        Domain((Values("N H W C"),), {**TWO_AXES, "chosen": _some_winners("HW")}, SIZES),
    )
    linear = (0,)

    def forward(x, *, chosen, window, strides, padding="valid"):
        pads = _pads(x.shape[1:-1], window, strides, padding)
        return kernels.from_winners(x, chosen, window, strides, pads), (x.shape[1:-1],)

    def vjp(g, residuals, needs, *, chosen, **settings):
        return (to_winners(g, chosen=chosen, spatial=residuals[0], **settings),)


@operation
class average_pool:
    """The mean of each window over its real elements; 'same' padding is not counted."""

    domain = (
        Domain((Values("N T C"),), ONE_AXIS, SIZES),
        Domain((Values("N H W C"),), TWO_AXES, SIZES),
    )
    linear = (0,)

    def forward(x, *, window, strides, padding="valid"):
        spatial = x.shape[1:-1]
        return kernels.average_pool(x, window, strides, _pads(spatial, window, strides, padding)), (spatial,)

    def vjp(g, residuals, needs, **settings):
        return (average_pool_adjoint(g, spatial=residuals[0], **settings),)


@operation
class average_pool_adjoint:
    """Each window's value shared evenly among its real elements."""

    domain = (
        Domain((Values("N P C"),), {**ONE_AXIS, "spatial": _spatial("T")}, SIZES, _output("T")),
        Domain((Values("N P Q C"),), {**TWO_AXES, "spatial": _spatial("HW")}, SIZES, _output("HW")),
    )
    linear = (0,)

    def forward(g, *, spatial, window, strides, padding="valid"):
        pads = _pads(spatial, window, strides, padding)
        return kernels.average_pool_adjoint(g, spatial, window, strides, pads), ()

    def vjp(h, residuals, needs, *, spatial, **settings):
        return (average_pool(h, **settings),)
