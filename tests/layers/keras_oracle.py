"""The same layer made by tinynet and by Keras, with the same weights, and how results are compared."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras.src import backend

import tinynet.layers
import tinynet.models
from tinynet import naming
from tinynet.autograd import Tensor
from tinynet.autograd.tags import mask_of, set_mask
from tinynet.catalogue import Configurable
from tinynet.nested import leaves

# The classes of the catalogue; models, and a layer of a function of yours, have tests of their own.
LAYERS = {
    name for name, cls in tinynet.layers.CATALOGUE.by_class_name.items()
    if not issubclass(cls, (tinynet.models.Model, tinynet.layers.Lambda))
}

# Written by one of the two only. Keras forgets the seed of a SimpleRNN; tinynet writes the whole
# vocabulary, Keras what the constructor was given, and how long the whole is.
VOCABULARY = {"vocabulary", "vocabulary_size", "idf_weights"}
# tinynet leaves them out where they have no effect; older versions of Keras do not know them.
NEWER = {"oov_method", "salt"}
NOT_COMPARED = {
    "SimpleRNN": {"seed"}, "TextVectorization": VOCABULARY, "StringLookup": VOCABULARY | NEWER,
    "IntegerLookup": VOCABULARY | NEWER,
}  # fmt: skip

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}


@dataclass
class Inner:
    """A layer among the arguments of another one."""

    class_name: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass
class Case:
    """A layer and a call of it, in data that both libraries understand.

    inputs: one array, or a list; of a list, the masks are one, too, with None where there is none.
    call: further arguments of the call.
    states: the initial states of a recurrent layer, or the states of a cell; of stacked cells a list
        for each.
    keras_moves_channels: TensorFlow cannot do it with channels first on a CPU; Keras's layer
        then has the channels last and is given the moved inputs.
    """

    class_name: str
    arguments: dict[str, Any]
    inputs: Any
    mask: Any = None
    states: list[Any] | None = None
    weights_seed: int = 0
    keras_moves_channels: bool = False
    call: dict[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> Any:
        """The shape of the inputs, or a list of shapes."""
        return [x.shape for x in self.inputs] if isinstance(self.inputs, list) else self.inputs.shape

    @property
    def inputs_apart(self) -> bool:
        """Whether the inputs are arguments of their own, not one list."""
        return self.class_name in ("MultiHeadAttention", "GroupQueryAttention")

    @property
    def is_cell(self) -> bool:
        return self.class_name.endswith(("Cell", "Cells"))


def forget_names() -> None:
    """The next Dense is 'dense' in both libraries."""
    naming.reset_names()
    keras.utils.clear_session(free_memory=False)


def resolved(library: Any, value: Any) -> Any:
    """An argument with the layers in it made."""
    if isinstance(value, Inner):
        return made(library, value.class_name, value.arguments)
    if isinstance(value, list):
        return [resolved(library, part) for part in value]
    return value


def made(library: Any, class_name: str, arguments: Mapping[str, Any]) -> Any:
    """A layer of `keras.layers` or `tinynet.layers`."""
    return getattr(library, class_name)(**{key: resolved(library, value) for key, value in arguments.items()})


def our_layer(case: Case) -> Any:
    """tinynet's layer of a case, built and with its weights."""
    layer = made(tinynet.layers, case.class_name, case.arguments)
    if not layer.built:
        build(case, layer)
    layer.set_weights(weights_of(case, layer))
    return layer


def build(case: Case, layer: Any, shape: Any = None) -> None:
    """Makes the weights for the inputs of a case."""
    shape = case.shape if shape is None else shape
    layer.build(*shape) if case.inputs_apart else layer.build(shape)


def keras_layer(case: Case) -> Any:
    """Keras's layer of a case, built and with its weights."""
    changes = {"data_format": "channels_last", "activation": None} if case.keras_moves_channels else {}
    layer = made(keras.layers, case.class_name, {**case.arguments, **changes})
    shape = np.moveaxis(case.inputs, 1, -1).shape if case.keras_moves_channels else case.shape
    if not layer.built:
        with keras.name_scope(layer.name, caller=layer):
            build(case, layer, shape)
    layer.set_weights(weights_of(case, layer))
    if case.class_name == "Normalization":
        layer.finalize_state()  # it computes with what the weights were before
    return layer


def weights_of(case: Case, layer: Any) -> list[np.ndarray]:
    """Random arrays for the weights of a layer: none is 0 or 1, variances are positive."""
    generator = np.random.default_rng(case.weights_seed)
    arrays = []
    for weight in layer.weights:
        if "variance" in weight.name:
            values = generator.uniform(0.2, 2, weight.shape)
        else:
            values = generator.choice([-1, 1], weight.shape) * generator.uniform(0.05, 0.95, weight.shape)
        arrays.append(values.astype(str(weight.dtype)))
    return arrays


def our_call(case: Case, layer: Any, inputs: Any = None, states: Any = None, **settings: Any) -> Any:
    """The layer's result; the mask travels with the inputs, as it does in a model."""
    if inputs is None:
        inputs = mapped(lambda x: x if x.dtype.kind == "U" else Tensor(x), case.inputs)
    settings = {**case.call, **settings}
    states = case.states if states is None else states
    if case.is_cell:
        return layer(inputs, states, **settings)
    if states is not None:
        # Keras hands a mask that travels with the inputs on only where they are the only argument.
        return layer(inputs, initial_state=list(states), mask=case.mask, **settings)
    if case.mask is not None:
        for x, mask in zip(flat(inputs), flat(case.mask), strict=True):
            set_mask(x, mask)
    return layer(*inputs, **settings) if case.inputs_apart else layer(inputs, **settings)


def keras_call(case: Case, layer: Any, inputs: Any = None, states: Any = None, **settings: Any) -> Any:
    """Keras's result for the same call."""
    inputs = mapped(backend.convert_to_tensor, case.inputs) if inputs is None else inputs
    settings = {**case.call, **settings}
    states = case.states if states is None else states
    states = None if states is None else mapped(backend.convert_to_tensor, states)
    if case.is_cell:
        return layer(inputs, states, **settings)
    mask = mapped(lambda part: None if part is None else backend.convert_to_tensor(part), case.mask)
    if states is not None:
        return layer(inputs, initial_state=states, mask=mask, **settings)
    if case.keras_moves_channels:
        inputs = keras.ops.moveaxis(inputs, 1, -1)
    if mask is not None:
        for x, own in zip(flat(inputs), flat(mask), strict=True):
            if own is not None:
                backend.set_keras_mask(x, own)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*destroy the mask information.*")
        outputs = layer(*inputs, **settings) if case.inputs_apart else layer(inputs, **settings)
    if case.keras_moves_channels:
        # Keras's layer applies the activation to the result with its channels first.
        return keras.activations.get(case.arguments["activation"])(keras.ops.moveaxis(outputs, -1, 1))
    return outputs


def mapped(function: Callable[[Any], Any], states: Any) -> Any:
    """The function of each of the states, which may be lists of lists."""
    if isinstance(states, (list, tuple)):
        return [mapped(function, part) for part in states]
    return function(states)


def flat(outputs: Any) -> list[Any]:
    """The tensors of a result, in order."""
    if isinstance(outputs, (list, tuple)):
        return [part for piece in outputs for part in flat(piece)]
    return [outputs]


def assert_close(ours: Any, theirs: Any, what: str = "output", tolerance: float | None = None) -> None:
    """Largest difference at most `tolerance` of the largest magnitude; the same shape and dtype."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape, what
    assert ours.dtype == theirs.dtype, what
    allowed = TOLERANCE[str(ours.dtype)] if tolerance is None else tolerance
    missing = np.isnan(theirs)
    assert (np.isnan(ours) == missing).all(), f"{what}: NaN at different places"
    ours, theirs = ours[~missing].astype("float64"), theirs[~missing].astype("float64")
    scale = np.abs(theirs).max(initial=1e-30)
    difference = np.abs(ours - theirs).max(initial=0.0) / scale
    assert difference <= allowed, f"{what}: relative difference {difference:.2e}"


def same_outputs(ours: Any, theirs: Any, tolerance: float) -> None:
    """All tensors of a result agree, and so do the masks they carry."""
    ours, theirs = flat(ours), flat(theirs)
    assert len(ours) == len(theirs)
    for i, (own, expected) in enumerate(zip(ours, theirs, strict=True)):
        assert_close(own.numpy(), expected.numpy(), f"output {i}", tolerance)
        mask, expected_mask = mask_of(own), backend.get_keras_mask(expected)
        assert (mask is None) == (expected_mask is None), f"mask of output {i}"
        if mask is not None:
            assert np.asarray(mask).dtype == bool
            np.testing.assert_array_equal(np.asarray(mask), expected_mask.numpy())


def plain(value: Any) -> Any:
    """A configuration as it comes back from a file: tuples are lists."""
    return json.loads(json.dumps(value))


def without_inert(config: Any, cls: Any) -> Any:
    """A configuration without what has no effect in tinynet, also of the objects inside.

    cls: the tinynet class the configuration belongs to.
    """
    inert: Mapping[str, Any] = getattr(cls, "inert_config", {})
    newer: Mapping[str, Any] = getattr(cls, "newer", {})  # left out where they say nothing
    return {
        key: _described(value)
        for key, value in config.items()
        if key not in inert and not (key in newer and value == newer[key])
    }


def _described(value: Any) -> Any:
    if isinstance(value, dict) and "class_name" in value:
        inner = {key: part for key, part in value.items() if key not in ("build_config", "shared_object_id")}
        if isinstance(inner.get("config"), dict):
            inner["config"] = without_inert(inner["config"], _class_named(value["class_name"]))
        return inner
    if isinstance(value, list):
        return [_described(part) for part in value]
    return value


def comparable(config: Any, name: str) -> Any:
    """A configuration without what has no effect and what only one of the two writes."""
    return _without(without_inert(config, tinynet.layers.CATALOGUE.by_class_name[name]), name)


def _without(config: Any, name: str) -> Any:
    if not isinstance(config, dict):
        return [_without(part, "") for part in config] if isinstance(config, list) else config
    inner = str(config.get("class_name", ""))
    return {
        key: _without(value, inner if key == "config" else "")
        for key, value in config.items()
        if key not in NOT_COMPARED.get(name, ())
    }


def comparable_model(config: Any) -> Any:
    """A model's configuration without what has no effect in tinynet."""
    config = json.loads(json.dumps(config))
    if isinstance(config, dict) and "layers" in config:
        config["layers"] = [comparable_model(layer) for layer in config["layers"]]
        config.pop("dtype", None)
        return _with_operations_numbered(config)
    if isinstance(config, dict) and isinstance(config.get("config"), dict):
        for key in ("build_config", "compile_config"):
            config.pop(key, None)
        name = config["class_name"]
        if _is_operation(config):
            config["config"].pop("name", None)  # it stands beside the configuration, too
        if name == "OneHot":
            config["config"]["dtype"] = config["config"]["dtype"] or "float32"  # Keras writes the default out
        for call in config.get("inbound_nodes", []):
            # None is as if it were not given; whether training was on when the graph was made means nothing.
            call["kwargs"] = {
                key: value
                for key, value in call["kwargs"].items()
                if key != "training" and any(part is not None for part in leaves(value))
            }
        if "layers" in config["config"]:
            config["config"] = comparable_model(config["config"])
        elif name in LAYERS:
            config["config"] = comparable(config["config"], name)
    return config


def _is_operation(config: Any) -> bool:
    return str(config.get("module")).startswith("keras.src.ops.")


def _with_operations_numbered(config: Any) -> Any:
    """A model's configuration in which operations are named by their places.

    Nobody names them but Keras, by how many it has made in its process, and Keras 3.6 takes no name for most.
    """
    names = {
        layer["name"]: f"operation {place}" for place, layer in enumerate(config["layers"]) if _is_operation(layer)
    }

    def renamed(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: renamed(value) for key, value in part.items()}
        if isinstance(part, list) and len(part) == 3 and isinstance(part[0], str):
            return [names.get(part[0], part[0]), *part[1:]]  # a node or a tensor: an operation, and two numbers
        return [renamed(each) for each in part] if isinstance(part, list) else part

    for layer in config["layers"]:
        layer["name"] = names.get(layer.get("name"), layer.get("name"))
    return renamed(config)


def _class_named(name: str) -> Any:
    from tinynet import constraints, initializers, regularizers

    for module in (tinynet.layers, initializers, regularizers, constraints):
        if name in module.CATALOGUE.by_class_name:
            return module.CATALOGUE.by_class_name[name]
    return Configurable


def map_shapes(shape: Any, function: Callable[[Any], Any] = tuple) -> Any:
    """A shape or a sequence of shapes, as tuples."""
    if isinstance(shape, (list, tuple)) and shape and isinstance(shape[0], (list, tuple)):
        return tuple(map_shapes(part) for part in shape)
    return function(shape)


def flat_shapes(shape: Any) -> list[tuple[Any, ...]]:
    """The shapes in a shape or in nested sequences of shapes, in order."""
    if isinstance(shape, (list, tuple)) and shape and isinstance(shape[0], (list, tuple)):
        return [part for piece in shape for part in flat_shapes(piece)]
    return [tuple(shape)]
