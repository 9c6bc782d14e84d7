"""`Model`: a layer made of layers, that can be trained, summed up and saved."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet.autograd.tags import set_mask
from tinynet.catalogue import Config, custom_object_scope
from tinynet.errors import ArgumentError, NoGraphError, ReservedNameError, nearest
from tinynet.layers.base import Layer, latest_change, stands_alone
from tinynet.layers.structures import map_shapes, map_structure
from tinynet.models.graph import Graph
from tinynet.models.inputs import arranged, fitted
from tinynet.models.joining import joined_calls
from tinynet.models.state_tree import set_tree, tree_of
from tinynet.models.summary import print_summary
from tinynet.models.trainer import Trainer
from tinynet.nested import leaves, map_leaves
from tinynet.ops.symbolic import KerasTensor


class Model(Trainer, Layer):
    """A network: of symbolic inputs and outputs, or a class of your own that defines `call(inputs)`.

    inputs, outputs: symbolic tensors (from `Input` and layers called on it) in lists, tuples or
        dicts; results and data have the same structure.

    Source: https://keras.io/api/models/model/

    >>> from tinynet import layers
    >>> x = layers.Input((4,))
    >>> model = Model(x, layers.Dense(2)(x) * 0.5)
    >>> model.output_shape
    (None, 2)
    """

    keras_module = "keras"
    _graph: Graph | None = None
    _found_joined: tuple[Any, Any] = (None, None)

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and (args or "inputs" in kwargs or "outputs" in kwargs):
            from tinynet.models.functional import Functional

            cls = Functional
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, inputs: Any = None, outputs: Any = None, *, trainable: bool = True, **kwargs: Any) -> None:
        Layer.__init__(self, **kwargs)
        Trainer.__init__(self)
        if (inputs is None) != (outputs is None):
            raise ArgumentError(f"{self.described}: expected both inputs and outputs, or neither")
        if inputs is not None:
            self._graph = Graph(inputs, outputs, self.described)
            self._sublayers.extend(layer for layer in self._graph.layers)
            self.built = True
        if not trainable:
            self.trainable = False

    @classmethod
    def config_keys(cls) -> list[str]:
        return [key for key in super().config_keys() if key not in ("inputs", "outputs")]

    def get_config(self) -> Config:
        if self._graph is None or type(self).__init__ is not Model.__init__:
            return super().get_config()
        from tinynet.models.functional import graph_config

        return {"name": self.name, "trainable": self.trainable, **graph_config(self._graph)}

    @classmethod
    def from_config(cls, config: Config, custom_objects: Any = None) -> Any:
        """A new model of the configuration `get_config` returned, in which names may also mean `custom_objects`."""
        if cls.__init__ is Model.__init__ and isinstance(config, dict) and "input_layers" in config:
            from tinynet.models.functional import model_from_graph

            return model_from_graph(cls, config, custom_objects)
        with custom_object_scope(custom_objects):
            return super().from_config(config)

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order."""
        return list(self._sublayers) if self._graph is None else self._graph.layers

    @layers.setter
    def layers(self, layers: Any) -> None:
        self._refuse_layers()

    def _refuse_layers(self) -> None:
        raise ReservedNameError(f"{self.described}: layers tells what is in the model; keep yours under another name")

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs, one after the other."""
        return self._the_graph("inputs").flat_inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs, one after the other."""
        return self._the_graph("outputs").flat_outputs

    @property
    def input(self) -> Any:
        """The symbolic inputs in their structure."""
        return self._the_graph("input").inputs

    @property
    def output(self) -> Any:
        """The symbolic outputs in their structure."""
        return self._the_graph("output").outputs

    @property
    def input_shape(self) -> Any:
        """The shape of the inputs, or shapes in their structure; None for a size that may vary."""
        return _shapes(self._the_graph("input_shape").inputs)

    @property
    def output_shape(self) -> Any:
        """The shape of the outputs, or shapes in their structure."""
        return _shapes(self._the_graph("output_shape").outputs)

    @property
    def output_names(self) -> list[str]:
        """The names of the operations that give the outputs."""
        return self._the_graph("output names").output_names

    def _the_graph(self, what: str) -> Graph:
        if self._graph is None:
            raise NoGraphError(f"{self.described}: has no {what}; only models of symbolic inputs and outputs have one")
        return self._graph

    def _is_chain(self) -> bool:
        """Whether every layer takes the result of the one before, once, and nothing else does anything."""
        if self._graph is None:
            return True
        before: Any = None
        for operation in self._graph.operations:
            tensors = [tensor for call in self._graph.calls(operation) for tensor in call.inputs]
            taken = [tensor._keras_history.operation for tensor in tensors]  # type: ignore[union-attr]
            if not isinstance(operation, Layer) or taken != ([] if before is None else [before]):
                return False
            before = operation
        return True

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights for inputs of this shape, batch axis included, by trying `call` on arrays."""
        if self._graph is None and not self.built:
            self._tried_out(map_shapes(lambda shape: KerasTensor(shape, self.compute_dtype), input_shape))

    def _build_for(self, inputs: Any, others: dict[str, Any]) -> None:
        if type(self).build is not Model.build:
            super()._build_for(inputs, others)
        elif self._build_input_shape is None:  # the layers inside make their weights in `call`
            self._build_input_shape = map_structure(lambda t: (None, *t.shape[1:]), inputs)

    def __call__(self, inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
        training = kwargs.get("training")
        plain = type(inputs) is np.ndarray and not args and kwargs.keys() <= {"training"}
        if plain and not training and stands_alone():
            known = self._replays.again(inputs, training)
            if known is not None:
                return known
            return self._replays.first(inputs, training, lambda x: super(Model, self).__call__(x, **kwargs))
        return super().__call__(inputs, *args, **kwargs)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if self._graph is None:
            return super().call(inputs)
        graph = self._graph
        given = arranged(inputs, graph.input_names, self.described, extra=True)
        values = [fitted(value, own, self.described) for value, own in zip(given, graph.flat_inputs, strict=True)]
        if mask is not None:
            for i, own in enumerate(leaves(mask)):
                if own is not None:
                    values[i] = values[i].detach() if values[i] is inputs else values[i]
                    set_mask(values[i], own)

        def called(operation: Any, args: Any, kwargs: dict[str, Any]) -> Any:
            # As in Keras 3 what the graph says of it is for calls that say nothing: `fit` trains a part called
            # with training=False, too. `trainable = False` is what keeps a BatchNormalization as it is.
            if training is not None and "training" in kwargs:
                kwargs = {**kwargs, "training": training}
            return operation(*args, **kwargs)

        results = graph.run(values, called, self._joined())
        # As in Keras an output alone in a list comes without it.
        return results[0] if isinstance(results, (list, tuple)) and len(results) == 1 else results

    def _joined(self) -> Any:
        """What `_join` finds, until an attribute of a layer is set."""
        known, found = self._found_joined
        if known is not latest_change():
            found = self._join()
            object.__setattr__(self, "_found_joined", (latest_change(), found))  # past __setattr__, which would count
        return found

    def _join(self) -> Any:
        return joined_calls(self._the_graph("calls"))

    def _converted(self, inputs: Any) -> Any:
        return inputs if self._graph is not None else super()._converted(inputs)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return None  # the layers have already passed it on

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if self._graph is None:
            return super().compute_output_spec(inputs, *args, **kwargs)
        graph = self._graph
        given = arranged(inputs, graph.input_names, self.described, extra=True)
        if all(x.shape == own.shape for x, own in zip(given, graph.flat_inputs, strict=True)):
            return map_leaves(lambda t: KerasTensor(t.shape, t.dtype), graph.outputs)
        values = [fitted(x, own, self.described) for x, own in zip(given, graph.flat_inputs, strict=True)]
        return graph.run(values, lambda operation, args, kwargs: operation.compute_output_spec(*args, **kwargs))

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._graph is None:
            return super().compute_output_shape(input_shape)
        dtypes = iter(self._graph.flat_inputs)
        inputs = map_shapes(lambda shape: KerasTensor(shape, next(dtypes).dtype), input_shape)
        return _shapes(self.compute_output_spec(inputs))

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

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """The values of all variables in nested dicts by the parts of their paths, under 'trainable_variables',
        'non_trainable_variables', 'optimizer_variables' and 'metrics_variables'.

        value_format: 'backend_tensor' for tensors, 'numpy_array' for arrays. Raises `ArgumentError` where two variables
        have one path.
        """
        return tree_of(self, value_format)

    def set_state_tree(self, state_tree: dict[str, Any]) -> None:
        """Sets the variables in a tree such as `get_state_tree` gives, which may leave some out.

        Raises `ArgumentError` for an unknown path, `ShapeError` for a value that does not fit; then nothing changes.
        """
        set_tree(self, state_tree)

    # Saving stands on the floor above; these methods are where a user looks for it.

    def save(
        self,
        filepath: str | os.PathLike[str],
        overwrite: bool = True,
        zipped: bool | None = None,
        include_optimizer: bool = True,
        **kwargs: Any,
    ) -> None:
        """Saves configuration, weights and training state to a `.keras` or `.h5` file that Keras opens.

        See `tinynet.saving.save_model`.
        """
        from tinynet.saving import save_model

        save_model(self, filepath, overwrite=overwrite, zipped=zipped, include_optimizer=include_optimizer, **kwargs)

    def __reduce__(self) -> Any:
        from tinynet.saving import reduced

        return reduced(self)

    def export(self, filepath: str | os.PathLike[str], *args: Any, **kwargs: Any) -> None:
        """Refuses with an `ArgumentError`: there is no TensorFlow here to export a graph of."""
        raise ArgumentError(
            f"{self.described}: export to SavedModel, ONNX or the like is not supported; "
            "save() writes a .keras or .h5 file, and Keras exports what it has opened"
        )

    def to_json(self, **kwargs: Any) -> str:
        """The configuration, without the weights, as JSON; `models.model_from_json` reads it, and so does Keras."""
        from tinynet.saving import to_json

        return to_json(self, **kwargs)

    def save_weights(self, filepath: str | os.PathLike[str], overwrite: bool = True, **kwargs: Any) -> None:
        """Saves the weights to a `.weights.h5` file, or to an `.h5` file as Keras 2 did; see `saving.save_weights`."""
        from tinynet.saving import save_weights

        save_weights(self, filepath, overwrite=overwrite, **kwargs)

    def load_weights(
        self, filepath: str | os.PathLike[str], skip_mismatch: bool = False, by_name: bool = False, **kwargs: Any
    ) -> None:
        """Sets the weights from a file of weights, or from those in the file of a whole model.

        skip_mismatch: leaves what does not fit as it is, with a warning. by_name, and what else there is: see
            `saving.load_weights`.
        """
        from tinynet.saving import load_weights

        load_weights(self, filepath, skip_mismatch=skip_mismatch, by_name=by_name, **kwargs)


def _shapes(tensors: Any) -> Any:
    """The shapes of tensors in their structure; of a list of one, its shape."""
    shapes = map_leaves(lambda t: t.shape, tensors)
    return shapes[0] if isinstance(tensors, (list, tuple)) and len(shapes) == 1 else shapes
