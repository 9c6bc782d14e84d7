"""Models as plain data, from which the same model is made in tinynet and in Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from keras_oracle import Inner, resolved

# A tensor of a recipe: (number of a call, which of its results); the inputs are the results of call -1.
Place = tuple[int, int]


@dataclass
class Given:
    """An input: its shape without the batch, the sizes the model does not know being None, and what it is given."""

    shape: tuple[int | None, ...]
    values: Any
    dtype: str = "float32"

    @property
    def array(self) -> np.ndarray:
        """The values as they are given to a model."""
        return np.asarray(self.values, None if self.dtype == "string" else self.dtype)


@dataclass
class Function:
    """A function of tensors by its name in `FUNCTIONS`, with its settings."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class Call:
    """A call of a layer, a function, a nested model, or (by a number) of what an earlier call called.

    operands: the tensors it is called on, one after the other, or as one list if `as_list`.
    keywords: further tensors by the names of arguments, also in lists. settings: arguments that are no tensors.
    """

    callee: Inner | Function | Recipe | int
    operands: list[Place]
    as_list: bool = False
    keywords: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class Recipe:
    """A model.

    kind: 'functional', 'sequential', or 'deferred': a Sequential without an input, built by a call.
    structure: of inputs and outputs of a functional model: 'one', 'list' or 'dict'.
    batch: the number of rows, where the model is to know it.
    """

    kind: str
    inputs: list[Given]
    calls: list[Call]
    outputs: list[Place]
    structure: str = "list"
    batch: int | None = None
    weights_seed: int = 0


# What functions of tensors a model may call; each takes a library and its tensors.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda library, x, y: x + y,
    "subtract": lambda library, x, y: x - y,
    "multiply": lambda library, x, y: x * y,
    "maximum": lambda library, x, y: library.ops.maximum(x, y),
    "minimum": lambda library, x, y: library.ops.minimum(x, y),
    "concatenate": lambda library, *xs, axis=-1: library.ops.concatenate(list(xs), axis=axis),
    "stack": lambda library, *xs, axis=-1: library.ops.stack(list(xs), axis=axis),
    "divide by a softplus": lambda library, x, y: x / (1.0 + library.ops.softplus(y)),
    "where": lambda library, x, y: library.ops.where(x > y, x, 0.5 * y),
    "scale": lambda library, x, by=0.5: by * x,
    "shift": lambda library, x, by=1.0: by - x,
    "divide": lambda library, x, by=2.0: x / by,
    "square": lambda library, x: x**2,
    "negative": lambda library, x: -x,
    "absolute": lambda library, x: abs(x),
    "array beside": lambda library, x: x + np.linspace(-1, 1, x.shape[-1], dtype="float32"),
    "tanh": lambda library, x: library.ops.tanh(x),
    "relu": lambda library, x: library.ops.relu(x),
    "softmax": lambda library, x: library.ops.softmax(x, axis=-1),
    "clip": lambda library, x: library.ops.clip(x, -0.75, 1.5),
    "flip": lambda library, x, axis=-1: library.ops.flip(x, axis=axis),
    "cumulated": lambda library, x: library.ops.cumsum(x, axis=-1),
    "first": lambda library, x: x[:, 0],
    "all but the last": lambda library, x: x[..., :-1],
    "backwards": lambda library, x: x[:, ::-1],
    "new axis": lambda library, x: x[:, None],
    "expand": lambda library, x, axis=-1: library.ops.expand_dims(x, axis),
    "swap": lambda library, x: library.ops.swapaxes(x, 1, 2),
    "mean": lambda library, x, axis=-1, keepdims=False: library.ops.mean(x, axis=axis, keepdims=keepdims),
    "sum": lambda library, x, axis=-1, keepdims=False: library.ops.sum(x, axis=axis, keepdims=keepdims),
    "max": lambda library, x, axis=-1, keepdims=False: library.ops.max(x, axis=axis, keepdims=keepdims),
    "halves": lambda library, x: library.ops.split(x, 2, axis=-1),
}  # fmt: skip


def made(library: Any, recipe: Recipe, name: str = "whole") -> Any:
    """The model of a recipe in `keras` or `tinynet`, with weights as they are made."""
    if recipe.kind != "functional":
        return _sequential(library, recipe, name)
    inputs = [_input(library, recipe, number, name) for number in range(len(recipe.inputs))]
    tensors: dict[Place, Any] = {(-1, number): tensor for number, tensor in enumerate(inputs)}
    callees: list[Any] = []
    for number, call in enumerate(recipe.calls):
        again = isinstance(call.callee, int)
        callees.append(callees[call.callee] if again else callee(library, call, f"{name}_{number}"))
        results = called(callees[-1], call, tensors)
        tensors.update({(number, i): result for i, result in enumerate(results)})
    outputs = [tensors[place] for place in recipe.outputs]
    if recipe.structure == "dict":
        named = {f"out_{'dbcaefgh'[i % 8]}{i}": tensor for i, tensor in enumerate(outputs)}
        return library.Model({tensor.name: tensor for tensor in inputs}, named, name=name)
    if recipe.structure == "one" and len(inputs) == 1:
        inputs = inputs[0]
    return library.Model(inputs, outputs[0] if recipe.structure == "one" and len(outputs) == 1 else outputs, name=name)


def _input(library: Any, recipe: Recipe, number: int, name: str) -> Any:
    given = recipe.inputs[number]
    return library.layers.Input(
        given.shape, dtype=given.dtype, batch_size=recipe.batch, name=input_name(number, name)
    )


def input_name(number: int, model_name: str = "whole") -> str:
    """Names in another order than the inputs: dicts are walked by their sorted keys."""
    return f"{model_name}_in_{'dbcaefgh'[number % 8]}{number}"


def _sequential(library: Any, recipe: Recipe, name: str) -> Any:
    parts = [callee(library, call, f"{name}_{number}") for number, call in enumerate(recipe.calls)]
    if recipe.kind == "sequential":
        return library.Sequential([_input(library, recipe, 0, name), *parts], name=name)
    model = library.Sequential(parts, name=name)
    model.build((recipe.batch, *recipe.inputs[0].shape))
    return model


def callee(library: Any, call: Call, name: str) -> Any:
    """What a call calls."""
    if isinstance(call.callee, Function):
        function = call.callee
        return lambda *tensors: FUNCTIONS[function.name](library, *tensors, **function.settings)
    if isinstance(call.callee, Recipe):
        return made(library, call.callee, name)
    return resolved(library.layers, call.callee)


def called(target: Any, call: Call, tensors: dict[Place, Any]) -> list[Any]:
    """The results of a call."""

    def found(part: Any) -> Any:
        return [found(inner) for inner in part] if isinstance(part, list) else tensors[part]

    operands = found(call.operands)
    keywords = {**call.settings, **{key: found(part) for key, part in call.keywords.items()}}
    return list(_flat(target(operands, **keywords) if call.as_list else target(*operands, **keywords)))


def _flat(results: Any) -> Iterator[Any]:
    if isinstance(results, dict):
        results = [results[key] for key in sorted(results)]
    if isinstance(results, (list, tuple)):
        for part in results:
            yield from _flat(part)
    else:
        yield results


def classes_in(part: Any) -> Iterator[str]:
    """The names of the classes of all layers and models of a recipe, also of those inside of others."""
    if isinstance(part, Recipe):
        yield "Functional" if part.kind == "functional" else "Sequential"
        yield "InputLayer"
        for call in part.calls:
            yield from classes_in(call.callee)
    elif isinstance(part, Inner):
        yield part.class_name
        yield from classes_in(part.arguments)
    elif isinstance(part, (list, tuple, dict)):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from classes_in(inner)
