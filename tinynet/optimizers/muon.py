"""Muon."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.arguments import flag, number, whole
from tinynet.autograd import Variable
from tinynet.errors import ArgumentError, ShapeError
from tinynet.optimizers.base import Optimizer
from tinynet.optimizers.gradients import Gradient, summed, with_squares


class Muon(Optimizer):
    """Momentum made nearly orthogonal, for matrices (Jordan et al. 2024); Adam for everything else.

    m ← momentum · m + g, w ← w − lr · rms_rate · √max(rows, columns) · O(g + momentum · m), where O(x) is x with
    its singular values pulled towards 1 by ns_steps of a Newton-Schulz iteration.

    adam_beta_1, adam_beta_2, epsilon, adam_weight_decay: for what Adam does, whose rate is lr · adam_lr_ratio.
    exclude_layers: patterns; where one is found in a matrix's path, Adam does it.
    exclude_embeddings: that Adam does matrices with 'embedding' in their path.
    muon_a, muon_b, muon_c: an iteration is x ← a x + (b s + c s²) x with s = x xᵀ.
    nesterov: False makes it O(m). rms_rate: None leaves that factor and the root out.
    The other arguments are `Optimizer`'s. After https://keras.io/api/optimizers/muon/.

    >>> w = Variable([[1.0, 0.0], [0.0, 1.0]])
    >>> Muon(0.1, weight_decay=None).apply([[[4.0, 0.0], [0.0, -1.0]]], [w])
    >>> w.numpy().round(2).tolist()
    [[0.9800000190734863, 0.0], [0.0, 1.0199999809265137]]
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **unknown: Any,
    ) -> None:
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **unknown,
        )  # fmt: skip
        self._require_range(
            adam_beta_1=(adam_beta_1, 1, False), adam_beta_2=(adam_beta_2, 1, False), epsilon=(epsilon, np.inf, False),
            adam_lr_ratio=(adam_lr_ratio, np.inf, False), momentum=(momentum, 1, True),
        )  # fmt: skip
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = (
            None if adam_weight_decay is None else number("Muon", "adam_weight_decay", adam_weight_decay)
        )
        self.epsilon = epsilon
        self.exclude_layers = list(exclude_layers or [])
        for pattern in self.exclude_layers:
            _require_pattern(pattern)
        self.exclude_embeddings = flag("Muon", "exclude_embeddings", exclude_embeddings)
        self.muon_a = number("Muon", "muon_a", muon_a)
        self.muon_b = number("Muon", "muon_b", muon_b)
        self.muon_c = number("Muon", "muon_c", muon_c)
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = whole("Muon", "ns_steps", ns_steps, 0)
        self.nesterov = flag("Muon", "nesterov", nesterov)
        self.rms_rate = None if rms_rate is None else number("Muon", "rms_rate", rms_rate)

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes the momentum of each variable, and a velocity after it where Adam does the variable."""
        if self.built:
            return
        super().build(variables)
        self._momentums: list[Variable] = []
        self._velocities: list[Variable | None] = []
        for variable in variables:
            self._momentums.append(self.add_variable_from_reference(variable, "momentum"))
            by_adam = self._should_use_adamw(variable)
            self._velocities.append(self.add_variable_from_reference(variable, "velocity") if by_adam else None)

    def _should_use_adamw(self, variable: Variable) -> bool:
        embedding = self.exclude_embeddings and "embedding" in variable.path.lower()
        return variable.ndim != 2 or embedding or any(re.search(p, variable.path) for p in self.exclude_layers)

    def _decay_of(self, variable: Variable) -> float | None:
        return self.adam_weight_decay if self._should_use_adamw(variable) else self.weight_decay

    def update_step(self, gradient: Gradient, variable: Variable, learning_rate: Any) -> None:
        index = self._index(variable)
        momentum, velocity = self._momentums[index]._data, self._velocities[index]
        kind = variable.dtype.type
        rate = kind(learning_rate)
        if velocity is not None:
            self._adam(gradient, variable, rate * kind(self.adam_lr_ratio), momentum, velocity._data)
            return
        g = np.asarray(summed(gradient))
        momentum += g + momentum * kind(self.momentum - 1)
        direction = g + kind(self.momentum) * momentum if self.nesterov else momentum
        variable._data -= self.lr_adjust(rate * self.zeropower_via_newtonschulz5(direction, self.ns_steps))

    def _adam(
        self, gradient: Gradient, variable: Variable, rate: Any, momentum: np.ndarray, velocity: np.ndarray
    ) -> None:
        g, squares = with_squares(gradient)
        kind = variable.dtype.type
        beta_1, beta_2, step = kind(self.adam_beta_1), kind(self.adam_beta_2), kind(self._step())
        momentum += (np.asarray(g) - momentum) * (1 - beta_1)
        velocity += (np.asarray(squares) - velocity) * (1 - beta_2)
        alpha = rate * np.sqrt(1 - beta_2**step) / (1 - beta_1**step)
        variable._data -= momentum * alpha / (np.sqrt(velocity) + kind(self.epsilon))

    def lr_adjust(self, x: Any) -> Any:
        """A matrix times rms_rate · √max(rows, columns), which makes its mean square that of Adam's steps."""
        if self.rms_rate is None:
            return x
        return x * x.dtype.type(np.sqrt(max(x.shape[:2]))) * x.dtype.type(self.rms_rate)

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> np.ndarray:
        """A matrix with its singular values pulled towards 1 by so many steps."""
        x = np.asarray(x)
        if x.ndim != 2:
            raise ShapeError(f"Muon: expected a matrix, received shape {x.shape}")
        kind = x.dtype.type
        a, b, c = kind(self.muon_a), kind(self.muon_b), kind(self.muon_c)
        tall = x.shape[0] > x.shape[1]
        x = x.T if tall else x
        x = x / (np.sqrt(np.square(x).sum()) + kind(1e-7))
        for _ in range(steps):
            products = x @ x.T
            x = a * x + (b * products + c * products @ products) @ x
        return x.T if tall else x


def _require_pattern(pattern: Any) -> None:
    try:
        re.compile(pattern)
    except (re.error, TypeError) as error:
        raise ArgumentError(f"Muon: expected regular expressions in exclude_layers, received {pattern!r}") from error
