"""Optimizers' arithmetic by compiled code: one call for all variables of a step, one pass over each.

The compiled kernels refuse, before anything is changed, arrays that are not all of one float type, that cannot be
written in place, or that share memory: such variables are then changed one after another, by NumPy if need be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinynet.kernels import updates as plain
from tinynet.kernels.compiled.arrays import compiled
from tinynet.kernels.updates import Arrays


def sgd(arrays: Arrays, rate: float, momentum: float, nesterov: bool) -> None:
    if not compiled.sgd(arrays, rate, momentum, nesterov):
        _one_by_one(sgd, plain.sgd, arrays, rate, momentum, nesterov)


def adagrad(arrays: Arrays, rate: float, epsilon: float) -> None:
    if not compiled.adagrad(arrays, rate, epsilon):
        _one_by_one(adagrad, plain.adagrad, arrays, rate, epsilon)


def rmsprop(arrays: Arrays, rate: float, rho: float, rest: float, momentum: float, epsilon: float) -> list[int]:
    negative: list[int] | None = compiled.rmsprop(arrays, rate, rho, rest, momentum, epsilon)
    if negative is not None:
        return negative
    if len(arrays) == 1:
        return plain.rmsprop(arrays, rate, rho, rest, momentum, epsilon)
    return [i for i, one in enumerate(arrays) if rmsprop([one], rate, rho, rest, momentum, epsilon)]


def adam(arrays: Arrays, alpha: float, rest_1: float, rest_2: float, epsilon: float) -> None:
    if not compiled.adam(arrays, alpha, rest_1, rest_2, epsilon):
        _one_by_one(adam, plain.adam, arrays, alpha, rest_1, rest_2, epsilon)


def _one_by_one(
    compiled_one: Callable[..., None], in_numpy: Callable[..., None], arrays: Arrays, *settings: Any
) -> None:
    if len(arrays) == 1:
        in_numpy(arrays, *settings)
        return
    for one in arrays:
        compiled_one([one], *settings)
