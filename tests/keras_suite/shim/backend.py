"""keras.src.backend: tensors, variables and their dtypes under Keras's inner names."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

import tinynet
from keras_suite.shim.facade import Facade
from keras_suite.shim.utils import clear_session  # noqa: F401 (in backend.common.global_state)
from tinynet import Tensor, config, initializers, ops
from tinynet.autograd.tags import mask_of as get_keras_mask  # noqa: F401
from tinynet.autograd.tags import set_mask as set_keras_mask  # noqa: F401
from tinynet.naming import name_scope, scope  # noqa: F401
from tinynet.ops import symbolic
from tinynet.ops._arguments import common_dtype

SUPPORTS_SPARSE_TENSORS = False
SUPPORTS_RAGGED_TENSORS = False
SUPPORTS_COMPLEX_DTYPES = False
IS_THREAD_SAFE = True

# Test files that refuse a backend they do not know.
NEEDS_A_KNOWN_ONE = ("keras.src.trainers.trainer_test",)


def backend() -> str:
    """The backend's name, by which tests choose what belongs to TensorFlow, JAX or PyTorch alone."""
    return "tensorflow" if sys._getframe(1).f_globals["__name__"] in NEEDS_A_KNOWN_ONE else "tinynet"


@contextlib.contextmanager
def device(name: str) -> Iterator[None]:
    yield


class Variable(metaclass=Facade):
    """Takes an initializer and a shape, too."""

    real = tinynet.Variable

    @staticmethod
    def make(
        initializer: Any, shape: Any = None, dtype: Any = None, trainable: bool = True, name: str = "variable"
    ) -> tinynet.Variable:
        if isinstance(initializer, str) or callable(initializer):
            initializer = initializers.get(initializer)(tuple(shape), dtype=dtype or config.floatx())
        path = "/".join((*scope.get(), name))
        return tinynet.Variable(initializer, trainable=trainable, dtype=dtype, name=name, path=path)


class KerasTensor(metaclass=Facade):
    """Knows that it might be sparse or ragged, which no tensor of tinynet's is."""

    real = symbolic.KerasTensor

    @staticmethod
    def make(
        shape: Any, dtype: Any = "float32", sparse: bool = False, ragged: bool = False, name: str | None = None
    ) -> symbolic.KerasTensor:
        if sparse or ragged:
            raise NotImplementedError("tinynet has dense tensors only")
        return symbolic.KerasTensor(shape, standardize_dtype(dtype), name)


def is_tensor(x: Any) -> bool:
    return isinstance(x, Tensor) and not isinstance(x, tinynet.Variable)


def standardize_dtype(dtype: Any) -> str:
    if isinstance(dtype, str):
        return dtype
    return config.floatx() if dtype is None else np.dtype(dtype).name


def result_type(*dtypes: Any) -> str:
    return functools.reduce(common_dtype, (np.dtype(standardize_dtype(dtype)) for dtype in dtypes)).name


def is_flash_attention_enabled() -> bool:
    return False


def enable_flash_attention() -> None:
    """Attention would be computed so where it can be, which is nowhere."""


def disable_flash_attention() -> None:
    """There is none that would have to be disabled."""


def standardize_shape(shape: Any) -> tuple[int | None, ...]:
    return tuple(shape)


def is_float_dtype(dtype: Any) -> bool:
    return standardize_dtype(dtype).startswith(("float", "bfloat"))


def is_int_dtype(dtype: Any) -> bool:
    return standardize_dtype(dtype).startswith(("int", "uint"))


def compute_output_spec(function: Any, *args: Any, **kwargs: Any) -> Any:
    return symbolic.inferred(function, args, kwargs)


numpy = nn = ops
