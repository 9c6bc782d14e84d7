"""What the tape costs an operation: chains of small operations, forward and backward, beside NumPy's own arithmetic.

    python benchmarks/tape.py

A chain applies one operation LENGTH times to a float32 array of 8 numbers (a row of 8 for matmul),
sums it up and walks back. What is subtracted is the same arithmetic in a plain Python loop on arrays:
the forward expressions, and the backward ones that the table shows. What is left is what recording,
walking, checks and accumulation cost.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import _options
import numpy as np

import tinynet

Array = np.ndarray


class Chain(NamedTuple):
    """An operation: on tensors, on arrays, and the cotangent of its first input in plain NumPy.

    shapes: of what goes through the chain, and of the constant. backward takes the cotangent, the
    input, the output and the constant, and gives those of the input and, if `both`, of the constant,
    which then wants a gradient, too.
    """

    name: str
    told: str
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    forward: Callable[..., Any]
    backward: Callable[[Array, Array, Array, Array], tuple[Array, Array | None]]
    both: bool = False


CHAINS = [
    Chain("x + c", "g", ((8,), (8,)), lambda x, c: x + c, lambda g, x, y, c: (g, None)),
    Chain("x * c", "g * c", ((8,), (8,)), lambda x, c: x * c, lambda g, x, y, c: (g * c, None)),
    Chain("x * w", "g * w; dw += g * x", ((8,), (8,)), lambda x, c: x * c, lambda g, x, y, c: (g * c, g * x), True),
    Chain("tanh(x)", "g * (1 - y * y)", ((8,), (8,)), lambda x, c: np.tanh(x),
          lambda g, x, y, c: (g * (1 - y * y), None)),
    Chain("x @ w", "g @ w.T; dw += x.T @ g", ((1, 8), (8, 8)), lambda x, c: x @ c,
          lambda g, x, y, c: (g @ c.T, x.T @ g), True),
]  # fmt: skip


def on_tape(chain: Chain, x: Array, c: Array, length: int) -> Array:
    """Forward and backward through the tape; the gradient of x."""
    start = tinynet.Tensor(x, requires_grad=True)
    constant = tinynet.Tensor(c, requires_grad=chain.both)
    value = start
    for _ in range(length):
        value = chain.forward(value, constant)
    value.sum().backward()
    return start.grad.numpy()


def in_numpy(chain: Chain, x: Array, c: Array, length: int) -> Array:
    """The same arithmetic without a tape."""
    values, total = [x], np.zeros_like(c)
    for _ in range(length):
        values.append(chain.forward(values[-1], c))
    values[-1].sum()
    gradient = np.ones_like(x)
    for number in range(length, 0, -1):
        gradient, of_constant = chain.backward(gradient, values[number - 1], values[number], c)
        if of_constant is not None:
            total += of_constant
    return gradient


def main() -> None:
    parser = _options.parser(__doc__, rounds=15)
    parser.add_argument("--length", type=int, default=1000, help="operations in a chain (1000)")
    options = parser.parse_args()
    length = 20 if options.toy else options.length
    rng = np.random.default_rng(0)
    records = []
    print(f"{'µs an operation':18s}{'NumPy backward':26s}{'tape':>8s}{'NumPy':>8s}{'difference (min–max)':>28s}")
    for chain in CHAINS:
        x = rng.random(chain.shapes[0], dtype=np.float32)
        c = np.eye(8, dtype=np.float32) if len(chain.shapes[1]) == 2 else np.ones(8, np.float32)  # nothing overflows
        np.testing.assert_allclose(on_tape(chain, x, c, length), in_numpy(chain, x, c, length), rtol=1e-4)
        times: dict[str, list[float]] = {"tape": [], "numpy": []}
        for _ in range(_options.rounds(options)):
            for name, run in (("tape", on_tape), ("numpy", in_numpy)):
                start = time.perf_counter()
                run(chain, x, c, length)
                times[name].append((time.perf_counter() - start) / length * 1e6)
        tape, plain = (_options.spread(each)["median"] for each in times.values())
        extra = _options.spread([a - b for a, b in zip(times["tape"], times["numpy"], strict=True)])
        told = f"{extra['median']:.2f} ({extra['min']:.2f}–{extra['max']:.2f})"
        print(f"{chain.name:18s}{chain.told:26s}{tape:8.2f}{plain:8.2f}{told:>28s}")
        records.append({"operation": chain.name, "length": length, "microseconds": times, "difference": extra})
    _options.write_json(options.json, {"toy": options.toy, "operations": records})


if __name__ == "__main__":
    main()
