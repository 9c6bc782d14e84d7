"""Adamax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.autograd import Variable
from tinynet.optimizers.base import Optimizer
from tinynet.kernels.blocks import blocks
from tinynet.optimizers.gradients import Gradient, on_values, summed


class Adamax(Optimizer):
    """m ← m + (1 − β₁)(g − m), u ← max(β₂u, |g|), w ← w − lr·m/((1 − β₁ᵗ)(u + ε))
    (Kingma and Ba 2015, section 7.1).

    beta_1, beta_2: β₁ and β₂, at least 0 and below 1. epsilon: ε. The other arguments are
    `Optimizer`'s. After https://keras.io/api/optimizers/adamax/.

    >>> w = Variable([1.0])
    >>> Adamax(0.1).apply([[4.0]], [w])
    >>> round(w.item(), 4)
    0.9
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
        """Makes momentum and norm of each variable in turn."""
        if self.built:
            return
        super().build(variables)
        self._momentums, self._norms = self.add_optimizer_variables(variables, ["momentum", "norm"])

    def update_step(self, gradient: Gradient, variable: Variable, learning_rate: Any) -> None:
        i = self._index(variable)
        kind = variable.dtype.type
        beta_1, beta_2, epsilon = kind(self.beta_1), kind(self.beta_2), kind(self.epsilon)
        rate, rest, correction = kind(learning_rate), kind(1 - self.beta_1), 1 - beta_1 ** kind(self._step())
        # Of a row that occurs twice Keras adds the absolute values, not the gradients.
        read = summed(gradient), summed(on_values(gradient, np.abs))
        written = variable._data, self._momentums[i]._data, self._norms[i]._data
        for w, m, u, g, magnitude in blocks(written, read):
            m += (g - m) * rest
            np.maximum(beta_2 * u, magnitude, out=u)
            w -= rate * m / (correction * (u + epsilon))
