"""`TensorBoard`: logs and weights in files that TensorBoard shows."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from tinynet.arguments import flag, whole
from tinynet.callbacks.callback import Callback, Logs
from tinynet.callbacks.learning_rates import rates_of
from tinynet.errors import ArgumentError, FileAccessError, require


class TensorBoard(Callback):
    """Writes logs, and weights if wanted, for TensorBoard: `tensorboard --logdir=logs` shows them.

    Needs the extra 'tensorboard' (the package tensorboardX, which writes such files without TensorFlow); the tags
    are Keras's: epoch_loss and so on in the folders train and validation, evaluation_loss_vs_iterations, batch_loss.

    log_dir: the folder. update_freq: 'epoch', or the number of batches between the values that are written within an
        epoch, 'batch' for 1. histogram_freq: epochs between histograms of the weights, 0 for none; write_images: the
        weights as pictures along with them. write_graph: the layers, of models of symbolic inputs and outputs.
    write_steps_per_second: the pace of batches and epochs, too.

    Raises `ArgumentError` for profile_batch, embeddings_freq and embeddings_metadata: these need TensorFlow.
    Source: https://keras.io/api/callbacks/tensorboard/
    """

    remembered = ("_batches",)

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: int = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        for key, value in (("profile_batch", profile_batch), ("embeddings_freq", embeddings_freq),
                           ("embeddings_metadata", embeddings_metadata)):  # fmt: skip
            if value:
                raise ArgumentError(f"TensorBoard: {key} is not supported, it needs TensorFlow; received {value!r}")
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = whole("TensorBoard", "histogram_freq", histogram_freq, 0)
        self.write_graph = flag("TensorBoard", "write_graph", write_graph)
        self.write_images = flag("TensorBoard", "write_images", write_images)
        self.write_steps_per_second = flag("TensorBoard", "write_steps_per_second", write_steps_per_second)
        self.update_freq: int | None = None  # batches between values within an epoch
        if update_freq != "epoch":
            self.update_freq = 1 if update_freq == "batch" else whole("TensorBoard", "update_freq", update_freq)
        self._writers: dict[str, Any] = {}
        self._batches = 0
        self._iterations_before = 0
        self._epoch_started = self._batch_started = 0.0

    def set_model(self, model: Any) -> None:
        self.model = model
        self._close()
        if self.write_graph and getattr(model, "_graph", None) is not None:
            self._write_layers()

    def _writer(self, folder: str) -> Any:
        """The file of the folder 'train' or 'validation', made when something is written to it."""
        if folder not in self._writers:
            package = require("tensorboardX", "tensorboard", "TensorBoard")
            try:
                self._writers[folder] = package.SummaryWriter(os.path.join(self.log_dir, folder))
            except OSError as error:
                raise FileAccessError(f"TensorBoard: {self.log_dir!r} cannot be written to: {error}") from error
        return self._writers[folder]

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _scalars(self, folder: str, step: int, **values: Any) -> None:
        for tag, value in values.items():
            if np.size(value) == 1:
                self._writer(folder).add_scalar(tag, float(np.asarray(value).item()), step)

    def _write_layers(self) -> None:
        """The model's configuration, which TensorBoard draws as a graph of layers."""
        writer = self._writer("train")
        summaries = require("tensorboardX.proto.summary_pb2", "tensorboard", "TensorBoard")
        tensors = require("tensorboardX.proto.tensor_pb2", "tensorboard", "TensorBoard")
        types = require("tensorboardX.proto.types_pb2", "tensorboard", "TensorBoard")
        plugin = summaries.SummaryMetadata.PluginData(plugin_name="graph_keras_model", content=b"1")
        text = tensors.TensorProto(dtype=types.DT_STRING, string_val=[self.model.to_json().encode()])
        value = summaries.Summary.Value(
            tag="keras", tensor=text, metadata=summaries.SummaryMetadata(plugin_data=plugin)
        )
        writer.file_writer.add_summary(summaries.Summary(value=[value]), 0)

    def on_train_begin(self, logs: Logs = None) -> None:
        self._batches = 0
        self._writer("train")

    def on_train_end(self, logs: Logs = None) -> None:
        self._close()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch_started = time.perf_counter()
        self._iterations_before = int(self.model.optimizer.iterations.item())

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._batches += 1
        self._batch_started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self.update_freq is None or self._batches % self.update_freq:
            return
        if self.write_steps_per_second:
            pace = 1 / max(time.perf_counter() - self._batch_started, 1e-9)
            self._scalars("train", self._batches, batch_steps_per_second=pace)
        self._scalars("train", self._batches, **{f"batch_{name}": value for name, value in (logs or {}).items()})

    def on_test_end(self, logs: Logs = None) -> None:
        if getattr(self.model, "optimizer", None) is None:
            return
        step = int(self.model.optimizer.iterations.item())
        values = {f"evaluation_{name}_vs_iterations": value for name, value in (logs or {}).items()}
        self._scalars("validation", step, **values)
        if "validation" in self._writers:
            self._writers["validation"].flush()  # `evaluate` alone has no end of training

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        training = {name: value for name, value in logs.items() if not name.startswith("val_")}
        training.update(rates_of(self.model.optimizer))
        if self.write_steps_per_second:
            steps = int(self.model.optimizer.iterations.item()) - self._iterations_before
            training["steps_per_second"] = steps / max(time.perf_counter() - self._epoch_started, 1e-9)
        validation = {name[4:]: value for name, value in logs.items() if name.startswith("val_")}
        for folder, values in (("train", training), ("validation", validation)):
            self._scalars(folder, epoch, **{f"epoch_{name}": value for name, value in values.items()})
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        for writer in self._writers.values():
            writer.flush()

    def _write_weights(self, epoch: int) -> None:
        writer = self._writer("train")
        for layer in self.model.layers:
            for weight in layer.weights:
                writer.add_histogram(f"{weight.path}/histogram", weight.numpy(), epoch)
                picture = _picture(weight.numpy()) if self.write_images else None
                if picture is not None:
                    require("PIL", "tensorboard", "write_images")
                    writer.add_images(f"{weight.path}/image", picture, epoch, dataformats="NHWC")


def _picture(weight: np.ndarray) -> np.ndarray | None:
    """A weight as grey pictures (N, H, W, 1) from 0 to 1, in Keras's arrangement; None for one of too many axes."""
    weight = weight.squeeze()
    if weight.ndim == 1:
        weight = weight[None, :, None, None]
    elif weight.ndim == 2:
        weight = weight.T if weight.shape[0] > weight.shape[1] else weight
        weight = weight[None, :, :, None]
    elif weight.ndim == 3:
        weight = weight.transpose(2, 0, 1)[..., None]
    else:
        return None
    low, high = weight.min(initial=np.inf), weight.max(initial=-np.inf)
    return (weight - low) / max(high - low, np.finfo(weight.dtype).tiny)
