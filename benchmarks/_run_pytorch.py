"""A workload in PyTorch: modules as its users write them, eager mode, tensors made beforehand.

Two public settings that made it faster here are used: fused Adam, and channels last in memory for images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import _layouts
import numpy as np
import torch
from _reference import Reference
from _workloads import FIT_STEPS, ImageModel, SentenceModel, Workload
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

VERSION = torch.__version__

# Keras has the gates of an LSTM as i f c o, which is PyTorch's i f g o, and those of a GRU as z r h, PyTorch's r z n.
GATE_ORDER = {"SimpleRNN": (0,), "LSTM": (0, 1, 2, 3), "GRU": (1, 0, 2)}
LAYER = {"SimpleRNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}


class ImageClassifier(nn.Module):
    """Images (N, C, H, W) -> logits (N, K)."""

    def __init__(self, workload: ImageModel, dropout: float) -> None:
        super().__init__()
        self.pixels = workload.pixels
        blocks: list[nn.Module] = []
        for channels, filters in zip((3, *workload.filters), workload.filters, strict=False):
            blocks += [nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*blocks)
        side, channels = workload.last_map
        self.head = nn.Sequential(
            nn.Flatten(), nn.Linear(side * side * channels, workload.hidden), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(workload.hidden, workload.classes),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(x.float() / 255 if self.pixels else x))


class SentenceClassifier(nn.Module):
    """Token ids (N, T) -> logits (N, K)."""

    def __init__(self, workload: SentenceModel, dropout: float) -> None:
        super().__init__()
        self.padded = workload.padded
        self.embedding = nn.Embedding(workload.vocabulary, workload.embedding)
        self.recurrent = LAYER[workload.layer](
            workload.embedding, workload.units, batch_first=True, bidirectional=workload.bidirectional
        )
        self.head = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(workload.directions * workload.units, workload.hidden), nn.ReLU(),
            nn.Linear(workload.hidden, workload.classes),
        )  # fmt: skip

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.embedding(ids)
        if self.padded:
            x = pack_padded_sequence(x, (ids != 0).sum(dim=1), batch_first=True, enforce_sorted=False)
        _, state = self.recurrent(x)
        hidden = state[0] if isinstance(state, tuple) else state  # an LSTM's is (h, c); h: (directions, N, U)
        return self.head(torch.cat(tuple(hidden), dim=1))


def _copy(parameter: torch.Tensor, array: np.ndarray) -> None:
    parameter.data.copy_(torch.from_numpy(np.ascontiguousarray(array)))


def _image_classifier(workload: ImageModel, weights: Iterator[np.ndarray], dropout: float) -> nn.Module:
    model = ImageClassifier(workload, dropout)
    for layer in model.features:
        if isinstance(layer, nn.Conv2d):
            _copy(layer.weight, _layouts.conv_kernel(next(weights)))
            _copy(layer.bias, next(weights))
    _copy(model.head[1].weight, _layouts.dense_after_flatten(next(weights), *workload.last_map))
    _copy(model.head[1].bias, next(weights))
    _copy(model.head[4].weight, next(weights).T)
    _copy(model.head[4].bias, next(weights))
    return model


def _sentence_classifier(workload: SentenceModel, weights: Iterator[np.ndarray], dropout: float) -> nn.Module:
    model = SentenceClassifier(workload, dropout)
    _copy(model.embedding.weight, next(weights))
    order = GATE_ORDER[workload.layer]
    for suffix in ("l0", "l0_reverse")[: workload.directions]:
        kernel, recurrent_kernel, bias = (_layouts.gates(next(weights), order) for _ in range(3))
        _copy(getattr(model.recurrent, f"weight_ih_{suffix}"), kernel.T)
        _copy(getattr(model.recurrent, f"weight_hh_{suffix}"), recurrent_kernel.T)
        second = getattr(model.recurrent, f"bias_hh_{suffix}")
        if workload.layer == "GRU":
            _copy(getattr(model.recurrent, f"bias_ih_{suffix}"), bias[0])
            _copy(second, bias[1])
        else:  # Keras has one bias; a second one that learns would double its steps
            _copy(getattr(model.recurrent, f"bias_ih_{suffix}"), bias)
            second.data.zero_()
            second.requires_grad_(False)
    for dense in (model.head[1], model.head[3]):
        _copy(dense.weight, next(weights).T)
        _copy(dense.bias, next(weights))
    return model


def tasks(workload: Workload, reference: Reference, dropout: float, optimizer: str) -> dict[str, Callable[[], Any]]:
    weights = iter(reference.weights)
    y = torch.from_numpy(reference.y.astype(np.int64))
    if isinstance(workload, ImageModel):
        model = _image_classifier(workload, weights, dropout).to(memory_format=torch.channels_last)
        x = torch.from_numpy(_layouts.images(reference.x)).to(memory_format=torch.channels_last)
    else:
        model = _sentence_classifier(workload, weights, dropout)
        x = torch.from_numpy(reference.x.astype(np.int64))
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    update: torch.optim.Optimizer
    if optimizer == "adam":
        update = torch.optim.Adam(trained, lr=0.001, eps=1e-7, fused=True)
    else:
        update = torch.optim.SGD(trained, lr=0.01)

    def training_step() -> float:
        model.train()
        update.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        update.step()
        return loss.item()

    def predict(rows: torch.Tensor) -> np.ndarray:
        model.eval()
        with torch.inference_mode():
            return torch.softmax(model(rows), dim=1).numpy()

    one = x[:1]
    return {
        "training step": training_step,
        "fit, a step": lambda: [training_step() for _ in range(FIT_STEPS)],
        "predict 1": lambda: predict(one),
        "call 1": lambda: predict(one),
        "predict N": lambda: predict(x),
    }
