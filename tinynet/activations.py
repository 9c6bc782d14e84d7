"""Activation functions by Keras's names, defaults and conventions: keras.io/api/layers/activations.

Most are the functions of `tinynet.ops`. Here are those that Keras gives other defaults, and
`get`, `serialize` and `deserialize`, through which layers find them by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tinynet import catalogue, ops
from tinynet.autograd.tensor import Tensor, as_tensor
from tinynet.errors import ArgumentError
from tinynet.ops.nn import (
    celu,
    elu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)

Activation = Callable[..., Any]

swish, hard_swish = silu, hard_silu  # their other names


def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Tensor:
    """x where x > threshold, elsewhere negative_slope · (x − threshold); at most max_value.

    With the defaults max(x, 0) (Nair and Hinton 2010). Its derivative at 0 is 0, or the slope
    where only that is given.

    >>> relu([-10.0, -5.0, 0.0, 5.0, 10.0], negative_slope=0.5, max_value=6.0).tolist()
    [-5.0, -2.5, 0.0, 5.0, 6.0]
    """
    x = as_tensor(x)
    if negative_slope == 0 and max_value is None and threshold == 0:
        return ops.relu(x)
    if max_value is None and threshold == 0:
        return ops.leaky_relu(x, negative_slope)
    if threshold != 0:
        output = ops.where(x > threshold, x, 0)
    else:
        output = ops.relu6(x) if max_value == 6 else ops.relu(x)
    if max_value is not None and (threshold != 0 or max_value != 6):
        output = ops.clip(output, 0, max_value)
    if negative_slope != 0:
        output = output - negative_slope * ops.relu(threshold - x)
    return output


def gelu(x: Any, approximate: bool = False) -> Tensor:
    """x Φ(x), Φ the normal distribution, or its tanh approximation (Hendrycks and Gimpel 2016).

    >>> round(gelu(1.0).item(), 4), round(gelu(1.0, approximate=True).item(), 4)
    (0.8413, 0.8412)
    """
    return ops.gelu(x, approximate)


def hard_sigmoid_keras2(x: Any) -> Tensor:
    """0.2 x + 0.5 within [0, 1]: what Keras 2 called hard_sigmoid, for models that were trained with it.

    Keras 3 has another slope under that name, and computes something else with such models.

    >>> hard_sigmoid_keras2([-3.0, 0.0, 1.0]).tolist()
    [0.0, 0.5, 0.699999988079071]
    """
    return ops.clip(0.2 * as_tensor(x) + 0.5, 0, 1)


def exponential(x: Any) -> Tensor:
    """eˣ.

    >>> exponential([0.0]).tolist()
    [1.0]
    """
    return ops.exp(x)


def linear(x: Any) -> Any:
    """The input itself, unchanged and with its tags: no activation.

    >>> linear(3.0)
    3.0
    """
    return x


def mish(x: Any) -> Tensor:
    """x · tanh(softplus(x)) (Misra 2019).

    >>> round(mish(1.0).item(), 4)
    0.8651
    """
    x = as_tensor(x)
    return x * ops.tanh(ops.softplus(x))


CATALOGUE = catalogue.Catalogue(
    "activation",
    functions=(
        celu, elu, exponential, gelu, glu, hard_shrink, hard_sigmoid, hard_sigmoid_keras2, hard_silu, hard_tanh,
        leaky_relu, linear, log_sigmoid, log_softmax, mish, relu, relu6, selu, sigmoid, silu, soft_shrink, softmax,
        softplus, softsign, sparse_plus, sparse_sigmoid, sparsemax, squareplus, tanh, tanh_shrink,
        threshold,
    ),
    aliases={"swish": swish, "hard_swish": hard_swish},
)  # fmt: skip


def get(identifier: Any) -> Activation:
    """The activation function of a name, a configuration, or a callable; `linear` for None.

    Names are Keras's, in lower case: 'relu', 'hard_silu' (or 'hard_swish'), … Objects that can
    be called, such as layers, are returned as they are.

    Raises `ArgumentError` with the nearest name for one that is unknown.

    >>> get("swish") is silu, get(None) is linear
    (True, True)
    """
    if identifier is None:
        return linear
    if callable(identifier):
        return identifier
    return CATALOGUE.get(identifier)


def output_shape(activation: Any, shape: Sequence[int | None]) -> tuple[int | None, ...]:
    """The shape of the result for inputs of `shape`: the same, but for `glu`, which halves the last axis.

    >>> output_shape(glu, (None, 6)), output_shape(relu, (None, 6))
    ((None, 3), (None, 6))
    """
    last = shape[-1] if shape else None
    return tuple(shape) if activation is not glu or last is None else (*shape[:-1], last // 2)


def serialize(activation: Activation) -> Any:
    """What goes into a file: the name of an activation of this module, else a dictionary.

    Raises `ArgumentError` for a function without a name of its own, which no file can hold.

    >>> serialize(silu)
    'silu'
    """
    name = getattr(activation, "__name__", None)
    if name is not None and CATALOGUE.by_name.get(name) is activation:
        return name
    if hasattr(activation, "get_config"):
        return catalogue.serialize(activation)
    if not callable(activation) or name is None or name == "<lambda>":
        raise ArgumentError(
            f"activations.serialize: {activation!r} has no name to save. "
            "Define the activation with def, or as a layer with get_config."
        )
    return catalogue.function_config(activation)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Activation:
    """The activation that `serialize` described.

    custom_objects: activations of the user's own, by name.

    Raises `ArgumentError` with the nearest name for one that is unknown.

    >>> deserialize(serialize(silu)) is silu
    True
    """
    if isinstance(config, str) and custom_objects and config in custom_objects:
        return custom_objects[config]
    return get(config) if config is None else CATALOGUE.deserialize(config, custom_objects)
