"""Weights in HDF5, in the layout of Keras 3: a group for each layer, a dataset for each weight.

`/layers/<class name in snake case>/vars/<number>`, nested as the layers are: the cell of a
recurrent layer in `cell`, the directions of a bidirectional one in `forward_layer` and
`backward_layer`. The optimizer's state is in `/optimizer/vars`.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinynet.catalogue import snake_case
from tinynet.errors import ArgumentError, FileFormatError
from tinynet.layers.base import Layer
from tinynet.models import Model, Sequential
from tinynet.saving import hdf5
from tinynet.saving.filling import Filling, fill_optimizer, in_order

# What else stands in such files: the optimizer's state, and in those of Keras 2 that of the metrics.
BESIDES = ("/optimizer/", "/metrics/")
# The group of a model's layers; in Keras 2.12 it had another name, and layers with weights were counted twice.
LAYERS, OLD_LAYERS = "layers", "_layer_checkpoint_dependencies"


def places(
    layer: Layer, path: str = "", layers: str = LAYERS, skip: Iterable[Any] = ()
) -> Iterator[tuple[str, Layer]]:
    """Every layer with the path of its group, in the order in which Keras walks them.

    A Sequential's layers, and those in lists, are numbered within their class; the input is not
    among them. Other layers' parts go by the names of the attributes that hold them; of a model of
    one's own `layers` is one of these names, so that z stands in it and a does not. A layer held
    twice has the first of its places. layers: what the group of a model's layers is called. skip: layers that
    are left out, with what is in them.
    """
    yield from _places(layer, path, {id(skipped): skipped for skipped in skip}, layers)


def _places(layer: Layer, path: str, seen: dict[int, Any], layers: str) -> Iterator[tuple[str, Layer]]:
    if id(layer) in seen:
        return
    seen[id(layer)] = layer
    yield path, layer
    held: dict[str, Any] = {
        name: value for name, value in vars(layer).items()
        if isinstance(value, (Layer, list, tuple, dict)) and name not in ("_sublayers", "_results", "_given")
    }  # fmt: skip
    if isinstance(layer, Sequential) or (isinstance(layer, Model) and layer._graph is not None):
        yield from _numbered(layer.layers, f"{path}/{layers}", seen, layers, doubled=layers == OLD_LAYERS)
    elif isinstance(layer, Model) and layers == LAYERS:
        held[layers] = layer.layers
    for name in sorted(held, key=lambda name: (name.startswith("_"), name)):
        value = held[name]
        if isinstance(value, Layer):
            yield from _places(value, f"{path}/{name}", seen, layers)
        else:
            yield from _numbered(value, f"{path}/{name}", seen, layers)


def _numbered(
    parts: Any, path: str, seen: dict[int, Any], layers: str, doubled: bool = False
) -> Iterator[tuple[str, Layer]]:
    """The layers in a list, or among the values of a dict, under the names of their classes: dense, dense_1 and so on.

    doubled: layers with weights count twice.
    """
    if id(parts) in seen:
        return
    seen[id(parts)] = parts  # kept, so that no other thing gets its number
    used: Counter[str] = Counter()
    for part in parts.values() if isinstance(parts, dict) else parts:
        nested = isinstance(part, (list, tuple, dict))
        if not nested and not isinstance(part, Layer):
            continue
        kind = "container" if nested else snake_case(part.keras_class or type(part).__name__)
        place = f"{path}/{numbered(kind, used)}"
        if nested:
            yield from _numbered(part, place, seen, layers)
        else:
            used[kind] += doubled and bool(part.weights)
            yield from _places(part, place, seen, layers)


def numbered(key: str, used: Counter[str]) -> str:
    """A key of its own: dense, then dense_1, dense_2 and so on; counts it."""
    number = used[key]
    used[key] += 1
    return f"{key}_{number}" if number else key


def write(model: Layer, optimizer: Any = None, skip: Iterable[Any] = ()) -> bytes:
    """The weights of a model but for those of layers in `skip`, and the state of its optimizer, as the bytes of an
    HDF5 file.

    Raises `ArgumentError` where a layer's own `save_own_variables` gives what is no array of numbers.
    """
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for path, layer in places(model, skip=skip):
            group = file.create_group(f"{path}/vars")
            group.attrs["name"] = layer.name
            store: dict[str, Any] = {}
            layer.save_own_variables(store)
            for name, value in store.items():
                group.create_dataset(_key(name, layer), data=_numbers(name, value, layer))
        if optimizer is not None and optimizer.built:
            group = file.create_group("optimizer/vars")
            group.attrs["name"] = optimizer.name
            for number, variable in enumerate(optimizer.variables):
                group.create_dataset(str(number), data=variable.data)
    return stream.getvalue()


def _key(name: Any, layer: Layer) -> str:
    if not isinstance(name, str) or not name or "/" in name:
        raise ArgumentError(
            f"{layer.described}: save_own_variables: expected names without '/', received {name!r}"
        )
    return name


def _numbers(name: str, value: Any, layer: Layer) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise ArgumentError(
            f"{layer.described}: save_own_variables: expected numbers for {name!r}, received {value!r}; "
            "text goes into a file that save_assets writes"
        )
    return array


class WeightsFile:
    """An HDF5 file of weights in this layout, opened for reading from its bytes.

    packed: the bytes they take up in the archive they come from; they decide how many they may become.
    """

    def __init__(self, content: bytes, name: str, packed: int | None = None) -> None:
        self.name = name
        self.root = hdf5.opened(content, name, packed)
        sizes = list(self.root.arrays())
        self.elements = sum(elements for _, elements in sizes)
        self._paths = [path for path, _ in sizes]

    def load_into(self, model: Layer, skip_mismatch: bool = False, skip: Sequence[Any] = ()) -> None:
        """Sets every weight of the model from the file, and leaves none in it; all fit, or none is changed.

        skip: layers that are left as they are, with what is in them.
        """
        filling = Filling(self.name, skip_mismatch)
        known = list(BESIDES)
        layers = OLD_LAYERS if OLD_LAYERS in self.root else LAYERS
        handed_over, skipped = 0, set(map(id, skip))
        if skipped:
            known += [f"{path}/" for path, layer in places(model, layers=layers) if id(layer) in skipped]
        for path, layer in places(model, layers=layers, skip=skip):
            variables = layer._stored_variables()
            place = f"{path}/vars"
            if type(layer).load_own_variables is not Layer.load_own_variables:
                known.append(f"{place}/")
                arrays = self._arrays(place)
                handed_over += sum(array.size for array in arrays.values())
                if handed_over > self.elements:  # the same array under many names could be more than memory holds
                    raise FileFormatError(f"{self.name}: {place} names arrays several times")
                filling.hand_over(layer, arrays)
            elif variables:
                known.append(f"{place}/")
                filling.take(layer.described, list(variables.values()), self._stored(place, variables), place)
        left = [path for path in self._paths if not path.startswith(tuple(known))]
        if left:
            filling.problems.append(f"the file holds weights that the model has no place for: {', '.join(left)}")
        filling.finish()

    def load_optimizer(self, optimizer: Any) -> bool:
        """Sets the optimizer's state; tells whether the file's fits.

        Before the first step there is none to set: no group, or the iteration and learning rate.
        """
        place = "/optimizer/vars"
        group = self._group(place)
        stored = [] if group is None else [group.get(str(number)) for number in range(len(group))]
        placed = in_order(optimizer, stored)
        return placed is not None and fill_optimizer(Filling(self.name), optimizer, placed, place)

    def _arrays(self, place: str) -> dict[str, hdf5.Dataset]:
        """All arrays at a place by their names."""
        group = self._group(place)
        items = {} if group is None else {name: group.get(name) for name in group}
        return {name: item for name, item in items.items() if isinstance(item, hdf5.Dataset)}

    def _group(self, place: str) -> hdf5.Group | None:
        found = self.root.get(place)
        if found is None or isinstance(found, hdf5.Group):
            return found
        raise FileFormatError(f"{self.name}: {place} is an array, not a group")

    def _stored(self, place: str, variables: Mapping[str, Any]) -> list[hdf5.Item | None]:
        """The arrays at a place by the names of the variables; all there are, where their number is another."""
        group = self._group(place)
        if group is None:
            return []
        names = variables if len(group) == len(variables) else group
        return [group.get(name) for name in names]
