"""`Sequential`: layers one after the other."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinynet.arguments import flag
from tinynet.autograd.tags import set_mask
from tinynet.catalogue import Config, each, serialize
from tinynet.errors import ArgumentError, NoGraphError, NotBuiltError, ShapeError
from tinynet.layers import InputLayer, deserialize
from tinynet.layers.base import Layer, note_change, dtype_name
from tinynet.models.graph import Graph
from tinynet.models.inputs import arranged, fitted
from tinynet.models.joining import joined_layers
from tinynet.models.model import Model
from tinynet.naming import name_scope
from tinynet.nested import holds_arrays
from tinynet.ops.symbolic import KerasTensor

MOST_LAYERS = 10_000  # in a saved configuration


class Sequential(Model):
    """A stack of layers, each fed with the result of the one before.

    layers: `Input(shape)` first makes the weights at once; without it they are made when the
        first data come, or by `build(input_shape)`.

    Source: https://keras.io/api/models/sequential/

    >>> import numpy as np
    >>> from tinynet import layers
    >>> model = Sequential([layers.Input((4,)), layers.Dense(2, activation="softmax")])
    >>> model.predict(np.ones((3, 4)), verbose=0).shape
    (3, 2)
    """

    replayable = True

    _is_shape_given = True  # or else taken from the first inputs

    def __init__(self, layers: Iterable[Layer] | None = None, trainable: bool = True, name: str | None = None,
                 **kwargs: Any) -> None:  # fmt: skip
        super().__init__(trainable=trainable, name=name, **kwargs)
        self._layer_results: list[Any] = []  # of the layers, symbolic, the input among them; once the shape is known
        if isinstance(layers, Layer) or (layers is not None and not isinstance(layers, Iterable)):
            raise ArgumentError(f"{self.described}: expected a list of layers, received {layers!r}")
        self._extend(layers or ())

    @property
    def layers(self) -> list[Layer]:
        """The layers without the input."""
        return [layer for layer in self._sublayers if not isinstance(layer, InputLayer)]

    @layers.setter
    def layers(self, layers: Any) -> None:
        self._refuse_layers()

    def _the_graph(self, what: str) -> Graph:
        if self._graph is None:
            raise NoGraphError(
                f"{self.described}: the {what.replace('_', ' ')} is known once the model is built; "
                "put an Input first, call build(input_shape), or call it on data"
            )
        return self._graph

    def _is_chain(self) -> bool:
        return True  # what its masks are computed by does not count

    def add(self, layer: Layer, rebuild: bool = True) -> None:
        """Puts a layer on top.

        Raises `ArgumentError` for what is no layer, for a second layer of the same name, and
        `ShapeError` when it does not fit what comes before.
        """
        self._extend([layer])

    def _extend(self, layers: Iterable[Any]) -> None:
        """Puts layers on top, and builds them in one go; all of them, or none."""
        first = len(self._sublayers)
        names = {layer.name for layer in self._sublayers}
        try:
            for given in layers:
                for layer in self._checked(given):
                    if layer.name in names:
                        raise ArgumentError(
                            f"{self.described}: two layers are named {layer.name!r}; "
                            "names within a model must be unique"
                        )
                    names.add(layer.name)
                    self._sublayers.append(layer)
            note_change()
            if self._input_layer is not None and len(self._sublayers) > first:
                self._build_from(first)
        except Exception:
            del self._sublayers[first:]
            del self._layer_results[first:]
            note_change()
            raise

    def _checked(self, layer: Any) -> list[Layer]:
        """What goes on top for what was given: the layer, or an input that it brings along and the layer."""
        if isinstance(layer, KerasTensor) and layer._keras_history is not None:
            layer = layer._keras_history.operation  # the InputLayer behind what Input() gives
        if isinstance(layer, type) and issubclass(layer, Layer):
            raise ArgumentError(f"{self.described}: add() takes a layer, received the class {layer.__name__}; call it")
        if not isinstance(layer, Layer):
            raise ArgumentError(f"{self.described}: add() takes a layer, received {layer!r}")
        if isinstance(layer, InputLayer) and self._sublayers:
            raise ArgumentError(f"{self.described}: the input must be the first layer")
        if not self._sublayers and not isinstance(layer, InputLayer):
            if layer.given_input_shape is not None:
                return [InputLayer(shape=layer.given_input_shape), layer]
            if isinstance(layer, Model) and layer._graph is not None and len(layer.inputs) == 1:
                return [InputLayer(batch_shape=layer.inputs[0].shape, dtype=layer.inputs[0].dtype), layer]
        return [layer]

    def pop(self, rebuild: bool = True) -> Layer:
        """Takes the top layer off, and returns it."""
        if not self.layers:
            raise ArgumentError(f"{self.described}: there is no layer to pop")
        layer = self._sublayers.pop()
        note_change()
        if self._layer_results:
            self._layer_results.pop()
            self._graph = Graph(self._layer_results[0], self._layer_results[-1], self.described)
        if self._input_layer is None or not self.layers:
            self.built = False
        return layer

    @property
    def _input_layer(self) -> InputLayer | None:
        first = self._sublayers[0] if self._sublayers else None
        return first if isinstance(first, InputLayer) else None

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights for inputs of this shape, batch axis included: (None, 28, 28, 1)."""
        if not self._sublayers:
            raise NotBuiltError(f"{self.described}: a model without layers cannot be built; add() some first")
        if self._input_layer is not None and input_shape is not None:
            own, given = self._input_layer.batch_shape, tuple(input_shape)
            if len(own) != len(given) or any(n not in (m, None) and m is not None for n, m in zip(own, given, strict=True)):
                raise ShapeError(f"{self.described}: its input has shape {own}, so it cannot be built for {given}")
        if self._input_layer is None:
            if input_shape is None:
                raise NotBuiltError(f"{self.described}: build needs an input_shape, or an Input as the first layer")
            self._sublayers.insert(0, InputLayer(batch_shape=tuple(input_shape), dtype=self.layers[0].input_dtype))
            note_change()
        try:
            self._build_from(0, in_scope=True)
        except Exception:
            if input_shape is not None:
                self._sublayers.pop(0)
                self._layer_results.clear()
                note_change()
            raise

    def _build_from(self, first: int, in_scope: bool = False) -> None:
        """Calls the layers from a place on, each on the symbolic result of the one before; that builds them."""
        assert self._input_layer is not None
        layers = self._sublayers
        with contextlib.nullcontext() if in_scope else name_scope(self.name):
            x = self._layer_results[first - 1] if first else None
            del self._layer_results[first:]
            for layer in layers[first:]:
                x = layer._inbound_nodes[0].outputs[0] if layer is self._input_layer else layer(x)
                self._layer_results.append(x)
        self._graph = Graph(self._layer_results[0], x, self.described)
        if len(layers) > 1:
            self._build_input_shape = self._input_layer.batch_shape
            self.built = True

    def __call__(self, inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
        if not self.built and inputs is not None and not self._takes_a_structure(inputs):
            shape = inputs.shape if hasattr(inputs, "shape") else np.shape(inputs)
            self._is_shape_given = self._input_layer is not None
            self.build((None, *shape[1:]))  # the first batch's size binds nobody
        return super().__call__(inputs, *args, **kwargs)

    def _takes_a_structure(self, inputs: Any) -> bool:
        """Whether the first layer is to get several arrays as they are, which no Input says."""
        return self._input_layer is None and bool(self.layers) and holds_arrays(inputs)

    def _build_for(self, inputs: Any, others: dict[str, Any]) -> None:
        if not self._takes_a_structure(inputs):
            super()._build_for(inputs, others)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if self._takes_a_structure(inputs):
            for layer in self.layers:
                inputs = layer(inputs)
            return inputs
        expected = self.inputs[0]
        if isinstance(inputs, (list, tuple, dict)):
            (inputs,) = arranged(inputs, expected.name, self.described)
        if not self._is_shape_given:  # as in Keras later inputs may be of other sizes; the layers see to them
            expected = KerasTensor((None,) * len(expected.shape), expected.dtype, expected.name)
        x = fitted(inputs, expected, self.described)
        if mask is not None:
            x = x.detach() if x is inputs else x
            set_mask(x, mask)
        for called in self._joined():
            x = called(x)
        return x

    def _join(self) -> Any:
        return joined_layers(self.layers)

    def get_config(self) -> Config:
        config: Config = {"name": self.name, "trainable": self.trainable}
        config["dtype"] = super().get_config()["dtype"]
        config["layers"] = [serialize(layer) for layer in self._sublayers]
        if self._input_layer is not None:
            config["build_input_shape"] = list(self._input_layer.batch_shape)
        return config

    @classmethod
    def from_config(cls, config: Config, custom_objects: Any = None) -> Sequential:
        """A new model of the configuration `get_config` returned, built where its shape is known."""
        if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
            raise ArgumentError("Sequential: expected a configuration with a list of layers")
        unknown = set(config) - {"name", "trainable", "dtype", "layers", "build_input_shape"}
        if unknown:
            raise ArgumentError(f"Sequential: unknown key {sorted(unknown)[0]!r} in the configuration")
        if len(config["layers"]) > MOST_LAYERS:
            raise ArgumentError(f"Sequential: {len(config['layers']):,} layers are more than {MOST_LAYERS:,}")
        model = cls(name=config.get("name"))  # as Keras: a subclass's constructor need not take more
        model.dtype = dtype_name(config.get("dtype"), model.described)
        model._extend(each(lambda described: deserialize(described, custom_objects), config["layers"]))
        if config.get("build_input_shape") and model.layers and not model.built:
            model.build(tuple(config["build_input_shape"]))
        if not flag(model.described, "trainable", config.get("trainable", True)):
            model.trainable = False
        return model
