"""Models of several inputs and outputs, and training settings for them, drawn for tinynet and Keras alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from twins import forget_names, random_weights, resolved

STEPS, WORDS, CLASSES = 3, 7, 3
OUTPUTS = ("zeta", "alpha", "mid")

LOSSES: dict[str, list[Any]] = {
    "zeta": ["mse", "mae", lambda library: library.losses.MeanSquaredError(reduction="sum")],
    "alpha": ["sparse_categorical_crossentropy", "crossentropy", None],
    "mid": ["mse", "MAE", None],
}
METRICS: dict[str, list[Any]] = {
    "zeta": ["mae", "mse", lambda library: library.metrics.MeanAbsoluteError(name="own")],
    "alpha": ["accuracy", "acc", "sparse_categorical_crossentropy"],
    "mid": ["mse", "mae"],
}


@dataclass(frozen=True)
class Plan:
    """A model's outputs in their structure, and how it is trained; what depends on the library stands in functions."""

    structure: Any
    compiling: dict[str, Any]
    inputs_by_name: bool
    targets_by_name: bool
    weights: str | None  # 'one' array for all outputs, or one for 'each'

    def data(self, rows: int = 7) -> tuple[Any, Any, Any]:
        """Inputs, targets and sample weights."""
        x, y, w = inputs_for(rows), targets_for(rows), weights_for(rows)
        targets = _mapped(y.__getitem__, self.structure)
        if self.targets_by_name:
            targets = {name: y[name] for name in self.structure}
        weights = w["alpha"] if self.weights == "one" else _mapped(w.__getitem__, self.structure) if self.weights else None
        return {"xa": x[1], "xb": x[0]} if self.inputs_by_name else x, targets, weights


def model_of(library: Any, structure: Any, *, across: bool = True, seed: int = 0) -> Any:
    """A model of two inputs, one of padded words, and of the outputs that the structure names.

    `shared` stands in the model and, with `across`, in the model inside it, too (files hold such layers
    twice); `mid` has a mask.
    """
    layers = library.layers
    vector, words = layers.Input((4,), name="xb"), layers.Input((STEPS,), dtype="int32", name="xa")
    shared = layers.Dense(4, activation="tanh", name="shared", kernel_regularizer="l2", activity_regularizer="l1")
    inside = layers.Input((4,), name="inside")
    inner = library.Model(inside, (shared if across else layers.Dense(4, name="own"))(inside) * 2.0, name="inner")
    steps = layers.Embedding(WORDS, 4, mask_zero=True, name="embedding")(words)
    both = inner(vector) + layers.GRU(4, name="gru")(steps) + shared(shared(vector))
    made = {
        "zeta": lambda: layers.Dense(2, name="zeta")(both),
        "alpha": lambda: layers.Dense(CLASSES, activation="softmax", name="alpha")(both),
        "mid": lambda: layers.Dense(2, name="mid")(steps),
    }
    model = library.Model([vector, words], _mapped(lambda name: made[name](), structure), name="whole")
    model.set_weights(random_weights(model, seed))
    return model


def pair_of(tinynet: Any, keras: Any, structure: Any, *, across: bool = True, **compiling: Any) -> tuple[Any, Any]:
    """(tinynet's, Keras's) compiled model."""
    forget_names()
    pair = []
    for library in (tinynet, keras):
        pair.append(model_of(library, structure, across=across))
        pair[-1].compile(**{"optimizer": "sgd", **resolved(library, compiling)}, run_eagerly=True)
    return pair[0], pair[1]


def _mapped(function: Any, structure: Any) -> Any:
    if isinstance(structure, dict):
        return {key: _mapped(function, part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(_mapped(function, part) for part in structure)
    return function(structure)


def inputs_for(rows: int, seed: int = 0) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    words = generator.integers(1, WORDS, (rows, STEPS)).astype("int32")
    words[np.arange(STEPS) >= generator.integers(1, STEPS + 1, rows)[:, None]] = 0
    return [generator.normal(size=(rows, 4)).astype("float32"), words]


def targets_for(rows: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Targets by the output's name."""
    generator = np.random.default_rng(seed + 1)
    return {
        "zeta": generator.normal(size=(rows, 2)).astype("float32"),
        "alpha": generator.integers(0, CLASSES, rows),
        "mid": generator.normal(size=(rows, STEPS, 2)).astype("float32"),
    }


def weights_for(rows: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Sample weights by the output's name."""
    generator = np.random.default_rng(seed + 2)
    shapes = {"zeta": (rows,), "alpha": (rows, 1), "mid": (rows, STEPS)}
    return {name: generator.uniform(0, 3, shape).astype("float32") for name, shape in shapes.items()}


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    names = draw(st.lists(st.sampled_from(OUTPUTS), min_size=1, max_size=3, unique=True))
    kind = draw(st.sampled_from(["list", "tuple", "dict", "nested"] if len(names) > 1 else ["one", "list", "dict"]))
    keys = draw(st.permutations(["k", "p", "b"]))
    structure: Any = {
        "one": names[0], "list": names, "tuple": tuple(names), "dict": dict(zip(keys, names, strict=False)),
        "nested": {"z": names[1:], "b": names[0]},
    }[kind]  # fmt: skip
    chosen = {name: draw(st.sampled_from(LOSSES[name])) for name in names}
    if all(loss is None for loss in chosen.values()):
        chosen[names[0]] = LOSSES[names[0]][0]

    def by_output(values: dict[str, Any], leave_out: Any = ()) -> Any:
        """The values in a structure that Keras takes for these outputs, without those that may be left out."""
        if kind in ("list", "tuple") and draw(st.booleans()):
            return dict(values)  # by the names of the layers
        if kind == "dict":
            return {key: values[name] for key, name in structure.items() if name not in leave_out}
        return _mapped(values.__getitem__, structure)

    compiling: dict[str, Any] = {"loss": by_output(chosen, [name for name in names if chosen[name] is None])}
    weighting = draw(st.sampled_from(["none", "each"]))
    if weighting == "each":
        numbers = {name: draw(st.sampled_from([0.25, 1.0, 3.0])) for name in names}
        loss = compiling["loss"]
        compiling["loss_weights"] = (
            {name: numbers[name] for name in loss} if kind != "dict" and kind != "nested" and isinstance(loss, dict)
            else {key: numbers[structure[key]] for key in loss} if kind == "dict"
            else _mapped(numbers.__getitem__, structure)
        )  # fmt: skip
    for argument in ("metrics", "weighted_metrics"):
        # A single output's metrics of one name would stand twice in Keras's evaluate.
        if draw(st.booleans()) and not (len(names) == 1 and "metrics" in compiling):
            lists = {
                name: draw(st.lists(st.sampled_from(METRICS[name]), max_size=2, unique_by=str)) or METRICS[name][:1]
                for name in names
            }
            compiling[argument] = lists[names[0]] if len(names) == 1 else by_output(lists)

    by_name = kind in ("list", "tuple") and len(names) > 1 and draw(st.booleans())
    # Keras does not find weights beside targets by name, and takes those in a list of one for another shape.
    lost = by_name or kind != "one" and len(names) == 1
    weights = None if lost else draw(st.sampled_from([None, "one", "each"]))
    return Plan(structure, compiling, draw(st.booleans()), by_name, weights)
