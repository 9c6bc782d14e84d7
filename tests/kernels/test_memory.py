"""Memory that is used again: only when nobody uses it any more, and no more of it than was ever in use."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinynet.kernels import choice, memory
from tinynet.kernels.memory import LARGE, Store

NUMPY_ALONE = pytest.param("numpy", id="numpy")
EITHER = [NUMPY_ALONE, *([] if choice.module is None else [pytest.param("compiled", id="compiled")])]


@pytest.fixture(params=EITHER)
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Memory as it comes with NumPy's kernels, or with the compiled ones."""
    if request.param == "numpy":
        monkeypatch.setattr(memory.choice, "module", None)
    return str(request.param)


def address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def test_the_same_size_lies_where_the_last_one_lay(kernels: str) -> None:
    first = memory.empty((LARGE,), "float32")
    place = address(first)
    del first
    again = memory.empty((LARGE // 4, 2), "float64")  # as many bytes, other numbers
    other = memory.empty((LARGE,), "float32")
    assert address(again) == place != address(other)
    assert again.shape == (LARGE // 4, 2) and again.dtype == np.float64


def test_what_is_looked_at_stays(kernels: str) -> None:
    whole = memory.empty((3, LARGE), "float32")
    part = whole[1:, ::2].T
    whole[...] = 7
    del whole
    others = [memory.empty((3, LARGE), "float32") for _ in range(4)]
    for other in others:
        other.fill(0)
    assert (part == 7).all()


def test_small_arrays_are_numpy_s_own(kernels: str) -> None:
    assert memory.empty((5,), "float32").base is None
    assert memory.empty_like(np.zeros((2, 3), "float64")).shape == (2, 3)


@given(steps=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 5)), max_size=60))
def test_no_more_is_kept_than_was_ever_in_use(steps: list[tuple[int, int]]) -> None:
    store, held, most = Store(), [], 0
    for size, released in steps:
        held.append(store.take(size * 1000))
        in_use = sum(array.size for array in held)
        most = max(most, in_use)
        del held[:released]
        kept = sum(piece.size for piece in store._kept.values())
        assert sum(array.size for array in held) + kept <= most
        assert len({address(array) for array in held}) == len(held)
    held.clear()
    assert store._in_use == 0 and store._in_store == sum(piece.size for piece in store._kept.values()) <= most


def test_arrays_that_only_the_garbage_collector_finds(kernels: str) -> None:
    for _ in range(20):
        circle: list[Any] = [memory.empty((LARGE,), "float32")]
        circle.append(circle)
        del circle
        gc.collect()
    assert memory.empty((LARGE,), "float32").size == LARGE


def test_threads_never_share_a_piece(kernels: str) -> None:
    wrong = []

    def work(number: int) -> None:
        for _ in range(50):
            arrays = [memory.empty((LARGE + number % 2,), "uint8") for _ in range(3)]
            for place, array in enumerate(arrays):
                array.fill(10 * number + place)
            wrong.extend(1 for place, array in enumerate(arrays) if not (array == 10 * number + place).all())

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_arrays_that_outlive_the_program(kernels: str) -> None:
    program = (
        "import builtins, numpy as np; from tinynet.kernels import memory; "
        "builtins.kept = [memory.empty((1 << 20,), 'float32')]; print('done')"
    )
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, env={"TINYNET_KERNELS": kernels, "PYTHONPATH": "."}, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "done\n", "")
