"""Adagrad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import kernels
from tinynet.autograd import Variable
from tinynet.optimizers.gradients import Gradient, sum_and_squares
from tinynet.optimizers.together import TogetherOptimizer


class Adagrad(TogetherOptimizer):
    """a ← a + g², w ← w − lr·g/√(a + ε) (Duchi, Hazan and Singer 2011).

    initial_accumulator_value: a at the start. epsilon: ε, inside the root. The other arguments are
    `Optimizer`'s. After https://keras.io/api/optimizers/adagrad/.

    >>> w = Variable([1.0])
    >>> Adagrad(0.1, initial_accumulator_value=9.0).apply([[4.0]], [w])
    >>> round(w.item(), 4)
    0.92
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
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
            initial_accumulator_value=(initial_accumulator_value, np.inf, False), epsilon=(epsilon, np.inf, False)
        )
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes the accumulators."""
        if self.built:
            return
        super().build(variables)
        self._accumulators = self.add_optimizer_variables(
            variables, "accumulator", self.initial_accumulator_value
        )

    def update_together(self, gradients: Sequence[Gradient], variables: Sequence[Variable], learning_rate: Any) -> None:
        arrays = [
            (variable._data, self._accumulators[self._index(variable)]._data, *sum_and_squares(gradient))
            for gradient, variable in zip(gradients, variables, strict=True)
        ]
        kernels.adagrad(arrays, learning_rate, self.epsilon)
