"""ScheduleFreeAdamW."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.arguments import whole
from tinynet.autograd import Variable
from tinynet.optimizers.base import Optimizer
from tinynet.optimizers.gradients import Gradient, with_squares


class ScheduleFreeAdamW(Optimizer):
    """Adam whose averages take the place of a falling learning rate (Defazio et al. 2024).

    v ← v + (1 − β₂)(g² − v), z ← z − lr · g/(√(v/(1 − β₂ᵗ)) + ε), x ← x + (z − x)/t, w ← (1 − β₁) z + β₁ x: the
    gradients are those at w, between the fast z and the mean x. x itself is not kept but found from w and z, and as
    in Keras on TensorFlow from the new z, where the paper's is the old one.

    beta_1, beta_2: β₁, above 0, and β₂. epsilon: ε. warmup_steps: over so many steps the rate rises in a straight
    line. The other arguments are `Optimizer`'s. After https://keras.io/api/optimizers/.

    >>> w = Variable([1.0])
    >>> ScheduleFreeAdamW(0.1).apply([[4.0]], [w])
    >>> round(w.item(), 4)
    0.9
    """

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
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
        self._require_range(beta_1=(beta_1, 1, True), beta_2=(beta_2, 1, False), epsilon=(epsilon, np.inf, False))
        self._require_positive(beta_1=beta_1)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = whole("ScheduleFreeAdamW", "warmup_steps", warmup_steps, 0)

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes z, which begins as the variable, and the velocity of each variable."""
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        for z, variable in zip(self._momentums, variables, strict=True):
            z.assign(variable)

    def update_step(self, gradient: Gradient, variable: Variable, learning_rate: Any) -> None:
        kind = variable.dtype.type
        rate, step, beta_1, beta_2 = kind(learning_rate), kind(self._step()), kind(self.beta_1), kind(self.beta_2)
        if self.warmup_steps:
            rate = rate * min(step / kind(self.warmup_steps), kind(1))
        index = self._index(variable)
        z, velocity = self._momentums[index]._data, self._velocities[index]._data
        g, squares = with_squares(gradient)
        velocity += (np.asarray(squares) - velocity) * (1 - beta_2)
        z -= rate * np.asarray(g) / (np.sqrt(velocity / (1 - beta_2**step)) + kind(self.epsilon))
        x = (variable._data - (1 - beta_1) * z) / beta_1
        share = 1 / step
        variable._data[...] = (1 - beta_1) * z + beta_1 * ((1 - share) * x + share * z)
