"""Lion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.autograd import Variable
from tinynet.errors import ArgumentError
from tinynet.optimizers.base import Optimizer
from tinynet.kernels.blocks import blocks
from tinynet.optimizers.gradients import Gradient, summed


class Lion(Optimizer):
    """w ← w − lr·sign(β₁m + (1 − β₁)g), m ← β₂m + (1 − β₂)g (Chen et al. 2023).

    beta_1: β₁, above 0 and at most 1. beta_2: β₂, at least 0 and at most 1. The other arguments are
    `Optimizer`'s. After https://keras.io/api/optimizers/lion/.

    >>> w = Variable([1.0, 1.0])
    >>> Lion(0.25).apply([[4.0, -0.1]], [w])
    >>> w.tolist()
    [0.75, 1.25]
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
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
        self._require_range(beta_1=(beta_1, 1, True), beta_2=(beta_2, 1, True))
        if beta_1 == 0:
            raise ArgumentError("Lion: expected beta_1 above 0, received 0: only the gradient's sign would be left")
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes the momentums."""
        if self.built:
            return
        super().build(variables)
        self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Gradient, variable: Variable, learning_rate: Any) -> None:
        kind = variable.dtype.type
        rate, beta_1, beta_2 = kind(learning_rate), kind(self.beta_1), kind(self.beta_2)
        momentum = self._momentums[self._index(variable)]
        for w, m, g in blocks((variable._data, momentum._data), (summed(gradient),)):
            w -= rate * np.sign(m * beta_1 + g * (1 - beta_1))
            m *= beta_2
            m += g * (1 - beta_2)
