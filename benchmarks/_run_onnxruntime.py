"""A workload in ONNX Runtime: the graph built by hand from the same weights. It predicts only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import _layouts
import numpy as np
import onnx
import onnxruntime
from _reference import Reference
from _workloads import ImageModel, SentenceModel, Workload
from onnx import TensorProto, helper, numpy_helper

VERSION = onnxruntime.__version__

# Keras has the gates of an LSTM as i f c o, ONNX as i o f c; both have those of a GRU as z r h.
GATE_ORDER = {"SimpleRNN": (0,), "LSTM": (0, 3, 1, 2), "GRU": (0, 1, 2)}
OPERATOR = {"SimpleRNN": "RNN", "LSTM": "LSTM", "GRU": "GRU"}


class GraphBuilder:
    """Collects nodes and constants; each method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, array: np.ndarray) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(self, operator: str, *inputs: str, result: int = 0, **attributes: Any) -> str:
        """Adds a node; `result` is the number of the output that is used."""
        name = f"{operator.lower()}{len(self.nodes)}"
        outputs = [""] * result + [name]
        self.nodes.append(helper.make_node(operator, list(inputs), outputs, **attributes))
        return name

    def dense(self, x: str, kernel: np.ndarray, bias: np.ndarray) -> str:
        return self.add("Gemm", x, self.constant(kernel), self.constant(bias))

    def model(self, dtype: int, shape: Sequence[int | str], output: str, classes: int) -> bytes:
        graph = helper.make_graph(
            self.nodes,
            "workload",
            [helper.make_tensor_value_info("x", dtype, shape)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", classes])],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        return model.SerializeToString()


def _image_classifier(workload: ImageModel, weights: Iterator[np.ndarray]) -> bytes:
    graph, x = GraphBuilder(), "x"
    if workload.pixels:
        x = graph.add("Cast", x, to=TensorProto.FLOAT)
        x = graph.add("Mul", x, graph.constant(np.array(1 / 255, np.float32)))
    for _ in workload.filters:
        kernel, bias = _layouts.conv_kernel(next(weights)), next(weights)
        x = graph.add("Conv", x, graph.constant(kernel), graph.constant(bias), kernel_shape=[3, 3])
        x = graph.add("MaxPool", graph.add("Relu", x), kernel_shape=[2, 2], strides=[2, 2])
    kernel = _layouts.dense_after_flatten(next(weights), *workload.last_map).T
    x = graph.add("Relu", graph.dense(graph.add("Flatten", x), kernel, next(weights)))
    x = graph.add("Softmax", graph.dense(x, next(weights), next(weights)))
    dtype = TensorProto.UINT8 if workload.pixels else TensorProto.FLOAT
    return graph.model(dtype, ["N", 3, workload.side, workload.side], x, workload.classes)


def _sentence_classifier(workload: SentenceModel, weights: Iterator[np.ndarray]) -> bytes:
    graph, directions, units = GraphBuilder(), workload.directions, workload.units
    table = graph.constant(next(weights))
    x = graph.add("Gather", table, graph.add("Transpose", "x", perm=[1, 0]))  # (T, N, E)
    lengths = ""
    if workload.padded:
        words = graph.add("Not", graph.add("Equal", "x", graph.constant(np.array(0))))
        words = graph.add("Cast", words, to=TensorProto.INT32)
        lengths = graph.add("ReduceSum", words, graph.constant(np.array([1])), keepdims=0)
    order = GATE_ORDER[workload.layer]
    kernels, recurrent_kernels, biases = [], [], []
    for _ in range(directions):
        kernel, recurrent_kernel, bias = (_layouts.gates(next(weights), order) for _ in range(3))
        kernels.append(kernel.T)
        recurrent_kernels.append(recurrent_kernel.T)
        biases.append(bias.ravel() if bias.ndim == 2 else np.concatenate([bias, np.zeros_like(bias)]))
    stacked = [graph.constant(np.stack(arrays)) for arrays in (kernels, recurrent_kernels, biases)]
    options: dict[str, Any] = {"hidden_size": units, "direction": ("forward", "bidirectional")[directions - 1]}
    if workload.layer == "GRU":
        options["linear_before_reset"] = 1  # Keras's reset_after
    last = graph.add(OPERATOR[workload.layer], x, *stacked, lengths, result=1, **options)  # (directions, N, U)
    last = graph.add("Transpose", last, perm=[1, 0, 2])
    last = graph.add("Reshape", last, graph.constant(np.array([0, directions * units])))
    x = graph.add("Relu", graph.dense(last, next(weights), next(weights)))
    x = graph.add("Softmax", graph.dense(x, next(weights), next(weights)))
    return graph.model(TensorProto.INT64, ["N", workload.steps], x, workload.classes)


def tasks(workload: Workload, reference: Reference, dropout: float, optimizer: str) -> dict[str, Callable[[], Any]]:
    weights = iter(reference.weights)
    if isinstance(workload, ImageModel):
        model, x = _image_classifier(workload, weights), _layouts.images(reference.x)
    else:
        model, x = _sentence_classifier(workload, weights), reference.x.astype(np.int64)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    one = x[:1]
    return {
        "predict 1": lambda: session.run(None, {"x": one})[0],
        "call 1": lambda: session.run(None, {"x": one})[0],
        "predict N": lambda: session.run(None, {"x": x})[0],
    }
