"""RMSprop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.autograd import Variable
from tinynet.errors import ArgumentError
from tinynet.optimizers.base import Optimizer
from tinynet.kernels.blocks import blocks
from tinynet.optimizers.gradients import Gradient, sum_and_squares


class RMSprop(Optimizer):
    """v ← ρv + (1 − ρ)g², w ← w − lr·g/√(v + ε) (Hinton 2012, lecture 6).

    rho: ρ, how much of the mean square is kept. momentum: μ; with it m ← μm + lr·g/√(v + ε),
    w ← w − m. epsilon: ε, inside the root. centered: divide by the variance v − a², where a is the
    running mean of g. The other arguments are `Optimizer`'s.

    Raises `ArgumentError` where `centered` meets a negative variance: that happens to rows of an
    embedding that occur often in one batch, whose squares are added one by one (Keras fails there too).
    After https://keras.io/api/optimizers/rmsprop/.

    >>> w = Variable([1.0])
    >>> RMSprop(0.1, rho=0.75).apply([[4.0]], [w])
    >>> round(w.item(), 4)
    0.8
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **unknown,
        )  # fmt: skip
        self._require_range(
            rho=(rho, 1, True), momentum=(momentum, np.inf, False), epsilon=(epsilon, np.inf, False)
        )
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes all mean squares, then the momentums, then the mean gradients."""
        if self.built:
            return
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        self._momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum > 0 else []
        self._averages = self.add_optimizer_variables(variables, "average_gradient") if self.centered else []

    def update_step(self, gradient: Gradient, variable: Variable, learning_rate: Any) -> None:
        i = self._index(variable)
        kind = variable.dtype.type
        rate, rho, rest, epsilon = kind(learning_rate), kind(self.rho), kind(1 - self.rho), kind(self.epsilon)
        momentum = kind(self.momentum)
        g, squares = sum_and_squares(gradient)
        written = [variable._data, self._velocities[i]._data]
        written += [self._momentums[i]._data] if self.momentum > 0 else []
        written += [self._averages[i]._data] if self.centered else []
        read = (g,) if squares is None else (g, squares)
        for parts in blocks(tuple(written), read):
            w, v, *slots = parts[: len(written)]
            g_part, q = parts[len(written)], parts[-1]
            scratch = g_part * g_part if squares is None else q.copy()
            scratch *= rest
            v *= rho
            v += scratch
            if self.centered:
                a = slots[-1]
                a *= rho
                a += np.multiply(g_part, rest, out=scratch)
                np.subtract(v, np.multiply(a, a, out=scratch), out=scratch)
                scratch += epsilon
                self._refuse_negative(scratch, variable)
            else:
                np.add(v, epsilon, out=scratch)
            np.sqrt(scratch, out=scratch)
            step = rate * g_part
            step /= scratch
            if self.momentum > 0:
                m = slots[0]
                m *= momentum
                m += step
                w -= m
            else:
                w -= step

    def _refuse_negative(self, variance: np.ndarray, variable: Variable) -> None:
        if variance.size and variance.min() < 0:
            raise ArgumentError(
                f"RMSprop: centered=True estimates a negative variance for {variable.path!r}, because rows "
                "of an embedding occur often in one batch. Use centered=False."
            )
