"""Lamb."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.autograd import Variable
from tinynet.optimizers.base import Optimizer
from tinynet.kernels.blocks import blocks
from tinynet.optimizers.gradients import Gradient, squared_norm, with_squares


class Lamb(Optimizer):
    """Adam whose step is as long as the variable's norm (You et al. 2020).

    m ← m + (1 − β₁)(g − m), v ← v + (1 − β₂)(g² − v), u = m/(1 − β₁ᵗ)/(√(v/(1 − β₂ᵗ)) + ε),
    w ← w − lr·u·‖w‖/‖u‖, without the norms where one of them is 0.

    beta_1, beta_2: β₁ and β₂, at least 0 and below 1. epsilon: ε. The other arguments are
    `Optimizer`'s. After https://keras.io/api/optimizers/lamb/.

    >>> w = Variable([3.0, 4.0])
    >>> Lamb(0.1).apply([[0.0, 2.0]], [w])
    >>> [round(value, 4) for value in w.tolist()]
    [3.0, 3.5]
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
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
        self._require_range(
            beta_1=(beta_1, 1, False), beta_2=(beta_2, 1, False), epsilon=(epsilon, np.inf, False)
        )
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes momentum and velocity of each variable in turn."""
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])

    def update_step(self, gradient: Gradient, variable: Variable, learning_rate: Any) -> None:
        i = self._index(variable)
        kind = variable.dtype.type
        step, epsilon, rest_1, rest_2 = (
            kind(value) for value in (self._step(), self.epsilon, 1 - self.beta_1, 1 - self.beta_2)
        )
        correction_1, correction_2 = 1 - kind(self.beta_1) ** step, 1 - kind(self.beta_2) ** step
        update = np.empty(variable.shape, variable.dtype)
        written = update, self._momentums[i]._data, self._velocities[i]._data
        for u, m, v, g, squares in blocks(written, with_squares(gradient)):
            m += (g - m) * rest_1
            v += (squares - v) * rest_2
            u[...] = m / correction_1 / (np.sqrt(v / correction_2) + epsilon)
        w_norm, u_norm = np.sqrt(squared_norm(variable._data)), np.sqrt(squared_norm(update))
        ratio = w_norm / u_norm if w_norm > 0 and u_norm > 0 else 1
        update *= kind(ratio) * kind(learning_rate)
        variable._data -= update
