"""Optimizers' arithmetic by compiled code: one call for all variables of a step, one pass over each.

The compiled kernels refuse, before anything is changed, arrays that are not all of one float type, that cannot be
written in place, or that share memory: such variables are then changed one after another, by NumPy if need be.
"""

from __future__ import annotations

from tinynet.kernels import updates as plain
from tinynet.kernels.compiled.arrays import compiled
from tinynet.kernels.updates import Arrays


def sgd(arrays: Arrays, rate: float, momentum: float, nesterov: bool) -> None:
    if compiled.sgd(arrays, rate, momentum, nesterov):
        return
    if len(arrays) == 1:
        plain.sgd(arrays, rate, momentum, nesterov)
        return
    for one in arrays:
        sgd([one], rate, momentum, nesterov)


def adagrad(arrays: Arrays, rate: float, epsilon: float) -> None:
    if compiled.adagrad(arrays, rate, epsilon):
        return
    if len(arrays) == 1:
        plain.adagrad(arrays, rate, epsilon)
        return
    for one in arrays:
        adagrad([one], rate, epsilon)


def rmsprop(arrays: Arrays, rate: float, rho: float, rest: float, momentum: float, epsilon: float) -> list[int]:
    negative: list[int] | None = compiled.rmsprop(arrays, rate, rho, rest, momentum, epsilon)
    if negative is not None:
        return negative
    if len(arrays) == 1:
        return plain.rmsprop(arrays, rate, rho, rest, momentum, epsilon)
    return [i for i, one in enumerate(arrays) if rmsprop([one], rate, rho, rest, momentum, epsilon)]


def adam(arrays: Arrays, alpha: float, rest_1: float, rest_2: float, epsilon: float) -> None:
    if compiled.adam(arrays, alpha, rest_1, rest_2, epsilon):
        return
    if len(arrays) == 1:
        plain.adam(arrays, alpha, rest_1, rest_2, epsilon)
        return
    for one in arrays:
        adam([one], alpha, rest_1, rest_2, epsilon)
