"""Where the names of Keras's modules are in tinynet."""

from __future__ import annotations

from types import ModuleType

import tinynet
from keras_suite.shim import (
    backend,
    backend_utils,
    conftest,
    dtype_policies,
    dtypes,
    file_utils,
    initializers,
    keras,
    layers,
    legacy_h5_format,
    losses,
    metrics_utils,
    models,
    module_utils,
    naming,
    ops,
    regularizers,
    saving,
    summary_utils,
    trainers,
    tree,
    utils,
)
from tinynet.optimizers import schedules

# Packages that tests of Keras import besides; a test that uses one says so by failing.
OUTSIDE = ("conftest", "tensorflow", "tf_keras", "jax", "torch", "grain", "orbax", "tensorflow_io")

# The modules below one of these names have its names, too: keras.src.losses.losses those of keras.src.losses.
HOMES: dict[str, tuple[ModuleType, ...]] = {
    "activations": (tinynet.activations,),
    "backend": (backend, tinynet.config, tinynet.ops),
    "backend.common.backend_utils": (backend_utils,),
    "backend.common.dtypes": (dtypes,),
    "backend.common.symbolic_scope": (trainers,),
    "backend.random": (tinynet.random,),
    "backend.tensorflow.trainer": (trainers,),
    "callbacks": (tinynet.callbacks,),
    "config": (backend, tinynet.config),
    "constraints": (tinynet.constraints,),
    "dtype_policies": (dtype_policies,),
    "initializers": (initializers, tinynet.initializers),
    "layers": (layers, tinynet.layers),
    "legacy.saving.legacy_h5_format": (legacy_h5_format,),
    "losses": (losses, tinynet.losses),
    "metrics": (tinynet.metrics,),
    "metrics.metrics_utils": (metrics_utils,),
    "models": (models, tinynet.models),
    "ops": (ops, tinynet.ops),
    "ops.random": (tinynet.random,),
    "optimizers": (tinynet.optimizers,),
    "optimizers.schedules": (schedules,),
    "random": (tinynet.random,),
    "regularizers": (regularizers, tinynet.regularizers),
    "saving": (saving, tinynet.saving),
    "trainers": (trainers,),
    "tree": (tree,),
    "utils": (utils, tinynet.utils),
    "utils.file_utils": (file_utils, tinynet.utils),
    "utils.module_utils": (module_utils,),
    "utils.naming": (naming,),
    "utils.summary_utils": (summary_utils,),
}


def homes_of(name: str) -> tuple[ModuleType, ...]:
    """The modules that have the names of Keras's module `name`."""
    if name == "conftest":
        return (conftest,)
    inner = _inner(name)
    if not inner:
        return (keras, tinynet)
    while inner not in HOMES:
        inner, found, _ = inner.rpartition(".")
        if not found:
            return ()
    return HOMES[inner]


def is_known(name: str) -> bool:
    """Whether a module of Keras of that name stands above."""
    return _inner(name) in HOMES


def _inner(name: str) -> str:
    return name.removeprefix("keras").removeprefix(".").removeprefix("src").removeprefix(".")
