"""Tensors mean what ndarrays mean, record what they compute, and refuse the rest by name."""

from __future__ import annotations

import operator
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinynet import Tensor, Variable, gradcheck, no_grad
from tinynet.errors import DtypeError, MutationError, ShapeError

GENERATOR = np.random.default_rng(0)
A = GENERATOR.uniform(0.5, 2.0, (3, 4))
B = GENERATOR.uniform(0.5, 2.0, (3, 4))
MATRIX = GENERATOR.normal(size=(4, 2))


def leaf(array, dtype=None):
    return Tensor(np.asarray(array, dtype or np.asarray(array).dtype), requires_grad=True)


def recorded_as(tensor):
    return None if tensor._node is None else tensor._node.operation.name


class TestMaking:
    def test_floats_become_float32_and_ints_int32(self):
        assert Tensor(1.5).dtype == np.float32
        assert Tensor([1.0, 2.0]).dtype == np.float32
        assert Tensor([1, 2]).dtype == np.int32
        assert Tensor([2**40]).dtype == np.int64
        assert Tensor([True]).dtype == np.bool_

    @pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "bool"])
    def test_arrays_keep_their_dtype(self, dtype):
        assert Tensor(np.zeros(2, dtype)).dtype == dtype

    def test_dtype_converts(self):
        assert Tensor([1, 2], dtype="float64").dtype == np.float64

    def test_the_source_may_change_later(self):
        source = np.zeros(2)
        tensor = Tensor(source)
        source[0] = 5
        assert tensor.tolist() == [0, 0]

    def test_refusals(self):
        with pytest.raises(
            DtypeError, match="only floating-point tensors have gradients, received dtype int32"
        ):
            Tensor([1], requires_grad=True)
        with pytest.raises(
            DtypeError, match="expected numbers or truth values, received an array of dtype <U1"
        ):
            Tensor(["a"])
        with pytest.raises(ShapeError, match="rows of unequal length do not make an array"):
            Tensor([[1.0], [2.0, 3.0]])
        with pytest.raises(DtypeError, match="'float99' names no dtype"):
            Tensor([1.0], dtype="float99")


BINARY = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.pow,
    operator.floordiv,
    operator.mod,
]
COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]


class TestOperators:
    @pytest.mark.parametrize("op", BINARY + COMPARISONS, ids=lambda f: f.__name__)
    @pytest.mark.parametrize("left_is", [leaf, np.asarray])
    @pytest.mark.parametrize("right_is", [leaf, np.asarray])
    def test_of_two(self, op, left_is, right_is):
        result = op(left_is(A), right_is(B))
        np.testing.assert_allclose(np.asarray(result), op(A, B), rtol=1e-13)
        if left_is is leaf or right_is is leaf:
            assert isinstance(result, Tensor)
            assert result.requires_grad == (op in BINARY)

    @pytest.mark.parametrize("op", BINARY + COMPARISONS, ids=lambda f: f.__name__)
    @pytest.mark.parametrize("number", [2, 1.5, np.float64(1.5), np.float32(2), np.int64(3)])
    def test_with_a_number_on_either_side(self, op, number):
        x = leaf(A)
        np.testing.assert_allclose(op(x, number).numpy(), op(A, number), rtol=1e-13)
        np.testing.assert_allclose(op(number, x).numpy(), op(number, A), rtol=1e-13)

    @pytest.mark.parametrize("op", BINARY[:5], ids=lambda f: f.__name__)
    def test_gradients(self, op):
        assert gradcheck(op, [A, B], order=2).passed
        assert gradcheck(lambda x: op(x, 1.5), [A], order=2).passed
        assert gradcheck(lambda x: op(1.5, x), [A], order=2).passed
        assert gradcheck(op, [A, B[0]], order=2).passed

    def test_modulo_has_the_derivative_of_its_smooth_part(self):
        assert gradcheck(operator.mod, [np.array([5.5, -2.3]), np.array([2.0, 0.7])]).passed

    @pytest.mark.parametrize("op", [operator.neg, operator.pos, operator.abs], ids=lambda f: f.__name__)
    def test_of_one(self, op):
        x = A - 1.2
        np.testing.assert_array_equal(op(leaf(x)).numpy(), op(x))
        assert gradcheck(op, [x]).passed

    def test_matrix_products(self):
        for left, right in [(A, MATRIX), (A[0], MATRIX), (A, MATRIX[:, 0]), (A[0], MATRIX[:, 0])]:
            np.testing.assert_allclose((leaf(left) @ leaf(right)).numpy(), left @ right, rtol=1e-13)
            np.testing.assert_allclose((left @ leaf(right)).numpy(), left @ right, rtol=1e-13)
            np.testing.assert_allclose((leaf(left) @ right).numpy(), left @ right, rtol=1e-13)
            assert gradcheck(operator.matmul, [left, right]).passed

    def test_logic(self):
        a, b = np.array([True, False, True]), np.array([True, True, False])
        for op in (operator.and_, operator.or_, operator.xor):
            np.testing.assert_array_equal(op(Tensor(a), Tensor(b)).numpy(), op(a, b))
            np.testing.assert_array_equal(op(a, Tensor(b)).numpy(), op(a, b))
        np.testing.assert_array_equal((~Tensor(a)).numpy(), ~a)

    def test_augmented_assignment_makes_a_new_tensor(self):
        x = original = leaf(A)
        x += 1
        x *= x
        np.testing.assert_allclose(x.numpy(), (A + 1) ** 2)
        np.testing.assert_array_equal(original.numpy(), A)

    def test_shapes_that_do_not_fit(self):
        with pytest.raises(ShapeError, match=r"operation 'add': .*received \(3, 4\) float64, \(3,\) float64"):
            leaf(A) + np.zeros(3)
        with pytest.raises(ShapeError, match="operation 'matmul'"):
            leaf(A) @ leaf(A)

    def test_operands_that_are_no_numbers(self):
        with pytest.raises(DtypeError, match="add: expected numbers or truth values"):
            leaf(A) + np.array(["a"])
        with pytest.raises(DtypeError, match="expected numbers or truth values"):
            leaf(A) + "a"


class TestDtypes:
    @pytest.mark.parametrize("number", [2, 2.5, True, np.float64(2.5), np.float32(2), np.int64(3)])
    @pytest.mark.parametrize("op", BINARY, ids=lambda f: f.__name__)
    def test_float32_stays_float32_with_a_number(self, op, number):
        x = leaf(A, "float32")
        for result in (op(x, number), op(number, x)):
            assert result.dtype == np.float32
            result.sum().backward()
        assert x.grad.dtype == np.float32

    def test_float32_and_float64_make_float64_and_each_gets_its_own_gradient(self):
        x, y = leaf(A, "float32"), leaf(B)
        product = x * y
        assert product.dtype == np.float64
        product.sum().backward()
        assert x.grad.dtype == np.float32 and y.grad.dtype == np.float64

    def test_integers_and_a_fraction_make_floatx(self):
        assert (Tensor([1, 2]) * 0.5).dtype == np.float32
        assert (Tensor([1, 2]) * 3).dtype == np.int32

    def test_functions_keep_float32(self):
        x = leaf(A, "float32")
        for f in (np.exp, np.tanh, np.mean, np.var, np.std, np.sqrt, np.cumsum):
            assert f(x).dtype == np.float32

    def test_astype(self):
        x = leaf(A)
        y = x.astype("float32")
        assert y.dtype == np.float32 and recorded_as(y) == "cast"
        y.sum().backward()
        assert x.grad.dtype == np.float64
        assert x.astype("float64") is x
        assert not x.astype("int32").requires_grad


METHODS = [
    lambda x: x.sum(),
    lambda x: x.sum(0),
    lambda x: x.sum((0, 1), keepdims=True),
    lambda x: x.mean(axis=-1),
    lambda x: x.var(axis=1),
    lambda x: x.std(),
    lambda x: x.max(axis=0),
    lambda x: x.min(),
    lambda x: x.prod(),
    lambda x: x.prod(axis=1),
    lambda x: x.cumsum(axis=1),
    lambda x: x.cumsum(),
    lambda x: x.reshape(2, 6),
    lambda x: x.reshape((-1,)),
    lambda x: x.ravel(),
    lambda x: x.flatten(),
    lambda x: x.T,
    lambda x: x.transpose(1, 0),
    lambda x: x.transpose(),
    lambda x: x.transpose((1, 0)),
    lambda x: x.mT,
    lambda x: x.swapaxes(0, 1),
    lambda x: x[None].squeeze(0),
    lambda x: x.repeat(2, axis=1),
    lambda x: x.repeat(2),
    lambda x: x.take([0, 2, 0], axis=0),
    lambda x: x.take([5, 1]),
    lambda x: x.dot(MATRIX),
    lambda x: x.clip(0.7, 1.5),
    lambda x: x.copy(),
    lambda x: x.dot(2.0),
    lambda x: x.clip(max=1.5),
]


class TestMethods:
    @pytest.mark.parametrize("method", METHODS)
    def test_equal_numpys_and_have_gradients(self, method):
        np.testing.assert_allclose(method(leaf(A)).numpy(), method(A), rtol=1e-13)
        assert gradcheck(method, [A], order=2).passed

    @pytest.mark.parametrize(
        "method",
        [
            lambda x: x.argmax(), lambda x: x.argmax(axis=1), lambda x: x.argmin(axis=0),
            lambda x: x.argsort(axis=0), lambda x: (x > 1).any(), lambda x: (x > 1).all(axis=0),
            lambda x: (x > 1).nonzero()[1],
        ],
    )  # fmt: skip
    def test_without_derivative(self, method):
        result = method(leaf(A))
        assert isinstance(result, Tensor) and not result.requires_grad
        np.testing.assert_array_equal(result.numpy(), method(A))

    def test_round(self):
        np.testing.assert_allclose(leaf(A).round(1).numpy(), A.round(1))
        np.testing.assert_array_equal(leaf(A).round().numpy(), A.round())

    def test_product_with_zeros_has_a_gradient(self):
        x = leaf(np.array([2.0, 0.0, 3.0]))
        x.prod().backward()
        np.testing.assert_array_equal(x.grad.numpy(), [0, 6, 0])

    def test_product_of_nothing_is_one(self):
        assert leaf(np.zeros(0)).prod().item() == 1
        assert leaf(np.zeros((2, 0))).prod(axis=1).tolist() == [1, 1]

    def test_properties(self):
        x = leaf(A)
        assert (x.shape, x.ndim, x.size, x.nbytes, x.itemsize) == (
            A.shape,
            A.ndim,
            A.size,
            A.nbytes,
            A.itemsize,
        )
        assert x.tolist() == A.tolist()

    def test_item(self):
        assert Tensor([[2.5]]).item() == 2.5
        with pytest.raises(
            ShapeError, match=r"item: expected a tensor of one element, received shape \(3, 4\)"
        ):
            leaf(A).item()

    def test_detach_cuts_the_graph(self):
        x = leaf(A)
        (x * x.detach()).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), A)

    def test_numpy_is_a_copy_and_data_cannot_be_written(self):
        x = leaf(A)
        x.numpy()[...] = 0
        np.testing.assert_array_equal(x.numpy(), A)
        with pytest.raises(ValueError, match="read-only"):
            x.data[0] = 0


KEYS = [
    0,
    -1,
    slice(None),
    slice(1, None, 2),
    slice(None, None, -1),
    (1, 2),
    (slice(None), -1),
    ...,
    (..., 0),
    None,
    (None, slice(None), 1),
    [0, 2, 2],
    ([0, 1, 2], [3, 3, 0]),
    ([[0], [2]], [[1, 1]]),
    (slice(1, 3), [0, 0, 1]),
    ([0, 1], slice(None), None),
    A > 1,
    A[:, 0] > 1,
    (A[:, 0] > 0.9, 1),
    np.array([], int),
    np.zeros((3, 4), bool),
    np.array([-1, 0]),
    np.int64(2),
    (1, slice(None), None),
    (np.array(1), [0, 1]),
    True,
]


class TestIndexing:
    @pytest.mark.parametrize("key", KEYS, ids=repr)
    def test_equals_numpys_and_has_gradients(self, key):
        np.testing.assert_array_equal(leaf(A)[key].numpy(), A[key])
        assert gradcheck(lambda x: x[key] * x[key], [A], order=2).passed

    @given(st.data())
    def test_any_key(self, data):
        array = data.draw(hnp.array_shapes(min_dims=1, max_dims=4, max_side=4).map(
            lambda shape: np.arange(1.0, np.prod(shape) + 1).reshape(shape)
        ))  # fmt: skip
        basic = hnp.basic_indices(array.shape, allow_newaxis=True)
        advanced = hnp.integer_array_indices(array.shape)
        key = data.draw(st.one_of(basic, advanced, hnp.arrays(bool, array.shape)))
        x = leaf(array)
        part = x[key]
        np.testing.assert_array_equal(part.numpy(), array[key])
        weights = np.random.default_rng(0).normal(size=part.shape)
        part.backward(weights)
        expected = np.zeros_like(array)
        np.add.at(expected, key, weights)
        np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-12, atol=1e-12)

    def test_tensors_as_keys(self):
        x = leaf(A)
        np.testing.assert_array_equal(x[Tensor([2, 0])].numpy(), A[[2, 0]])
        np.testing.assert_array_equal(x[x > 1].numpy(), A[A > 1])
        np.testing.assert_array_equal(x[Tensor([2, 0]), Tensor([1, 1])].numpy(), A[[2, 0], [1, 1]])

    def test_the_key_may_change_later(self):
        x, key = leaf(A), np.array([0, 1])
        part = x[key]
        key[:] = 2
        part.sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), [[1] * 4, [1] * 4, [0] * 4])

    def test_an_empty_axis(self):
        x = leaf(np.zeros((0, 3)))
        assert x[:, 1].shape == (0,)
        x[:, 1].sum().backward()
        assert x.grad.shape == (0, 3)

    def test_outside(self):
        with pytest.raises(ShapeError, match="operation 'getitem': index 3 is out of bounds"):
            leaf(A)[3]
        with pytest.raises(ShapeError, match="operation 'getitem': too many indices"):
            leaf(A)[0, 0, 0]


class TestAssignment:
    def test_names_the_alternative(self):
        x = leaf(A)
        with pytest.raises(MutationError, match=r"cannot be assigned into: .*where\(mask, value, tensor\)"):
            x[0] = 1.0
        with pytest.raises(MutationError, match="a variable has assign"):
            x[0, 0] += 1.0
        np.testing.assert_array_equal(x.numpy(), A)

    @pytest.mark.parametrize("name", ["fill", "sort", "put", "resize", "partition"])
    def test_in_place_methods(self, name):
        with pytest.raises(MutationError, match=f"no in-place method '{name}'"):
            getattr(leaf(A), name)

    def test_other_attributes_are_missing_as_usual(self):
        with pytest.raises(AttributeError, match="'Tensor' object has no attribute 'sume'"):
            _ = leaf(A).sume


class TestPythonProtocols:
    def test_repr(self):
        assert repr(Tensor([1.0, 2.0])) == "Tensor([1., 2.], shape=(2,), dtype=float32)"
        x = Tensor([1.0, 2.0], requires_grad=True)
        assert repr(x) == "Tensor([1., 2.], shape=(2,), dtype=float32, requires_grad=True)"
        assert repr(x * 2) == "Tensor([2., 4.], shape=(2,), dtype=float32, operation=multiply)"
        assert len(repr(Tensor(np.zeros(10**5)))) < 300

    def test_html(self):
        assert "<td>1</td><td>2.5</td>" in Tensor([1.0, 2.5])._repr_html_()
        assert Tensor(np.zeros((2, 2, 2)))._repr_html_().startswith("<pre>Tensor(")

    def test_iteration(self):
        x = leaf(A)
        rows = list(x)
        assert [row.shape for row in rows] == [(4,)] * 3
        (rows[0] * rows[2]).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), [A[2], np.zeros(4), A[0]])
        assert list(leaf(np.zeros((0, 2)))) == []
        first, *_ = x
        np.testing.assert_array_equal(first.numpy(), A[0])

    def test_len(self):
        assert len(leaf(A)) == 3
        with pytest.raises(ShapeError, match="len: a scalar tensor has no length"):
            len(Tensor(1.0))
        with pytest.raises(ShapeError, match="iter: a scalar tensor has no elements"):
            iter(Tensor(1.0))

    def test_truth(self):
        assert Tensor(1.0) and not Tensor([0])
        with pytest.raises(
            ShapeError, match=r"truth of a tensor of shape \(3, 4\) is ambiguous. Use .any\(\)"
        ):
            bool(leaf(A))
        with pytest.raises(ShapeError, match="ambiguous"):
            bool(Tensor([]))

    def test_numbers(self):
        assert float(Tensor(2.5)) == 2.5 and int(Tensor(2.5)) == 2
        assert [10, 20, 30][Tensor(1)] == 20
        assert f"{Tensor(2.5):.2f}" == "2.50"
        with pytest.raises(ShapeError, match="item: expected a tensor of one element"):
            float(leaf(A))

    def test_hash_is_of_the_object(self):
        x, y = Tensor([1.0]), Tensor([1.0])
        assert len({x, y, x}) == 2

    def test_pickle(self):
        x = pickle.loads(pickle.dumps(leaf(A)))
        np.testing.assert_array_equal(x.numpy(), A)
        assert x.requires_grad and x.is_leaf
        w = pickle.loads(pickle.dumps(Variable(A, trainable=False, name="w", path="d/w")))
        assert (w.name, w.path, w.trainable, w.dtype) == ("w", "d/w", False, np.float64)


class TestVariable:
    def test_assign(self):
        w = Variable(np.zeros(3, "float32"), name="w")
        assert w.assign([1, 2, 3]) is w
        assert w.dtype == np.float32 and w.tolist() == [1, 2, 3]
        assert w.assign_add(1).tolist() == [2, 3, 4]
        assert w.assign_sub(Tensor([1.0, 1.0, 2.0])).tolist() == [1, 2, 2]

    def test_assigning_another_shape(self):
        w = Variable(np.zeros(3), path="dense/w")
        with pytest.raises(
            ShapeError, match=r"variable 'dense/w' of shape \(3,\): cannot be assigned .* \(2,\)"
        ):
            w.assign([1.0, 2.0])
        with pytest.raises(DtypeError, match="cannot be assigned truth values"):
            w.assign([True, False, True])

    def test_what_was_assigned_may_change_later(self):
        source, w = np.ones(3), Variable(np.zeros(3))
        w.assign(source)
        source[:] = 7
        assert w.tolist() == [1, 1, 1]

    def test_an_earlier_reading_keeps_its_value(self):
        w = Variable(np.zeros(3))
        with no_grad():
            before = w * 1
            view = w.reshape(3)
        w.assign(np.ones(3))
        assert before.tolist() == view.tolist() == [0, 0, 0]

    def test_only_trainable_ones_are_recorded(self):
        assert (Variable(np.zeros(3)) * 2).requires_grad
        assert not (Variable(np.zeros(3), trainable=False) * 2).requires_grad
        assert not Variable(np.zeros(3, int)).trainable
