"""Adam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import kernels
from tinynet.autograd import Variable
from tinynet.optimizers.gradients import Gradient, sum_and_squares
from tinynet.optimizers.together import TogetherOptimizer


class Adam(TogetherOptimizer):
    """m ← m + (1 − β₁)(g − m), v ← v + (1 − β₂)(g² − v), w ← w − α·m/(√v + ε) with
    α = lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ) (Kingma and Ba 2015, the form before section 2.1).

    beta_1, beta_2: β₁ and β₂, at least 0 and below 1. epsilon: ε, outside the bias correction as in
    Keras. amsgrad: use the largest v so far (Reddi et al. 2018). The other arguments are
    `Optimizer`'s. After https://keras.io/api/optimizers/adam/.

    >>> w = Variable([1.0])
    >>> Adam(0.1).apply([[4.0]], [w])
    >>> round(w.item(), 4)
    0.9
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        self.amsgrad = amsgrad

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes momentum and velocity of each variable in turn, then the largest velocities."""
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        self._velocity_hats = self.add_optimizer_variables(variables, "velocity_hat") if self.amsgrad else []

    def update_together(self, gradients: Sequence[Gradient], variables: Sequence[Variable], learning_rate: Any) -> None:
        kind = type(learning_rate)
        # In float64, too, Keras's correction is of β₁ and β₂ as float32 has them.
        step, beta_1, beta_2 = kind(self._step()), kind(np.float32(self.beta_1)), kind(np.float32(self.beta_2))
        alpha = learning_rate * np.sqrt(1 - beta_2**step) / (1 - beta_1**step)
        arrays = []
        for gradient, variable in zip(gradients, variables, strict=True):
            i = self._index(variable)
            largest = self._velocity_hats[i]._data if self.amsgrad else None
            momentum, velocity = self._momentums[i]._data, self._velocities[i]._data
            arrays.append((variable._data, momentum, velocity, largest, *sum_and_squares(gradient)))
        kernels.adam(arrays, alpha, 1 - self.beta_1, 1 - self.beta_2, self.epsilon)
