"""NumPy's functions on tensors: they record, compute, answer, or are refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet import Tensor, gradcheck
from tinynet.errors import ArgumentError
from tinynet.primitives import REGISTRY

GENERATOR = np.random.default_rng(0)
A = GENERATOR.uniform(0.5, 2.0, (3, 4))
B = GENERATOR.uniform(0.5, 2.0, (3, 4))
MATRIX = GENERATOR.normal(size=(4, 2))


def leaf(array, dtype=None):
    return Tensor(np.asarray(array, dtype or np.asarray(array).dtype), requires_grad=True)


def recorded_as(tensor):
    return None if tensor._node is None else tensor._node.operation.name


class TestNumpysFunctions:
    @pytest.mark.parametrize(
        ("function", "operation"),
        [
            (np.tanh, "tanh"),
            (np.exp, "exp"),
            (np.absolute, "abs"),
            (np.sum, "sum"),
            (np.mean, "mean"),
            (lambda t: np.where(A > 1, t, 0.0), "where"),
            (lambda t: np.where(t > 1, t, B), "where"),
            (lambda t: A + t, "add"),
            (lambda t: t + A, "add"),
            (lambda t: np.add(A, t), "add"),
            (lambda t: np.concatenate([t, A]), "concatenate"),
            (lambda t: np.concatenate([A, t], axis=1), "concatenate"),
            (lambda t: np.concatenate((t, t), 0), "concatenate"),
            (lambda t: np.stack([A, t], axis=-1), "stack"),
            (lambda t: np.matmul(t, MATRIX), "matmul"),
            (lambda t: A.T @ t, "matmul"),
            (lambda t: np.reshape(t, (4, 3)), "reshape"),
            (lambda t: np.reshape(t, shape=-1), "reshape"),
            (lambda t: np.transpose(t, (1, 0)), "transpose"),
            (lambda t: np.expand_dims(t, [0, 2]), "expand_dims"),
            (lambda t: np.max(t, axis=1), "max"),
            (lambda t: np.sum(t, 0, keepdims=True), "sum"),
            (lambda t: np.clip(t, 0.7, 1.5), "clip"),
            (lambda t: np.clip(t, min=0.7, max=1.5), "clip"),
            (lambda t: np.maximum(t, 1.0), "maximum"),
            (lambda t: np.power(t, 3), "power"),
            (lambda t: np.tensordot(t, MATRIX, 1), "tensordot"),
            (lambda t: np.einsum("ij,jk->ki", t, MATRIX), "einsum"),
            (lambda t: np.dot(t, MATRIX), "tensordot"),
            (lambda t: np.pad(t, ((1, 0), (0, 2)), constant_values=3.0), "pad"),
            (lambda t: np.pad(t, 1), "pad"),
            (lambda t: np.flip(t, 1), "flip"),
            (lambda t: np.std(t, axis=0), "sqrt"),
            (lambda t: np.cumsum(t, 1), "cumsum"),
            (lambda t: np.broadcast_to(t, (2, 3, 4)), "broadcast_to"),
            (lambda t: np.split(t, 2, axis=1)[1], "split"),
            (lambda t: np.split(t, [1, 3], axis=1)[1], "split"),
            (lambda t: np.take(t, [1, 1], axis=1), "getitem"),
            (lambda t: np.repeat(t, 2, axis=0), "getitem"),
            (lambda t: np.moveaxis(t[None], 0, 2), "transpose"),
            (lambda t: np.vstack([t, t[0]]), "concatenate"),
            (lambda t: np.hstack([t, A]), "concatenate"),
            (lambda t: np.ravel(t), "reshape"),
            (lambda t: np.square(t), "square"),
            (lambda t: np.squeeze(t[None]), "squeeze"),
            (lambda t: np.outer(t[0], A[1]), "multiply"),
            (lambda t: np.negative(t), "negative"),
            (lambda t: np.prod(t, axis=0), "squeeze"),
            (lambda t: np.swapaxes(t, 0, 1), "swapaxes"),
        ],
    )
    def test_numpys_functions_record(self, function, operation):
        result = function(leaf(A))
        assert isinstance(result, Tensor)
        assert recorded_as(result) == operation
        np.testing.assert_allclose(result.numpy(), function(A), rtol=1e-13)
        assert gradcheck(function, [A], order=2).passed

    @pytest.mark.parametrize(
        "function",
        [
            np.isnan,
            np.isfinite,
            np.logical_not,
            np.argmax,
            np.any,
            np.zeros_like,
            np.ones_like,
            np.count_nonzero,
            lambda t: np.argsort(t, axis=0),
            lambda t: np.greater(t, 1),
            lambda t: np.isclose(t, 1.0),
            lambda t: np.full_like(t, 3),
        ],
    )
    def test_without_derivative(self, function):
        result = function(leaf(A))
        assert isinstance(result, Tensor) and not result.requires_grad
        np.testing.assert_array_equal(result.numpy(), function(A))

    def test_questions_get_plain_answers(self):
        x = leaf(A)
        assert np.shape(x) == (3, 4) and np.ndim(x) == 2 and np.size(x) == 12
        assert np.allclose(x, A) is True
        assert np.array_equal(x, x) is True

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda t: np.spacing(t), "np.spacing is not supported on tensors"),
            (lambda t: np.median(t), r"np.median is not supported on tensors.*Use .numpy\(\)"),
            (lambda t: np.linalg.eigvals(t), "np.eigvals is not supported on tensors"),
            (lambda t: np.exp(t, out=np.zeros((3, 4))), "np.exp: out= is not supported with tensors"),
            (lambda t: np.sum(t, out=np.zeros(())), "np.sum: out= is not supported with tensors"),
            (
                lambda t: np.add(A, B, out=t),
                "np.add: out= is not supported with tensors, which never change in place",
            ),
            (lambda t: np.add.reduce(t), "np.add.reduce is not supported on tensors"),
            (lambda t: np.exp(t, where=A > 1), "np.exp: the argument 'where' is not supported on tensors"),
            (lambda t: np.sum(t, where=A > 1), "np.sum: the argument 'where' is not supported on tensors"),
            (
                lambda t: np.mean(t, dtype="float32"),
                "np.mean: the argument 'dtype' is not supported on tensors",
            ),
            (lambda t: np.var(t, ddof=1), "np.var: the argument 'ddof' is not supported on tensors"),
            (lambda t: np.std(t, ddof=1), "np.std: .*'ddof'.*not supported on tensors"),
            (
                lambda t: np.pad(t, 1, mode="edge"),
                "np.pad: mode 'edge' is not supported on tensors, only 'constant'",
            ),
        ],
    )
    def test_refusals_name_the_function(self, call, message):
        with pytest.raises(ArgumentError, match=message):
            call(leaf(A))

    def test_array_plus_equals_a_tensor_is_refused(self):
        array = A.copy()
        with pytest.raises(ArgumentError, match="np.add: out= is not supported"):
            array += leaf(B)
        np.testing.assert_array_equal(array, A)


class TestArrays:
    def test_array(self):
        x = leaf(A, "float32")
        array = np.asarray(x)
        assert type(array) is np.ndarray and array.dtype == np.float32
        np.testing.assert_array_equal(array, A.astype("float32"))
        assert not array.flags.writeable
        assert np.asarray(x, dtype="float64").dtype == np.float64
        copy = np.array(x)
        copy[0] = 0
        np.testing.assert_array_equal(np.asarray(x), A.astype("float32"))

    def test_assigning_a_tensor_into_an_array(self):
        array = np.zeros((3, 4))
        array[...] = leaf(A)
        np.testing.assert_array_equal(array, A)

    def test_calling_an_operation_on_arrays_computes_on_arrays(self):
        result = REGISTRY["sigmoid"](A)
        assert type(result) is np.ndarray
