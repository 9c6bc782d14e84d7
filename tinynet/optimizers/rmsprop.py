"""RMSprop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet import kernels
from tinynet.autograd import Variable
from tinynet.errors import ArgumentError
from tinynet.optimizers.gradients import Gradient, sum_and_squares
from tinynet.optimizers.together import TogetherOptimizer


class RMSprop(TogetherOptimizer):
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

    def update_together(self, gradients: Sequence[Gradient], variables: Sequence[Variable], learning_rate: Any) -> None:
        arrays = []
        for gradient, variable in zip(gradients, variables, strict=True):
            i = self._index(variable)
            momentum = self._momentums[i]._data if self.momentum > 0 else None
            average = self._averages[i]._data if self.centered else None
            velocity = self._velocities[i]._data
            arrays.append((variable._data, velocity, momentum, average, *sum_and_squares(gradient)))
        negative = kernels.rmsprop(arrays, learning_rate, self.rho, 1 - self.rho, self.momentum, self.epsilon)
        if negative:
            raise ArgumentError(
                f"RMSprop: centered=True estimates a negative variance for {variables[negative[0]].path!r}, because "
                "rows of an embedding occur often in one batch. Use centered=False."
            )
