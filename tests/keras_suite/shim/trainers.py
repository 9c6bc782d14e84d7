"""keras.src.trainers: what Keras keeps its losses, metrics and data in while it trains."""

from __future__ import annotations

from typing import Any

from keras_suite.shim.facade import Facade
from tinynet import utils
from tinynet.autograd import as_tensor
from tinynet.models.compiled import Compiled, CompiledLoss, CompiledMetrics
from tinynet.models.data import pack_x_y_sample_weight, unpack_x_y_sample_weight  # noqa: F401
from tinynet.models.data import weights_by_class as class_weight_to_sample_weights  # noqa: F401
from tinynet.models.trainer import Trainer
from tinynet.nested import map_leaves

PyDataset = utils.PyDataset
TensorFlowTrainer = Trainer


def in_symbolic_scope() -> bool:
    return False


def _by_names(output_names: Any) -> Any:
    return lambda: output_names


class CompileMetrics(metaclass=Facade):
    real = CompiledMetrics

    @staticmethod
    def make(metrics: Any, weighted_metrics: Any, name: str = "", output_names: Any = None) -> CompiledMetrics:
        return Compiled("model", None, None, metrics, weighted_metrics, _by_names(output_names)).metrics


class CompileLoss(metaclass=Facade):
    real = CompiledLoss

    @staticmethod
    def make(loss: Any, loss_weights: Any = None, reduction: str = "", output_names: Any = None) -> Any:
        return _Loss(Compiled("model", loss, loss_weights, layers=_by_names(output_names)))


class _Loss:
    """A loss that is called with the structures of the outputs."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled

    def build(self, y_true: Any, y_pred: Any) -> None:
        self.compiled.bind(y_pred)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return self.compiled.loss_of(y_true, map_leaves(as_tensor, y_pred), sample_weight)

    @property
    def metrics(self) -> list[Any]:
        return self.compiled.loss.metrics
