"""What the tests of all compiled kernels share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinynet import kernels
from tinynet.kernels import choice


@contextlib.contextmanager
def using_threads(count: int) -> Iterator[None]:
    """Within it compiled kernels, where there are some, use so many threads, also for small arrays."""
    if choice.module is None:
        yield
        return
    usual = choice.module.worth_a_thread()
    try:
        choice.module.set_worth_a_thread(1)
        kernels.set_threads(count)
        yield
    finally:
        choice.module.set_worth_a_thread(usual)
        kernels.set_threads(None)


def for_any_number_of_threads(compute: Callable[[], Any]) -> list[Any]:
    """Asserts that 1, 2 and 5 threads give the same bits; gives the result, as a list of one."""
    assert choice.module is not None
    results = []
    for count in (1, 2, 5):
        with using_threads(count):
            results.append(compute())
    for other in results[1:]:
        same = other if isinstance(other, tuple) else (other,)
        first = results[0] if isinstance(results[0], tuple) else (results[0],)
        for one, two in zip(first, same, strict=True):
            np.testing.assert_array_equal(one, two)
    return results[:1]
