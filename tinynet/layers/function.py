"""`Lambda`: a function of yours as a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet import activations
from tinynet.catalogue import Config, custom_object_scope, parameters_of, registered_function
from tinynet.errors import ArgumentError
from tinynet.layers.base import Layer
from tinynet.layers.structures import map_shapes
from tinynet.nested import leaves, map_leaves
from tinynet.ops._arguments import DTYPES

FUNCTIONS = ("function", "output_shape", "mask")  # arguments that may be functions
OLDER = ("function_type", "module", "output_shape_type", "output_shape_module")  # what Keras 2 says of them besides


class Lambda(Layer):
    """function(x): any expression of tensors and `tinynet.ops` as a layer, for what needs no weights.

    function: of the inputs; it may take `mask` and `training`, too.
    output_shape: the shape of the result without the batch axis, or a function from the shape of the inputs to it;
        without it the function is tried out.
    mask: that of the result, or a function of the inputs and their mask; without one the layer knows no masks.
    arguments: a dict of further arguments of the function.

    A file holds the name of the function, never its code: it is a name that `register_keras_serializable` or
    `custom_objects` knows when the file is read. Saving a `lambda`, which has none, is an `ArgumentError`, and so is
    reading the code that Keras would have written for one.
    Source: https://keras.io/api/layers/core_layers/lambda/

    >>> Lambda(lambda x: x**2)(np.array([[3.0]], "float32")).numpy()
    array([[9.]], dtype=float32)
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise ArgumentError(f"{self.described}: expected a function, received {function!r}")
        if arguments is not None and not isinstance(arguments, dict):
            raise ArgumentError(f"{self.described}: expected arguments in a dict by name, received {arguments!r}")
        if not (output_shape is None or callable(output_shape) or isinstance(output_shape, (list, tuple))):
            raise ArgumentError(
                f"{self.described}: expected output_shape to be a shape or a function, received {output_shape!r}"
            )
        self.function = function
        self.output_shape = output_shape
        self.mask = mask
        self.arguments = arguments or {}
        self.supports_masking = self.makes_masks = mask is not None
        self._taken = _names(function) & {"mask", "training"}
        self._build_at_init()

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        told = {"mask": mask, "training": training}
        return self.function(inputs, **self.arguments, **{key: told[key] for key in self._taken})

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        if self.mask is None:
            return super().compute_mask(inputs, previous_mask)
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self.output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self.output_shape):
            return self.output_shape(input_shape)
        batch = next(leaves(input_shape))
        return map_shapes(lambda shape: (batch, *shape), self.output_shape)

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if self.output_shape is None:
            return self._tried_out(inputs, *args, **kwargs)
        return super().compute_output_spec(inputs, *args, **kwargs)

    def get_config(self) -> Config:
        for key in FUNCTIONS:
            if getattr(getattr(self, key), "__name__", None) == "<lambda>":
                raise ArgumentError(
                    f"{self.described}: {key} is a lambda, whose code no file may hold; define it with def, and "
                    "register it with register_keras_serializable"
                )
        plain = {"arguments": map_leaves(_plain, self.arguments), "mask": _plain(self.mask)}
        return {**super().get_config(), **{key: value for key, value in plain.items() if not callable(value)}}

    @classmethod
    def from_config(cls, config: Config, custom_objects: Any = None) -> Any:
        """A new layer from what `get_config` returned, its functions found by their names."""
        with custom_object_scope(custom_objects):
            found = {key: value for key, value in config.items() if key not in OLDER}
            for key in FUNCTIONS:
                found[key] = _found(found.get(key))
            if found["function"] is None:
                raise _is_code(None)
            found["arguments"] = _arrays(found.get("arguments"))
            return cls(**cls.accepted(found))


def _names(function: Callable[..., Any]) -> set[str]:
    try:
        return {p.name for p in parameters_of(function)}
    except (TypeError, ValueError):
        return set()  # a function that does not say what it takes


def _plain(value: Any) -> Any:
    """An array as it stands in files; anything else as it is."""
    if not hasattr(value, "dtype"):
        return value
    array = np.asarray(value)
    return {"class_name": "__numpy__", "config": {"value": array.tolist(), "dtype": array.dtype.name}}


def _arrays(value: Any) -> Any:
    """The arrays within plain data."""
    if isinstance(value, list):
        return [_arrays(part) for part in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") not in ("__numpy__", "__tensor__"):
        return {key: _arrays(part) for key, part in value.items()}
    dtype = value["config"].get("dtype")
    if dtype not in DTYPES:  # others have elements of any size, or hold objects
        raise ArgumentError(f"layer 'Lambda': an array of dtype {dtype!r} is not supported")
    return np.asarray(value["config"]["value"], dtype)


def _found(value: Any) -> Any:
    """What a file gives for a function: one of yours or an activation, by its name; or else a shape, or an array."""
    if value is None or (isinstance(value, (list, tuple)) and all(n is None or isinstance(n, int) for n in value)):
        return value if value is None else tuple(value)
    if isinstance(value, dict) and value.get("class_name") in ("__numpy__", "__tensor__"):
        return _arrays(value)
    name = value.get("config") if isinstance(value, dict) and value.get("class_name") == "function" else value
    if not isinstance(name, str):
        raise _is_code(value)
    try:
        return registered_function(name) or activations.CATALOGUE.deserialize(value)
    except ArgumentError as error:
        raise _is_code(value) from error


def _is_code(value: Any) -> ArgumentError:
    told = repr(value)
    return ArgumentError(
        f"layer 'Lambda' holds code, which is never run: {told if len(told) < 100 else told[:100] + '…'} is no name of "
        "a function that register_keras_serializable or custom_objects knows"
    )
