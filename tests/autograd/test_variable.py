"""A variable changes; what was taken from it before does not."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet
from tinynet.errors import DtypeError, GraphError, ShapeError


def test_detached_value_does_not_follow_later_changes() -> None:
    w = tinynet.Variable([1.0, 2.0])
    before, copy = w.detach(), w.numpy()
    w._data += 1
    w.changed_in_place()
    w.assign_add([1.0, 1.0])
    np.testing.assert_array_equal(before.numpy(), [1, 2])
    np.testing.assert_array_equal(copy, [1, 2])
    np.testing.assert_array_equal(w.numpy(), [3, 4])


def test_graph_recorded_before_a_change_refuses_to_be_walked() -> None:
    w = tinynet.Variable([1.0, 2.0], name="kernel", path="dense/kernel")
    y = (w * w).sum()
    w.assign_sub([0.5, 0.5])
    with pytest.raises(GraphError, match="variable 'dense/kernel' .* was changed in place after operation 'multiply'"):
        y.backward()


def test_assignment_checks_what_it_is_given() -> None:
    w = tinynet.Variable([1.0, 2.0])
    with pytest.raises(ShapeError, match=r"variable 'variable' of shape \(2,\): cannot be assigned .* \(3,\)"):
        w.assign([1.0, 2.0, 3.0])
    with pytest.raises(DtypeError, match="truth values"):
        w.assign([True, False])
    np.testing.assert_array_equal(w.numpy(), [1, 2])


def test_freezing_stops_recording() -> None:
    w = tinynet.Variable([1.0])
    w.trainable = False
    assert not (w * 2).requires_grad
    w.trainable = True
    (w * 2).sum().backward()
    np.testing.assert_array_equal(w.grad.numpy(), [2])


def test_values_begin_on_a_cache_line() -> None:
    variable = tinynet.Variable(np.ones((500, 3), "float32"))  # small ones may begin anywhere
    for _ in range(8):
        assert variable._data.ctypes.data % 64 == 0
        variable.assign(np.asfortranarray(variable.numpy() + 1))
        assert variable._data.flags.c_contiguous
    assert variable.tolist() == [[9.0] * 3] * 500
    assert tinynet.Variable(np.zeros((0, 3))).shape == (0, 3)
    assert tinynet.Variable(True).assign(False).item() is False
