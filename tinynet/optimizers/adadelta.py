"""Adadelta."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.autograd import Variable
from tinynet.optimizers.base import Optimizer
from tinynet.kernels.blocks import blocks
from tinynet.optimizers.gradients import Gradient, with_squares


class Adadelta(Optimizer):
    """a ← ρa + (1 − ρ)g², δ = g·√(d + ε)/√(a + ε), d ← ρd + (1 − ρ)δ², w ← w − lr·δ (Zeiler 2012).

    learning_rate: 1 in the paper. rho: ρ. epsilon: ε. The other arguments are `Optimizer`'s.
    After https://keras.io/api/optimizers/adadelta/.

    >>> w = Variable([1.0])
    >>> Adadelta(0.5, rho=0.75, epsilon=0.01).apply([[4.0]], [w])
    >>> round(w.item(), 4)
    0.9001
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
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
        self._require_range(rho=(rho, 1, True), epsilon=(epsilon, np.inf, False))
        self.rho = rho
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes the means of squared gradients and of squared changes, of each variable in turn."""
        if self.built:
            return
        super().build(variables)
        self._accumulated_grads, self._accumulated_delta_vars = self.add_optimizer_variables(
            variables, ["accumulated_grad", "accumulated_delta_var"]
        )

    def update_step(self, gradient: Gradient, variable: Variable, learning_rate: Any) -> None:
        i = self._index(variable)
        kind = variable.dtype.type
        rate, rho, rest, epsilon = kind(learning_rate), kind(self.rho), kind(1 - self.rho), kind(self.epsilon)
        written = variable._data, self._accumulated_grads[i]._data, self._accumulated_delta_vars[i]._data
        for w, a, d, g, squares in blocks(written, with_squares(gradient)):
            a *= rho
            a += rest * squares
            scale = np.sqrt(d + epsilon) / np.sqrt(a + epsilon)
            d *= rho
            d += rest * (scale * scale * squares)
            w -= rate * (scale * g)
