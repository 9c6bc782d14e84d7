"""Optimizers that change all variables of a step in one call of a kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.autograd import Variable
from tinynet.optimizers.base import Optimizer
from tinynet.optimizers.gradients import Gradient


class TogetherOptimizer(Optimizer):
    """Base of optimizers with a kernel of their own: it is called once a step, not once a variable.

    A small model has dozens of small variables, for which a call costs more than the arithmetic. A subclass writes
    `update_together(gradients, variables, learning_rate)`.
    """

    def update_together(self, gradients: Sequence[Gradient], variables: Sequence[Variable], learning_rate: Any) -> None:
        """Changes variables of one dtype, and their slots. learning_rate: a scalar of this dtype."""
        raise NotImplementedError(
            f"{self._kind} must define update_together(gradients, variables, learning_rate)"
        )

    def update_step(self, gradient: Gradient, variable: Variable, learning_rate: Any) -> None:
        self.update_together([gradient], [variable], variable.dtype.type(learning_rate))

    def _update_all(self, gradients: Sequence[Gradient], variables: Sequence[Variable], rate: Any) -> None:
        if type(self).update_step is not TogetherOptimizer.update_step:
            super()._update_all(gradients, variables, rate)  # a subclass that changes the variables its own way
            return
        by_dtype: dict[np.dtype, tuple[list[Gradient], list[Variable]]] = {}
        for gradient, variable in zip(gradients, variables, strict=True):
            of_one = by_dtype.setdefault(variable._data.dtype, ([], []))
            of_one[0].append(gradient)
            of_one[1].append(variable)
        for dtype, (some_gradients, some_variables) in by_dtype.items():
            self.update_together(some_gradients, some_variables, dtype.type(rate))
        for variable in variables:
            variable.changed_in_place()
