"""`Layer`: weights, and a function of tensors that uses them."""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from tinynet import activations, config, constraints, initializers, regularizers
from tinynet.autograd import Tensor, Variable, as_tensor
from tinynet.autograd.tags import mask_of, set_mask
from tinynet.autograd.tape import is_recording
from tinynet.autograd.tracing import refuse
from tinynet.autograd.variable import keeping_values
from tinynet.catalogue import Config, Configurable, get_registered_object, parameters_of, serialize, snake_case
from tinynet.errors import (
    ArgumentError,
    DtypeError,
    NotBuiltError,
    ShapeError,
    TinynetError,
    nearest,
)
from tinynet.layers.input_spec import check_inputs
from tinynet.layers.restoring import allowance
from tinynet.layers.structures import (
    Shape,
    as_given,
    as_shapes,
    flat_list,
    holds_tensors,
    map_structure,
    masks_of,
    shape_of,
    symbolic,
)
from tinynet.metrics.base import Metric
from tinynet.naming import automatic_name, name_scope, scope
from tinynet.nested import leaves
from tinynet.ops.symbolic import KerasTensor, Node, inferred, is_symbolic
from tinynet.seeds import SeedGenerator, frozen

FLOATS = {name: np.dtype(name) for name in config.FLOAT_DTYPES}  # to compare by `is`: a name is looked up each time
LARGEST_WEIGHT = 2**40  # elements; a typing error, not a model

_training: ContextVar[bool | None] = ContextVar("training", default=None)
_inside_call: ContextVar[bool] = ContextVar("inside_call", default=False)
_noted: ContextVar[list[LayerCall] | None] = ContextVar("noted", default=None)


_latest_change = object()


def latest_change() -> object:
    """Another object whenever an attribute of a layer was set, a weight, a layer inside or a loss added: what was found
    out about layers before may not hold after it."""
    return _latest_change


def note_change() -> None:
    """To be called after a layer was changed in a way that does not set an attribute."""
    global _latest_change
    _latest_change = object()  # no number: one that was pickled along with a layer might be met again


def stands_alone() -> bool:
    """Whether what is computed now is neither recorded for a gradient nor part of a layer's call."""
    return not is_recording() and not _inside_call.get()


class LayerCall(NamedTuple):
    """A layer that was called: with what inputs and further arguments (mask and initial states among them), and what
    it gave."""

    layer: Layer
    inputs: Any
    arguments: dict[str, Any]
    outputs: Any


@contextlib.contextmanager
def noting_calls() -> Iterator[list[LayerCall]]:
    """Within it the list gets every call of a layer, in the order in which they are done."""
    noted: list[LayerCall] = []
    token = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(token)


def is_noting() -> bool:
    """Whether somebody wants every call of a layer noted."""
    return _noted.get() is not None


def dtype_name(dtype: Any, owner: str = "layer", allowed: Sequence[str] = config.FLOAT_DTYPES) -> str:
    """The name of a dtype given as None, a name, a NumPy dtype or Keras's policy configuration.

    Raises `DtypeError` for one that is not among the allowed ones.
    """
    name = dtype.get("config", {}).get("name") if isinstance(dtype, dict) else dtype
    if name is None:
        return config.floatx()
    if not isinstance(name, str):
        try:
            name = np.dtype(name).name
        except TypeError:
            name = repr(name)
    if name not in allowed:
        raise DtypeError(f"{owner}: dtype {name!r} is not supported. {nearest(name, allowed)}")
    return name


class Layer(Configurable):
    """Base of all layers, and of yours.

    A subclass sets its configuration in `__init__`, makes its weights in `build(input_shape)`
    with `add_weight`, and computes in `call(inputs)` with tensor expressions and `tinynet.ops`.
    `call` may take `training` (whether the model is being trained) and `mask` (which time steps
    count). Layers and weights kept in attributes are found by themselves.

    name: without one, the class name in snake case with a number.
    trainable: whether training changes the weights.
    dtype: 'float32' or 'float64'; of weights and results.
    activity_regularizer: a penalty on the result, added to the loss.

    >>> class Scale(Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    >>> Scale()(np.ones((1, 2), "float32")).numpy()
    array([[1., 1.]], dtype=float32)
    """

    keras_module = "keras.layers"
    supports_masking = False
    built: bool
    _own_variables: list[Variable]
    _sublayers: list[Layer]
    _own_losses: list[Tensor]
    _own_metrics: list[Metric]
    _inbound_nodes: list[Node]  # its calls on symbolic tensors
    _all_weights: tuple[object, list[Variable]]  # with the latest change when they were found
    casts_inputs = True  # integer layers (Embedding) and text layers look at the inputs as they are
    casts_integers = False  # layers that multiply by weights compute with integers as floats
    _is_building = False
    dtypes: tuple[str, ...] = config.FLOAT_DTYPES
    takes_text = False
    input_spec: Any = None  # an InputSpec, or several, of what the inputs must be
    keras_class: str | None = None  # the name of Keras's class, where its public name is another
    # Whether `call` applies the same operations each time, whatever the values: no branch on them in Python, no
    # check of them outside of operations. Predictions then skip the Python. A subclass has to say it again.
    replayable = False
    writes_activity_regularizer = False  # Keras writes it for some classes even where there is none

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        layer = super().__new__(cls, *args, **kwargs)
        # Set before any __init__, so that attributes are tracked from the first one on.
        object.__setattr__(layer, "_own_variables", [])
        object.__setattr__(layer, "_sublayers", [])
        object.__setattr__(layer, "_own_losses", [])
        object.__setattr__(layer, "_own_metrics", [])
        object.__setattr__(layer, "_inbound_nodes", [])
        object.__setattr__(layer, "_all_weights", (None, []))
        return layer

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
        activity_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        left = allowance()
        if left is not None:
            left.take_layer()
        input_shape = kwargs.pop("input_shape", None)
        if "input_dim" in kwargs:
            input_shape = (kwargs.pop("input_dim"),)
        if input_shape is not None and not isinstance(input_shape, (list, tuple)):
            raise ArgumentError(
                f"{type(self).__name__}: expected input_shape such as (28, 28, 1), received {input_shape!r}"
            )
        for key, value in kwargs.items():
            if key in self.inert_config:
                self.check_inert(key, value)
            else:
                known = [*self.config_keys(), *COMMON_KEYS]
                raise ArgumentError(f"{type(self).__name__}: unknown argument {key!r}. {nearest(key, known)}")
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ArgumentError(f"{type(self).__name__}: a name is a string without '/', received {name!r}")
        if not isinstance(trainable, bool):
            raise ArgumentError(f"{type(self).__name__}: expected trainable True or False, received {trainable!r}")
        self.name: str = name or automatic_name(snake_case(self.keras_class or type(self).__name__))
        self.dtype = dtype_name(dtype, f"{type(self).__name__} {self.name!r}", self.dtypes)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._trainable = trainable
        self.built = False
        self.given_input_shape: Shape | None = None if input_shape is None else tuple(input_shape)
        self._build_input_shape: Any = None
        self._build_shapes: dict[str, Any] | None = None  # by name, where build takes several
        parameters = parameters_of(self.call)
        self._call_names = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
        self._call_arguments = frozenset(p.name for p in parameters)
        self._call_takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls):
            cls.build = _building(cls.build)  # type: ignore[method-assign]

    def __setattr__(self, name: str, value: Any) -> None:
        self._track(value)
        object.__setattr__(self, name, value)
        note_change()

    def _track(self, value: Any) -> None:
        """Remembers weights, layers and metrics among what is kept in an attribute."""
        if isinstance(value, Variable):
            if not any(value is v for v in self._own_variables):
                self._own_variables.append(value)
                note_change()
        elif isinstance(value, Layer):
            if not any(value is layer for layer in self._sublayers):
                self._sublayers.append(value)
        elif isinstance(value, Metric):
            if not any(value is metric for metric in self._own_metrics):
                self._own_metrics.append(value)
        elif isinstance(value, (list, tuple, dict)):
            for part in _tracked(value, set()):
                self._track(part)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    @property
    def described(self) -> str:
        """The layer in error messages: its class and name."""
        return f"{type(self).__name__} {self.name!r}"

    def build(self, input_shape: Any) -> None:
        """Makes the weights for inputs of this shape (None where a size may vary)."""

    def _build_at_init(self) -> None:
        """For layers without weights: built from the start, unless a subclass has a `build` of its own."""
        self.built = type(self).build is Layer.build

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Computes the result; every subclass defines it."""
        raise NotImplementedError(f"{self.described} must define call(inputs)")

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: Any = None,
        dtype: str | None = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str = "variable",
    ) -> Variable:
        """A new weight of the layer.

        initializer: a name, an initializer, or a function of (shape, dtype); Glorot's uniform
            distribution without one.
        regularizer, constraint: applied to it in training.
        """
        dtype = dtype or (self.dtype if self.dtype in config.FLOAT_DTYPES else config.floatx())
        first = initializers.get(initializer if initializer is not None else "glorot_uniform")
        value = self._first_value(name, tuple(shape), dtype, first)
        if np.shape(value) != tuple(shape):
            raise ShapeError(
                f"{self.described}: the initializer of {name!r} must give shape {tuple(shape)}, "
                f"it gave {np.shape(value)}"
            )
        variable = Variable(
            value,
            trainable=trainable and self._trainable,
            dtype=dtype,
            name=name,
            path="/".join((*scope.get(), name)),
        )
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        variable.wanted_trainable = trainable
        self._track(variable)
        return variable

    add_variable = add_weight

    def _first_value(self, name: str, shape: tuple[int, ...], dtype: str, initializer: Any) -> Any:
        """What a new weight starts with; refuses one that no memory holds before asking for it."""
        size, left = math.prod(shape), allowance()
        if left is not None:
            left.take_weight(size, f"{self.described}: the weight {name!r} of shape {shape}")
            return np.zeros(shape, dtype)
        try:
            if size > LARGEST_WEIGHT:
                raise MemoryError
            return initializer(shape, dtype=dtype)
        except MemoryError as error:
            raise ShapeError(
                f"{self.described}: the weight {name!r} of shape {shape} does not fit into memory ({size:,} elements)"
            ) from error

    def add_loss(self, loss: Any) -> None:
        """Adds a scalar, or several in a list, to the loss of the step in which `call` runs."""
        note_change()  # the next call clears it away, which a replayed one would not
        refuse()
        self._own_losses += map(as_tensor, leaves(loss))

    def add_metric(self, *args: Any, **kwargs: Any) -> None:
        """Refuses with an `ArgumentError`, as Keras 3 does: a metric is kept in an attribute, or given to `compile`."""
        raise ArgumentError(
            f"{self.described}: there is no add_metric in Keras 3; keep the metric in an attribute and call its "
            "update_state, or give it to compile(metrics=[…])"
        )

    def __call__(self, inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
        if "_call_arguments" not in self.__dict__:
            raise NotBuiltError(f"{type(self).__name__}: its __init__ must call super().__init__() first")
        alone = type(inputs) is Tensor and not args and not kwargs  # as within a model: each step here counts
        if not alone:
            if inputs is None and self._call_names and self._call_names[0] in kwargs:
                inputs = kwargs.pop(self._call_names[0])
            for key in kwargs:
                if key not in self._call_arguments and key != "training" and not self._call_takes_any:
                    known = [*self._call_arguments, "training"]
                    raise ArgumentError(f"{self.described}: call has no argument {key!r}. {nearest(key, known)}")
            if is_symbolic(inputs, *args) or (kwargs and is_symbolic(kwargs)):
                return self._called_symbolically(inputs, args, kwargs)
        inputs = self._converted(inputs)
        if self.input_spec is not None:
            check_inputs(self.input_spec, inputs, self.described)
        others = {} if alone else self._other_tensors(args, kwargs)
        if others:
            args = tuple(self._converted(value) if holds_tensors(value) else value for value in args)
            kwargs.update((key, self._converted(others[key])) for key in kwargs if key in others)
            self._fill_masks(others, kwargs)
        if not self.built:
            self._build_for(inputs, others)
        previous_mask = mask_of(inputs) if alone else masks_of(inputs)
        if kwargs.get("mask") is None:
            takes_mask = previous_mask is not None and "mask" in self._call_arguments
            if takes_mask and not holds_tensors([*args, *kwargs.values()]):
                kwargs["mask"] = previous_mask  # as in Keras, only where the inputs are the only tensors
        elif all(part is None for part in leaves(kwargs["mask"])):
            kwargs["mask"] = None  # one for each of several inputs, as it stands in files
        else:
            kwargs["mask"] = map_structure(np.asarray, kwargs["mask"])
        training = kwargs.get("training")
        if training is None:
            training = _training.get()
        if "training" in self._call_arguments:
            if training is None:
                kwargs.pop("training", None)  # the signature's default
            else:
                kwargs["training"] = training
        elif not self._call_takes_any:
            kwargs.pop("training", None)  # what has no use for it may still be told
        before, outside = _training.set(training), scope.set((*scope.get(), self.name))
        outermost = not _inside_call.get()
        if outermost:
            self._clear_losses()  # `losses` are those of the last call
            _inside_call.set(True)
        try:
            outputs = self.call(inputs, *args, **kwargs)
        except TinynetError as error:
            raise _located(error, self)
        finally:
            _training.reset(before)
            scope.reset(outside)
            if outermost:
                _inside_call.set(False)
        if not self.built:
            self.built = True  # a layer without `build`: those inside have built themselves
        if self.activity_regularizer is not None:
            batch = flat_list(outputs)[0].shape[0]
            for output in flat_list(outputs):
                self.add_loss(self.activity_regularizer(output) / max(batch, 1))
        if kwargs.get("mask") is not None:
            previous_mask = kwargs["mask"]  # also one that was passed, not carried by the inputs
        if previous_mask is not None or self.makes_masks:
            self._pass_masks(inputs, outputs, previous_mask)
        noted = _noted.get()
        if noted is not None:
            arguments = {**dict(zip(self._call_names[1:], args, strict=False)), **kwargs}
            noted.append(LayerCall(self, inputs, arguments, outputs))
        return outputs

    makes_masks = False

    def _other_tensors(self, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The tensors among the arguments of a call after its first, by name; masks do not count."""
        named = {**dict(zip(self._call_names[1:], args, strict=False)), **kwargs}
        return {key: value for key, value in named.items() if not key.endswith("mask") and holds_tensors(value)}

    def _fill_masks(self, others: dict[str, Any], kwargs: dict[str, Any]) -> None:
        """Hands a call of several tensors the masks they carry: that of `value` as `value_mask`, if there is one."""
        for key, value in others.items():
            name, mask = f"{key}_mask", masks_of(value)
            if mask is not None and name in self._call_arguments and kwargs.get(name) is None:
                kwargs[name] = mask

    def _build_for(self, inputs: Any, others: dict[str, Any]) -> None:
        """Makes the weights when the first inputs come."""
        self.build(*self._shapes_for(self.build, inputs, others).values())

    def _shapes_for(self, method: Callable[..., Any], inputs: Any, others: dict[str, Any]) -> dict[str, Any]:
        """The shapes a method takes, as Keras: that of the first argument, or of each by its name with _shape."""
        names = [p.name for p in parameters_of(method)]
        if len(names) < 2:
            return dict.fromkeys(names, shape_of(inputs))
        known = {f"{key}_shape": shape_of(value) for key, value in others.items()}
        return {name: shape_of(inputs) if place == 0 else known.get(name) for place, name in enumerate(names)}

    def _called_symbolically(self, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call on symbolic tensors: builds the layer, and gives symbolic results with their masks."""
        try:
            if self.input_spec is not None:
                check_inputs(self.input_spec, inputs, self.described)
            if not self.built:
                self._build_for(inputs, self._other_tensors(args, kwargs))
            previous_mask, with_masks = masks_of(inputs), dict(kwargs)
            if "mask" in self._call_arguments and kwargs.get("mask") is None and previous_mask is not None:
                with_masks["mask"] = previous_mask
            outputs = self.compute_output_spec(inputs, *args, **kwargs)
        except TinynetError as error:
            raise _located(error, self) from error
        self.built = True
        if kwargs.get("mask") is not None:
            previous_mask = kwargs["mask"]
        if previous_mask is not None or self.makes_masks:
            self._pass_masks(inputs, outputs, previous_mask)
        # As Keras: a mask that came with a tensor is written down where that is the only argument, unconverted.
        alone = not args and not kwargs and isinstance(inputs, KerasTensor)
        written = with_masks if alone and inputs.dtype == self.compute_dtype else kwargs
        Node(self, (inputs, *args), written, outputs)
        return outputs

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The results for symbolic inputs: tensors of a shape and a dtype."""
        if type(self).compute_output_shape is Layer.compute_output_shape:
            return self._tried_out(inputs, *args, **kwargs)
        dtype = self.compute_output_dtype(next(t.dtype for t in flat_list(inputs) if t is not None))
        shapes = self._shapes_for(self.compute_output_shape, inputs, self._other_tensors(args, kwargs))
        return symbolic(self.compute_output_shape(*shapes.values()), dtype)

    def compute_output_dtype(self, input_dtype: str) -> str:
        """The dtype of the results: what the layer computes in, or that of integers that it leaves alone."""
        left_alone = input_dtype != "string" and np.dtype(input_dtype).kind != "f" and not self.casts_integers
        return input_dtype if left_alone else self.compute_dtype

    def _tried_out(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The symbolic results of a layer without a rule for their shapes: it is tried on arrays."""
        if "training" in self._call_arguments:
            kwargs.setdefault("training", False)
        with frozen(), keeping_values():
            outputs = inferred(self, (inputs, *args), kwargs)
        self._clear_losses()
        return outputs

    def _converted(self, inputs: Any) -> Any:
        """Inputs as tensors, floats among them in the dtype the layer computes in."""
        if inputs is None:
            raise ArgumentError(f"{self.described}: expected an array or a tensor, received None")
        dtype = self.compute_dtype
        if type(inputs) is Tensor and (not self.casts_inputs or inputs._data.dtype is FLOATS.get(dtype)):
            return inputs

        def converted(value: Any) -> Tensor:
            tensor = as_tensor(value)
            if not self.casts_inputs or tensor.dtype == dtype or (tensor.dtype.kind != "f" and not self.casts_integers):
                return tensor
            mask = mask_of(tensor)
            tensor = tensor.astype(dtype)
            if mask is not None:
                set_mask(tensor, mask)
            return tensor

        try:
            return map_structure(converted, inputs)
        except TinynetError as error:
            raise _located(error, self) from error

    def _pass_masks(self, inputs: Any, outputs: Any, mask: Any) -> None:
        tensors = flat_list(outputs)
        if self.supports_masking and all(mask_of(output) is not None for output in tensors):
            return  # as in Keras: `call` has seen to them
        masks = self.compute_mask(inputs, mask)
        if masks is None:
            return
        # A mask that comes alone is the first result's.
        for output, own in zip(tensors, masks if isinstance(masks, (list, tuple)) else [masks], strict=False):
            if own is not None:
                own = own._data if isinstance(own, Tensor) else own
                set_mask(output, own if isinstance(own, KerasTensor) else np.asarray(own))

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """The mask of the result: the one of the input where the layer supports masking.

        A layer that does not drops the mask, with a warning.
        """
        if previous_mask is None or all(m is None for m in flat_list(previous_mask)):
            return None
        if not self.supports_masking:
            import warnings

            warnings.warn(
                f"{self.described} does not support masking: layers after it will not know which time steps "
                "to skip. If padding must not count, reduce over time with a layer that does.",
                stacklevel=4,
            )
            return None
        return previous_mask

    @property
    def compute_dtype(self) -> str:
        """The dtype in which the layer computes."""
        return config.compute_dtype(self.dtype)

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; setting it holds for the layers inside, too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for variable in self._own_variables:
            variable.trainable = bool(value) and getattr(variable, "wanted_trainable", True)
        for layer in self._sublayers:
            layer.trainable = value

    @property
    def weights(self) -> list[Variable]:
        """All weights in Keras's order: the layer's own (trainable ones first), then of layers inside."""
        known, found = self._all_weights
        if known is not _latest_change:
            found = [v for v in self._own_variables if v.wanted_trainable]
            found += [v for v in self._own_variables if not v.wanted_trainable]
            for layer in self._sublayers:
                found += layer.weights
            found = unique(found)
            object.__setattr__(self, "_all_weights", (_latest_change, found))  # past __setattr__, which would count
        return list(found)

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes.

        As in Keras a layer around others that is made with trainable=False leaves these as they are; setting
        `trainable` afterwards freezes them, too.
        """
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone: moving statistics, and all of a frozen layer."""
        changing = set(map(id, self.trainable_weights))
        return [v for v in self.weights if id(v) not in changing]

    variables = weights
    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    @property
    def losses(self) -> list[Tensor]:
        """Penalties of the last call and of the trainable weights, as scalars."""
        found = list(self._collected_losses(set()))
        for variable in self.trainable_weights:
            if variable.regularizer is not None:
                found.append(as_tensor(variable.regularizer(variable)))
        return found

    @property
    def metrics(self) -> list[Metric]:
        """The metrics kept in attributes of this layer and the layers inside."""
        return [*self._own_metrics, *(metric for layer in self._sublayers for metric in layer.metrics)]

    @property
    def metrics_variables(self) -> list[Variable]:
        """What these metrics accumulate in."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def _collected_losses(self, seen: set[int]) -> Iterator[Tensor]:
        """The penalties of the last call, those of a layer that stands in several places once."""
        if id(self) not in seen:
            seen.add(id(self))
            yield from self._own_losses
            for layer in self._sublayers:
                yield from layer._collected_losses(seen)

    def _clear_losses(self) -> None:
        self._own_losses.clear()
        for layer in self._sublayers:
            layer._clear_losses()

    def seed_generators(self) -> list[SeedGenerator]:
        """The generators of random numbers of this layer and the layers inside."""
        found = [v for v in vars(self).values() if isinstance(v, SeedGenerator)]
        for layer in self._sublayers:
            found += layer.seed_generators()
        return found

    def get_weights(self) -> list[np.ndarray]:
        """The values of `weights`, as arrays of the caller's own."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Sets `weights` from arrays of the same shapes; all fit, or none is changed.

        Raises `ShapeError` naming the weight that does not fit.
        """
        variables = self.weights
        if not isinstance(weights, (list, tuple)):
            raise ArgumentError(f"{self.described}: set_weights expected a list of arrays, received {weights!r}")
        if len(weights) != len(variables):
            raise ShapeError(
                f"{self.described}: set_weights expected {len(variables)} arrays "
                f"({', '.join(f'{v.name} {v.shape}' for v in variables) or 'none'}), received {len(weights)}"
                + ("" if self.built else ". The layer is not built yet: call it, or build(input_shape), first.")
            )
        values = [variable.converted(value) for variable, value in zip(variables, weights, strict=True)]
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Puts the layer's own weights into `store`, from names to arrays; a class of yours may put in what it likes,
        and takes it back in `load_own_variables`."""
        store.update((name, np.asarray(variable.data)) for name, variable in self._stored_variables().items())

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Takes the layer's own weights out of what `save_own_variables` has put in.

        Raises `ShapeError` where there are more or fewer of them, or one has another shape.
        """
        variables = self._stored_variables()
        if set(store) != set(variables):
            raise ShapeError(
                f"{self.described}: needs weights {list(variables)}, received {list(store)}"
                + ("" if self.built else "; it is not built yet: call it, or build(input_shape), first")
            )
        for name, variable in variables.items():
            if np.shape(store[name]) != variable.shape:
                raise ShapeError(
                    f"{self.described}: the weight {variable.name!r} has shape {variable.shape}, "
                    f"received {np.shape(store[name])}"
                )
        for name, variable in variables.items():
            variable.assign(np.asarray(store[name]))

    def save_assets(self, dir_path: str) -> None:
        """Writes files of the layer's own, such as a vocabulary, into a folder; a class of yours defines it, and
        `load_assets`, which reads them from one."""

    def load_assets(self, dir_path: str) -> None:
        """Reads from a folder what `save_assets` has written."""

    def _stored_variables(self) -> dict[str, Any]:
        """The layer's own weights by the names they have in files: '0', '1' and so on, trainable ones first."""
        own = [v for v in self._own_variables if v.wanted_trainable]
        own += [v for v in self._own_variables if not v.wanted_trainable]
        return {str(number): variable for number, variable in enumerate(own)}

    def _take_assets(self, files: Mapping[str, bytes]) -> None:
        """Takes what a model file holds for this layer in files of their own, such as a vocabulary, by their names."""

    @property
    def input_dtype(self) -> str:
        """The dtype of a model's inputs where the layer is its first and no Input says another."""
        return "string" if self.takes_text else self.dtype

    def count_params(self) -> int:
        """The number of elements of all weights; raises `NotBuiltError` before they exist."""
        if not self.built:
            raise NotBuiltError(f"{self.described} has no weights yet: call it, or build(input_shape), first")
        return sum(v.size for v in self.weights)

    def get_config(self) -> Config:
        own = self.known_to_all({key: _described(self.argument(key)) for key in self.told_keys()})
        policy = {
            "module": "keras", "class_name": "DTypePolicy", "config": {"name": self.dtype}, "registered_name": None,
        }  # fmt: skip
        common: Config = {"name": self.name, "trainable": self.trainable, "dtype": policy}
        if self.activity_regularizer is not None or self.writes_activity_regularizer:
            common["activity_regularizer"] = serialize(self.activity_regularizer)
        return {**common, **own}

    @classmethod
    def config_keys(cls) -> list[str]:
        return [key for key in super().config_keys() if key not in COMMON_KEYS]

    @classmethod
    def accepted(cls, config: Config) -> Config:
        common = {key: config[key] for key in COMMON_KEYS if key in config}
        rest = {key: _made(value) for key, value in config.items() if key not in COMMON_KEYS}
        return {**common, **super().accepted(rest)}

    def get_build_config(self) -> Config | None:
        """The shape the layer was built for, as it stands in a file."""
        if self._build_shapes is not None:
            return {"shapes_dict": serialize(self._build_shapes)}
        if self._build_input_shape is None:
            return None
        return {"input_shape": serialize(self._build_input_shape)}

    def build_from_config(self, config: Config) -> None:
        """Builds the layer as `get_build_config` said it was."""
        if not isinstance(config, dict) or self.built:
            return
        shape, several = config.get("input_shape"), config.get("shapes_dict")
        if shape is not None:
            self.build(as_shapes(shape))
        elif isinstance(several, dict):
            self.build(*(several.get(p.name) for p in parameters_of(self.build)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the result for inputs of `input_shape` (None where a size may vary).

        Layers that know a rule override this; the others are tried on arrays.
        """
        return shape_of(self._tried_out(symbolic(input_shape, self.compute_dtype)))

    @property
    def input(self) -> Any:
        """The symbolic inputs of the layer's only call, for a model of a part of another.

        Raises `NotBuiltError` when there is none, `ArgumentError` when there are several.
        """
        node = self._only_call("input")
        return node.inputs[0] if len(node.inputs) == 1 else node.inputs

    @property
    def output(self) -> Any:
        """The symbolic results of the layer's only call, as `input`."""
        node = self._only_call("output")
        return node.outputs[0] if len(node.outputs) == 1 else node.outputs

    def _only_call(self, what: str) -> Node:
        calls = [node for node in self._inbound_nodes if not node.repeats]
        if not calls:
            raise NotBuiltError(
                f"{self.described}: has no symbolic {what}; it was not called on an Input or its results"
            )
        if len(calls) > 1:
            raise ArgumentError(
                f"{self.described}: was called {len(calls)} times, so its {what} is ambiguous; "
                "keep the tensor that the call you mean returned"
            )
        return calls[0]

    def check_rank(self, shape: Shape, minimum: int, maximum: int | None, axes: str) -> None:
        """Raises `ShapeError` unless the input has as many axes as it should."""
        if len(shape) < minimum or (maximum is not None and len(shape) > maximum):
            raise ShapeError(f"{self.described}: expected inputs {axes}, received shape {shape}")

    def check_last_axis(self, shape: Shape, size: int) -> None:
        """Raises `ShapeError` unless the last axis has the size the layer was built for."""
        if shape[-1] != size:
            hint = " Is a Flatten missing?" if len(shape) > 2 else ""
            raise ShapeError(
                f"{self.described}: expected inputs with last axis {size}, received shape {shape}; "
                f"it was built for {self._build_input_shape}.{hint}"
            )


def _tracked(value: Any, seen: set[int]) -> Iterator[Any]:
    """The weights, layers and metrics in nested lists and dicts, which may hold themselves."""
    if isinstance(value, (Variable, Layer, Metric)):
        yield value
    elif isinstance(value, (list, tuple, dict)) and id(value) not in seen:
        seen.add(id(value))
        for part in value.values() if isinstance(value, dict) else value:
            yield from _tracked(part, seen)


COMMON_KEYS = ("name", "trainable", "dtype", "activity_regularizer")


def _described(value: Any) -> Any:
    """A part of the configuration as plain data; functions are activations or the user's own."""
    is_function = callable(value) and not hasattr(value, "get_config") and not isinstance(value, type)
    return activations.serialize(value) if is_function else serialize(value)


def _made(value: Any) -> Any:
    """The layer a part of a configuration describes (a cell, an activation); other parts as they are."""
    from tinynet.layers import CATALOGUE

    if isinstance(value, dict) and (
        value.get("class_name") in CATALOGUE.by_class_name or get_registered_object(str(value.get("registered_name")))
    ):
        return CATALOGUE.deserialize(value)
    if isinstance(value, dict) and value.get("class_name") == "__numpy__" and isinstance(value.get("config"), dict):
        return value["config"].get("value")  # a NumPy number, or a list of them
    return value


def _building(build: Callable[..., None]) -> Callable[..., None]:
    """`build` in the layer's name scope, remembering the shape and that it happened."""

    signature = inspect.signature(build)
    names = list(signature.parameters)[1:]

    @functools.wraps(build)
    def wrapped(self: Layer, *args: Any, **kwargs: Any) -> None:
        given = list(signature.bind_partial(self, *args, **kwargs).arguments.items())[1:]
        shapes = {key: as_given(value) for key, value in given} or dict.fromkeys(names[:1])
        if self._is_building:  # a subclass's build calls super().build: the scope is open
            build(self, **shapes)
            return
        self._is_building = True
        try:
            with name_scope(self.name), keeping_values(False):
                build(self, **shapes)
        finally:
            self._is_building = False
        if self._build_input_shape is None:
            self._build_input_shape = next(iter(shapes.values()), None)
            known = {key: shape for key, shape in shapes.items() if shape is not None}
            self._build_shapes = known if len(known) > 1 else None
        self.built = True

    return wrapped


def _located(error: TinynetError, layer: Layer) -> TinynetError:
    """The error with the layer's name in front, once."""
    message = str(error)
    if getattr(error, "located", False) or message.startswith(type(layer).__name__):
        return error
    located = type(error)(f"{layer.described}: {message}")
    located.located = True  # type: ignore[attr-defined]
    located.__cause__ = error.__cause__ or error
    return located


def unique(variables: Sequence[Any]) -> list[Any]:
    """The objects without repetitions, in order."""
    return list({id(v): v for v in variables}.values())
