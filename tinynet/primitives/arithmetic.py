"""Arithmetic of two arrays, with broadcasting."""

from __future__ import annotations

import numpy as np

from tinynet.primitives.domain import Booleans, Domain, Values
from tinynet.primitives.operation import operation, unbroadcast

PAIR = Domain((Values("A B C", broadcast=True), Values("A B C", broadcast=True)))
NOT_TIED = Domain(
    (Values("A B C", broadcast=True, distinct=True), Values("A B C", broadcast=True, distinct=True))
)


@operation
class add:
    """x + y."""

    mixes = True
    numpy = np.add
    domain = PAIR
    linear = ()

    def forward(x, y):
        return x + y, (x.shape, y.shape)

    def vjp(g, residuals, needs):
        x_shape, y_shape = residuals
        return (
            unbroadcast(g, x_shape) if needs[0] else None,
            unbroadcast(g, y_shape) if needs[1] else None,
        )


@operation
class subtract:
    """x − y."""

    mixes = True
    numpy = np.subtract
    domain = PAIR

    def forward(x, y):
        return x - y, (x.shape, y.shape)

    def vjp(g, residuals, needs):
        x_shape, y_shape = residuals
        return (
            unbroadcast(g, x_shape) if needs[0] else None,
            unbroadcast(-g, y_shape) if needs[1] else None,
        )


@operation
class multiply:
    """x · y, elementwise."""

    mixes = True
    numpy = np.multiply
    domain = PAIR
    keeps = ("x", "y")
    linear = (0, 1)

    def forward(x, y):
        return x * y, (x, y)

    def vjp(g, residuals, needs):
        x, y = residuals
        return (
            unbroadcast(g * y, x.shape) if needs[0] else None,
            unbroadcast(g * x, y.shape) if needs[1] else None,
        )


@operation
class divide:
    """x / y, elementwise."""

    mixes = True
    numpy = np.true_divide
    domain = (
        Domain((Values("A B C", broadcast=True), Values("A B C", broadcast=True, low=0.5, high=2.0))),
        Domain((Values("A B C", broadcast=True), Values("A B C", broadcast=True, low=-2.0, high=-0.5))),
    )
    keeps = ("x", "y")
    linear = (0,)

    def forward(x, y):
        return x / y, (x, y)

    def vjp(g, residuals, needs):
        x, y = residuals
        return (
            unbroadcast(g / y, x.shape) if needs[0] else None,
            unbroadcast(-g * x / (y * y), y.shape) if needs[1] else None,
        )


@operation
class power:
    """x to the power y. The derivative by y is xʸ log x where x > 0, and 0 elsewhere."""

    mixes = True
    numpy = np.power
    domain = Domain((Values("A B C", broadcast=True, low=0.3), Values("A B C", broadcast=True)))
    keeps = ("x", "y", "output")
    points = (
        ((np.array([0.0]), np.array([2.0])), {}, (np.array([0.0]), np.array([0.0]))),
        ((np.array([0.0]), np.array([0.0])), {}, (np.array([0.0]), np.array([0.0]))),
    )

    def forward(x, y):
        output = np.power(x, y)
        return output, (x, y, output)

    def vjp(g, residuals, needs):
        x, y, output = residuals
        by_x = by_y = None
        if needs[0]:
            # x⁰ is 1 also at 0, where 0 · 0⁻¹ would make a NaN of its derivative.
            exponent = np.where((x == 0) & (y == 0), np.ones_like(y), y - 1)
            by_x = unbroadcast(g * y * x**exponent, x.shape)
        if needs[1]:
            safe = np.where(x > 0, x, np.ones_like(x))
            by_y = unbroadcast(g * output * np.log(safe), y.shape)
        return by_x, by_y


@operation
class arctan2:
    """The angle of the point (y, x) from the positive x-axis, in (−π, π]."""

    mixes = True
    numpy = np.arctan2
    domain = (
        Domain((Values("A B C", broadcast=True), Values("A B C", broadcast=True, low=0.3))),
        Domain((Values("A B C", broadcast=True, high=-0.3), Values("A B C", broadcast=True))),
    )
    keeps = ("y", "x")

    def forward(y, x):
        return np.arctan2(y, x), (y, x)

    def vjp(g, residuals, needs):
        y, x = residuals
        inverse = g / (x * x + y * y)
        return (
            unbroadcast(inverse * x, y.shape) if needs[0] else None,
            unbroadcast(-inverse * y, x.shape) if needs[1] else None,
        )


@operation
class logaddexp:
    """log(eˣ + eʸ), without overflow."""

    mixes = True
    numpy = np.logaddexp
    domain = PAIR
    keeps = ("x", "y", "output")

    def forward(x, y):
        output = np.logaddexp(x, y)
        return output, (x, y, output)

    def vjp(g, residuals, needs):
        x, y, output = residuals
        return (
            unbroadcast(g * np.exp(x - output), x.shape) if needs[0] else None,
            unbroadcast(g * np.exp(y - output), y.shape) if needs[1] else None,
        )


@operation
class negative:
    """−x."""

    numpy = np.negative
    domain = Domain((Values("A B"),))
    linear = (0,)

    def forward(x):
        return -x, ()

    def vjp(g, residuals, needs):
        return (-g,)


@operation
class maximum:
    """The larger of x and y, elementwise. Of two equal values x gets the gradient, as in Keras."""

    mixes = True
    numpy = np.maximum
    domain = NOT_TIED
    keeps = ("x", "y")
    points = (((np.array([1.0]), np.array([1.0])), {}, (np.array([1.0]), np.array([0.0]))),)

    def forward(x, y):
        return np.maximum(x, y), (x, y)

    def vjp(g, residuals, needs):
        x, y = residuals
        return (
            unbroadcast(g * (x >= y), x.shape) if needs[0] else None,
            unbroadcast(g * (x < y), y.shape) if needs[1] else None,
        )


@operation
class minimum:
    """The smaller of x and y, elementwise. Of two equal values x gets the gradient, as in Keras."""

    mixes = True
    numpy = np.minimum
    domain = NOT_TIED
    keeps = ("x", "y")
    points = (((np.array([1.0]), np.array([1.0])), {}, (np.array([1.0]), np.array([0.0]))),)

    def forward(x, y):
        return np.minimum(x, y), (x, y)

    def vjp(g, residuals, needs):
        x, y = residuals
        return (
            unbroadcast(g * (x <= y), x.shape) if needs[0] else None,
            unbroadcast(g * (x > y), y.shape) if needs[1] else None,
        )


@operation
class where:
    """x where the condition holds, y elsewhere."""

    mixes = True
    numpy = np.where
    domain = Domain(
        (Booleans("A B C", broadcast=True), Values("A B C", broadcast=True), Values("A B C", broadcast=True))
    )
    linear = ()

    def forward(condition, x, y):
        return np.where(condition, x, y), (condition, x.shape, y.shape)

    def vjp(g, residuals, needs):
        condition, x_shape, y_shape = residuals
        return (
            None,
            # Not g * condition: what is not chosen gets 0 also where g is NaN or infinite.
            unbroadcast(np.where(condition, g, 0), x_shape) if needs[1] else None,
            unbroadcast(np.where(condition, 0, g), y_shape) if needs[2] else None,
        )


@operation
class hypot:
    """√(x² + y²) without overflow; its derivative at (0, 0) is 0."""

    numpy = np.hypot
    domain = Domain((Values("A B", 0.1, 2.0, broadcast=True), Values("A B", -2.0, 2.0, broadcast=True)))
    keeps = ("x", "y", "output")
    points = (((np.array([0.0]), np.array([0.0])), {}, (np.array([0.0]), np.array([0.0]))),)

    def forward(x, y):
        output = np.hypot(x, y)
        return output, (x, y, output)

    def vjp(g, residuals, needs):
        x, y, output = residuals
        share = g / np.where(output == 0, np.ones_like(output), output)
        return (
            unbroadcast(share * x, x.shape) if needs[0] else None,
            unbroadcast(share * y, y.shape) if needs[1] else None,
        )
