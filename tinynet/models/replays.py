"""Calls of a model that take the way of an earlier one, without the Python of its layers: predictions, and the way
there and back of a training step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinynet import config
from tinynet.autograd import Tensor
from tinynet.autograd.replay import Replay
from tinynet.autograd.tags import logits_of, mask_of, set_logits, set_mask
from tinynet.autograd.tensor import wrap
from tinynet.autograd.tracing import Trace, tracing
from tinynet.layers.base import Layer, latest_change

MOST = 16  # shapes of inputs whose way is kept


class Way(NamedTuple):
    """Operations that give the result, then its logits and its mask where it has them."""

    replay: Replay
    has_logits: bool
    has_mask: bool

    def tensor(self, x: np.ndarray) -> Tensor:
        """The result as a call of the model returns it."""
        tensor, *others = self.replay(x)
        left = iter(others)
        if self.has_logits:
            set_logits(tensor, next(left))
        if self.has_mask:
            set_mask(tensor, next(left)._data)
        return tensor


class Replays:
    """The ways of a model's calls, by shape and dtype of the input.

    made: of predictions `Replay`, where a gradient is wanted `RecordedReplay`.

    A way is good until an attribute of any layer is set: then all are found anew.
    """

    def __init__(self, model: Any, made: type[Replay] = Replay) -> None:
        self._model = model
        self._made = made
        self._ways: dict[Any, Way | None] = {}
        self._known: object = None
        self._latest: Way | None = None

    def again(self, x: Any, training: bool | None) -> Tensor | None:
        """The result for one array by the way that is known, or None: then `first` has it.

        training: what the model is told.
        """
        way = self._ways.get(self._key(x, training))
        if way is None:
            return None
        if way is not self._latest:  # only one keeps what it prepares, which may be twice as large as the weights
            if self._latest is not None:
                self._latest.replay.forget()
            self._latest = way
        try:
            return way.tensor(x)
        except Exception:  # the ordinary way fails, too, and says where and why
            return None

    def first(self, x: Any, training: bool | None, ordinary: Callable[[Any], Any]) -> Any:
        """The ordinary result; its way is kept where it can be taken again.

        ordinary: computes the result of an array or a tensor.
        """
        key = self._key(x, training)
        if key is None or key in self._ways:
            return ordinary(x)
        if not replayable(self._model):
            self._keep(key, None)
            return ordinary(x)
        x = x.copy()  # in one piece, and not the caller's, should it come out again
        with tracing(x) as trace:
            result = ordinary(wrap(x))
        self._keep(key, self._way(trace, result, x))
        return result

    def _key(self, x: Any, training: bool | None) -> Any:
        """What a way depends on besides the layers; None for what has no way."""
        if type(x) is not np.ndarray or x.ndim == 0 or x.dtype.kind not in "fiub":
            return None
        if self._known != latest_change():
            self._ways.clear()
            self._latest = None
            self._known = latest_change()
        return x.shape, x.dtype, config.compute_dtype(""), training

    def _keep(self, key: Any, way: Way | None) -> None:
        if len(self._ways) >= MOST:
            self._ways.clear()
        if self._known == latest_change():  # else the first prediction has built something
            self._ways[key] = way

    def _way(self, trace: Trace, result: Any, x: np.ndarray) -> Way | None:
        """The way from x to a result, if it can be taken again."""
        if type(result) is not Tensor or np.may_share_memory(result._data, x):
            return None
        if result._requires_grad != self._made.records:
            return None
        logits, mask = logits_of(result), mask_of(result)
        arrays = [result._data]
        if logits is not None:
            arrays.append(logits._data)
        if mask is not None:
            arrays.append(mask)
        steps = trace.steps_to(*arrays)
        return None if steps is None else Way(self._made(steps), logits is not None, mask is not None)


def replayable(layer: Layer) -> bool:
    """Whether a layer and those inside it say of themselves that their `call` is the same operations each time."""
    # Said by the class itself: one derived from it, or an object with a call of its own, may do otherwise.
    if not vars(type(layer)).get("replayable", False) or "call" in vars(layer):
        return False
    if layer.activity_regularizer is not None:
        return False
    functions = (getattr(layer, name, None) for name in ("activation", "recurrent_activation"))
    known = all(f is None or isinstance(f, Layer) or _is_ours(f) for f in functions)
    return known and all(map(replayable, layer._sublayers))


def _is_ours(function: Any) -> bool:
    return str(getattr(function, "__module__", "")).startswith("tinynet.")
