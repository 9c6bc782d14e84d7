"""Adafactor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.arguments import number
from tinynet.autograd import Variable
from tinynet.errors import ArgumentError
from tinynet.optimizers.base import Optimizer
from tinynet.optimizers.gradients import Gradient, with_squares


class Adafactor(Optimizer):
    """Steps like Adam's with little memory: second moments by rows and columns only (Shazeer and Stern 2018).

    With β = 1 − tᵖ and s = g² + ε₁: r ← βr + (1 − β)·mean of s over the last axis, c ← the same over the last
    but one, v = r·c/mean(r); for variables with less than two axes v ← βv + (1 − β)s. Then u = g/√v,
    w ← w − max(ε₂, rms(w))·min(lr, 1/√t)·u/max(1, rms(u)/clip_threshold), where rms is √(mean of squares).

    beta_2_decay: p, below 0. epsilon_1, epsilon_2: ε₁ and ε₂. clip_threshold: above 0. relative_step: without
    effect, since the rate is min(lr, 1/√t) in any case, as it is in Keras. The other arguments are
    `Optimizer`'s. After https://keras.io/api/optimizers/adafactor/.

    >>> w = Variable([3.0, 4.0])
    >>> Adafactor(0.5).apply([[1.0, -1.0]], [w])
    >>> [round(value, 4) for value in w.tolist()]
    [1.2322, 5.7678]
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
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
        self._require_range(epsilon_1=(epsilon_1, np.inf, False), epsilon_2=(epsilon_2, np.inf, False))
        if number("Adafactor", "beta_2_decay", beta_2_decay) >= 0:
            raise ArgumentError(f"Adafactor: expected beta_2_decay below 0, received {beta_2_decay!r}")
        if number("Adafactor", "clip_threshold", clip_threshold) <= 0:
            raise ArgumentError(f"Adafactor: expected clip_threshold above 0, received {clip_threshold!r}")
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes rows, columns and velocity of each variable in turn.

        Where nothing is factored rows and columns are whole numbers without use, so that files are Keras's.
        """
        if self.built:
            return
        super().build(variables)
        self._rows, self._columns, self._velocities = [], [], []
        for variable in variables:
            shape, name = variable.shape, variable.name
            if len(shape) < 2:
                self._rows.append(self.add_variable((), dtype="int32", name=name))
                self._columns.append(self.add_variable((), dtype="int32", name=name))
            else:
                self._rows.append(self.add_variable(shape[:-1], dtype=variable.dtype, name=name))
                self._columns.append(
                    self.add_variable((*shape[:-2], shape[-1]), dtype=variable.dtype, name=name)
                )
            self._velocities.append(self.add_variable_from_reference(variable, "velocity"))

    def update_step(self, gradient: Gradient, variable: Variable, learning_rate: Any) -> None:
        i = self._index(variable)
        kind = variable.dtype.type
        step, rate = kind(self._step()), kind(learning_rate)
        decay = 1 - step ** kind(self.beta_2_decay)
        g, squares = with_squares(gradient)
        regulated = squares + kind(self.epsilon_1)
        v = self._velocities[i]._data
        if v.ndim < 2:
            v *= decay
            v += (1 - decay) * regulated
        else:
            r, c = self._rows[i]._data, self._columns[i]._data
            for factor, axis in ((r, -1), (c, -2)):
                factor *= decay
                factor += (1 - decay) * regulated.mean(axis=axis)
            np.multiply((r / r.mean(axis=-1, keepdims=True))[..., None], c[..., None, :], out=v)
        size = max(kind(self.epsilon_2), np.sqrt(np.mean(np.square(variable._data))))
        # Squares of an embedding's rows are those of each occurrence, here as in the velocity.
        spread = np.sqrt(np.mean(squares / v))
        alpha = size * min(rate, 1 / np.sqrt(step)) / max(kind(1), spread / kind(self.clip_threshold))
        variable._data -= alpha * (g / np.sqrt(v))
