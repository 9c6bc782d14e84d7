"""What a file gives the weights of a model: gathered first, then set together, or refused together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinynet.catalogue import MOST_TOLD
from tinynet.errors import FileFormatError, warn
from tinynet.saving.hdf5 import Dataset, Item


class Filling:
    """Pairs of a weight and its value from a file, and everything that keeps them from being set.

    name: the file, in errors. skip_mismatch: leave what does not fit as it is, with a warning, instead of
        refusing all of it.
    """

    def __init__(self, name: str, skip_mismatch: bool = False) -> None:
        self.name = name
        self.skip_mismatch = skip_mismatch
        self.problems: list[str] = []
        self._pairs: list[tuple[Any, np.ndarray]] = []
        self._handed_over: list[tuple[Any, dict[str, np.ndarray]]] = []

    def hand_over(self, layer: Any, stored: Mapping[str, Dataset]) -> None:
        """Plans to give a layer that has a `load_own_variables` of its own all arrays that it has in the file."""
        self._handed_over.append((layer, {name: numbers(item) for name, item in stored.items()}))

    def take(self, owner: str, variables: Sequence[Any], stored: Sequence[Item | None], place: str) -> None:
        """Plans to set the variables of a layer from as many arrays, or notes why that cannot be.

        owner: the layer, in errors. place: where in the file the arrays are.
        """
        if len(stored) != len(variables) or None in stored:
            found = sum(item is not None for item in stored)
            self.problems.append(
                f"{owner} needs {len(variables)} weights ({', '.join(f'{v.name} {v.shape}' for v in variables)}), "
                f"the file has {found} in {place}"
            )
            return
        problems, pairs = [], []
        for variable, item in zip(variables, stored, strict=True):
            try:
                pairs.append((variable, self._fitting(variable, item)))
            except FileFormatError as error:
                problems.append(f"{owner}, weight {variable.name!r}: {str(error).removeprefix(f'{self.name}: ')}")
        self.problems += problems
        if not problems:
            self._pairs += pairs

    def _fitting(self, variable: Any, item: Item | None) -> np.ndarray:
        if not isinstance(item, Dataset):
            raise FileFormatError("is a group, not an array")
        if item.shape != variable.shape:  # before anything is read: shapes can lie about sizes
            raise FileFormatError(f"expected shape {variable.shape}, the file has {item.shape}")
        return numbers(item)

    def finish(self) -> None:
        """Sets everything that was planned, unless anything was wrong; then tells all of it.

        Raises `FileFormatError` that lists what is wrong, and leaves the model as it was.
        """
        if self.problems:
            if not self.skip_mismatch:
                raise FileFormatError(told(self.name, self.problems))
            warn(f"{told(self.name, self.problems)}\nThese are left as they were.")
        for variable, value in self._pairs:
            if value.dtype.kind == "f" and not np.isfinite(value).all():
                warn(f"{self.name}: the weight {variable.path!r} holds values that are not finite")
            variable.assign(value)
        for layer, values in self._handed_over:
            layer.load_own_variables(values)


def told(where: str, problems: Sequence[str]) -> str:
    """Problems as the text of one error: a line, or a list of them."""
    if len(problems) == 1:
        return f"{where}: {problems[0]}"
    more = [f"and {len(problems) - MOST_TOLD} more"] if len(problems) > MOST_TOLD else []
    return "\n- ".join([f"{where}: {len(problems)} things do not fit:", *problems[:MOST_TOLD], *more])


def numbers(dataset: Dataset) -> np.ndarray:
    """The values of an array of numbers; bfloat16, which Keras stores as pairs of bytes, as float32."""
    values = dataset.read()
    if values.dtype.kind != "V":
        return values
    if values.dtype.itemsize != 2 or dataset.attributes.get("dtype") != "bfloat16":
        raise dataset.damaged("holds values that are no numbers")
    return (values.view("<u2").astype("<u4") << 16).view("<f4").astype("float32")


def fill_optimizer(filling: Filling, optimizer: Any, stored: Mapping[Any, Item | None], place: str) -> bool:
    """Sets an optimizer's variables from the arrays of a file; tells whether they fit."""
    filling.take(f"optimizer {optimizer.name!r}", list(stored), list(stored.values()), place)
    if filling.problems:
        return False
    filling.finish()
    return True


def in_order(optimizer: Any, stored: Sequence[Item | None]) -> dict[Any, Item | None] | None:
    """The arrays of a file by the optimizer's variables they are for; None where they are for another optimizer.

    Before the first step there are none, or the iteration and the learning rate alone. A learning rate that follows
    a schedule is no variable, and Keras 2 keeps every one in the configuration only.
    """
    iteration, *others = optimizer.variables
    for variables in ([iteration, *others], [iteration, *optimizer.slots]):
        if len(stored) == len(variables):
            return dict(zip(variables, stored, strict=True))
    return {} if len(stored) <= 2 else None
