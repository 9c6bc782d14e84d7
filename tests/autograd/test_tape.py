"""The tape: what is recorded, walked, accumulated, freed and refused."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

from tinynet import Tensor, Variable, enable_grad, grad, no_grad
from tinynet.autograd import Slices
from tinynet.errors import DtypeError, GraphError, ShapeError
from tinynet.primitives import REGISTRY

A = np.random.default_rng(0).uniform(0.5, 2.0, (3, 4))
embedding, split, unstack, lstm = (REGISTRY[name] for name in ("embedding", "split", "unstack", "lstm"))


def leaf(array):
    return Tensor(np.asarray(array), requires_grad=True)


class TestBackward:
    def test_of_a_scalar(self):
        x = leaf(A)
        (x * x).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), 2 * A)
        assert not x.grad.requires_grad

    def test_with_a_cotangent(self):
        x, g = leaf(A), np.arange(12.0).reshape(3, 4)
        (x * x).backward(g)
        np.testing.assert_array_equal(x.grad.numpy(), 2 * A * g)
        x.zero_grad()
        (x * x).backward(gradient=Tensor(g))
        np.testing.assert_array_equal(x.grad.numpy(), 2 * A * g)

    def test_the_cotangent_may_change_later(self):
        x, g = leaf(A), np.ones((3, 4))
        (x + 1).backward(g)
        g[:] = 5
        np.testing.assert_array_equal(x.grad.numpy(), np.ones((3, 4)))

    def test_a_cotangent_of_another_shape(self):
        with pytest.raises(
            ShapeError, match=r"backward: expected a gradient of shape \(3, 4\), received \(4,\)"
        ):
            (leaf(A) * 2).backward(np.ones(4))

    def test_without_a_cotangent_only_for_one_number(self):
        with pytest.raises(
            GraphError, match=r"shape \(3, 4\) has no single derivative. Reduce it .* \.sum\(\)"
        ):
            (leaf(A) * 2).backward()
        x = leaf([[3.0]])
        (x * x).backward()
        assert x.grad.tolist() == [[6.0]]

    def test_of_what_was_not_recorded(self):
        for tensor in (Tensor(1.0), (leaf(A) * 2).detach().sum()):
            with pytest.raises(GraphError, match="does not depend on any tensor with requires_grad=True"):
                tensor.backward()

    def test_of_a_leaf_itself(self):
        x = leaf(3.0)
        x.backward()
        assert x.grad.item() == 1

    def test_reaches_a_leaf_by_every_way(self):
        x = leaf(A)
        y = np.exp(x)
        (y * x + y * y + x).sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), np.exp(A) * (A + 1) + 2 * np.exp(2 * A) + 1, rtol=1e-13)

    def test_doubling_sixty_times_is_sixty_steps(self):
        x = leaf(1.0)
        y = x
        for _ in range(60):
            y = y + y
        y.backward()
        assert x.grad.item() == 2.0**60

    def test_a_hundred_thousand_operations_in_a_row(self):
        x = leaf(1.0)
        y = x
        for _ in range(100_000):
            y = y + 1.0
        y.backward()
        assert x.grad.item() == 1
        assert y.item() == 100_001

    def test_a_hundred_thousand_operations_are_dropped_without_a_walk(self):
        y = leaf(1.0)
        for _ in range(100_000):
            y = y * 1.0
        node = weakref.ref(y._node)
        del y
        assert node() is None

    def test_leaves_that_want_no_gradient_get_none(self):
        x, y = leaf(A), Tensor(A)
        (x * y).sum().backward()
        assert y.grad is None

    def test_constants_of_the_graph_may_change_later(self):
        x, factor = leaf(A), np.full((3, 4), 3.0)
        y = x * factor
        factor[:] = 0
        y.sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), np.full((3, 4), 3.0))

    def test_integers_are_not_recorded(self):
        assert not leaf(A).argmax().requires_grad
        assert not (leaf(A) > 1).requires_grad


class TestAccumulation:
    def test_adds_up(self):
        x = leaf(A)
        for _ in range(3):
            (2 * x).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), np.full((3, 4), 6.0))
        x.zero_grad()
        assert x.grad is None

    def test_gradients_that_share_memory_do_not_disturb_each_other(self):
        x, y = leaf(A), leaf(A)
        (x + y).backward(np.ones((3, 4)))
        x.sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), np.full((3, 4), 2.0))
        np.testing.assert_array_equal(y.grad.numpy(), np.ones((3, 4)))

    def test_grad_can_be_set(self):
        x = leaf(A)
        x.grad = np.ones((3, 4))
        (2 * x).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), np.full((3, 4), 3.0))
        with pytest.raises(ShapeError, match=r"grad: expected shape \(3, 4\), received \(4,\)"):
            x.grad = np.ones(4)


class TestFreeing:
    def test_backward_twice(self):
        x = leaf(A)
        y = (x * x).sum()
        y.backward()
        with pytest.raises(GraphError, match="has been freed by an earlier backward. Pass retain_graph=True"):
            y.backward()
        np.testing.assert_array_equal(x.grad.numpy(), 2 * A)

    def test_through_a_freed_part(self):
        x = leaf(A)
        shared = x * x
        shared.sum().backward()
        with pytest.raises(GraphError, match="the graph through operation 'multiply' has been freed"):
            np.exp(shared).sum().backward()

    def test_retain_graph(self):
        x = leaf(A)
        y = (x * x).sum()
        y.backward(retain_graph=True)
        y.backward()
        np.testing.assert_array_equal(x.grad.numpy(), 4 * A)
        with pytest.raises(GraphError, match="freed"):
            y.backward()

    def test_residuals_go_with_the_walk(self):
        x = leaf(A)
        y = np.exp(x)
        kept = weakref.ref(y._data)
        z = np.exp(y).sum()
        del y
        assert kept() is not None
        z.backward()
        assert kept() is None

    def test_the_graph_goes_with_its_last_tensor(self):
        """By reference counts alone: there are no cycles for the collector to find."""
        gc.disable()
        try:
            x = leaf(A)
            first, second = split(np.tanh(x @ A.T), indices=(1,), axis=0)
            z = (first.sum() * second).sum()
            nodes, stack = [], [z._node]
            while stack:
                node = stack.pop()
                nodes.append(weakref.ref(node))
                stack += [p for p in node.parents if hasattr(p, "parents")]
            del node, stack, first, second
            z.backward()
            del z
            assert len(nodes) > 5 and all(node() is None for node in nodes)
        finally:
            gc.enable()

    def test_gradients_hold_no_graph(self):
        x = leaf(A)
        y = np.exp(x)
        node = weakref.ref(y._node)
        y.sum().backward()
        del y
        assert x.grad is not None and node() is None


class TestNoGrad:
    def test_records_nothing(self):
        x = leaf(A)
        with no_grad():
            y = np.exp(x * 2)
        assert not y.requires_grad and y.is_leaf

    def test_ends_with_the_block_and_with_an_error(self):
        x = leaf(A)
        with pytest.raises(ZeroDivisionError), no_grad():
            raise ZeroDivisionError
        assert (x * 2).requires_grad

    def test_nests(self):
        x = leaf(A)
        with no_grad():
            with enable_grad():
                assert (x * 2).requires_grad
            assert not (x * 2).requires_grad

    def test_as_a_decorator(self):
        @no_grad()
        def double(x):
            return x * 2

        x = leaf(A)
        assert not double(x).requires_grad and not double(x).requires_grad
        assert (x * 2).requires_grad

    def test_belongs_to_its_thread(self):
        x, seen, inside, done = leaf(A), {}, threading.Event(), threading.Event()

        def other():
            seen["other records"] = (x * 2).requires_grad
            with no_grad():
                inside.set()
                done.wait(10)
                seen["other does not"] = (x * 2).requires_grad

        with no_grad():
            thread = threading.Thread(target=other)
            thread.start()
            assert inside.wait(10)
            seen["main does not"] = (x * 2).requires_grad
        seen["main records"] = (x * 2).requires_grad
        done.set()
        thread.join()
        assert seen == {
            "other records": True, "other does not": False, "main does not": False, "main records": True
        }  # fmt: skip

    def test_threads_walk_their_own_graphs(self):
        results = {}

        def work(k):
            x = leaf(A * k)
            for _ in range(50):
                x.zero_grad()
                np.tanh(x * x).sum().backward()
            results[k] = x.grad.numpy()

        threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for k, found in results.items():
            x = A * k
            np.testing.assert_allclose(found, 2 * x * (1 - np.tanh(x * x) ** 2), rtol=1e-9, atol=1e-13)


class TestChangesInPlace:
    @pytest.mark.parametrize(
        "change",
        [
            lambda w: w.assign(np.zeros((3, 4))),
            lambda w: w.assign_add(np.ones((3, 4))),
            lambda w: w.assign_sub(np.ones((3, 4))),
            lambda w: w.changed_in_place(),
        ],
    )
    def test_are_noticed(self, change):
        w = Variable(A, path="dense/kernel")
        y = (w * w).sum()
        change(w)
        with pytest.raises(
            GraphError, match=r"variable 'dense/kernel' of shape \(3, 4\) was changed in place after"
        ):
            y.backward()

    def test_between_two_graphs_are_fine(self):
        w = Variable(A)
        for _ in range(2):
            w.grad = None
            (w * w).sum().backward()
            np.testing.assert_allclose(w.grad.numpy(), 2 * w.numpy())
            w.assign_sub(0.1 * w.grad)


class TestSeveralOutputs:
    def test_all_used(self):
        x = leaf(A)
        first, second = split(x, indices=2, axis=1)
        (first * second).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), np.concatenate([A[:, 2:], A[:, :2]], axis=1))

    def test_one_used(self):
        x = leaf(A)
        (3 * unstack(x, axis=0)[1]).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), [[0] * 4, [3] * 4, [0] * 4])

    def test_one_used_twice(self):
        x = leaf(A)
        part = unstack(x, axis=0)[2]
        (part * part).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), [[0] * 4, [0] * 4, 2 * A[2]])

    def test_a_second_walk_is_refused(self):
        parts = unstack(leaf(A), axis=0)
        parts[0].sum().backward()
        with pytest.raises(GraphError, match="operation 'unstack' has been freed"):
            parts[1].sum().backward()

    @pytest.mark.parametrize("used", [(0,), (1,), (2,), (0, 2), (1, 2)])
    def test_of_a_recurrent_operation(self, used):
        generator = np.random.default_rng(1)
        shapes = [(2, 3, 2), (2, 2), (2, 2), (2, 8), (2, 8), (8,)]
        arrays = [generator.normal(size=shape) for shape in shapes]

        def gradients(run):
            inputs = [leaf(a) for a in arrays]
            outputs = run(*inputs, None, return_sequences=True)
            sum((outputs[k] * outputs[k]).sum() for k in used).backward()
            return [x.grad.numpy() for x in inputs]

        for fused, composed in zip(gradients(lstm), gradients(lstm.composed), strict=True):
            np.testing.assert_allclose(fused, composed, rtol=1e-11, atol=1e-12)


class TestSlices:
    IDS = np.array([[2, 0], [2, 2]])

    def test_a_table_has_slices_unmerged(self):
        table = Variable(A)
        (2 * embedding(table, self.IDS)).sum().backward()
        assert isinstance(table._grad, Slices)
        np.testing.assert_array_equal(table._grad.rows, [2, 0, 2, 2])
        np.testing.assert_array_equal(table._grad.values, np.full((4, 4), 2.0))
        np.testing.assert_array_equal(table.grad.numpy(), [[2] * 4, [0] * 4, [6] * 4])

    def test_slices_accumulate(self):
        table = Variable(A)
        embedding(table, self.IDS).sum().backward()
        embedding(table, np.array([1])).sum().backward()
        np.testing.assert_array_equal(table._grad.rows, [2, 0, 2, 2, 1])
        np.testing.assert_array_equal(table.grad.numpy(), [[1] * 4, [1] * 4, [3] * 4])

    @pytest.mark.parametrize("lookup_first", [True, False])
    def test_with_a_dense_gradient(self, lookup_first):
        expected = A + [[1] * 4, [0] * 4, [3] * 4]
        table = Variable(A)
        terms = [lambda: embedding(table, self.IDS).sum(), lambda: (table * table).sum() / 2]
        if not lookup_first:
            terms.reverse()
        (terms[0]() + terms[1]()).backward()
        np.testing.assert_allclose(table.grad.numpy(), expected)
        table.zero_grad()
        terms[0]().backward()
        terms[1]().backward()
        np.testing.assert_allclose(table.grad.numpy(), expected)

    def test_go_on_through_the_graph_dense(self):
        x = leaf(A)
        embedding(x * 3, self.IDS).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), [[3] * 4, [0] * 4, [9] * 4])

    def test_grad_is_dense(self):
        found = grad(lambda table: embedding(table, self.IDS).sum())(A)
        np.testing.assert_array_equal(found.numpy(), [[1] * 4, [0] * 4, [3] * 4])


class TestCreateGraph:
    def test_a_hessian(self):
        """Of x₀²x₁ + sin x₁: [[2x₁, 2x₀], [2x₀, −sin x₁]]."""
        x = leaf([1.5, 0.7])
        hessian = []
        for row in range(2):
            x.zero_grad()
            (x[0] * x[0] * x[1] + np.sin(x[1])).backward(create_graph=True)
            first = x.grad
            assert first.requires_grad
            x.zero_grad()
            first[row].backward()
            hessian.append(x.grad.numpy())
        np.testing.assert_allclose(hessian, [[1.4, 3.0], [3.0, -np.sin(0.7)]], rtol=1e-13)

    def test_a_penalty_on_the_gradient(self):
        """The derivative of Σ (d tanh)² by x is 2 (1 − t²)(−2t)(1 − t²)."""
        x = leaf(A)
        np.tanh(x).sum().backward(create_graph=True)
        penalty = (x.grad * x.grad).sum()
        x.zero_grad()
        penalty.backward()
        t = np.tanh(A)
        np.testing.assert_allclose(x.grad.numpy(), -4 * t * (1 - t * t) ** 2, rtol=1e-12)

    def test_the_graph_stays(self):
        x = leaf(A)
        y = (x * x).sum()
        y.backward(create_graph=True)
        y.backward()
        np.testing.assert_allclose(x.grad.numpy(), 4 * A)

    def test_through_a_table(self):
        table = Variable(A)
        rows = embedding(table, np.array([1, 1, 0]))
        (rows * rows * rows).sum().backward(create_graph=True)
        first = table.grad
        table.zero_grad()
        first.sum().backward()
        np.testing.assert_allclose(table.grad.numpy(), 6 * A * np.array([[1], [2], [0]]))

    def test_a_change_in_place_is_noticed_in_the_second_walk(self):
        w = Variable(A, path="w")
        (w * w * w).sum().backward(create_graph=True)
        first = w.grad
        w.assign(np.zeros((3, 4)))
        with pytest.raises(GraphError, match="variable 'w' of shape .* was changed in place"):
            first.sum().backward()


def test_refuses_integer_leaves():
    with pytest.raises(DtypeError, match="only floating-point tensors have gradients"):
        Tensor(np.arange(3), requires_grad=True)
