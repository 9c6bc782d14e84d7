"""A model that tells classes apart: whether data fit it, its loss and targets, and its outputs as probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import losses, metrics, optimizers, utils
from tinynet.autograd.tags import logits_of
from tinynet.catalogue import snake_case
from tinynet.cli.arguments import UsageError
from tinynet.cli.data import reads_text
from tinynet.cli.dataset import Dataset
from tinynet.errors import DataError, DivergenceError, ShapeError, TinynetError
from tinynet.models import Model

OF_CLASSES = ("crossentropy", "hinge", "dice", "tversky")  # in the names of losses
FEW = 2  # samples on which a model is tried before it is trained


def fitted(x: np.ndarray, model: Model) -> np.ndarray:
    """Samples as a model takes them: a text is a row of one column where its input has columns."""
    if x.dtype.kind in "US":
        return x[:, None] if model._graph is None or len(model.inputs[0].shape) == 2 else x
    return x


def outputs_for(model: Model, data: Dataset, where: str) -> int:
    """How many outputs a model has for a sample of the data: one for each class, or a single one for two classes.

    where: what the model is called in errors. Raises `UsageError` for a model of several inputs or outputs,
    `DataError` for data that are not what it takes, or have other classes.
    """
    if model._graph is not None and (len(model.inputs) > 1 or len(model.outputs) > 1):
        raise UsageError(
            f"{where}: has {len(model.inputs)} inputs and {len(model.outputs)} outputs; "
            "a classifier has one of each"
        )
    x = data.parts[0].x[:FEW]
    check_kind(model, data, where)
    try:
        result = model.predict(fitted(x, model), verbose=0)
    except TinynetError as error:
        raise DataError(f"{where}: does not take the samples of {data.told} ({error})") from error
    if not isinstance(result, np.ndarray) or result.ndim != 2 or result.dtype.kind != "f":
        shape = getattr(result, "shape", type(result).__name__)
        raise ShapeError(f"{where}: expected a probability for each class (N, K), its output is {shape}")
    outputs = int(result.shape[1])
    have, tells = data.classes, outputs if outputs > 1 else 2
    if have > tells or (data.names is not None and len(data.names) != tells):
        raise DataError(f"{where}: tells {tells} classes apart, {data.told} has {have}")
    return outputs


def check_kind(model: Model, data: Dataset, where: str) -> None:
    """Raises `DataError` for texts given to a model of numbers, the other way round, and for another shape.

    A model that does not say what it takes passes.
    """
    if model._graph is None:
        return
    tensor = model.inputs[0]
    shape = tuple(tensor.shape[1:])
    if reads_text(model) != data.is_text:
        takes = "reads texts" if reads_text(model) else f"takes numbers of shape {_shape(shape)}"
        holds = "texts" if data.is_text else f"numbers of shape {_shape(data.shape)}"
        advice = ""
        if data.is_text and len(shape) == 1:
            advice = "; if these are ids of words, put the TextVectorization that made them in front"
        raise DataError(f"{where}: {takes}, {data.told} holds {holds}{advice}")
    if data.is_text:
        return
    given = data.shape
    same = len(given) == len(shape) and all(a in (None, b) for a, b in zip(shape, given, strict=True))
    if not same and not (shape[-1:] == (1,) and given == shape[:-1]):
        raise DataError(f"{where}: takes samples of shape {_shape(shape)}, those of {data.told} have {_shape(given)}")


def _shape(shape: Any) -> str:
    return f"({', '.join('any' if n is None else str(n) for n in shape)}{',' if len(shape) == 1 else ''})"


def compile_for_classes(model: Model, x: np.ndarray, outputs: int, learning_rate: float) -> None:
    """Compiles a classifier: Adam, the cross-entropy that its outputs want, accuracy, macro-F1 of several classes."""
    logits = not is_activated(model, x)
    watched: list[Any] = ["accuracy"]
    if outputs > 1:
        loss: Any = losses.CategoricalCrossentropy(from_logits=logits)
        watched.append(metrics.F1Score(average="macro", name="macro_f1"))
    else:
        loss = losses.BinaryCrossentropy(from_logits=logits)
        watched = [metrics.BinaryAccuracy(threshold=0.0 if logits else 0.5, name="accuracy")]
    model.compile(optimizers.Adam(learning_rate), loss, metrics=watched)


def targets(model: Model, y: np.ndarray, outputs: int, where: str) -> np.ndarray:
    """The labels (N,) as the loss of a model wants them: indices, rows of one 1 (N, K), or a column of 0 and 1.

    Raises `UsageError` for a loss that is not of classes.
    """
    name = loss_name(model)
    if not any(part in name for part in OF_CLASSES):
        raise UsageError(f"{where}: is compiled with the loss {name}, which is not one of classes")
    if name.startswith("sparse"):
        return y
    if outputs == 1:
        return y[:, None].astype(np.float32)
    return np.asarray(utils.to_categorical(y, outputs))


def loss_name(model: Model) -> str:
    """The loss that a model is compiled with, in small letters: 'categorical_crossentropy'.

    A model from a file may have it as a configuration.
    """
    loss: Any = model.loss
    if isinstance(loss, dict) and "class_name" in loss:
        loss = loss["config"] if loss["class_name"] == "function" else loss["class_name"]
    if not isinstance(loss, str):
        loss = getattr(loss, "__name__", type(loss).__name__)
    return snake_case(loss)


def watched_log(model: Model) -> str:
    """The log of the validation by which the best epoch is chosen: macro-F1 where it is computed, else the loss."""
    names = [getattr(metric, "name", metric) for metric in _flat((model.get_compile_config() or {}).get("metrics"))]
    return "val_macro_f1" if "macro_f1" in names else "val_loss"


def _flat(told: Any) -> list[Any]:
    found = []
    for part in told if isinstance(told, list) else []:
        if isinstance(part, dict):
            found.append((part.get("config") or {}).get("name"))
        else:
            found.append(part)
    return found


def is_activated(model: Model, x: np.ndarray) -> bool:
    """Whether a model's outputs are probabilities already, not logits."""
    sample = fitted(x[:FEW], model)
    output = model(sample, training=False)
    if logits_of(output) is not None:
        return True
    values = np.asarray(output.numpy() if hasattr(output, "numpy") else output)
    return values.shape[-1] > 1 and is_distribution(values)


def is_distribution(values: np.ndarray) -> bool:
    """Whether each row holds numbers from 0 to 1 whose sum is 1."""
    return bool((values >= 0).all() and np.allclose(values.sum(axis=-1), 1, atol=1e-3))


def probabilities(model: Model, x: np.ndarray, batch_size: int) -> np.ndarray:
    """The probability of each class (N, K) for samples; a single output is that of the second of two classes.

    Raises `DivergenceError` where an output is NaN.
    """
    values = np.asarray(model.predict(fitted(x, model), batch_size=batch_size, verbose=0))
    return as_probabilities(values, is_activated(model, x))


def as_probabilities(values: np.ndarray, activated: bool) -> np.ndarray:
    """Outputs (N, K) or (N, 1) as the probabilities of classes.

    >>> as_probabilities(np.array([[0.25]]), activated=True).tolist()
    [[0.75, 0.25]]
    """
    if np.isnan(values).any():
        raise DivergenceError("the model's outputs are NaN: its weights are broken, or its inputs are")
    values = values.astype(np.float64)
    if values.shape[1] == 1:
        one = values if activated else 1 / (1 + np.exp(-values))
        return np.concatenate([1 - one, one], axis=1)
    if activated:
        return values
    raised = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
