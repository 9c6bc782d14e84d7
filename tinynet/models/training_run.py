"""A training run in progress: where it stands, and all that decides how it goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from tinynet import seeds
from tinynet.callbacks import Callback, CallbackList
from tinynet.callbacks.callback import plain
from tinynet.catalogue import MALFORMED, Config
from tinynet.errors import CheckpointError, TinynetError
from tinynet.layers.base import Layer
from tinynet.models.data import Passes
from tinynet.nested import leaves, packed

FORMAT = 1  # of the state; another one is refused
MOST_TOLD = 20  # differences in one error


class TrainingRun:
    """One call of `fit`. Its state can be taken after any step, and taken up by another call in another process.

    A state holds all weights, the optimizer's variables, the states of stateful layers, the metrics, every source of
    random numbers, the place in the data, and what the callbacks remember (`Callback.get_state`). Beside it stands
    what the run is, so that the state of another model, or of a run with other settings or data, is refused.

    passes, validation: passes over the data; validation may be None.
    look_at: computes the results for a batch, so that the model and its metrics know their shapes.
    settings: what else a run must share with another one to go on with its state.

    epoch: how many epochs are done. batch: how many batches of the present one. logs: those of the last step.
    stopped: whether it was taken up from where something had ended it (`stop_training`).
    """

    def __init__(
        self,
        model: Any,
        hooks: CallbackList,
        passes: Passes,
        validation: Passes | None,
        look_at: Callable[[Any], Any],
        epoch: int,
        settings: Mapping[str, Any],
    ) -> None:
        self.model, self.hooks, self.passes, self.validation = model, hooks, passes, validation
        self.look_at, self.epoch, self.settings = look_at, epoch, settings
        self.batch = 0
        self.logs: Mapping[str, Any] = {}
        self.stopped = False
        self._taken_up: tuple[str, dict[str, Any]] | None = None

    def state(self) -> dict[str, Any]:
        """Everything, as nested dicts and lists of numbers, text, None and arrays."""
        model = self.model
        return {
            "format": FORMAT,
            "run": self._description(),
            "epoch": self.epoch,
            "batch": self.batch,
            "logs": plain(self.logs),
            "stopped": model.stop_training,
            "weights": [variable.numpy() for variable in model.weights],
            "optimizer": [variable.numpy() for variable in model.optimizer.variables],
            "metrics": [[variable.numpy() for variable in metric.variables] for metric in model.metrics],
            "layers": [_states_of(layer) for layer in _stateful(model)],
            "generators": [[generator.seed, generator.counter] for generator in model.seed_generators()],
            "random": seeds.get_state(),
            "data": self.passes.get_state(),
            "validation": None if self.validation is None else self.validation.get_state(),
            "callbacks": [state for _, state in self._callbacks()],
        }

    def take_up(self, state: dict[str, Any], where: str) -> None:
        """Says that the run goes on from a state; `go_on` then puts it in place.

        where: the file it is from. Raises `CheckpointError` for a state of another run, telling what differs.
        """
        if state.get("format") != FORMAT:
            raise CheckpointError(
                f"{where}: its format is {state.get('format')!r}, and this version of tinynet reads {FORMAT}"
            )
        with _complete(where):
            self._check_same(state["run"], where)
            self.epoch, self.batch = state["epoch"], state["batch"]
        self._taken_up = where, state

    def go_on(self, within_epoch: bool) -> None:
        """Puts the state that was taken up in place, if it is from within an epoch or, otherwise, from between two."""
        if self._taken_up is None or (self.batch > 0) != within_epoch:
            return
        (where, state), self._taken_up = self._taken_up, None
        with _complete(where):
            self._put_in_place(state, where)

    def _put_in_place(self, state: dict[str, Any], where: str) -> None:
        model = self.model
        within = self.batch > 0
        self.passes.go_on(state["data"], within, self.look_at if within or not model.built else None)
        if self.validation is not None:
            self.validation.go_on(state["validation"], False)
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_weights)
        self._check_same(state["run"], where)  # weights, too, that were not there before
        metrics = model.metrics if within else []  # an epoch begins with new ones
        pairs = [
            *zip(model.weights, state["weights"], strict=True),
            *zip(model.optimizer.variables, state["optimizer"], strict=True),
        ]
        for metric, values in zip(metrics, state["metrics"] if within else [], strict=True):
            pairs += zip(metric.variables, values, strict=True)
        for variable, value in [(variable, variable.converted(value)) for variable, value in pairs]:
            variable.assign(value)
        for layer, values in zip(_stateful(model), state["layers"], strict=True):
            layer.states = packed(layer.get_initial_state(1), iter(values)) if values else None
        for generator, (seed, counter) in zip(model.seed_generators(), state["generators"], strict=True):
            generator.seed, generator.counter = seed, counter
        for (callback, _), remembered in zip(list(self._callbacks()), state["callbacks"], strict=True):
            callback.set_state(remembered)
        seeds.set_state(state["random"])
        self.logs = state["logs"]
        self.stopped = model.stop_training = state["stopped"]

    def _callbacks(self) -> Iterator[tuple[Callback, Any]]:
        """The callbacks that remember something, and what."""
        for callback in self.hooks.callbacks:
            state = callback.get_state()
            if state is not None:
                yield callback, state

    def _description(self) -> Config:
        """What the run is."""
        model = self.model
        told = {
            "weights": [f"{v.path.rpartition('/')[2]} {v.shape} {v.dtype.name}" for v in model.weights],
            "compile": _compiled(model),
            "data": self.passes.data.described(),
            "validation": None if self.validation is None else self.validation.data.described(),
            "callbacks": [type(callback).__name__ for callback, _ in self._callbacks()],
            **self.settings,
        }
        return dict(json.loads(json.dumps(told, default=str)))

    def _check_same(self, of_state: Config, where: str) -> None:
        here = self._description()
        if not self.model.built:
            here["weights"] = of_state["weights"]  # not known yet
        found = list(_differences(of_state, here))
        if found:
            more = [f"and {len(found) - MOST_TOLD} more"] if len(found) > MOST_TOLD else []
            raise CheckpointError(
                "\n- ".join([f"{where}: is from another training run:", *found[:MOST_TOLD], *more])
                + "\nRun with what it was made with, or remove the file to begin anew."
            )


class _complete:
    """Within it what goes wrong on the way into the depths of a state becomes a `CheckpointError`."""

    def __init__(self, where: str) -> None:
        self.where = where

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> None:
        if isinstance(error, MALFORMED) and not isinstance(error, CheckpointError):
            raise CheckpointError(f"{self.where}: the state in it does not fit ({error})") from error


def _stateful(layer: Layer) -> Iterator[Any]:
    """The recurrent layers that keep states from one batch to the next."""
    if getattr(layer, "stateful", False) and hasattr(layer, "states"):
        yield layer
    for inner in layer._sublayers:
        yield from _stateful(inner)


def _states_of(layer: Any) -> list[np.ndarray]:
    return [] if layer.states is None else [state.numpy() for state in leaves(layer.states)]


def _compiled(model: Any) -> Config:
    """What `compile` was told, without a learning rate that training may have changed."""
    try:
        told = model.get_compile_config()
    except TinynetError:  # functions of the user's own, say, that have no configuration
        return {}
    optimizer = told["optimizer"]["config"]
    if not isinstance(optimizer.get("learning_rate"), dict):
        optimizer.pop("learning_rate", None)
    return dict(_unnamed(told))


def _unnamed(config: Any) -> Any:
    """A configuration without names, which are numbered on within a process."""
    if isinstance(config, dict):
        return {key: _unnamed(value) for key, value in config.items() if key != "name"}
    return [_unnamed(value) for value in config] if isinstance(config, (list, tuple)) else config


def _differences(known: Any, here: Any, place: str = "") -> Iterator[str]:
    """What two configurations do not share, each told by where it is."""
    if isinstance(known, dict) and isinstance(here, dict):
        for key in sorted({*known, *here}):
            yield from _differences(known.get(key), here.get(key), f"{place}, {key}" if place else key)
    elif isinstance(known, list) and isinstance(here, list) and len(known) == len(here):
        for number, (one, other) in enumerate(zip(known, here, strict=True)):
            yield from _differences(one, other, f"{place} {number}")
    elif known != here:
        yield f"{place}: {_short(known)} there, {_short(here)} here"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]} …"
