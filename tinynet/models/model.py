"""`Model`: a layer made of layers, that can be trained, summed up and saved."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from tinynet.errors import ArgumentError, nearest
from tinynet.layers.base import Layer
from tinynet.models.summary import print_summary
from tinynet.models.trainer import Trainer


class Model(Trainer, Layer):
    """A network. `Sequential` is one; a subclass of your own defines `call(inputs)`.

    Source: https://keras.io/api/models/model/
    """

    keras_module = "keras"

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order."""
        return list(self._sublayers)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by its name, or by its place.

        Raises `ArgumentError` with the nearest name when there is none.
        """
        if (name is None) == (index is None):
            raise ArgumentError(f"{self.described}: get_layer takes either a name or an index")
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ArgumentError(f"{self.described}: no layer {index}; it has {len(self.layers)} layers")
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ArgumentError(f"{self.described}: no layer {name!r}. {nearest(name, [v.name for v in self.layers])}")

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Prints the layers with their output shapes and numbers of weights.

        print_fn: what to print with. expand_nested: show the layers of models inside.
        show_trainable: add a column. line_length, positions, layer_range: not supported.
        """
        for key, value in (("line_length", line_length), ("positions", positions), ("layer_range", layer_range)):
            if value is not None:
                raise ArgumentError(f"summary: {key} is not supported; the columns fit their contents")
        print_summary(self, print_fn or print, expand_nested=expand_nested, show_trainable=show_trainable)

    # Saving stands on the floor above; these methods are where a user looks for it.

    def save(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Saves configuration, weights and training state to a `.keras` file that Keras opens."""
        from tinynet.saving import save_model

        save_model(self, filepath, overwrite=overwrite)

    def to_json(self, **kwargs: Any) -> str:
        """The configuration, without the weights, as JSON; `models.model_from_json` reads it, and so does Keras."""
        from tinynet.saving import to_json

        return to_json(self, **kwargs)

    def save_weights(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Saves the weights to a `.weights.h5` file."""
        from tinynet.saving import save_weights

        save_weights(self, filepath, overwrite=overwrite)

    def load_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Sets the weights from a `.weights.h5` file, or from those in a `.keras` file."""
        from tinynet.saving import load_weights

        load_weights(self, filepath)
