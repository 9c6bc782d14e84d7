"""Optimizers: how gradients change weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinynet.catalogue import Catalogue, serialize
from tinynet.errors import ArgumentError, nearest
from tinynet.optimizers import schedules
from tinynet.optimizers.adadelta import Adadelta
from tinynet.optimizers.adafactor import Adafactor
from tinynet.optimizers.adagrad import Adagrad
from tinynet.optimizers.adam import Adam
from tinynet.optimizers.adamax import Adamax
from tinynet.optimizers.adamw import AdamW
from tinynet.optimizers.base import Optimizer
from tinynet.optimizers.ftrl import Ftrl
from tinynet.optimizers.lamb import Lamb
from tinynet.optimizers.lion import Lion
from tinynet.optimizers.multi_optimizer import MultiOptimizer, OptimizerMap
from tinynet.optimizers.muon import Muon
from tinynet.optimizers.nadam import Nadam
from tinynet.optimizers.rmsprop import RMSprop
from tinynet.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from tinynet.optimizers.sgd import SGD

CATALOGUE = Catalogue(
    "optimizer",
    classes=[
        SGD, RMSprop, Adam, AdamW, Adagrad, Adadelta, Adamax, Nadam, Lion, Ftrl, Adafactor, Lamb, Muon,
        ScheduleFreeAdamW, MultiOptimizer,
    ],
)  # fmt: skip
# Keras knows Lamb in files only, not by its short name; a MultiOptimizer has to be told its optimizers.
_BY_LOWER = {name.lower(): cls for name, cls in CATALOGUE.by_class_name.items() if cls not in (Lamb, MultiOptimizer)}


def get(identifier: Any) -> Optimizer | None:
    """An optimizer from None, a class name in any case, a configuration, or the optimizer itself.

    Raises `ArgumentError` with the nearest known name for one that is unknown.

    >>> get("rmsprop").get_config()["rho"]
    0.9
    """
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        if identifier.lower() not in _BY_LOWER:
            raise ArgumentError(f"unknown optimizer {identifier!r}. {nearest(identifier, _BY_LOWER)}")
        return _BY_LOWER[identifier.lower()]()
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        return identifier()  # type: ignore[call-arg]
    raise ArgumentError(
        f"optimizer: expected a name, a configuration or an optimizer, received {identifier!r}"
    )


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Optimizer:
    """The optimizer a saved configuration describes: `{"class_name": …, "config": {…}}`."""
    known = _BY_LOWER.get(str(config.get("class_name")).lower())
    if known is not None:
        config = {**config, "class_name": known.__name__}
    found = CATALOGUE.deserialize(dict(config), custom_objects)
    if not isinstance(found, Optimizer):
        raise ArgumentError(f"optimizer: the configuration describes {found!r}, which is no optimizer")
    return found


__all__ = [
    "CATALOGUE", "SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion",
    "MultiOptimizer", "Muon", "Nadam", "Optimizer", "OptimizerMap", "RMSprop", "ScheduleFreeAdamW", "deserialize", "get", "schedules", "serialize",
]  # fmt: skip
