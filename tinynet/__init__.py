"""tinynet: a tensor with a recorded graph, and Keras's layers, training and files on it.

`tinynet.Sequential`, `tinynet.layers` and the rest of Keras's names stand beside `Tensor`,
`grad`, `no_grad`, `gradcheck` and `detect_anomaly`, which Keras has not.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tinynet.autograd import Tensor, Variable, detect_anomaly, enable_grad, grad, gradcheck, no_grad, value_and_grad
from tinynet.config import show_config

if TYPE_CHECKING:
    from tinynet import (
        activations,
        callbacks,
        config,
        constraints,
        datasets,
        errors,
        initializers,
        kernels,
        layers,
        losses,
        metrics,
        models,
        ops,
        optimizers,
        plotting,
        preprocessing,
        random,
        regularizers,
        saving,
        sklearn,
        study,
        utils,
    )
    from tinynet.initializers import Initializer
    from tinynet.layers import Input, InputSpec, Layer
    from tinynet.losses import Loss
    from tinynet.metrics import Metric
    from tinynet.models import Model, Sequential
    from tinynet.ops.symbolic import KerasTensor
    from tinynet.optimizers import Optimizer
    from tinynet.regularizers import Regularizer

__version__ = "0.1.0"

__all__ = [
    "Initializer", "Input", "InputSpec", "KerasTensor", "Layer", "Loss", "Metric", "Model", "Optimizer", "Regularizer",
    "Sequential", "Tensor", "Variable", "activations", "callbacks", "config", "constraints", "data", "datasets",
    "detect_anomaly", "enable_grad", "errors", "grad", "gradcheck", "initializers", "kernels", "layers", "losses",
    "metrics", "models", "no_grad", "ops", "optimizers", "plotting", "preprocessing", "random", "regularizers", "saving",
    "show_config", "sklearn", "study", "utils", "value_and_grad",
]  # fmt: skip

# Imported when first asked for: a script that needs tensors alone does not load training.
_HOMES = {
    "Initializer": "initializers", "Input": "layers", "InputSpec": "layers", "KerasTensor": "ops.symbolic", "Layer": "layers",
    "Loss": "losses", "Metric": "metrics", "Model": "models", "Optimizer": "optimizers", "Regularizer": "regularizers",
    "Sequential": "models",
    **{name: name for name in (
        "activations", "callbacks", "config", "constraints", "data", "datasets", "errors", "initializers", "kernels",
        "layers", "losses", "metrics", "models", "ops", "optimizers", "plotting", "preprocessing", "random",
        "regularizers", "saving", "sklearn", "study", "utils",
    )},
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tinynet' has no attribute {name!r}")
    home = importlib.import_module(f"tinynet.{_HOMES[name]}")
    value = home if _HOMES[name] == name else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
