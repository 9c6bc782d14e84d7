"""`MultiOptimizer`: one optimizer for some variables, another for others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Any

from tinynet.autograd import Variable
from tinynet.catalogue import Config, function_config, registered_function, serialize
from tinynet.errors import ArgumentError, SeveralRatesError
from tinynet.optimizers.base import Optimizer

# A path, in which .* stands for anything: all that is read from files, as other expressions can take forever.
PLAIN = re.compile(r"\^?(?:[\w/ -]|\.\*)*\$?")


class OptimizerMap(MutableMapping[str, Optimizer]):
    """From regular expressions, which the whole path of a variable must match, to optimizers.

    default_optimizer: for the variables that none matches. optimizer_map: a dict to begin with.

    Raises `ArgumentError` for what is no optimizer, a key that is there already, and a path that several match.
    Source: https://github.com/keras-team/keras/blob/master/keras/src/optimizers/multi_optimizer.py

    >>> from tinynet.optimizers import SGD, Adam
    >>> chosen = OptimizerMap(SGD(), {"encoder/.*": Adam()})
    >>> type(chosen["encoder/dense/kernel"]).__name__, type(chosen["decoder/kernel"]).__name__
    ('Adam', 'SGD')
    """

    def __init__(self, default_optimizer: Optimizer, optimizer_map: dict[str, Optimizer] | None = None) -> None:
        if not isinstance(default_optimizer, Optimizer):
            raise ArgumentError(f"OptimizerMap: expected an optimizer as the default, received {default_optimizer!r}")
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise ArgumentError(f"OptimizerMap: expected a dict from paths to optimizers, received {optimizer_map!r}")
        self.default_optimizer = default_optimizer
        self._chosen: dict[str, Optimizer] = {}
        self.update(optimizer_map or {})

    def __getitem__(self, key: str) -> Optimizer:
        if key in self._chosen:
            return self._chosen[key]
        found = [pattern for pattern in self._chosen if _matches(pattern, key)]
        if len(found) > 1:
            raise ArgumentError(f"OptimizerMap: {', '.join(map(repr, found))} match {key!r}; one may")
        return self._chosen[found[0]] if found else self.default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if not isinstance(key, str):
            raise ArgumentError(f"OptimizerMap: expected a path or an expression as the key, received {key!r}")
        if key in self._chosen:
            raise ArgumentError(f"OptimizerMap: {key!r} is there already; delete it first")
        try:
            re.compile(key)
        except re.error as error:
            raise ArgumentError(f"OptimizerMap: {key!r} is no regular expression ({error})") from error
        self._chosen[key] = _single(optimizer, f"OptimizerMap, {key!r}")

    def __delitem__(self, key: str) -> None:
        del self._chosen[key]

    def __len__(self) -> int:
        return len(self._chosen)

    def __iter__(self) -> Iterator[str]:
        return iter(self._chosen)

    def __contains__(self, key: object) -> bool:
        return key in self._chosen

    def __call__(self, variable: Variable) -> Optimizer:
        """The optimizer of a variable, by its path."""
        return self[variable.path]

    def get_config(self) -> Config:
        """The optimizers as plain data."""
        return {"default_optimizer": serialize(self.default_optimizer), "optimizer_map": serialize(self._chosen)}

    @classmethod
    def from_config(cls, config: Config) -> OptimizerMap:
        """A new map from what `get_config` returned.

        Raises `ArgumentError` for a key that is more than a path with .* in it: matching it could take forever.
        """
        from tinynet.optimizers import deserialize

        chosen = config["optimizer_map"]
        for key in chosen:
            if not PLAIN.fullmatch(key):
                raise ArgumentError(f"OptimizerMap: {key!r} is no path with .* in it, and no other is read from a file")
        made = {key: deserialize(optimizer) for key, optimizer in chosen.items()}
        return cls(deserialize(config["default_optimizer"]), made)


def _matches(pattern: str, path: str) -> bool:
    """As `re.fullmatch`; where only .* is special, without its tries of every place for each of them."""
    if not PLAIN.fullmatch(pattern):
        return re.fullmatch(pattern, path) is not None
    first, *others = pattern.removeprefix("^").removesuffix("$").split(".*")
    if not others:
        return path == first
    *between, last = others
    if not path.startswith(first) or not path.endswith(last) or len(path) < len(first) + len(last):
        return False
    place, end = len(first), len(path) - len(last)
    for part in between:
        place = path.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True


class MultiOptimizer(Optimizer):
    """Leaves each variable to an optimizer of its own.

    optimizer_map: an `OptimizerMap`, or a function from a variable to its optimizer (the same object each time).
    loss_scale_factor: of all of them.

    `optimizers` are these, each with its learning rate, which callbacks change one by one. Raises `ArgumentError` for
    what is no optimizer, and for one of several again; `SeveralRatesError` where its own learning rate is asked for.
    Source: https://github.com/keras-team/keras/blob/master/keras/src/optimizers/multi_optimizer.py

    >>> from tinynet.optimizers import SGD, Adam
    >>> optimizer = MultiOptimizer(OptimizerMap(SGD(0.1), {"encoder/.*": Adam()}))
    >>> [type(part).__name__ for part in optimizer.optimizers]
    ['Adam', 'SGD']
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Variable], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        if not callable(optimizer_map):
            raise ArgumentError(
                f"MultiOptimizer: expected an OptimizerMap or a function of a variable, received {optimizer_map!r}"
            )
        super().__init__(learning_rate=0.0, loss_scale_factor=loss_scale_factor, name=name)
        self.optimizer_map = optimizer_map
        self.optimizers: list[Optimizer] = []
        self._parts: dict[int, int] = {}  # from variables to places among the optimizers
        if isinstance(optimizer_map, OptimizerMap):
            for optimizer in (*optimizer_map._chosen.values(), optimizer_map.default_optimizer):
                self._place(optimizer)

    def _place(self, optimizer: Any) -> int:
        """The place of an optimizer among all, which it gets now if it is new."""
        for place, known in enumerate(self.optimizers):
            if known is optimizer:
                return place
        _single(optimizer, "MultiOptimizer").loss_scale_factor = self.loss_scale_factor
        self.optimizers.append(optimizer)
        return len(self.optimizers) - 1

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        self._parts = {id(variable): self._place(self.optimizer_map(variable)) for variable in variables}
        for optimizer, own in self._divided(variables):
            optimizer.build(own)
        super().build(variables)

    def _divided(self, variables: Sequence[Variable]) -> Iterator[tuple[Optimizer, list[Variable]]]:
        """Each optimizer that has some of the variables, with these."""
        for place, optimizer in enumerate(self.optimizers):
            own = [variable for variable in variables if self._parts[id(variable)] == place]
            if own:
                yield optimizer, own

    @property
    def learning_rate(self) -> Any:
        """Each optimizer has its own. Raises `SeveralRatesError`, to read it as well as to set it."""
        raise SeveralRatesError(f"{self._kind}: has a learning rate for each of its optimizers; see optimizers")

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise SeveralRatesError(f"{self._kind}: set the learning rates of its optimizers, one by one")

    @property
    def variables(self) -> list[Variable]:
        """Its own iteration and a learning rate without meaning, then those of each optimizer."""
        return [*self._variables, *(variable for part in self.optimizers for variable in part.variables)]

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        if len(grads) == 0:
            return
        trainable_variables = self._variables_for(grads, trainable_variables)
        gradients = {id(variable): grad for variable, grad in zip(trainable_variables, grads, strict=True)}
        for optimizer, own in self._divided(trainable_variables):
            optimizer.apply([gradients[id(variable)] for variable in own], own)
        self._iterations._data += 1

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        if self.built:
            self._refuse_unknown(var_list)
            for optimizer, own in self._divided(var_list):
                optimizer.finalize_variable_values(own)

    def get_config(self) -> Config:
        chosen = self.optimizer_map
        if isinstance(chosen, OptimizerMap):
            described: Config = {
                "module": self.keras_module, "class_name": "OptimizerMap", "config": chosen.get_config(),
                "registered_name": None,
            }  # fmt: skip
        else:
            described = function_config(chosen)
        return {"optimizer_map": described, "loss_scale_factor": self.loss_scale_factor, "name": self.name}

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """A new optimizer from what `get_config` returned; a function is found by the name it is registered under."""
        described: Any = config.get("optimizer_map")
        kind = described.get("class_name") if isinstance(described, dict) else None
        if kind == "OptimizerMap":
            chosen: Any = OptimizerMap.from_config(described["config"])
        else:
            chosen = registered_function(str(described["config"])) if kind == "function" else None
            if chosen is None:
                raise ArgumentError(
                    f"MultiOptimizer: expected the name of a registered function as the optimizer_map, "
                    f"received {described!r}"
                )
        return cls(**{**config, "optimizer_map": chosen})


def _single(optimizer: Any, where: str) -> Optimizer:
    if not isinstance(optimizer, Optimizer) or isinstance(optimizer, MultiOptimizer):
        raise ArgumentError(f"{where}: expected an optimizer, and none of several, received {optimizer!r}")
    return optimizer
