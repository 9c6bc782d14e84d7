"""Nadam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.autograd import Variable
from tinynet.optimizers.base import Optimizer
from tinynet.kernels.blocks import blocks
from tinynet.optimizers.gradients import Gradient, with_squares


class Nadam(Optimizer):
    """Adam with Nesterov's momentum (Dozat 2016).

    With μₜ = β₁(1 − 0.96ᵗ/2) and Pₜ = μ₁·…·μₜ: m ← m + (1 − β₁)(g − m), v ← v + (1 − β₂)(g² − v),
    m̂ = μₜ₊₁m/(1 − Pₜμₜ₊₁) + (1 − μₜ)g/(1 − Pₜ), w ← w − lr·m̂/(√(v/(1 − β₂ᵗ)) + ε).

    beta_1, beta_2: β₁ and β₂, at least 0 and below 1. epsilon: ε. The other arguments are
    `Optimizer`'s. After https://keras.io/api/optimizers/Nadam/.

    >>> w = Variable([1.0])
    >>> Nadam(0.1).apply([[4.0]], [w])
    >>> round(w.item(), 4)
    0.8937
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
        """Makes momentum and velocity of each variable in turn, then the product of all μ."""
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        dtype = variables[0].dtype if variables else None
        self._u_product = self.add_variable((), "ones", dtype, "u_product")

    def _update_all(self, gradients: Sequence[Gradient], variables: Sequence[Variable], rate: Any) -> None:
        kind = self._u_product.dtype.type
        self._u_product._data *= self._mu(self._step(), kind)
        super()._update_all(gradients, variables, rate)

    def _mu(self, step: int, kind: Any) -> Any:
        return kind(self.beta_1) * (1 - kind(0.5) * kind(0.96) ** kind(step))

    def update_step(self, gradient: Gradient, variable: Variable, learning_rate: Any) -> None:
        i, step = self._index(variable), self._step()
        kind = variable.dtype.type
        rate, epsilon, rest_1, rest_2 = (
            kind(value) for value in (learning_rate, self.epsilon, 1 - self.beta_1, 1 - self.beta_2)
        )
        mu, next_mu, product = self._mu(step, kind), self._mu(step + 1, kind), kind(self._u_product._data)
        of_momentum, of_gradient = next_mu / (1 - product * next_mu), (1 - mu) / (1 - product)
        correction = 1 - kind(self.beta_2) ** kind(step)
        written = variable._data, self._momentums[i]._data, self._velocities[i]._data
        for w, m, v, g, squares in blocks(written, with_squares(gradient)):
            m += (g - m) * rest_1
            v += (squares - v) * rest_2
            w -= (of_momentum * m + of_gradient * g) * rate / (np.sqrt(v / correction) + epsilon)
