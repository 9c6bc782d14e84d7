"""The names at the top of Keras."""

from __future__ import annotations

from keras_suite.shim.backend import KerasTensor, Variable

__all__ = ["KerasTensor", "Variable"]
