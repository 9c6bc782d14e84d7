"""Decompositions are put together again, and what is left open by their definitions is left open by the tests."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from cases import invertible, of_full_rank
from hypothesis import given
from hypothesis import strategies as st
from oracle import agree, arrays

from tinynet import Tensor, gradcheck, ops
from tinynet.errors import ArgumentError, DataError, ShapeError


def near(actual, expected):
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=2e-5, atol=2e-5)


@given(invertible(symmetric=True))
def test_eigenvalues_and_vectors(x):
    values, vectors = ops.eigh(x)
    near(values, keras.ops.eigh(x)[0])
    near(vectors * ops.expand_dims(values, -2) @ ops.swapaxes(vectors, -1, -2), x)


@given(of_full_rank(), st.booleans())
def test_singular_values_and_vectors(x, full):
    u, s, vt = ops.svd(x, full)
    for ours, theirs in zip((u, s, vt), keras.ops.svd(x, full), strict=True):
        assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
    near(s, ops.svd(x, compute_uv=False))
    near(s, keras.ops.svd(x, compute_uv=False))
    k = s.shape[-1]
    near(u[..., :k] * ops.expand_dims(s, -2) @ vt[..., :k, :], x)
    near(ops.swapaxes(u, -1, -2) @ u, np.broadcast_to(np.eye(u.shape[-1]), (*x.shape[:-2], *u.shape[-1:] * 2)))


@given(of_full_rank(), st.sampled_from(["reduced", "complete"]))
def test_orthonormal_and_triangular(x, mode):
    q, r = ops.qr(x, mode)
    for ours, theirs in zip((q, r), keras.ops.qr(x, mode), strict=True):
        assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
    near(q @ r, x)
    near(np.tril(r.numpy(), -1), np.zeros(r.shape))


@given(of_full_rank())
def test_lower_and_upper_with_rows_exchanged(x):
    lu, pivots = ops.lu_factor(x)
    rows, k = x.shape[-2], pivots.shape[-1]
    lower = np.tril(lu.numpy()[..., :k], -1) + np.eye(rows, k)
    product = (lower @ np.triu(lu.numpy()[..., :k, :])).reshape(-1, *x.shape[-2:])
    for matrix, exchanged, expected in zip(
        product, pivots.numpy().reshape(-1, k), x.reshape(-1, *x.shape[-2:]), strict=True
    ):
        for step in reversed(range(k)):
            matrix[[step, exchanged[step]]] = matrix[[exchanged[step], step]]
        near(matrix, expected)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: ops.svd(x[:, :2], full_matrices=False),
        lambda x: ops.qr(x[:, :2]),
        lambda x: ops.qr(x[:2], "complete"),
        lambda x: ops.lu_factor(x)[0],
        lambda x: ops.lu_factor(x[:2])[0],
        lambda x: ops.norm(x, "nuc"),
    ],
)
def test_derivatives(function):
    x = np.random.default_rng(0).normal(size=(3, 3)) + 4 * np.diag([1.0, 2.0, 3.0])

    def scalar(x):
        weights = np.random.default_rng(1)
        parts = function(x)
        parts = parts if isinstance(parts, tuple) else (parts,)
        return sum((part * weights.normal(size=part.shape)).sum() for part in parts)

    assert gradcheck(scalar, [x])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ops.inv([[1.0, 2.0], [2.0, 4.0]]), DataError, "inv: Singular matrix"),
        (lambda: ops.inv([1.0]), ShapeError, r"inv: expected matrices of shape \(…, M, N\), received shape \(1,\)"),
        (lambda: ops.det(np.zeros((2, 3))), ShapeError, "det: expected square matrices"),
        (lambda: ops.cholesky([[-1.0]]), DataError, "cholesky: Matrix is not positive definite"),
        (lambda: ops.solve(np.eye(2), [1.0]), ShapeError, r"solve: expected b of shape \(2,\) or \(2, '?N"),
        (lambda: ops.lstsq(np.eye(2), [1.0]), ShapeError, "lstsq: expected a of shape"),
        (lambda: ops.pinv(np.eye(2), -1.0), ArgumentError, "rcond to be a number from 0 on, received -1.0"),
        (lambda: ops.qr(np.eye(2), "raw"), ArgumentError, "qr: mode must be 'reduced' or 'complete', received 'raw'"),
        (
            lambda: ops.qr(Tensor(np.ones((3, 2)), requires_grad=True), "complete"), ArgumentError,
            "qr: the full matrices of shape .* have no derivative. Pass mode='reduced'",
        ),
        (
            lambda: ops.svd(Tensor(np.ones((3, 2)), requires_grad=True)), ArgumentError,
            "svd: the full matrices .* Pass full_matrices=False",
        ),
        (lambda: ops.norm(np.eye(2), 3), ArgumentError, "norm: ord=3 over 2 axes"),
        (lambda: ops.norm([1.0], "fro"), ArgumentError, "norm: ord='fro' over 1 axes"),
        (lambda: ops.jvp(np.sin, (1.0,), ()), ArgumentError, "jvp: expected primals and tangents to be two lists"),
        (lambda: ops.jvp(np.sin, (1.0,), ([1.0],)), ShapeError, r"jvp: a tangent of shape \(1,\) does not fit"),
        (lambda: ops.jvp(np.sin, (ops.symbolic.KerasTensor((1,)),), (1.0,)), ArgumentError, "jvp: takes values"),
    ],
)  # fmt: skip
def test_refusals(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_singular_matrices_have_a_determinant_but_no_derivative_of_it():
    x = Tensor([[1.0, 2.0], [2.0, 4.0]], requires_grad=True)
    y = ops.det(x)
    assert y.item() == 0
    with pytest.raises(DataError, match="Singular matrix"):
        y.backward()


@given(arrays(0, 3))
def test_change_is_that_of_keras(x):
    def function(a):
        return a * a + a

    tangent = np.cos(x)
    theirs = keras.ops.jvp(function, (keras.ops.convert_to_tensor(x),), (keras.ops.convert_to_tensor(tangent),))
    agree(ops.jvp(function, (x,), (tangent,)), theirs, "jvp")


def test_change_of_several_results_and_something_else():
    value, change, aux = ops.jvp(lambda x, y: ({"a": x * y, "b": x + 1.0}, "more"), (3.0, 4.0), (1.0, 0.5), has_aux=True)
    assert value["a"].item() == 12 and value["b"].item() == 4 and aux == "more"
    assert change["a"].item() == 5.5 and change["b"].item() == 1


def test_change_of_what_does_not_depend_on_it():
    assert ops.jvp(lambda x: Tensor([2.0]), (1.0,), (1.0,))[1].tolist() == [0.0]
