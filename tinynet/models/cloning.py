"""`clone_model`: a model like another, with layers and weights of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinynet.arguments import flag
from tinynet.errors import ArgumentError
from tinynet.layers import InputLayer
from tinynet.layers.base import Layer
from tinynet.models.functional import Functional
from tinynet.models.model import Model
from tinynet.models.sequential import Sequential
from tinynet.nested import leaves, map_leaves
from tinynet.ops.symbolic import KerasTensor


def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
) -> Model:
    """A new model of the same layers with fresh weights and the same names, compiled alike if the model is.

    input_tensors: symbolic tensors to start from, structured as the model's inputs, instead of new ones.
    clone_function: gives the layer that takes a layer's place; of the same configuration without it. Functions of
        the graph (`x + y`) are called again as they are.
    call_function: `call_function(layer, *args, **kwargs)` calls a new layer; for functional models only.
    recursive: whether models within are cloned layer by layer, too, instead of given to `clone_function`.

    Raises `ArgumentError` for what is no model, and where a model of a class of one's own, which only its
    `get_config` and `from_config` know how to make, is to be cloned in other ways.

    Source: https://keras.io/api/models/model/

    >>> from tinynet import Sequential, layers
    >>> model = Sequential([layers.Input((4,)), layers.Dense(2)])
    >>> clone_model(model, clone_function=lambda layer: layers.Dense(3)).output_shape
    (None, 3)
    """
    if not isinstance(model, Model):
        raise ArgumentError(f"clone_model: expected a model, received {model!r}")
    for name, function in (("clone_function", clone_function), ("call_function", call_function)):
        if function is not None and not callable(function):
            raise ArgumentError(f"clone_model: expected {name} to be a function, received {function!r}")
    flag("clone_model", "recursive", recursive)
    return _Cloning(clone_function or _like, call_function, recursive).clone(model, input_tensors)


class _Cloning:
    """One run of `clone_model`: a layer that stands in several places is cloned once."""

    def __init__(
        self, clone_function: Callable[[Any], Any], call_function: Callable[..., Any] | None, recursive: bool
    ) -> None:
        self.clone_function = clone_function
        self.call_function = call_function
        self.recursive = recursive
        self._clones: dict[int, Layer] = {}

    def clone(self, model: Model, input_tensors: Any = None, outermost: bool = True) -> Model:
        if isinstance(model, Sequential):
            if self.call_function is not None and outermost:
                raise ArgumentError(
                    f"clone_model: {model.described} calls its layers itself, so there is no call_function"
                )
            clone = self._sequential(model, input_tensors)
        elif isinstance(model, Functional):
            clone = self._functional(model, input_tensors)
        elif self.clone_function is not _like or self.call_function is not None or input_tensors is not None:
            raise ArgumentError(
                f"clone_model: {model.described} is a class of its own, so clone_function, call_function and "
                "input_tensors are not supported"
            )
        else:
            clone = _like(model)
        if model._compiled.arguments is not None:
            clone.compile(**{key: fresh(value) for key, value in model._compiled.arguments.items()})
        return clone

    def _layer(self, layer: Layer) -> Layer:
        if id(layer) not in self._clones:
            if self.recursive and isinstance(layer, (Sequential, Functional)):
                clone: Any = self.clone(layer, outermost=False)
            else:
                clone = self.clone_function(layer)
            if not isinstance(clone, Layer):
                raise ArgumentError(
                    f"clone_model: clone_function gave {clone!r} for {layer.described}, which is no layer"
                )
            self._clones[id(layer)] = clone
        return self._clones[id(layer)]

    def _sequential(self, model: Sequential, input_tensors: Any) -> Model:
        first: list[Any] = [] if model._input_layer is None else [_like(model._input_layer)]
        if input_tensors is not None:
            first = _checked_inputs(input_tensors)
            if len(first) != 1 or not isinstance(first[0]._keras_history.operation, InputLayer):
                raise ArgumentError(f"clone_model: {model.described} takes one tensor from Input(), received {first!r}")
        cls = type(model) if type(model).__init__ is Sequential.__init__ else Sequential
        layers = [*first, *map(self._layer, model.layers)]
        return cls(layers, trainable=model.trainable, name=model.name, dtype=model.dtype)

    def _functional(self, model: Functional, input_tensors: Any) -> Model:
        graph = model._the_graph("layers to clone")
        inputs = input_tensors
        if inputs is None:
            inputs = map_leaves(lambda tensor: _like(tensor._keras_history.operation).output, graph.inputs)
        values = _checked_inputs(inputs)
        if map_leaves(_nothing, inputs) != map_leaves(_nothing, graph.inputs):
            raise ArgumentError(
                f"clone_model: expected input_tensors structured as the inputs of {model.described}, "
                f"{graph.input_names!r}, received {inputs!r}"
            )
        call = self.call_function or _called

        def again(operation: Any, args: Any, kwargs: Any) -> Any:
            results = call(self._layer(operation) if isinstance(operation, Layer) else operation, *args, **kwargs)
            if not all(isinstance(result, KerasTensor) for result in leaves(results)):
                raise ArgumentError(f"clone_model: call_function gave {results!r}, which is no result of a layer")
            return results

        outputs = graph.run(values, again)
        cls = type(model) if type(model).__init__ is Functional.__init__ else Functional
        return cls(inputs, outputs, name=model.name, trainable=model.trainable)


def _like(layer: Any) -> Any:
    """A layer of the same class and configuration."""
    return type(layer).from_config(layer.get_config())


def _called(operation: Any, *args: Any, **kwargs: Any) -> Any:
    return operation(*args, **kwargs)


def _nothing(tensor: Any) -> None:
    return None


def _checked_inputs(tensors: Any) -> list[Any]:
    """Symbolic tensors in a structure, one after the other."""
    found = list(leaves(tensors))
    for tensor in found:
        if not isinstance(tensor, KerasTensor) or tensor._keras_history is None:
            raise ArgumentError(f"clone_model: expected input_tensors from Input() or layers, received {tensor!r}")
    return found


def fresh(value: Any) -> Any:
    """What `compile` was told, for another model: optimizers and metrics start anew, functions are the same."""
    if hasattr(value, "get_config") and not isinstance(value, type):
        return _like(value)
    if isinstance(value, (list, tuple, dict)):
        return map_leaves(fresh, value)
    return value
