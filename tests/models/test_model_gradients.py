"""Gradients of whole random models, functional and Sequential, by every input and weight, against differences."""

from __future__ import annotations

from typing import Any

import numpy as np
from functional_programs import Program, made, programs
from functional_programs import data_for as data_of
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_oracle import made as made_layer
from layer_cases import STRATEGIES, cases
from twins import floatx, forget_names, random_weights

import tinynet
from tinynet import Tensor, gradcheck
from tinynet.errors import TinynetError
from tinynet.nested import leaves, map_leaves, packed

# A model has many weights, and each takes some evaluations of the whole of it.
FEW = settings(max_examples=max(1, settings().max_examples // 2))


def checked(model: Any, inputs: Any, training: bool, counts: Any, kind: str) -> None:
    """Compares the derivatives of all floating-point outputs, along random directions of each place."""
    model.set_weights(random_weights(model, seed=1))
    arrays = [x for x in leaves(inputs) if x.dtype.kind == "f"]

    def call(*given: Tensor) -> list[Tensor]:
        remaining = iter(given)
        own = packed(inputs, iter([next(remaining) if x.dtype.kind == "f" else Tensor(x) for x in leaves(inputs)]))
        return [y for y in leaves(model(own, training=training)) if y.dtype.kind == "f"]

    report = gradcheck(call, arrays, variables=model.weights, max_elements=1, raise_on_failure=False)
    assert report.passed, str(report)
    counts["gradient checks", f"derivatives of {kind}"] += report.checked
    counts["gradient checks", kind] += 1


def in_float64(x: np.ndarray) -> np.ndarray:
    """Numbers that a Masking does not hide: it jumps where it begins to."""
    return np.where(x == 0, 0.5, x.astype("float64")) if x.dtype.kind == "f" else x


@FEW
@given(program=programs(), training=st.booleans())
def test_random_functional_models(program: Program, training: bool, counts: Any) -> None:
    with floatx("float64"):
        forget_names()
        model = made(tinynet, program)
        inputs = map_leaves(in_float64, data_of(program, rows=2))
        checked(model, inputs, training, counts, "functional models")


# Chains of these; those whose derivative is not that of a smooth function of anything are left out.
CHAINED = sorted(
    set(STRATEGIES) - {"RNN", "Bidirectional", "TimeDistributed", "SpectralNormalization", "Masking", "Resizing"}
    - {name for name in STRATEGIES if name.startswith(("Random", "Text", "String", "Integer", "Hash", "Category"))}
    - {name for name in STRATEGIES if name.endswith(("Cell", "Cells", "Lookup", "Attention"))}
    - {"Discretization", "CenterCrop", "Embedding", "Dot", "Add", "Average", "Maximum", "Minimum", "Multiply",
       "Subtract", "Concatenate", "EinsumDense", "Normalization", "Rescaling", "InputLayer"}
)  # fmt: skip


@FEW
@given(data=st.data(), training=st.booleans())
def test_random_sequential_models(data: st.DataObject, training: bool, counts: Any) -> None:
    """A layer on inputs of its own, and after it layers that take what it gives."""
    with floatx("float64"):
        forget_names()
        first = data.draw(cases(data.draw(st.sampled_from(CHAINED))))
        x = np.random.default_rng(data.draw(st.integers(0, 99))).normal(size=(2, *first.inputs.shape[1:]))
        model = tinynet.Sequential([tinynet.layers.Input(x.shape[1:])])
        for number in range(data.draw(st.integers(1, 4))):
            case = data.draw(cases(data.draw(st.sampled_from(CHAINED)))) if number else first
            arguments = {k: v for k, v in case.arguments.items() if k not in ("name", "return_state", "stateful", "dtype")}
            try:
                model.add(made_layer(tinynet.layers, case.class_name, arguments))
            except TinynetError:
                continue  # it does not fit what is there
        checked(model, x, training, counts, "sequential models")
