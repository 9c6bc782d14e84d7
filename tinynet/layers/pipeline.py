"""Layers of preparation one after the other, as one."""

from __future__ import annotations

from typing import Any

from tinynet.catalogue import Config, each, serialize
from tinynet.errors import ArgumentError
from tinynet.layers.base import Layer


class Pipeline(Layer):
    """Calls layers one after the other, each on the result of the one before, for example augmentations of images.

    layers: the layers, in order. Unless told otherwise, a call is one in training for those that ask.

    Source: https://keras.io/api/layers/preprocessing_layers/

    >>> from tinynet.layers import Rescaling
    >>> Pipeline([Rescaling(2.0), Rescaling(1.0, offset=1.0)])([1.0, 2.0]).tolist()
    [3.0, 5.0]
    """

    def __init__(self, layers: Any = None, **kwargs: Any) -> None:
        from tinynet.layers import deserialize

        super().__init__(**kwargs)
        if not isinstance(layers, (list, tuple)):
            raise ArgumentError(f"{self.described}: expected a list of layers, received {layers!r}")
        self.layers = each(lambda layer: deserialize(layer) if isinstance(layer, dict) else layer, layers)
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise ArgumentError(f"{self.described}: expected a list of layers, received {layer!r} in it")
        self._build_at_init()

    def call(self, inputs: Any, training: bool = True, mask: Any = None) -> Any:
        for layer in self.layers:
            settings: dict[str, Any] = {}
            if "training" in layer._call_arguments:
                settings["training"] = training
            if mask is not None and "mask" in layer._call_arguments:
                settings["mask"] = mask
            inputs = layer(inputs, **settings)
        return inputs

    def get_config(self) -> Config:
        return {"layers": serialize(self.layers), "name": self.name}  # as in Keras: no more than these
