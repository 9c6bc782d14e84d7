"""AdamW."""

from __future__ import annotations

from typing import Any

from tinynet.errors import ArgumentError
from tinynet.optimizers.adam import Adam


class AdamW(Adam):
    """Adam with weight decay (Loshchilov and Hutter 2019).

    weight_decay: the share of itself times the learning rate that every variable loses before each update.
    The other arguments are `Adam`'s. After https://keras.io/api/optimizers/adamw/.

    >>> from tinynet.autograd import Variable
    >>> w = Variable([1.0])
    >>> AdamW(0.1, weight_decay=0.5).apply([[4.0]], [w])
    >>> round(w.item(), 4)
    0.85
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        if weight_decay is None:
            raise ArgumentError("AdamW: expected a number weight_decay, received None; use Adam without it")
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, clipnorm, clipvalue, global_clipnorm,
            use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name,
            **unknown,
        )  # fmt: skip
