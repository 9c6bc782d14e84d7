"""Random functional models, as programs that make the same model in tinynet and in Keras.

A program is a list of steps; each makes new tensors of earlier ones. Vectors (N, 4), sequences
(N, 3, 4) and word numbers (N, 3) are kept apart, so that every step fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

WIDTH, STEPS, WORDS = 4, 3, 9


@dataclass(frozen=True)
class Step:
    """What is called (`kind`), on which tensors of which pool, and whether a layer made before is called again."""

    kind: str
    operands: tuple[tuple[str, int], ...]
    again: int | None = None


@dataclass(frozen=True)
class Program:
    inputs: tuple[str, ...]
    steps: tuple[Step, ...]
    outputs: tuple[tuple[str, int], ...]
    structure: str  # of inputs and outputs: 'one', 'list' or 'dict'


# kind: (pools of the operands, pools of the results)
KINDS = {
    "dense": ("v", "v"), "relu": ("v", "v"), "scaled": ("v", "v"), "one_minus": ("v", "v"), "norm": ("v", "v"),
    "sequential": ("v", "v"), "functional": ("v", "v"), "activation": ("v", "v"),
    "plus": ("vv", "v"), "times": ("vv", "v"), "maximum": ("vv", "v"), "joined": ("vv", "v"), "pair": ("vv", "vv"),
    "dense_steps": ("s", "s"), "lstm_steps": ("s", "s"), "both_ways": ("s", "s"), "masking": ("s", "s"),
    "sequential_steps": ("s", "s"), "batch_norm": ("s", "s"), "shifted": ("s", "s"),
    "gru": ("s", "v"), "mean_of_steps": ("s", "v"), "pooled": ("s", "v"), "first": ("s", "v"),
    "add": ("vv", "v"), "subtract": ("vv", "v"), "largest": ("vvv", "v"), "dot_rows": ("vv", "v"),
    "average_steps": ("ss", "s"), "multiply_steps": ("ss", "s"), "minimum_mixed": ("vs", "s"),
    "concatenate_steps": ("ss", "s"), "concatenate_features": ("ss", "s"), "dot_steps": ("ss", "s"),
    "attention": ("ss", "s"), "heads": ("ss", "s"), "own_heads": ("s", "s"), "einsum_dense": ("s", "s"),
    "states": ("s", "svv"), "from_state": ("sv", "v"), "repeated": ("v", "s"), "embedding": ("w", "s"),
}  # fmt: skip
SHARED = {
    "dense", "norm", "sequential", "functional", "dense_steps", "lstm_steps", "both_ways", "sequential_steps",
    "batch_norm", "gru", "embedding", "pair", "from_state", "add",
    "attention", "heads", "einsum_dense",
}  # fmt: skip


@st.composite
def programs(draw: st.DrawFn) -> Program:
    inputs = draw(st.lists(st.sampled_from("vsw"), min_size=1, max_size=3))
    sizes = {pool: inputs.count(pool) for pool in "vsw"}
    steps: list[Step] = []
    for _ in range(draw(st.integers(1, 9))):
        kinds = [kind for kind, (needs, _) in KINDS.items() if all(sizes[pool] for pool in needs)]
        kind = draw(st.sampled_from(kinds))
        needs, gives = KINDS[kind]
        operands = tuple((pool, draw(st.integers(0, sizes[pool] - 1))) for pool in needs)
        earlier = sum(step.kind == kind and step.again is None for step in steps)
        again = draw(st.integers(0, earlier - 1)) if kind in SHARED and earlier and draw(st.booleans()) else None
        steps.append(Step(kind, operands, again))
        for pool in gives:
            sizes[pool] += 1
    made = {pool: range(inputs.count(pool), sizes[pool]) for pool in "vs"}
    places = [(pool, i) for pool, indices in made.items() for i in indices]
    outputs = draw(st.lists(st.sampled_from(places), min_size=1, max_size=3, unique=True))
    structure = draw(st.sampled_from(["one", "list", "dict"]))
    return Program(tuple(inputs), tuple(steps), tuple(outputs), structure)


def made(library: Any, program: Program) -> Any:
    """The model that a program makes in `keras` or `tinynet`."""
    layers = library.layers
    pools: dict[str, list[Any]] = {"v": [], "s": [], "w": []}
    inputs = []
    for number, pool in enumerate(program.inputs):
        shape, dtype = {"v": ((WIDTH,), "float32"), "s": ((STEPS, WIDTH), "float32"), "w": ((STEPS,), "int32")}[pool]
        inputs.append(layers.Input(shape, dtype=dtype, name=f"in_{'cab'[number]}"))
        pools[pool].append(inputs[-1])
    kept: dict[str, list[Any]] = {}
    for step in program.steps:
        operands = [pools[pool][index] for pool, index in step.operands]
        if step.again is None:
            same = kept.setdefault(step.kind, [])
            same.append(_callable(library, step.kind, f"{step.kind}_{len(same)}"))
        call = kept[step.kind][-1 if step.again is None else step.again]
        results = call(*operands)
        results = results if isinstance(results, (list, tuple)) else [results]
        for pool, result in zip(KINDS[step.kind][1], results, strict=True):
            pools[pool].append(result)
    outputs = [pools[pool][index] for pool, index in program.outputs]
    return library.Model(_structured(inputs, program.structure, inputs), _structured(outputs, program.structure), name="whole")


def _structured(tensors: list[Any], structure: str, named: Any = None) -> Any:
    if structure == "dict":
        return {(t.name if named else f"out_{'bca'[i]}"): t for i, t in enumerate(tensors)}
    return tensors[0] if structure == "one" and len(tensors) == 1 else tensors


def data_for(program: Program, rows: int = 5, seed: int = 0) -> Any:
    """Inputs in the structure of the model's, padded word numbers among them."""
    generator = np.random.default_rng(seed)
    arrays = []
    for pool in program.inputs:
        if pool == "w":
            words = generator.integers(1, WORDS, (rows, STEPS)).astype("int32")
            words[np.arange(STEPS) >= generator.integers(1, STEPS + 1, rows)[:, None]] = 0
            arrays.append(words)
        else:
            shape = (rows, WIDTH) if pool == "v" else (rows, STEPS, WIDTH)
            values = generator.normal(size=shape).astype("float32")
            if pool == "s":
                values[0, -1] = 0  # for a Masking to see
            arrays.append(values)
    if program.structure == "dict":
        return {f"in_{'cab'[i]}": array for i, array in enumerate(arrays)}
    return arrays[0] if program.structure == "one" and len(arrays) == 1 else arrays


def _callable(library: Any, kind: str, name: str) -> Any:
    """What a step calls: a layer, a model (named: the libraries count models differently) or a function of tensors."""
    layers, ops = library.layers, library.ops
    if kind == "functional":
        x = layers.Input((WIDTH,))
        return library.Model(x, layers.Dense(WIDTH)(ops.relu(layers.Dense(2)(x)) + 1.0), name=name)
    if kind == "pair":
        x, y = layers.Input((WIDTH,)), layers.Input((WIDTH,))
        return _of_list(library.Model([x, y], [layers.Dense(WIDTH)(x) - y, layers.Dense(WIDTH)(y)], name=name))
    if kind == "sequential":
        x = layers.Input((WIDTH,), name=f"{name}_in")
        return library.Sequential([x, layers.Dense(3, activation="relu"), layers.Dense(WIDTH)])
    if kind == "sequential_steps":
        x = layers.Input((STEPS, WIDTH), name=f"{name}_in")
        return library.Sequential([x, layers.Dense(WIDTH), layers.LayerNormalization()])
    if kind == "from_state":
        rnn = layers.SimpleRNN(WIDTH)
        return lambda x, state: rnn(x, initial_state=state)
    simple = {
        "dense": lambda: layers.Dense(WIDTH, activation="tanh"),
        "norm": layers.LayerNormalization,
        "activation": lambda: layers.Activation("softplus"),
        "dense_steps": lambda: layers.Dense(WIDTH),
        "lstm_steps": lambda: layers.LSTM(WIDTH, return_sequences=True),
        "both_ways": lambda: layers.Bidirectional(layers.GRU(2, return_sequences=True)),
        "masking": layers.Masking,
        "batch_norm": layers.BatchNormalization,
        "einsum_dense": lambda: layers.EinsumDense("abc,cd->abd", (STEPS, WIDTH), bias_axes="d"),
        "gru": lambda: layers.GRU(WIDTH),
        "pooled": layers.GlobalAveragePooling1D,
        "states": lambda: layers.LSTM(WIDTH, return_sequences=True, return_state=True),
        "repeated": lambda: layers.RepeatVector(STEPS),
        "embedding": lambda: layers.Embedding(WORDS, WIDTH, mask_zero=True),
    }
    merging = {
        "add": layers.Add, "subtract": layers.Subtract, "largest": layers.Maximum, "average_steps": layers.Average,
        "multiply_steps": layers.Multiply, "minimum_mixed": layers.Minimum,
    }  # fmt: skip
    if kind == "heads":
        several = layers.MultiHeadAttention(2, 3)
        return lambda x, y: several(x, y, use_causal_mask=True)
    if kind == "own_heads":
        alone = layers.MultiHeadAttention(2, 3, use_gate=True)
        return lambda x: layers.add([x, alone(x, value=x, key=x)])
    if kind == "attention":
        one = layers.Attention(use_scale=True)
        return lambda x, y: one([x, y])
    if kind in simple:
        return simple[kind]()
    if kind in merging:
        merge = merging[kind]()
        return lambda *tensors: merge(list(tensors))
    return {
        "relu": ops.relu,
        "scaled": lambda x: x * 0.5,
        "one_minus": lambda x: 1.0 - x,
        "plus": lambda x, y: x + y,
        "times": lambda x, y: x * y,
        "maximum": ops.maximum,
        "joined": lambda x, y: ops.concatenate([x[:, :2], y[:, 2:]], axis=-1),
        "shifted": lambda x: ops.flip(x, axis=1) + x,
        "mean_of_steps": lambda x: ops.mean(x, axis=1),
        "first": lambda x: x[:, 0],
        "dot_rows": lambda x, y: layers.Dense(WIDTH)(layers.dot([x, y], axes=1, normalize=True)),
        "concatenate_steps": lambda x, y: layers.concatenate([x, y], axis=1)[:, 1 : STEPS + 1],
        "concatenate_features": lambda x, y: layers.Dense(WIDTH)(layers.concatenate([x, y])),
        "dot_steps": lambda x, y: layers.Dense(WIDTH)(layers.Dot(axes=2)([x, y])),
    }[kind]


def _of_list(model: Any) -> Any:
    return lambda x, y: model([x, y])
