"""Where the names of Keras's modules are in tinynet."""

from __future__ import annotations

from types import ModuleType

import tinynet
from keras_suite.shim import (
    backend,
    conftest,
    dtype_policies,
    initializers,
    keras,
    layers,
    models,
    module_utils,
    random,
    saving,
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
    "backend.random": (random,),
    "callbacks": (tinynet.callbacks,),
    "config": (tinynet.config,),
    "constraints": (tinynet.constraints,),
    "dtype_policies": (dtype_policies,),
    "initializers": (initializers, tinynet.initializers),
    "layers": (layers, tinynet.layers),
    "losses": (tinynet.losses,),
    "metrics": (tinynet.metrics,),
    "models": (models, tinynet.models),
    "ops": (tinynet.ops,),
    "optimizers": (tinynet.optimizers,),
    "optimizers.schedules": (schedules,),
    "random": (random,),
    "regularizers": (tinynet.regularizers,),
    "saving": (saving, tinynet.saving),
    "tree": (tree,),
    "utils": (utils, tinynet.utils),
    "utils.module_utils": (module_utils,),
}

def homes_of(name: str) -> tuple[ModuleType, ...]:
    """The modules that have the names of Keras's module `name`."""
    if name == "conftest":
        return (conftest,)
    inner = name.removeprefix("keras").removeprefix(".").removeprefix("src").removeprefix(".")
    if not inner:
        return (keras, tinynet)
    while inner not in HOMES:
        inner, found, _ = inner.rpartition(".")
        if not found:
            return ()
    return HOMES[inner]
