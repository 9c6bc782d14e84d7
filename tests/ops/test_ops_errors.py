"""What tinynet.ops refuses, and in which words; conventions that Keras has not or that need saying."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet import Tensor, ops
from tinynet.errors import ArgumentError, DataError, DtypeError, ShapeError
from tinynet.ops import symbolic

X = np.arange(6.0, dtype="float32").reshape(2, 3)

REFUSED = [
    (lambda: ops.average(X, axis=1, weights=[1.0, 2.0]), ShapeError, r"average: weights of shape \(2,\) do not fit"),
    (lambda: ops.cross(X[:, :2], X[:, :2]), ShapeError, "cross: expected 3 elements along the axes, received 2 and 2"),
    (lambda: ops.diag(np.zeros((2, 2, 2))), ShapeError, "diag: expected a vector or a matrix"),
    (lambda: ops.diag(X, k=0.5), ArgumentError, "diag: k must be an integer, received 0.5"),
    (lambda: ops.diagonal(X, axis1=1, axis2=-1), ArgumentError, "axis1 and axis2 are the same axis 1"),
    (lambda: ops.tril([1.0]), ShapeError, "tril: expected at least 2 axes"),
    (lambda: ops.diff(X, n=-1), ArgumentError, "diff: n must be a whole number, received -1"),
    (lambda: ops.roll(X, (1, 2, 3), (0, 1)), ArgumentError, "roll: 3 shifts do not fit 2 axes"),
    (lambda: ops.array_split(X, 0), ArgumentError, "array_split: expected at least one part, received 0"),
    (lambda: ops.linspace(0, 1, -1), ArgumentError, "linspace: num must be a whole number, received -1"),
    (lambda: ops.meshgrid([1], indexing="yx"), ArgumentError, "meshgrid: indexing must be 'xy' or 'ij'"),
    (lambda: ops.multi_hot([1]), ArgumentError, "multi_hot: expected num_classes"),
    (
        lambda: ops.slice(X, (1, 1), (2, 2)),
        ShapeError,
        r"slice: a part of shape \(2, 2\) from \(1, 1\) on is not within",
    ),
    (lambda: ops.slice_update(X, (0,), X), ShapeError, "slice_update: start_indices .* do not fit shape"),
    (lambda: ops.scatter([[3]], [1.0], (3,)), DataError, r"scatter: an index is not within shape \(3,\)"),
    (lambda: ops.scatter([[0]], [[1.0]], (3,)), ShapeError, "scatter: values of shape .* do not fit indices"),
    (lambda: ops.scatter_update(X, [[0, 0]], [1.0], "max"), ArgumentError, "reduction='max' is not supported"),
    (lambda: ops.segment_sum([1.0], [2], num_segments=2), DataError, "the segment 2 is not below num_segments=2"),
    (lambda: ops.segment_sum([1.0], [1.0]), ShapeError, r"segment_sum: expected integers \(1,\)"),
    (lambda: ops.searchsorted([1.0], [1.0], side="middle"), ArgumentError, "side must be 'left' or 'right'"),
    (lambda: ops.searchsorted(X, [1.0]), ShapeError, r"searchsorted: expected a sequence of shape \(N,\)"),
    (lambda: ops.top_k(X, 4), ShapeError, r"top_k: cannot take 4 elements of the last axis of shape \(2, 3\)"),
    (lambda: ops.in_top_k([0], X, 1), ShapeError, "in_top_k: targets .* do not fit predictions"),
    (lambda: ops.scan(3, 0.0, X), ArgumentError, "scan: expected a function, received 3"),
    (lambda: ops.scan(lambda c, x: (c, x), 0.0, X, unroll=0), ArgumentError, "unroll must be a positive whole number"),
    (lambda: ops.nonzero(symbolic.KerasTensor((2,))), ArgumentError, "is symbolic: it stands for values that come later"),
    (lambda: ops.unstack(symbolic.KerasTensor((2, None)), axis=1), ArgumentError, "depends on a size that is open"),
    (lambda: ops.scan(lambda c, x: (c, x), 0.0), ArgumentError, "scan: expected one number of steps"),
    (lambda: ops.scan(lambda c, x: (c, x), 0.0, X, length=3), ArgumentError, "expected one number of steps, received"),
    (
        lambda: ops.add([1.0, 2.0], [1.0, 2.0, 3.0]),
        ShapeError,
        r"operation 'add': .*received \(2,\) float32, \(3,\)",
    ),
    (lambda: ops.add("one", 1.0), DtypeError, "expected numbers or truth values"),
    (lambda: ops.add([[1.0], [1.0, 2.0]], 1.0), ShapeError, "rows of unequal length"),
    (lambda: ops.subtract([True], [False]), DtypeError, "operation 'subtract'"),
    (
        lambda: ops.add(np.array([1], "uint8"), 300),
        DtypeError,
        "add: the number 300 does not fit into the dtype uint8",
    ),
    (lambda: ops.floor_divide([1], 0), DataError, "floor_divide: integers cannot be divided by 0"),
    (lambda: ops.mod([1, 2], [1, 0]), DataError, "mod: integers cannot be divided by 0"),
    (lambda: ops.power([2], -1), ShapeError, "operation 'power': Integers to negative integer powers"),
    (lambda: ops.clip(X, 1.0, 0.0), ArgumentError, "clip: x_min=1.0 is above x_max=0.0"),
    (lambda: ops.where([True], 1.0), ArgumentError, "where: give both x1 and x2, or neither"),
    (lambda: ops.round(X, 0.5), ArgumentError, "round: decimals must be an integer, received 0.5"),
    (
        lambda: ops.sum(X, axis=2),
        ArgumentError,
        r"sum: axis=2 is out of range for a tensor of 2 axes \(from -2 to 1\)",
    ),
    (lambda: ops.mean(X, axis=(0, -2)), ArgumentError, r"mean: axis=\(0, -2\) names an axis twice"),
    (lambda: ops.var(X, axis=0.5), ArgumentError, "var: axis must be an integer, received 0.5"),
    (lambda: ops.argmax(X, axis=-3), ArgumentError, "argmax: axis=-3 is out of range"),
    (lambda: ops.max(np.zeros((0, 2)), axis=0), ShapeError, "operation 'max': zero-size array"),
    (lambda: ops.argmax(np.zeros(0)), ShapeError, "operation 'argmax': attempt to get argmax of an empty"),
    (
        lambda: ops.prod(X, dtype="flaot32"),
        DtypeError,
        "prod: 'flaot32' names no dtype. Did you mean 'float32'?",
    ),
    (
        lambda: ops.moments(X, 0, synchronized=True),
        ArgumentError,
        "moments: synchronized=True is not supported",
    ),
    (lambda: ops.matmul(X, X), ShapeError, r"operation 'matmul': .*received \(2, 3\) float32, \(2, 3\)"),
    (lambda: ops.dot(X, X), ShapeError, "operation 'tensordot': shape-mismatch"),
    (lambda: ops.tensordot(X, X, axes=[1]), ArgumentError, "tensordot: axes must be an integer or a pair"),
    (lambda: ops.einsum("ij,jk", X), ArgumentError, "einsum: 'ij,jk' names 2 operands, received 1"),
    (lambda: ops.einsum("ii", X), ArgumentError, "repeats an index"),
    (lambda: ops.einsum("ij", X, order="C"), ArgumentError, "einsum: unknown keyword 'order'"),
    (lambda: ops.norm(X, ord="nuc", axis=0), ArgumentError, "norm: ord='nuc' over 1 axes is not supported"),
    (
        lambda: ops.normalize(X, order=0),
        ArgumentError,
        "normalize: order must be a positive integer, received 0",
    ),
    (
        lambda: ops.convert_to_tensor(X, sparse=True),
        ArgumentError,
        "convert_to_tensor: sparse=True is not supported",
    ),
    (
        lambda: ops.convert_to_tensor(X, ragged=True),
        ArgumentError,
        "convert_to_tensor: ragged=True is not supported",
    ),
    (lambda: ops.cast(X, "float33"), DtypeError, "cast: 'float33' names no dtype. Did you mean 'float32'?"),
    (lambda: ops.cast(X, "complex64"), DtypeError, "cast: dtype 'complex64' is not supported"),
    (lambda: ops.cast(X, None), DtypeError, "cast: dtype None is not supported"),
    (
        lambda: ops.zeros((2.5,)),
        ArgumentError,
        "full: a shape is an integer or a tuple of integers, received",
    ),
    (lambda: ops.arange(0, 3, 0), ArgumentError, "arange: step must not be 0"),
    (lambda: ops.arange([1]), ArgumentError, "arange: start, stop and step must be numbers"),
    (lambda: ops.one_hot([1], 3, sparse=True), ArgumentError, "one_hot: sparse=True is not supported"),
    (lambda: ops.one_hot([1], 3, axis=2), ArgumentError, "one_hot: axis=2 is out of range"),
    (lambda: ops.reshape(X, (4, -1)), ShapeError, "operation 'reshape': cannot reshape array of size 6"),
    (
        lambda: ops.transpose(X, (0,)),
        ArgumentError,
        r"transpose: axes=\(0,\) must name each of the 2 axes once",
    ),
    (lambda: ops.transpose(X, (0, 0)), ArgumentError, "transpose: .* names an axis twice"),
    (lambda: ops.moveaxis(X, (0, 1), 0), ArgumentError, "moveaxis: 2 axes cannot be moved to 1 places"),
    (
        lambda: ops.expand_dims(X, 3),
        ArgumentError,
        "expand_dims: axis=3 is out of range for a tensor of 3 axes",
    ),
    (lambda: ops.squeeze(X, 0), ShapeError, "operation 'squeeze': cannot select an axis"),
    (lambda: ops.broadcast_to(X, (3, 2)), ShapeError, "operation 'broadcast_to'"),
    (lambda: ops.concatenate([]), ArgumentError, "concatenate: expected a list of at least one tensor"),
    (lambda: ops.concatenate([X, X[:, :2]]), ShapeError, r"operation 'concatenate': .*received \(2, 3\)"),
    (
        lambda: ops.stack([X, X[:1]]),
        ShapeError,
        "operation 'stack': all input arrays must have the same shape",
    ),
    (
        lambda: ops.unstack(X, num=3),
        ShapeError,
        r"axis 0 of shape \(2, 3\) has 2 elements, not num=3",
    ),
    (
        lambda: ops.split(X, 2, axis=1),
        ShapeError,
        r"split: axis 1 of shape \(2, 3\) cannot be cut into 2 equal parts",
    ),
    (
        lambda: ops.pad(X, 1, mode="wrap"),
        ArgumentError,
        "pad: mode must be one of constant, reflect, symmetric",
    ),
    (lambda: ops.pad(X, (1, 2, 3)), ArgumentError, "pad: pad_width must be a pair for each of 2 axes"),
    (lambda: ops.pad(X, -1), ArgumentError, "pad: pad_width must not be negative, received -1"),
    (
        lambda: ops.pad(X, 1, "reflect", 0),
        ArgumentError,
        "pad: constant_values has no effect with mode='reflect'",
    ),
    (lambda: ops.pad(X, 2, "reflect"), ShapeError, "pad: mode='reflect' cannot add 2 elements to axis 0"),
    (lambda: ops.take(X, [2], axis=0), DataError, r"embedding: index 2 \(element 0\) is not in \[0, 2\)"),
    (lambda: ops.take(X, [3], axis=1), ShapeError, "operation 'getitem': index 3 is out of bounds"),
    (
        lambda: ops.take_along_axis(X, [0], axis=1),
        ShapeError,
        r"take_along_axis: indices of shape \(1,\) must have",
    ),
    (
        lambda: ops.repeat(X, [1, 2], axis=1),
        ArgumentError,
        "repeat: expected one count or one for each of 3 elements",
    ),
    (lambda: ops.repeat(X, -1), ArgumentError, "repeat: .* none negative, received -1"),
    (lambda: ops.tile(X, (-1, 1)), ArgumentError, "tile: repeats must not be negative"),
    (
        lambda: ops.glu(X),
        ShapeError,
        r"glu: axis -1 is split in two halves, but shape \(2, 3\) has an odd size",
    ),
    (lambda: ops.softmax(X, axis=2), ArgumentError, "softmax: axis=2 is out of range"),
    (lambda: ops.celu(X, alpha=0), ArgumentError, "celu: alpha must not be 0"),
    (
        lambda: ops.categorical_crossentropy(X, X[:, :2]),
        ShapeError,
        r"categorical_crossentropy: target and output must have the same shape, received \(2, 3\)",
    ),
    (
        lambda: ops.binary_crossentropy(X[0], X),
        ShapeError,
        "binary_crossentropy: target and output must have the same",
    ),
    (
        lambda: ops.sparse_categorical_crossentropy(X, X),
        ShapeError,
        r"expected a target of shape \(2,\) for an output of shape \(2, 3\), received \(2, 3\)",
    ),
    (
        lambda: ops.sparse_categorical_crossentropy([0, 3], X),
        DataError,
        r"label 3 of sample 1 is outside .* \[0, 3\)",
    ),
    (
        lambda: ops.sparse_categorical_crossentropy([0, 1], X, axis=0),
        ArgumentError,
        "only axis=-1 is supported",
    ),
    (lambda: ops.ctc_loss([1], [[[0.0, 0.0]]], [1], [1]), ShapeError, r"ctc_loss: expected target of shape \(N, L\)"),
    (lambda: ops.ctc_loss([[1]], [[[0.0, 0.0]]], [1, 1], [1]), ShapeError, r"target_length of shape \(1,\)"),
    (lambda: ops.ctc_loss([[1]], [[[0.0, 0.0]]], [2], [1]), ArgumentError, "from 0 to 1 in target_length"),
    (lambda: ops.ctc_loss([[1]], [[[0.0, 0.0]]], [1], [1], 2), ArgumentError, "mask_index to be one of 2 classes"),
    (lambda: ops.ctc_loss([[2]], [[[0.0, 0.0]]], [1], [1]), DataError, "label 2 of sample 0 is the blank, 0, or out"),
    (lambda: ops.ctc_loss([[0]], [[[0.0, 0.0]]], [1], [1]), DataError, "label 0 of sample 0 is the blank"),
    (
        lambda: ops.ctc_loss([[1, 1]], [[[0.0, 0.0]] * 2], [2], [2]),
        DataError,
        "sample 0 has 2 labels, 1 of them equal to the one before; they need 3 steps, and there are 2",
    ),
    (
        lambda: ops.sparse_categorical_crossentropy(0, 1.0),
        ShapeError,
        r"expected an output of shape \(…, K\)",
    ),
    (
        lambda: ops.batch_normalization(X, [0.0] * 2, [1.0] * 3, -1),
        ShapeError,
        r"batch_normalization: mean must have shape \(3,\), as axis 1 of inputs of shape \(2, 3\) has",
    ),
    (
        lambda: ops.layer_normalization(X, center=True),
        ArgumentError,
        "layer_normalization: unknown keyword 'center'",
    ),
    (
        lambda: ops.layer_normalization(X, gamma=[1.0] * 2, axis=(0, 1)),
        ShapeError,
        r"layer_normalization: gamma of shape \(2,\) does not fit axes \(0, 1\) of \(2, 3\)",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED, ids=[m for _, _, m in REFUSED])
def test_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_from_logits_of_a_softmax_warns():
    probabilities = ops.softmax([[1.0, 2.0]])
    with pytest.warns(UserWarning, match="from_logits=True, but the output was computed by softmax"):
        loss = ops.categorical_crossentropy([[0.0, 1.0]], probabilities, from_logits=True)
    assert loss.tolist() == ops.categorical_crossentropy([[0.0, 1.0]], probabilities).tolist()


def test_softmax_of_one_element_warns():
    with pytest.warns(UserWarning, match="axis -1 of shape \\(2, 1\\) is always 1: .* Is sigmoid meant"):
        ops.softmax(np.zeros((2, 1)))


def test_numbers_adapt_to_the_other_operand():
    single, integers = np.ones(2, "float32"), np.ones(2, "int64")
    assert ops.add(single, 1).dtype == ops.add(2.5, single).dtype == "float32"
    assert ops.add(integers, 1).dtype == "int64" and ops.add(integers, 1.5).dtype == "float32"
    assert ops.add(integers, single).dtype == "float32"
    assert ops.add(1, 2).dtype == "int32" and ops.add(1, 2.0).dtype == "float32"


def test_embeddings_gradient_keeps_each_occurrence():
    table = Tensor(X, requires_grad=True)
    ops.take(table, [1, 1, -1], axis=0).sum().backward()
    assert table._grad.rows.tolist() == [1, 1, 1]
    assert table.grad.tolist() == [[0.0] * 3, [3.0] * 3]


def test_clip_bounds_may_be_tensors_and_have_gradients():
    low = Tensor([0.0, 0.5], requires_grad=True)
    x = Tensor([-1.0, 1.0], requires_grad=True)
    ops.clip(x, low, 2.0).sum().backward()
    assert x.grad.tolist() == [0.0, 1.0] and low.grad.tolist() == [1.0, 0.0]


def test_results_are_tensors_that_do_not_share_memory_with_arrays():
    array = np.ones(3, "float32")
    for made in (
        ops.convert_to_tensor(array),
        ops.reshape(array, (3, 1)),
        ops.transpose(array),
        ops.relu(array),
    ):
        assert not np.shares_memory(made.numpy(), array)
        array[:] = 7
        assert (made.numpy() == 1).all()
        array[:] = 1
