"""A dense layer over any axes, described by Einstein's summation."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from tinynet import activations
from tinynet.arguments import whole
from tinynet.autograd import Tensor
from tinynet.errors import ArgumentError, ShapeError
from tinynet.initializers import VarianceScaling
from tinynet.layers.base import Layer, Shape
from tinynet.layers.parameters import add_weight, keep_settings
from tinynet.primitives.linalg import einsum

FORMS = (  # of Keras's equations, with 0 for the axes an ellipsis stands for
    r"(?P<inputs>[a-zA-Z]+),(?P<kernel>[a-zA-Z]+)->(?P<outputs>[a-zA-Z]+)",
    r"0(?P<inputs>[a-zA-Z]+),(?P<kernel>[a-zA-Z]+)->0(?P<outputs>[a-zA-Z]+)",
    r"(?P<inputs>[a-zA-Z]{2,})0,(?P<kernel>[a-zA-Z]+)->(?P<outputs>[a-zA-Z]+)0",
)


class _Shapes(NamedTuple):
    """What an equation makes of a shape of inputs."""

    output: Shape
    kernel: Shape
    bias: Shape


class EinsumDense(Layer):
    """activation(einsum(equation, x, kernel) + bias): a dense layer over whichever axes.

    equation: 'abc,cd->abd', '...c,cd->...d' or 'ab...,bc->ac...'; a letter for each axis, every
        letter of the kernel also in the inputs or the result.
    output_shape: sizes of the result's axes without the batch and without those of an ellipsis; None
        for those that are as in the inputs.
    bias_axes: the letters of the result along which the bias has elements of its own; None is no bias.
    The other arguments are Keras's. Weights: kernel, bias.

    Raises `ArgumentError` for an equation of another form, `ShapeError` for inputs that do not fit it.
    Source: https://keras.io/api/layers/core_layers/einsum_dense/

    >>> import numpy as np
    >>> layer = EinsumDense("abc,cd->abd", output_shape=(None, 2), bias_axes="d", kernel_initializer="ones")
    >>> layer(np.ones((1, 1, 3), "float32")).tolist()
    [[[3.0, 3.0]]]
    """

    casts_integers = True
    writes_activity_regularizer = True
    inert_config = {
        "lora_rank": (None,), "lora_alpha": (None,), "gptq_unpacked_column_size": (None,),
        "quantization_config": (None,),
    }  # fmt: skip

    def __init__(
        self,
        equation: str,
        output_shape: int | Sequence[int | None],
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        where = self.described
        self.equation = equation
        self._inputs, self._kernel, self._outputs = self._terms()
        given = output_shape if isinstance(output_shape, (list, tuple)) else (output_shape,)
        self.output_shape = tuple(None if n is None else whole(where, "a size in output_shape", n) for n in given)
        self.bias_axes = bias_axes
        if bias_axes is not None and not (
            isinstance(bias_axes, str) and bias_axes and set(bias_axes) <= set(self._outputs)
        ):
            raise ArgumentError(f"{where}: expected bias_axes of letters in {self._outputs!r}, received {bias_axes!r}")
        self.activation = activations.get(activation)
        keep_settings(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        keep_settings(self, "bias", bias_initializer, bias_regularizer, bias_constraint)
        self.kernel: Any = None
        self.bias: Any = None

    def _terms(self) -> tuple[str, str, str]:
        """The letters of inputs, kernel and result."""
        text = self.equation.replace("...", "0") if isinstance(self.equation, str) else ""
        found = next((match for match in (re.fullmatch(form, text) for form in FORMS) if match), None)
        if found is None:
            raise ArgumentError(
                f"{self.described}: expected an equation such as 'abc,cd->abd', '...c,cd->...d' or 'ab...,bc->ac...', "
                f"received {self.equation!r}"
            )
        inputs, kernel, outputs = found["inputs"], found["kernel"], found["outputs"]
        if any(len(set(term)) < len(term) for term in (inputs, kernel, outputs)):
            raise ArgumentError(f"{self.described}: a letter stands twice within a term of {self.equation!r}")
        lost = [c for c in kernel if c not in inputs + outputs] + [c for c in outputs if c not in inputs + kernel]
        if lost:
            raise ArgumentError(
                f"{self.described}: the axis {lost[0]!r} in {self.equation!r} has no input or result to match"
            )
        return inputs, kernel, outputs

    def _shapes(self, input_shape: Shape) -> _Shapes:
        """The shapes of result and weights for inputs of this shape."""
        elided = len(input_shape) - len(self._inputs)
        left, right = self.equation.startswith("..."), self.equation.endswith("...")
        if elided < 0 or (elided and not (left or right)):
            raise ShapeError(f"{self.described}: inputs of shape {input_shape} do not fit {self.equation!r}")
        before, after = (elided, 0) if left else (0, elided)
        hidden = input_shape[1:elided] if left else input_shape[len(self._inputs) :]
        output = (input_shape[0], *(hidden if left else ()), *self.output_shape, *(() if left else hidden))
        if len(output) != len(self._outputs) + elided:
            raise ShapeError(
                f"{self.described}: output_shape {self.output_shape} does not fit the equation {self.equation!r} for "
                f"inputs of shape {input_shape}; the result has {len(self._outputs) + elided} axes with the batch"
            )
        known = dict(zip(self._inputs, input_shape[before : before + len(self._inputs)], strict=True))
        for letter, size in zip(self._outputs, output[before : before + len(self._outputs)], strict=True):
            if None not in (size, known.get(letter)) and size != known[letter]:
                raise ShapeError(
                    f"{self.described}: the axis {letter!r} has size {known[letter]} in inputs of shape {input_shape}, "
                    f"and {size} in output_shape"
                )
            known[letter] = known.get(letter) if size is None else size
        output = (
            *output[:before], *(known[c] for c in self._outputs), *output[before + len(self._outputs) :],
        )  # fmt: skip
        bias: Shape = ()
        if self.bias_axes is not None:
            first = min(map(self._outputs.index, self.bias_axes))
            own = (known[c] if c in self.bias_axes else 1 for c in self._outputs[first:])
            bias = (*own, *(1,) * after)
        return _Shapes(output, tuple(known[c] for c in self._kernel), bias)

    def build(self, input_shape: Shape) -> None:
        shapes = self._shapes(input_shape)
        for name, shape in (("kernel", shapes.kernel), ("bias", shapes.bias)):
            if None in shape:
                raise ShapeError(
                    f"{self.described}: the sizes of the axes of the {name} must be known, in inputs or output_shape; "
                    f"received inputs of shape {input_shape}, output_shape {self.output_shape}"
                )
        initializer: Any = self.kernel_initializer  # type: ignore[attr-defined]
        if isinstance(initializer, VarianceScaling):
            sizes = dict(zip(self._kernel, shapes.kernel, strict=True))
            fan_in, fan_out = (
                math.prod(n for c, n in sizes.items() if n is not None and (c in self._outputs) == is_output)
                for is_output in (False, True)
            )
            initializer = initializer.between(fan_in, fan_out)
        self.kernel = add_weight(self, "kernel", shapes.kernel, initializer=initializer)  # type: ignore[arg-type]
        if self.bias_axes is not None:
            self.bias = add_weight(self, "bias", shapes.bias)  # type: ignore[arg-type]

    def call(self, inputs: Tensor) -> Tensor:
        if inputs.ndim != len(self._build_input_shape) or self._shapes(inputs.shape).kernel != self.kernel.shape:
            raise ShapeError(
                f"{self.described}: received shape {inputs.shape}; it was built for {self._build_input_shape}"
            )
        output = einsum(inputs, self.kernel, subscripts=self.equation)
        if self.bias is not None:
            output = output + self.bias
        return self.activation(output)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return activations.output_shape(self.activation, self._shapes(tuple(input_shape)).output)
