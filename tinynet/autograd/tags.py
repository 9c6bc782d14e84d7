"""What a tensor carries besides its values: the logits it was computed from, and its mask.

Keras does the same with attributes of its tensors (`_keras_logits`, `_keras_mask`). A tag
belongs to one tensor: the result of any operation starts without tags.
"""

from __future__ import annotations

from typing import Any

from tinynet.autograd.tensor import Tensor


def logits_of(tensor: Any) -> Tensor | None:
    """The input of the softmax or sigmoid whose output this is; None for any other tensor.

    Cross-entropies are computed from it, which neither clips nor overflows.

    >>> from tinynet.ops import sigmoid
    >>> logits_of(sigmoid([0.0, 200.0])).tolist()
    [0.0, 200.0]
    """
    return _tag(tensor, "logits")


def set_logits(tensor: Tensor, logits: Tensor) -> None:
    """Marks a tensor as softmax or sigmoid of `logits`."""
    _set_tag(tensor, "logits", logits)


def mask_of(tensor: Any) -> Any:
    """The mask (N, T) a layer has set: True where a step counts. None where there is none."""
    return _tag(tensor, "mask")


def set_mask(tensor: Tensor, mask: Any) -> None:
    """Gives a tensor its mask; None takes it away."""
    _set_tag(tensor, "mask", mask)


def _tag(tensor: Any, name: str) -> Any:
    tags = getattr(tensor, "_tags", None)
    return None if tags is None else tags.get(name)


def _set_tag(tensor: Tensor, name: str, value: Any) -> None:
    # Always a new dictionary: two tensors never see each other's tags.
    tags = dict(tensor._tags or {})
    if value is None:
        tags.pop(name, None)
    else:
        tags[name] = value
    tensor._tags = tags or None
