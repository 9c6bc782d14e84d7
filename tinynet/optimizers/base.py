"""`Optimizer`: what all update rules share, in Keras's order of operations."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tinynet import config, kernels
from tinynet.arguments import fraction, whole
from tinynet.autograd import Tensor, Variable, as_tensor, no_grad
from tinynet.catalogue import Config, Configurable, serialize, snake_case
from tinynet.errors import ArgumentError, NotBuiltError, ShapeError, nearest
from tinynet.naming import automatic_name
from tinynet.optimizers import schedules
from tinynet.optimizers.gradients import Gradient, clipped, divided, gradient_of, summed

COMMON = (
    "name", "learning_rate", "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema",
    "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps",
)  # fmt: skip


class Optimizer(Configurable):
    """Base of all optimizers, and of yours.

    A subclass makes its slots in `build(variables)` with `add_optimizer_variables`, and changes
    one variable in `update_step(gradient, variable, learning_rate)`.

    learning_rate: a float, a schedule (`tinynet.optimizers.schedules`), or a function without arguments that
        is asked before each update.
    weight_decay: before each update, every variable loses this share of itself times the learning
        rate (Loshchilov and Hutter 2019).
    clipnorm: the largest norm of one variable's gradient; larger ones are scaled down.
    clipvalue: the largest absolute value of a gradient's element.
    global_clipnorm: the largest norm of all gradients together. At most one of the three.
    use_ema: keep a moving average of every variable, a ← βa + (1 − β)w with β = ema_momentum, and put it in the
        variable's place after every `ema_overwrite_frequency` updates and at the end of `fit`.
    gradient_accumulation_steps: change the variables only at every so many-th call, by the mean of the
        gradients since the last change.
    loss_scale_factor: `fit` multiplies the loss by it (`scale_loss`), and the gradients are divided by it.
    name: without one, the class name in snake case with a number.

    Raises `ArgumentError` for a value that is not supported. After
    https://keras.io/api/optimizers/.
    """

    keras_module = "keras.optimizers"

    def __init__(
        self,
        learning_rate: Any,
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
        if unknown:
            key = next(iter(unknown))
            raise ArgumentError(
                f"{self._kind}: unknown argument {key!r} (value {unknown[key]!r}). "
                f"{nearest(key, self.config_keys())}"
            )
        if loss_scale_factor is not None and not _is_number(loss_scale_factor, above=0.0):
            raise ArgumentError(
                f"{self._kind}: expected a positive number loss_scale_factor or None, received {loss_scale_factor!r}"
            )
        self.use_ema = use_ema
        self.ema_momentum = fraction(self._kind, "ema_momentum", ema_momentum)
        self.ema_overwrite_frequency = self._whole_or_none("ema_overwrite_frequency", ema_overwrite_frequency, 1)
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = self._whole_or_none(
            "gradient_accumulation_steps", gradient_accumulation_steps, 2
        )
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        clips = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        for key, value in clips.items():
            if value is not None and not _is_number(value, above=0.0):
                raise ArgumentError(f"{self._kind}: expected a positive number {key}, received {value!r}")
        set_clips = [f"{key}={value!r}" for key, value in clips.items() if value is not None]
        if len(set_clips) > 1:
            raise ArgumentError(
                f"{self._kind}: only one of clipnorm, clipvalue and global_clipnorm can be set, "
                f"received {', '.join(set_clips)}"
            )
        if weight_decay is not None and not _is_number(weight_decay):
            raise ArgumentError(
                f"{self._kind}: expected a number weight_decay or None, received {weight_decay!r}"
            )
        self.weight_decay = weight_decay
        self.name = name or automatic_name(snake_case(type(self).__name__))
        self.built = False
        self._variables: list[Variable] = []
        self._trainable_variables: list[Variable] = []
        self._indices: dict[int, int] = {}
        self._undecayed: set[int] = set()
        self._undecayed_names: re.Pattern[str] | None = None
        self._iterations = self.add_variable((), dtype="int64", name="iteration")
        self._moving_averages: list[Variable] = []
        self._accumulated_gradients: list[Variable] = []
        self._learning_rate = self._initial_learning_rate(learning_rate)

    @classmethod
    def config_keys(cls) -> list[str]:
        """The common arguments in Keras's order, then the optimizer's own."""
        return list(dict.fromkeys([*COMMON, *super().config_keys()]))

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """A new optimizer from what `get_config` returned; a schedule in it is made first."""
        rate = config.get("learning_rate")
        return super().from_config(
            {**config, "learning_rate": schedules.deserialize(rate)} if isinstance(rate, dict) else config
        )

    @property
    def _kind(self) -> str:
        return type(self).__name__

    def _require_range(self, **values: tuple[float, float, bool]) -> None:
        """Checks numbers given as name=(value, highest, whether the highest itself is allowed)."""
        for key, (value, high, closed) in values.items():
            if not _is_number(value) or not (0 <= value <= high if closed else 0 <= value < high):
                limit = f" and {'at most' if closed else 'below'} {high}" if high < np.inf else ""
                raise ArgumentError(f"{self._kind}: expected {key} at least 0{limit}, received {value!r}")

    def _require_positive(self, **values: float) -> None:
        for key, value in values.items():
            if not value > 0:
                raise ArgumentError(f"{self._kind}: expected {key} above 0, received {value!r}")

    def _whole_or_none(self, name: str, value: Any, minimum: int) -> int | None:
        return None if value is None else whole(self._kind, name, value, minimum)

    def _initial_learning_rate(self, value: Any) -> Any:
        if callable(value):
            return schedules.rule(value, self._kind)
        rate = self._checked_learning_rate(value)
        if not isinstance(value, (float, np.floating)):
            raise ArgumentError(
                f"{self._kind}: expected a float learning_rate, received {value!r}; write {rate!r}"
            )
        return self.add_variable((), initializer=rate, name="learning_rate")

    def _checked_learning_rate(self, value: Any) -> float:
        value = _single(value)
        if not _is_number(value):
            raise ArgumentError(f"{self._kind}: expected a finite float learning_rate, received {value!r}")
        return float(value)

    @property
    def learning_rate(self) -> Any:
        """The learning rate: a variable, or with a schedule its value at this step.

        Assign a number to change the variable; assign a schedule, or a function without arguments, to follow
        that from now on. Raises `ArgumentError` for a number where a schedule or a function is followed.
        """
        if isinstance(self._learning_rate, Variable):
            return self._learning_rate
        with no_grad():
            if isinstance(self._learning_rate, schedules.LearningRateSchedule):
                return self._learning_rate(self._iterations)
            return self._learning_rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if callable(value):
            rule = schedules.rule(value, self._kind)
            self._variables = [variable for variable in self._variables if variable is not self._learning_rate]
            self._learning_rate = rule
        elif isinstance(self._learning_rate, Variable):
            self._learning_rate.assign(self._checked_learning_rate(value))
        else:
            raise ArgumentError(
                f"{self._kind}: the learning rate follows {self._learning_rate!r} and cannot be set to {value!r}. "
                "Make the optimizer with a float learning_rate to set it."
            )

    def _rate(self) -> Any:
        """The learning rate as a scalar."""
        if isinstance(self._learning_rate, Variable):
            return self._learning_rate._data[()]
        rate = _single(self.learning_rate)
        if not _is_number(rate):
            raise ArgumentError(
                f"{self._kind}: expected {self._learning_rate!r} to tell a finite learning rate, "
                f"received {rate!r} after {self._iterations.item()} steps"
            )
        return rate

    @property
    def iterations(self) -> Tensor:
        """How many updates there have been (an int64 scalar)."""
        if self.gradient_accumulation_steps is None:
            return self._iterations
        return Tensor(self._iterations._data // self.gradient_accumulation_steps)

    def _step(self) -> int:
        """The number of the current update, from 1."""
        return int(self.iterations._data) + 1

    @property
    def variables(self) -> list[Variable]:
        """Iteration, learning rate unless it follows a schedule, then the slots: Keras's order in files."""
        return list(self._variables)

    @property
    def slots(self) -> list[Variable]:
        """The variables without iteration and learning rate."""
        others = (self._iterations, self._learning_rate)
        return [variable for variable in self.variables if not any(variable is other for other in others)]

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes the slots for these variables; only they can be updated from then on."""
        self._trainable_variables = list(variables)
        self._indices = {id(variable): i for i, variable in enumerate(variables)}
        if self.use_ema:
            self._moving_averages = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps is not None:
            self._accumulated_gradients = self.add_optimizer_variables(variables, "gradient_accumulator")
        self.built = True

    def add_variable(
        self, shape: Sequence[int], initializer: Any = "zeros", dtype: Any = None, name: str | None = None
    ) -> Variable:
        """A new variable of the optimizer: part of `variables` and of saved files.

        initializer: 'zeros', 'ones', a number, or a function of shape and dtype.
        """
        dtype = np.dtype(dtype or config.floatx())
        if callable(initializer):
            value = np.asarray(initializer(tuple(shape), dtype=dtype.name))
        else:
            value = np.full(tuple(shape), {"zeros": 0, "ones": 1}.get(initializer, initializer), dtype)
        name = name or "variable"
        variable = Variable(value, trainable=False, dtype=dtype, name=name, path=f"{self.name}/{name}")
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str = "var", initializer: Any = "zeros"
    ) -> Variable:
        """A slot of the same shape and dtype as a variable, named after it."""
        return self.add_variable(
            reference_variable.shape,
            initializer,
            reference_variable.dtype,
            f"{reference_variable.path.replace('/', '_')}_{name}",
        )

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Variable], name: str | Sequence[str], initializer: Any = "zeros"
    ) -> Any:
        """One slot a variable; for several names a list of slots each, made variable by variable."""
        names = [name] if isinstance(name, str) else list(name)
        initializers = (
            list(initializer) if isinstance(initializer, (list, tuple)) else [initializer] * len(names)
        )
        slots: tuple[list[Variable], ...] = tuple([] for _ in names)
        for variable in trainable_variables:
            for collected, slot, first in zip(slots, names, initializers, strict=True):
                collected.append(self.add_variable_from_reference(variable, slot, first))
        return slots[0] if isinstance(name, str) else slots

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Spares variables from weight decay: these, and those in whose name a pattern is found.

        Raises `ArgumentError` once the optimizer is built.
        """
        if self.built:
            raise ArgumentError(
                f"{self._kind}.exclude_from_weight_decay: call it before the optimizer is built"
            )
        self._undecayed = {id(variable) for variable in var_list or ()}
        patterns = sorted(set(var_names or ()))
        self._undecayed_names = re.compile("|".join(patterns)) if patterns else None

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """`apply` for pairs of a gradient and its variable; returns the iterations."""
        pairs = list(grads_and_vars)
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Changes the variables by one step.

        grads: a gradient for each variable: an array or tensor of its shape, the rows of an embedding
            (`Slices`), or None for a variable that is to be left alone.
        trainable_variables: those the optimizer was built with, or a part of them; the first call
            builds it.

        Raises `ArgumentError` for a variable the optimizer does not know or when all gradients are None,
        `ShapeError` for a gradient of another shape.
        """
        if len(grads) == 0:
            return
        trainable_variables = self._variables_for(grads, trainable_variables)
        gradients, variables = self._present(grads, trainable_variables)
        if self.loss_scale_factor is not None:
            gradients = [divided(gradient, self.loss_scale_factor) for gradient in gradients]
        if self.gradient_accumulation_steps is None:
            self._update(gradients, variables)
        else:
            self._accumulate(gradients, variables, self.gradient_accumulation_steps)
        if self.use_ema:
            self._average()
        for variable in variables:
            if variable.constraint is not None:
                with no_grad():
                    variable.assign(variable.constraint(variable))
        self._iterations._data += 1

    def _variables_for(
        self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None
    ) -> Sequence[Variable]:
        """The variables that gradients are of: those given, for which the optimizer is built if need be, or its own."""
        if trainable_variables is None:
            if not self.built:
                raise NotBuiltError(f"{self._kind}.apply: pass the variables, or call build(variables) first")
            trainable_variables = self._trainable_variables
        elif not self.built:
            self.build(list(trainable_variables))
        if len(grads) != len(trainable_variables):
            raise ArgumentError(
                f"{self._kind}.apply: expected one gradient a variable, received {len(grads)} gradients "
                f"for {len(trainable_variables)} variables"
            )
        self._refuse_unknown(trainable_variables)
        return trainable_variables

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any], trainable_variables: Sequence[Any]
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """`apply` on values: those of the trainable variables and of `variables` after a step, while nothing changes.

        Raises `NotBuiltError` before `build`, and as `set_weights` for values that do not fit.
        """
        if not self.built:
            raise NotBuiltError(f"{self._kind}.stateless_apply: call build(variables) first")
        trained = self._trainable_variables
        if len(trainable_variables) != len(trained):
            raise ArgumentError(
                f"{self._kind}.stateless_apply: expected {len(trained)} values, received {len(trainable_variables)}"
            )
        kept = [variable.numpy() for variable in trained], [variable.numpy() for variable in self.variables]
        try:
            for variable, value in zip(trained, trainable_variables, strict=True):
                variable.assign(value)
            self.set_weights(optimizer_variables)
            self.apply(grads, trained)
            return [variable.numpy() for variable in trained], [variable.numpy() for variable in self.variables]
        finally:
            for variable, value in zip(trained, kept[0], strict=True):
                variable.assign(value)
            self.set_weights(kept[1])

    def _update(self, gradients: list[Gradient], variables: Sequence[Variable]) -> None:
        """Changes the variables by gradients as they came."""
        gradients = clipped(gradients, self.clipnorm, self.global_clipnorm, self.clipvalue)
        rate = self._rate()
        self._decay_weights(gradients, variables, rate)
        self._update_all(gradients, variables, rate)

    def _update_all(self, gradients: Sequence[Gradient], variables: Sequence[Variable], rate: Any) -> None:
        for gradient, variable in zip(gradients, variables, strict=True):
            self.update_step(gradient, variable, rate)
            variable.changed_in_place()

    def _accumulate(self, gradients: list[Gradient], variables: Sequence[Variable], steps: int) -> None:
        """Adds to the gradients since the last change; every so many steps changes the variables by their mean."""
        sums = [self._accumulated_gradients[self._index(variable)] for variable in variables]
        for total, gradient in zip(sums, gradients, strict=True):
            total._data += summed(gradient)
        if (self._iterations.item() + 1) % steps == 0:
            self._update([total._data / total.dtype.type(steps) for total in sums], variables)
            for total in self._accumulated_gradients:
                total._data.fill(0)

    def _average(self) -> None:
        """Moves the averages of the variables, and puts them in their place when it is time."""
        step = self._step()
        for average, variable in zip(self._moving_averages, self._trainable_variables, strict=True):
            kept = variable.dtype.type(self.ema_momentum if step > 1 else 0)
            average._data *= kept
            average._data += (1 - kept) * variable._data
        if self.ema_overwrite_frequency and step % self.ema_overwrite_frequency == 0:
            self.finalize_variable_values(self._trainable_variables)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Puts the moving averages in the place of the variables, where there are any (at the end of `fit`)."""
        if self.use_ema and self.built:
            self._refuse_unknown(var_list)
            for variable in var_list:
                variable.assign(self._moving_averages[self._index(variable)])

    def scale_loss(self, loss: Any) -> Any:
        """The loss whose gradients `apply` expects: times loss_scale_factor, where there is one."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Changes one variable and its slots.

        gradient: an array or `Slices` in the variable's dtype. learning_rate: a scalar.
        """
        raise NotImplementedError(f"{self._kind} must define update_step(gradient, variable, learning_rate)")

    def assign(self, variable: Variable, value: Any) -> None:
        """Sets a variable, as in optimizers written for Keras."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Adds to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtracts from a variable."""
        variable.assign_sub(value)

    def get_config(self) -> Config:
        """Keras's configuration: the common arguments first, then the optimizer's own."""
        # Arguments that a subclass keeps under another name are its own get_config's to add.
        kept = {key: serialize(getattr(self, key)) for key in self.told_keys() if hasattr(self, key)}
        rate = self._learning_rate
        described = float(rate._data) if isinstance(rate, Variable) else schedules.described(rate)
        return {**kept, "learning_rate": described}

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Assigns all `variables` at once.

        Raises `ArgumentError` for another number of weights, `ShapeError` for another shape, in both
        cases before anything is changed.
        """
        values = [as_tensor(weight) for weight in weights]
        variables = self.variables
        if len(values) != len(variables):
            raise ArgumentError(
                f"{self._kind}.set_weights: expected {len(variables)} arrays, received {len(values)}. "
                "Is the optimizer built for the same variables?"
            )
        for variable, value in zip(variables, values, strict=True):
            if value.shape != variable.shape:
                raise ShapeError(
                    f"{self._kind}.set_weights: variable {variable.path!r} has shape {variable.shape}, "
                    f"received {value.shape}"
                )
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    def _index(self, variable: Variable) -> int:
        return self._indices[id(variable)]

    # The name that optimizers written for Keras use.
    _get_variable_index = _index

    def _refuse_unknown(self, variables: Sequence[Variable]) -> None:
        for variable in variables:
            if id(variable) not in self._indices:
                raise ArgumentError(
                    f"{self._kind}.apply: unknown variable {getattr(variable, 'path', variable)!r}. "
                    f"The optimizer was built for {[known.path for known in self._trainable_variables]}; "
                    "make a new one for other variables."
                )

    def _present(
        self, grads: Sequence[Any], variables: Sequence[Variable]
    ) -> tuple[list[Gradient], list[Variable]]:
        """The gradients there are, as arrays or slices of the variable's dtype, with their variables."""
        gradients: list[Gradient] = []
        present: list[Variable] = []
        missing: list[str] = []
        for gradient, variable in zip(grads, variables, strict=True):
            if gradient is None:
                missing.append(variable.path)
                continue
            gradients.append(gradient_of(gradient, variable, f"{self._kind}.apply"))
            present.append(variable)
        if not present:
            raise ArgumentError(
                f"{self._kind}.apply: no gradients provided for any variable ({', '.join(missing)}). "
                "Does the loss depend on them?"
            )
        if missing:
            warnings.warn(
                f"{self._kind}.apply: no gradients for the variables {missing}; they are left as they are. "
                "Does the loss depend on them?",
                UserWarning,
                stacklevel=3,
            )
        return gradients, present

    def _decay_of(self, variable: Variable) -> float | None:
        """The share of itself that a variable loses before an update, times the learning rate."""
        return self.weight_decay

    def _is_spared(self, variable: Variable) -> bool:
        if id(variable) in self._undecayed:
            return True
        return self._undecayed_names is not None and self._undecayed_names.search(variable.name) is not None

    def _decay_weights(self, gradients: list[Gradient], variables: Sequence[Variable], rate: Any) -> None:
        if self.weight_decay is None and type(self)._decay_of is Optimizer._decay_of:
            return
        decayed: dict[float, list[Any]] = {}
        for i, variable in enumerate(variables):
            share = self._decay_of(variable)
            if share is None or self._is_spared(variable):
                continue
            if gradients[i] is variable._data:
                gradients[i] = variable._data.copy()  # the decay comes first and would change it
            decayed.setdefault(share, []).append((variable._data, None, variable._data))
        for share, arrays in decayed.items():
            # To lose a share of oneself is a step down the gradient of half one's square.
            kernels.sgd(arrays, float(rate) * share, 0.0, False)


def _single(value: Any) -> Any:
    """An array or tensor of one element as that element, anything else as it is."""
    return value.item() if isinstance(value, (Tensor, np.ndarray)) and value.size == 1 else value


def _is_number(value: Any, above: float = -np.inf) -> bool:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        return False
    return bool(np.isfinite(value) and value > above)
