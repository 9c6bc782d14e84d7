"""Weights and whole models in HDF5 as Keras 1 and 2 wrote them, and Keras 3 still does for names ending in .h5.

    /                 attributes: keras_version, backend, model_config, training_config (JSON)
    /model_weights    attribute: layer_names
    /model_weights/<layer>     attribute: weight_names; the arrays lie below, along the slashes in their names
    /optimizer_weights         attribute: weight_names

A file of weights alone is what stands in /model_weights. Layers are told apart by their order, not by name: the
first layer with weights in the file belongs to the first one in the model.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.errors import FileFormatError, warn
from tinynet.layers.base import Layer
from tinynet.models import Model
from tinynet.optimizers import Adadelta, Adam, Adamax
from tinynet.saving import hdf5
from tinynet.saving.filling import Filling, fill_optimizer, in_order

OWN = "top_level_model_weights"  # those that belong to no layer
LARGEST_ATTRIBUTE = 64_000  # bytes; HDF5 allows a little more

Names = Sequence[str]


class LegacyFile:
    """A file in this layout, opened for reading from its bytes."""

    def __init__(self, content: bytes, name: str) -> None:
        self.name = name
        self.root = hdf5.opened(content, name)
        self.elements = sum(elements for _, elements in self.root.arrays())

    def attribute(self, name: str) -> str | None:
        """A text among the attributes of the file."""
        text = self.root.attributes.get(name)
        return text if isinstance(text, str) else None

    @property
    def keras_version(self) -> str:
        """Which Keras wrote the file; those before 2 did not say."""
        return self.attribute("keras_version") or "1"

    @property
    def holds_weights(self) -> bool:
        """Whether the file is in this layout at all; Keras 3 has another for weights alone."""
        group = self._weights()
        return "layer_names" in group.attributes or "layer_names0" in group.attributes

    def load_into(self, model: Model, skip_mismatch: bool = False, by_name: bool = False) -> None:
        """Sets every weight of the model from the file; all fit, or none is changed.

        by_name: layers are told apart by their names instead, and those the file does not have are left alone.
        """
        filling = Filling(self.name, skip_mismatch)
        group = self._weights()
        known = [name for name in self._names(group, "layer_names") if name in group]
        stored = {name: self._arrays(group, name) for name in known if name != OWN}
        with_weights = {name: arrays for name, arrays in stored.items() if arrays}
        layers = [layer for layer in model.layers if layer.weights]
        if by_name:
            pairs = [(layer, layer.name) for layer in layers if layer.name in with_weights]
            if layers and not pairs:
                warn(f"{self.name}: holds no layer of the name of any in the model, so nothing is loaded")
        else:
            pairs = list(zip(layers, with_weights, strict=False))
            filling.problems += _unpaired(layers, list(with_weights))
        for layer, name in pairs:
            filling.take(layer.described, ordered(layer), with_weights[name], f"group {name}")
        own = list(model._stored_variables().values())
        if own and not by_name:
            filling.take(model.described, own, self._arrays(group, OWN) if OWN in group else [], f"group {OWN}")
        filling.finish()

    def load_optimizer(self, optimizer: Any) -> bool:
        """Sets the optimizer's state; tells whether the file's fits, or there is none because nothing was trained."""
        place = "optimizer_weights"
        group = self._group(place)
        if group is None:
            return True
        names = self._names(group, "weight_names")
        stored = dict(zip(names, (group.get(name) for name in names), strict=True))
        placed = _placed(optimizer, stored)
        return placed is not None and fill_optimizer(Filling(self.name), optimizer, placed, place)

    def _weights(self) -> hdf5.Group:
        """The group of the weights: the file itself, where it holds nothing else."""
        group = self._group("model_weights")
        return self.root if group is None else group  # an empty group counts, too

    def _group(self, name: str) -> hdf5.Group | None:
        found = self.root.get(name)
        return found if isinstance(found, hdf5.Group) else None

    def _arrays(self, group: hdf5.Group, layer: str) -> list[hdf5.Item | None]:
        """The arrays of a layer, in order; None for one that is not there."""
        own = group.get(layer)
        if not isinstance(own, hdf5.Group):
            raise FileFormatError(f"{self.name}: {layer!r} is an array, not a layer's group")
        return [own.get(name) for name in self._names(own, "weight_names")]

    def _names(self, group: hdf5.Group, attribute: str) -> Names:
        """The texts in an attribute, or in several numbered ones where one was too small for them."""
        attributes = group.attributes
        if attribute not in attributes:
            parts: list[str] = []
            while f"{attribute}{len(parts)}" in attributes:
                parts.append(f"{attribute}{len(parts)}")
            if not parts:
                raise FileFormatError(
                    f"{self.name}: {group.path or 'the file'} has no {attribute}, so it holds no weights of Keras"
                )
            return [text for part in parts for text in self._texts(group, part)]
        return self._texts(group, attribute)

    def _texts(self, group: hdf5.Group, attribute: str) -> Names:
        value = group.attributes[attribute]
        if isinstance(value, np.ndarray) and value.size == 0:
            return []
        if not isinstance(value, list) or len(set(value)) != len(value):
            raise FileFormatError(f"{self.name}: {attribute} of {group.path or 'the file'} are no different names")
        return value


def ordered(layer: Layer) -> list[Any]:
    """A layer's weights in the order of such files: all that training changes, then the others."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _unpaired(layers: Sequence[Layer], stored: Names) -> list[str]:
    """What is wrong where the file has weights for more or for fewer layers than there are."""
    if len(layers) == len(stored):
        return []
    here = [layer.name for layer in layers]
    problem = f"the model has {len(here)} layers with weights, the file has {len(stored)}"
    for what, names in (
        ("only in the model", [name for name in here if name not in stored]),
        ("only in the file", [name for name in stored if name not in here]),
    ):
        problem += f"; {what}: {', '.join(names)}" if names else ""
    return [problem]


def _placed(optimizer: Any, stored: dict[str, hdf5.Item | None]) -> dict[Any, hdf5.Item | None] | None:
    """The arrays of an optimizer's state by the variables they are for; None where they are for another optimizer.

    Since 2.11 Keras keeps the slots of a variable together, before it kept those of a kind together. In the
    oldest files the iterations can be missing, and slots that are not used are there all the same.
    """
    counters = [name for name in stored if _last(name) in ("iter", "iteration", "iterations")]
    if not stored or any(_last(name) == "iteration" for name in counters):
        return in_order(optimizer, list(stored.values()))
    slots = [item for name, item in stored.items() if name not in counters]
    variables = optimizer.slots
    if isinstance(optimizer, (Adam, Adamax, Adadelta)):
        both = 2 * len(optimizer._trainable_variables)
        variables = [*variables[:both:2], *variables[1:both:2], *variables[both:]]
    if len(slots) < len(variables):
        return None
    iterations = {optimizer.variables[0]: stored[name] for name in counters[:1]}
    return {**iterations, **dict(zip(variables, slots, strict=False))}


def _last(name: str) -> str:
    return name.rpartition("/")[2].partition(":")[0]


def write(
    model: Model, optimizer: Any = None, attributes: dict[str, str] | None = None, version: str = ""
) -> bytes:
    """A model's weights, and with `attributes` (of a whole model) the optimizer's state, as the bytes of a file."""
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        origin = {"backend": "tensorflow", "keras_version": version}
        whole = attributes is not None
        for key, value in {**origin, **(attributes or {})}.items():
            file.attrs[key] = value
        group = file.create_group("model_weights") if whole else file
        if whole:
            group.attrs.update(origin)
        _write_names(group, "layer_names", [layer.name for layer in model.layers])
        for layer in model.layers:
            _write_arrays(group.create_group(layer.name), _by_path(ordered(layer)))
        _write_arrays(group.create_group(OWN), _by_path(list(model._stored_variables().values())))
        if whole and optimizer is not None and optimizer.built:
            _write_arrays(file.create_group("optimizer_weights"), _by_path(optimizer.variables))
    return stream.getvalue()


def _by_path(variables: Sequence[Any]) -> dict[str, Any]:
    """Variables by their paths; a path that occurs twice gets a number."""
    named: dict[str, Any] = {}
    for variable in variables:
        path, number = variable.path, 1
        while path in named:
            path, number = f"{variable.path}_{number}", number + 1
        named[path] = variable
    return named


def _write_arrays(group: Any, variables: dict[str, Any]) -> None:
    _write_names(group, "weight_names", list(variables))
    for name, variable in variables.items():
        group.create_dataset(name, data=variable.data)


def _write_names(group: Any, attribute: str, names: Names) -> None:
    """Texts as an attribute, or as several numbered ones where they are too large for one."""
    texts = np.array([name.encode() for name in names]) if names else np.zeros(0)
    if texts.nbytes <= LARGEST_ATTRIBUTE:
        group.attrs[attribute] = texts
        return
    for number, part in enumerate(np.array_split(texts, -(-texts.nbytes // LARGEST_ATTRIBUTE))):
        group.attrs[f"{attribute}{number}"] = part
