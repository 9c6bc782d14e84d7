"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinynet import kernels
from tinynet.autograd import Variable
from tinynet.errors import ArgumentError
from tinynet.optimizers.gradients import Gradient, summed
from tinynet.optimizers.together import TogetherOptimizer


class SGD(TogetherOptimizer):
    """w ← w − lr·g; with momentum m ← μm − lr·g and w ← w + m (Polyak 1964).

    momentum: μ, a float between 0 and 1. nesterov: w ← w + μm − lr·g with the new m (Sutskever et
    al. 2013). The other arguments are `Optimizer`'s. After https://keras.io/api/optimizers/sgd/.

    >>> w = Variable([1.0, 2.0])
    >>> SGD(0.5).apply([[1.0, 1.0]], [w])
    >>> w.tolist()
    [0.5, 1.5]
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
        if not isinstance(momentum, float) or not 0 <= momentum <= 1:
            raise ArgumentError(f"SGD: expected a float momentum between 0 and 1, received {momentum!r}")
        self.momentum = momentum
        self.nesterov = nesterov

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes the momentums, where there is momentum."""
        if self.built:
            return
        super().build(variables)
        self._momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum else []

    def update_together(self, gradients: Sequence[Gradient], variables: Sequence[Variable], learning_rate: Any) -> None:
        arrays = []
        for gradient, variable in zip(gradients, variables, strict=True):
            slot = self._momentums[self._index(variable)]._data if self.momentum else None
            arrays.append((variable._data, slot, summed(gradient)))
        kernels.sgd(arrays, learning_rate, self.momentum, self.nesterov)
