"""The model of an estimator: built, and compiled, as the estimator's parameters say."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinynet import layers, optimizers
from tinynet.arguments import whole
from tinynet.errors import ArgumentError, nearest
from tinynet.models import Model, Sequential, clone_model
from tinynet.models.cloning import fresh

_BUILT: weakref.WeakSet[Model] = weakref.WeakSet()  # what functions of the user's have returned
VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def perceptron(
    input_shape: Sequence[int], n_outputs: int, last: str, hidden_layer_sizes: Any, activation: Any, where: str
) -> Sequential:
    """A network of dense layers. last: the activation of the outputs; where: whose network it is, in errors."""
    sizes = hidden_layer_sizes
    sizes = list(sizes) if isinstance(sizes, (list, tuple, np.ndarray)) else [sizes]
    stack: list[Any] = [layers.Input(tuple(input_shape))]
    stack += [layers.Dense(whole(where, "hidden_layer_sizes", size), activation=activation) for size in sizes]
    return Sequential([*stack, layers.Dense(n_outputs, activation=last)])


def built(model: Any, given: Mapping[str, Any], offered: Mapping[str, Any], where: str) -> Model:
    """A new model: a clone with fresh weights of `model`, or what the function `model` returns.

    given: arguments of the function; offered: further ones, of which it gets those that it has.
    """
    if isinstance(model, Model):
        if given:
            raise ArgumentError(
                f"{where}: model__{next(iter(given))} is for a function that builds the model, and model is one "
                "already built"
            )
        return clone_model(model)
    if not callable(model):
        raise ArgumentError(
            f"{where}: expected model to be a function that builds a model, a model or None, received {model!r}"
        )
    parameters = inspect.signature(model).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    known = [name for name, p in parameters.items() if p.kind not in VARIABLE]
    for name in given:
        if name not in known and not takes_any:
            raise ArgumentError(f"{where}: model__{name}: the model's function has no {name!r}. {nearest(name, known)}")
    arguments = {**{name: value for name, value in offered.items() if name in known}, **given}
    for name in known:
        if name not in arguments and parameters[name].default is inspect.Parameter.empty:
            raise ArgumentError(
                f"{where}: the model's function needs {name!r}: give model__{name}, or a default, or ask for what is "
                f"known of the data: {', '.join(offered)}"
            )
    made = model(**arguments)
    if not isinstance(made, Model):
        raise ArgumentError(f"{where}: expected the function given as model to return a model, it returned {made!r}")
    if made in _BUILT:
        raise ArgumentError(
            f"{where}: the function given as model returned a model that has been trained already; it has to build a "
            "new one each time, or what one fit learns is known to the next"
        )
    _BUILT.add(made)
    return made


def compiled(
    model: Model, optimizer: Any, loss: Any, metrics: Any, changed: Mapping[str, Any], usual_loss: str, where: str
) -> None:
    """Compiles a model: what is None stays as the model was compiled, or becomes Adam and `usual_loss`.

    changed: arguments of the optimizer that replace its own.
    """
    if model.compiled and optimizer is None and loss is None and metrics is None and not changed:
        return
    known = dict(model._compiled.arguments or {})
    chosen = optimizers.get(known.get("optimizer", "adam") if optimizer is None else optimizer)
    if not isinstance(chosen, optimizers.Optimizer):
        raise ArgumentError(f"{where}: expected optimizer to be a name or an optimizer, received {optimizer!r}")
    known["optimizer"] = type(chosen).from_config({**chosen.get_config(), **changed})
    if loss is not None or known.get("loss") is None:
        known["loss"] = usual_loss if loss is None else loss
    if metrics is not None:
        known["metrics"] = fresh(metrics if isinstance(metrics, (list, tuple)) else [metrics])
    model.compile(**known)
