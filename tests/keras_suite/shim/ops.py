"""keras.src.ops: the classes that Keras has beside the functions, made of tinynet's symbolic operations."""

from __future__ import annotations

from typing import Any

from keras_suite.shim.backend import KerasTensor
from keras_suite.shim.facade import Facade
from tinynet.ops.symbolic import DEFINITIONS, SymbolicOperation


def _class_of(name: str) -> Facade:
    def make(*args: Any, **kwargs: Any) -> SymbolicOperation:
        settings = dict(zip(DEFINITIONS[name].settings, args, strict=False)) | kwargs
        return SymbolicOperation(name, settings)

    return Facade(name, (), {"real": SymbolicOperation, "make": staticmethod(make)})


globals().update({name: _class_of(name) for name in DEFINITIONS})
__all__ = ["KerasTensor", *DEFINITIONS]
