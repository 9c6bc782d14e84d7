"""Private methods of Keras's objects that its tests call, made of tinynet's."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import Tensor
from tinynet.callbacks import TensorBoard
from tinynet.callbacks.learning_rates import rates_of
from tinynet.layers import InputLayer, Layer, MultiHeadAttention
from tinynet.models import Functional, Sequential
from tinynet.models.compiled import CompiledLoss, CompiledMetrics
from tinynet.models.trainer import Trainer
from tinynet.ops.symbolic import KerasTensor, SymbolicOperation
from tinynet.optimizers import MultiOptimizer, Optimizer
from tinynet.optimizers.gradients import clipped


def _clip_gradients(self: Optimizer, gradients: list[Any]) -> list[Tensor]:
    arrays = [np.asarray(gradient) for gradient in gradients]
    return [Tensor(g) for g in clipped(arrays, self.clipnorm, self.global_clipnorm, self.clipvalue)]


def _build(self: CompiledMetrics, y_true: Any, y_pred: Any) -> None:
    targets, results, _ = self._compiled.by_output(y_true, y_pred, None)
    for place, (_, output, metric) in enumerate(self.bound):
        if isinstance(metric, str):
            self._chosen(place, targets[output], results[output])


def _flatten_layers(self: Layer, include_self: bool = True, recursive: bool = True) -> list[Layer]:
    inner = [part for layer in self._sublayers for part in ([layer, *_flatten_layers(layer, False)] if recursive else [layer])]
    return [self, *inner] if include_self else inner


def _apply_weight_decay(self: Optimizer, variables: list[Any]) -> None:
    self._decay_weights([None] * len(variables), variables, self._rate())  # type: ignore[list-item]


class Inner:
    """Another name of an attribute, unless an object has the name itself."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        return getattr(owner, self.name)


def attach() -> None:
    Optimizer._apply_weight_decay = _apply_weight_decay  # type: ignore[attr-defined]
    Optimizer._model_variables_moving_average = property(  # type: ignore[attr-defined]
        lambda self: self._moving_averages
    )
    for kind in (InputLayer, KerasTensor):
        kind.sparse = kind.ragged = False  # type: ignore[attr-defined]
    for name in ("query_dense", "key_dense", "value_dense", "output_dense"):
        setattr(MultiHeadAttention, f"_{name}", Inner(name))
    Layer.dtype_policy = property(lambda self: self.dtype)  # type: ignore[attr-defined]
    Layer._flatten_layers = _flatten_layers  # type: ignore[attr-defined]
    Functional._operations = property(lambda self: self._graph.operations)  # type: ignore[attr-defined]
    Sequential._functional = property(lambda self: Functional(self.input, self.output))  # type: ignore[attr-defined]
    Trainer._loss_tracker = property(lambda self: self._compiled.mean)  # type: ignore[attr-defined]
    Trainer._compile_metrics = property(lambda self: self._compiled.metrics)  # type: ignore[attr-defined]
    Trainer._compile_loss = property(lambda self: self._compiled.loss)  # type: ignore[attr-defined]
    SymbolicOperation.symbolic_call = SymbolicOperation.compute_output_spec  # type: ignore[attr-defined]
    CompiledMetrics.build = _build  # type: ignore[attr-defined]
    CompiledMetrics.built = CompiledLoss.built = property(  # type: ignore[attr-defined]
        lambda self: hasattr(self, "outputs")
    )
    MultiOptimizer._var_key = staticmethod(id)  # type: ignore[attr-defined]
    MultiOptimizer._var_to_optimizer_idx = property(lambda self: self._parts)  # type: ignore[attr-defined]
    TensorBoard._collect_learning_rate = (  # type: ignore[attr-defined]
        lambda self, logs: {**logs, **rates_of(self.model.optimizer)}
    )
    Optimizer._clip_gradients = _clip_gradients  # type: ignore[attr-defined]
