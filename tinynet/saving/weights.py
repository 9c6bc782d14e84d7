"""Weights in HDF5, in the layout of Keras 3: a group for each layer, a dataset for each weight.

`/layers/<class name in snake case>/vars/<number>`, nested as the layers are: the cell of a
recurrent layer in `cell`, the directions of a bidirectional one in `forward_layer` and
`backward_layer`. The optimizer's state is in `/optimizer/vars`.
"""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from tinynet.catalogue import snake_case
from tinynet.errors import FileFormatError
from tinynet.layers.base import Layer
from tinynet.models import Model, Sequential

LARGEST_RATIO = 1000
# HDF5's own. For any other it would look for a shared library to load, in a folder that can be set.
FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32"}


def places(layer: Layer, path: str = "") -> Iterator[tuple[str, Layer]]:
    """Every layer with the path of its group, in the order in which Keras walks them.

    A Sequential's layers, and those in lists, are numbered within their class; the input is not
    among them. Other layers' parts go by the names of the attributes that hold them; of a model of
    one's own `layers` is one of these names, so that z stands in it and a does not. A layer held
    twice has the first of its places.
    """
    yield from _places(layer, path, set())


def _places(layer: Layer, path: str, seen: set[int]) -> Iterator[tuple[str, Layer]]:
    if id(layer) in seen:
        return
    seen.add(id(layer))
    yield path, layer
    held = {name: value for name, value in vars(layer).items() if name not in ("_sublayers", "_results")}
    if isinstance(layer, Sequential) or (isinstance(layer, Model) and layer._graph is not None):
        yield from _numbered(layer.layers, f"{path}/layers", seen)
    elif isinstance(layer, Model):
        held["layers"] = layer.layers
    for name in sorted(held, key=lambda name: (name.startswith("_"), name)):
        value = held[name]
        if isinstance(value, Layer):
            yield from _places(value, f"{path}/{name}", seen)
        elif isinstance(value, (list, tuple, dict)):
            yield from _numbered(value.values() if isinstance(value, dict) else value, f"{path}/{name}", seen)


def _numbered(parts: Iterable[Any], path: str, seen: set[int]) -> Iterator[tuple[str, Layer]]:
    """The layers in a list under the names of their classes: dense, dense_1 and so on."""
    used: Counter[str] = Counter()
    for part in parts:
        nested = isinstance(part, (list, tuple, dict))
        if not nested and not isinstance(part, Layer):
            continue
        key = numbered("container" if nested else snake_case(type(part).__name__), used)
        place = f"{path}/{key}"
        if nested:
            yield from _numbered(part.values() if isinstance(part, dict) else part, place, seen)
        else:
            yield from _places(part, place, seen)


def numbered(key: str, used: Counter[str]) -> str:
    """A key of its own: dense, then dense_1, dense_2 and so on; counts it."""
    number = used[key]
    used[key] += 1
    return f"{key}_{number}" if number else key


def own_weights(layer: Layer) -> list[Any]:
    """A layer's weights without those of its parts: trainable ones first, as Keras orders them."""
    own = layer._own_variables
    return [v for v in own if v.wanted_trainable] + [v for v in own if not v.wanted_trainable]


def write(model: Layer, optimizer: Any = None) -> bytes:
    """The weights of a model, and the state of its optimizer, as the bytes of an HDF5 file."""
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for path, layer in places(model):
            group = file.create_group(f"{path}/vars")
            group.attrs["name"] = layer.name
            for number, variable in enumerate(own_weights(layer)):
                group.create_dataset(str(number), data=variable.data)
        if optimizer is not None and optimizer.built:
            group = file.create_group("optimizer/vars")
            group.attrs["name"] = optimizer.name
            for number, variable in enumerate(optimizer.variables):
                group.create_dataset(str(number), data=variable.data)
    return stream.getvalue()


def _plausible(dataset: Any) -> bool:
    """Whether what a dataset declares can be what the file holds, even if well compressed."""
    declared = math.prod(dataset.shape or (0,)) * dataset.dtype.itemsize
    return bool(declared <= max(LARGEST_RATIO * dataset.id.get_storage_size(), 1 << 20))


def _filters(dataset: Any) -> list[int]:
    """The numbers of the filters a dataset is stored through, asked for without running any."""
    settings = dataset.id.get_create_plist()
    return [settings.get_filter(i)[0] for i in range(settings.get_nfilters())]


class WeightsFile:
    """An HDF5 file of weights, opened for reading from its bytes."""

    def __init__(self, content: bytes, name: str) -> None:
        import h5py

        self.name = name
        try:
            self._file = h5py.File(io.BytesIO(content), "r")
        except (OSError, ValueError, RuntimeError) as error:
            raise FileFormatError(f"{name}: the weights are no HDF5 file, or are damaged ({error})") from error
        self._sizes = self._all_sizes()

    def __enter__(self) -> WeightsFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def elements(self) -> int:
        """How many numbers the file holds in all."""
        return sum(self._sizes.values())

    def _all_sizes(self) -> dict[str, int]:
        """The number of elements of each dataset by its path, without those that lie about it."""
        import h5py

        sizes: dict[str, int] = {}

        def visit(path: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                sizes[f"/{path}"] = item.size or 0 if _plausible(item) else 0

        try:
            self._file.visititems(visit)  # by hard links only, each object once
        except (OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
            raise FileFormatError(f"{self.name}: the weights are damaged ({error})") from error
        return sizes

    def load_into(self, model: Layer) -> None:
        """Sets every weight of the model from the file, and leaves none in it; all fit, or none is changed."""
        found: list[tuple[Any, np.ndarray]] = []
        groups = ["/optimizer/"]
        for path, layer in places(model):
            variables = own_weights(layer)
            if variables:
                groups.append(f"{path}/vars/")
                found += zip(variables, self.arrays(f"{path}/vars", variables, layer.described), strict=True)
        left = [path for path in self._sizes if not path.startswith(tuple(groups))]
        if left:
            raise FileFormatError(f"{self.name}: holds weights that the model has no place for, such as {left[0]}")
        for variable, value in found:
            variable.assign(value)

    def load_optimizer(self, optimizer: Any) -> bool:
        """Sets the optimizer's state; tells whether the file's fits.

        Before the first step there is none to set: no group, or the iteration and learning rate.
        """
        group = self._group("optimizer/vars")
        count = 0 if group is None else len(group)
        if count != len(optimizer.variables):
            return count <= 2
        values = self.arrays("optimizer/vars", optimizer.variables, f"optimizer {optimizer.name!r}")
        for variable, value in zip(optimizer.variables, values, strict=True):
            variable.assign(value)
        return True

    def arrays(self, path: str, variables: Sequence[Any], owner: str) -> list[np.ndarray]:
        """The datasets 0, 1, … of a group, each of the shape of its variable."""
        group = self._group(path)
        count = 0 if group is None else len(group)
        if group is None or count != len(variables):
            raise FileFormatError(
                f"{self.name}: {owner} needs {len(variables)} weights "
                f"({', '.join(f'{v.name} {v.shape}' for v in variables)}), the file has {count} in {path}"
            )
        return [
            self._array(group, str(i), variable.shape, f"{owner}, weight {variable.name!r}")
            for i, variable in enumerate(variables)
        ]

    def _group(self, path: str) -> Any:
        """The group at a path, walked by hard links only; None when there is none."""
        import h5py

        group: Any = self._file
        for part in path.strip("/").split("/"):
            if not isinstance(self._link(group, part), h5py.HardLink):
                return None
            group = self._member(group, part)
            if not isinstance(group, h5py.Group):
                raise FileFormatError(f"{self.name}: {path} is not a group")
        return group

    def _link(self, group: Any, name: str) -> Any:
        """How a member is linked; links that lead elsewhere are refused."""
        import h5py

        try:
            link = group.get(name, getlink=True)
        except (KeyError, RuntimeError, ValueError, OSError) as error:
            raise FileFormatError(f"{self.name}: {group.name} is damaged ({error})") from error
        if isinstance(link, (h5py.SoftLink, h5py.ExternalLink)):
            raise FileFormatError(f"{self.name}: {group.name}/{name} is a link to elsewhere, which is not followed")
        return link

    def _member(self, group: Any, name: str) -> Any:
        try:
            return group[name]
        except (KeyError, RuntimeError, ValueError, OSError) as error:
            raise FileFormatError(f"{self.name}: {group.name}/{name} is damaged ({error})") from error

    def _array(self, group: Any, name: str, shape: tuple[int, ...], owner: str) -> np.ndarray:
        import h5py

        where = f"{self.name}: {owner}"
        if not isinstance(self._link(group, name), h5py.HardLink):
            raise FileFormatError(f"{where} is missing ({group.name}/{name})")
        dataset = self._member(group, name)
        if not isinstance(dataset, h5py.Dataset):
            raise FileFormatError(f"{where}: {group.name}/{name} is not a dataset")
        try:
            # What is declared is compared before anything is read: shapes can lie about sizes.
            if dataset.shape != shape:
                raise FileFormatError(f"{where}: expected shape {shape}, the file has {dataset.shape}")
            if dataset.dtype.kind not in "fiu":
                raise FileFormatError(f"{where}: expected numbers, the file has dtype {dataset.dtype}")
            if dataset.external or dataset.is_virtual:
                raise FileFormatError(f"{where}: keeps its data outside of the file, which is not followed")
            foreign = set(_filters(dataset)) - set(FILTERS)
            if foreign:
                raise FileFormatError(
                    f"{where}: is stored through HDF5 filter {min(foreign)}, which is not supported; "
                    f"supported are {', '.join(FILTERS.values())}"
                )
            if not _plausible(dataset):
                raise FileFormatError(f"{where}: declares far more data than the file holds")
            return np.asarray(dataset[()])
        except (OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
            if isinstance(error, FileFormatError):
                raise
            raise FileFormatError(f"{where}: the data are damaged ({error})") from error
