"""Layers around layers: both directions of time, and every time step apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.arguments import one_of, whole
from tinynet.autograd import Tensor, no_grad
from tinynet.errors import ArgumentError, ShapeError
from tinynet.initializers import TruncatedNormal
from tinynet.layers.base import Layer, Shape
from tinynet.ops.linalg import normalize
from tinynet.primitives.shapes import concatenate, flip, reshape, stack, unstack

MERGE_MODES = ("concat", "sum", "ave", "mul", None)


class Wrapper(Layer):
    """Base of layers that hold another layer as `layer`; a subclass of yours defines `call`.

    Source: https://keras.io/api/layers/base_wrapper/

    >>> from tinynet.layers import Dense
    >>> class Twice(Wrapper):
    ...     def call(self, inputs):
    ...         return self.layer(inputs) * 2
    >>> Twice(Dense(4)).compute_output_shape((None, 3))
    (None, 4)
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        from tinynet.layers import deserialize

        super().__init__(**kwargs)
        layer = deserialize(layer) if isinstance(layer, dict) else layer
        if not isinstance(layer, Layer):
            raise ArgumentError(f"{self.described}: expected a layer, received {layer!r}")
        self.layer = layer

    def build(self, input_shape: Any) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)


class Bidirectional(Layer):
    """Runs a recurrent layer along time and back, and merges the two results.

    layer: a recurrent layer; it is copied, as forward_<name> and, backwards, backward_<name>.
    merge_mode: 'concat', 'sum', 'mul', 'ave', or None for both results apart.
    backward_layer: another layer for the way back; its go_backwards must be the opposite.

    The backward sequence is turned round before merging, so step t sees both its past and its
    future. Masked steps give zeros when sequences are returned.
    Source: Schuster and Paliwal 1997; https://keras.io/api/layers/recurrent_layers/bidirectional/

    >>> from tinynet.layers import LSTM
    >>> Bidirectional(LSTM(4))(np.ones((2, 3, 5), "float32")).shape
    (2, 8)
    """

    replayable = True
    supports_masking = True

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        from tinynet.layers import deserialize

        super().__init__(**kwargs)
        where = self.described
        layer, backward_layer = (
            deserialize(given) if isinstance(given, dict) else given for given in (layer, backward_layer)
        )
        for given in (layer, backward_layer):
            if given is not None and not (isinstance(given, Layer) and hasattr(given, "go_backwards")):
                raise ArgumentError(f"{where}: expected a recurrent layer such as LSTM(64), received {given!r}")
        self.merge_mode = one_of(where, "merge_mode", merge_mode, MERGE_MODES)
        if weights is not None:
            raise ArgumentError(f"{where}: weights= is not supported; build the layer and call set_weights")
        name = layer.name.removeprefix("forward_")
        self.forward_layer = _copied(layer, name=f"forward_{name}")
        if backward_layer is None:
            name = layer.name.removeprefix("backward_")
            self.backward_layer = _copied(layer, name=f"backward_{name}", go_backwards=True)
        else:
            self.backward_layer = backward_layer
        if self.forward_layer.go_backwards == self.backward_layer.go_backwards:
            raise ArgumentError(f"{where}: the two layers must run in opposite directions (go_backwards)")
        for key in ("stateful", "return_sequences", "return_state"):
            if getattr(self.forward_layer, key) != getattr(self.backward_layer, key):
                raise ArgumentError(f"{where}: the two layers must agree in {key}")
        for inner in (self.forward_layer, self.backward_layer):
            inner.zero_output_for_mask = inner.return_sequences
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.stateful = layer.stateful

    @property
    def layer(self) -> Any:
        """The layer along time, as it stands in the configuration."""
        return self.forward_layer

    @classmethod
    def config_keys(cls) -> list[str]:
        return ["merge_mode", "layer", "backward_layer"]

    def build(self, sequences_shape: Shape) -> None:
        for inner in (self.forward_layer, self.backward_layer):
            if not inner.built:
                inner.build(sequences_shape)

    def reset_state(self) -> None:
        """Stateful layers start from zeros again."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def call(self, sequences: Tensor, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        first = second = None
        if initial_state is not None:
            if len(initial_state) % 2:
                raise ShapeError(
                    f"{self.described}: expected initial states for both directions, received {len(initial_state)}"
                )
            half = len(initial_state) // 2
            first, second = list(initial_state[:half]), list(initial_state[half:])
        y = self.forward_layer(sequences, initial_state=first, mask=mask, training=training)
        back = self.backward_layer(sequences, initial_state=second, mask=mask, training=training)
        states: tuple[Any, ...] = ()
        if self.return_state:
            states = (*y[1:], *back[1:])
            y, back = y[0], back[0]
        y, back = y.astype(self.compute_dtype), back.astype(self.compute_dtype)
        if self.return_sequences:
            back = flip(back, axis=1)
        if self.merge_mode is None:
            return (y, back, *states)
        merged = {
            "concat": lambda: concatenate(y, back, axis=-1),
            "sum": lambda: y + back,
            "ave": lambda: (y + back) / 2,
            "mul": lambda: y * back,
        }[self.merge_mode]()
        return (merged, *states) if self.return_state else merged

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        masks = [mask if self.return_sequences else None] * (1 if self.merge_mode is not None else 2)
        if self.return_state:
            masks += [None] * (2 * len(self.forward_layer.state_size))
        return masks[0] if len(masks) == 1 else masks

    def compute_output_shape(self, input_shape: Shape) -> Any:
        output = self.forward_layer.compute_output_shape(input_shape)
        states: tuple[Any, ...] = ()
        if self.return_state:
            output, states = output[0], tuple(output[1:]) * 2
        if self.merge_mode is None:
            return (output, output, *states)
        if self.merge_mode == "concat":
            output = (*output[:-1], output[-1] * 2)
        return (output, *states) if self.return_state else output


def _copied(layer: Any, **changes: Any) -> Any:
    """A new layer of the same configuration but for the changes; weights are not copied."""
    return type(layer).from_config({**layer.get_config(), **changes})


class TimeDistributed(Wrapper):
    """Applies a layer to each time step: (N, T, …) -> (N, T, …).

    layer: any layer; all steps share its weights.
    Source: https://keras.io/api/layers/recurrent_layers/time_distributed/

    >>> from tinynet.layers import Dense
    >>> TimeDistributed(Dense(4))(np.ones((2, 3, 5), "float32")).shape
    (2, 3, 4)
    """

    supports_masking = True

    def build(self, input_shape: Shape) -> None:
        self.check_rank(input_shape, 3, None, "(N, T, …)")
        if not self.layer.built:
            self.layer.build((input_shape[0], *input_shape[2:]))

    def call(self, inputs: Tensor, training: bool | None = None, mask: Any = None) -> Any:
        settings: dict[str, Any] = {"training": training} if "training" in self.layer._call_arguments else {}
        wants_mask = mask is not None and "mask" in self.layer._call_arguments
        self.check_rank(inputs.shape, 3, None, "(N, T, …)")
        rows, steps = inputs.shape[:2]
        if mask is not None and np.shape(mask)[:2] != (rows, steps):
            raise ShapeError(
                f"{self.described}: expected a mask of shape {(rows, steps)} (N, T), received {np.shape(mask)}"
            )
        if not wants_mask and not self._sees_steps_apart():
            # What treats every row alike may take all steps as one large batch.
            output = self.layer(reshape(inputs, shape=(rows * steps, *inputs.shape[2:])), **settings)
            return reshape(output, shape=(rows, steps, *output.shape[1:]))
        outputs = []
        for t, x_t in enumerate(unstack(inputs, axis=1)):
            if wants_mask:
                settings["mask"] = np.asarray(mask)[:, t]
            outputs.append(self.layer(x_t, **settings))
        return stack(*outputs, axis=1)

    def _sees_steps_apart(self) -> bool:
        """Whether the layer's result for a step depends on which rows come with it: it keeps
        statistics of the batch, or draws random numbers."""
        changing = [v for v in self.layer.weights if not v.wanted_trainable]
        return bool(changing or self.layer.seed_generators())

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        inner = self.layer.compute_output_shape((input_shape[0], *input_shape[2:]))
        return (inner[0], input_shape[1], *inner[1:])


class SpectralNormalization(Wrapper):
    """A layer whose kernel is kept at a largest singular value of about 1, for training of GANs.

    layer: a layer with a kernel or embeddings. The singular value is that of the kernel as a matrix
        of its last axis; each call in training divides the kernel by an estimate of it.
    power_iterations: how often the estimate is refined in each call.
    Weights: the layer's, and vector_u (1, F).

    Raises `ArgumentError` for a layer without a kernel.
    Source: Miyato et al. 2018; https://keras.io/api/layers/normalization_layers/spectral_normalization/

    >>> from tinynet.layers import Dense
    >>> layer = SpectralNormalization(Dense(2, kernel_initializer="ones"), power_iterations=3)
    >>> layer(np.ones((1, 2), "float32"), training=True).numpy().round(3)
    array([[1., 1.]], dtype=float32)
    """

    def __init__(self, layer: Any, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.power_iterations = whole(self.described, "power_iterations", power_iterations)

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        self.kernel: Any = getattr(self.layer, "kernel", None)
        if self.kernel is None:
            self.kernel = getattr(self.layer, "embeddings", None)
        if self.kernel is None:
            raise ArgumentError(f"{self.described}: {self.layer.described} has neither a kernel nor embeddings")
        self.vector_u = self.add_weight(
            (1, self.kernel.shape[-1]), TruncatedNormal(stddev=0.02), trainable=False, name="vector_u"
        )

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if training and self.kernel._data.any():
            with no_grad():
                self._normalize()
        output = self.layer(inputs)
        # As Keras in the inputs' dtype; but not as integers, to which Keras rounds embeddings.
        return output.astype(inputs.dtype) if inputs.dtype.kind == "f" else output

    def _normalize(self) -> None:
        """Divides the kernel by its largest singular value, as the power iteration estimates it."""
        matrix = self.kernel._data.reshape(-1, self.kernel.shape[-1])
        u = self.vector_u._data
        for _ in range(self.power_iterations):
            v = normalize(u @ matrix.T, axis=None).numpy()
            u = normalize(v @ matrix, axis=None).numpy()
        self.vector_u.assign(u)
        self.kernel.assign(self.kernel._data / (v @ matrix @ u.T))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self.layer.compute_output_shape(input_shape)
