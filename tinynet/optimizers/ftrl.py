"""Ftrl."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.autograd import Variable
from tinynet.arguments import number
from tinynet.errors import ArgumentError
from tinynet.optimizers.base import Optimizer
from tinynet.kernels.blocks import blocks
from tinynet.optimizers.gradients import Gradient, with_squares


class Ftrl(Optimizer):
    """Follow the regularized leader (McMahan et al. 2013): weights that l1 keeps at 0.

    g' = g + 2·shrinkage·w, b = a + g², z ← z + g' − (b⁻ᵖ − a⁻ᵖ)/lr·w, q = b⁻ᵖ/lr + 2·l2 + β/lr,
    w ← (clip(z, −l1, l1) − z)/q, a ← b, with p = learning_rate_power and shrinkage, l1, l2 the strengths of
    regularization.

    learning_rate_power: at most 0. initial_accumulator_value: a at the start. l1_regularization_strength,
    l2_regularization_strength, l2_shrinkage_regularization_strength, beta: at least 0. The other arguments
    are `Optimizer`'s. After https://keras.io/api/optimizers/ftrl/.

    >>> w = Variable([1.0, 1.0])
    >>> Ftrl(0.5, l1_regularization_strength=1.0).apply([[4.0, 0.1]], [w])
    >>> [round(value, 4) for value in w.tolist()]
    [0.2981, 0.0]
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
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
            initial_accumulator_value=(initial_accumulator_value, np.inf, False),
            l1_regularization_strength=(l1_regularization_strength, np.inf, False),
            l2_regularization_strength=(l2_regularization_strength, np.inf, False),
            l2_shrinkage_regularization_strength=(l2_shrinkage_regularization_strength, np.inf, False),
            beta=(beta, np.inf, False),
        )
        if number("Ftrl", "learning_rate_power", learning_rate_power) > 0:
            raise ArgumentError(f"Ftrl: expected learning_rate_power at most 0, received {learning_rate_power!r}")
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes accumulator and linear term of each variable in turn."""
        if self.built:
            return
        super().build(variables)
        self._accumulators, self._linears = self.add_optimizer_variables(
            variables, ["accumulator", "linear"], [self.initial_accumulator_value, "zeros"]
        )

    def update_step(self, gradient: Gradient, variable: Variable, learning_rate: Any) -> None:
        i = self._index(variable)
        kind = variable.dtype.type
        rate, power, l1 = (
            kind(value) for value in (learning_rate, -self.learning_rate_power, self.l1_regularization_strength)
        )
        l2 = 2 * (kind(self.l2_regularization_strength) + kind(self.beta) / (2 * rate))
        shrinkage = kind(2 * self.l2_shrinkage_regularization_strength)
        written = variable._data, self._accumulators[i]._data, self._linears[i]._data
        for w, a, z, g, squares in blocks(written, with_squares(gradient)):
            before = a**power
            a += squares
            after = a**power
            z += g + shrinkage * w - (after - before) / rate * w
            w[...] = (np.clip(z, -l1, l1) - z) / (after / rate + l2)
