"""The state of a model as nested dicts, as `Model.get_state_tree` gives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tinynet.arguments import one_of
from tinynet.autograd import Variable
from tinynet.errors import ArgumentError, nearest


def parts_of(model: Any) -> dict[str, Sequence[Variable]]:
    """The variables of a model, by Keras's names for their kinds."""
    return {
        "trainable_variables": model.trainable_variables,
        "non_trainable_variables": model.non_trainable_variables,
        "optimizer_variables": model.optimizer.variables if model.optimizer is not None else [],
        "metrics_variables": model.metrics_variables,
    }


def tree_of(model: Any, value_format: str) -> dict[str, Any]:
    """The values of all variables, in dicts by the parts of their paths; see `Model.get_state_tree`."""
    one_of("get_state_tree", "value_format", value_format, ("backend_tensor", "numpy_array"))
    tree: dict[str, Any] = {}
    for kind, variables in parts_of(model).items():
        tree[kind] = {}
        for variable in variables:
            *folders, name = variable.path.split("/")
            place = tree[kind]
            for folder in folders:
                place = place.setdefault(folder, {})
            if name in place:
                raise ArgumentError(
                    f"{model.described}: two variables have the path {variable.path!r}; give the layers different names"
                )
            place[name] = variable.numpy() if value_format == "numpy_array" else variable.detach()
    return tree


def set_tree(model: Any, tree: dict[str, Any]) -> None:
    """Sets variables to the values in a tree; all of it fits, or nothing is changed."""
    known = parts_of(model)
    found: list[tuple[Variable, Any]] = []
    for kind, part in tree.items():
        one_of("set_state_tree", "kind of variables", kind, list(known))
        by_path = {variable.path: variable for variable in known[kind]}
        for path, value in _paths(part):
            if path not in by_path:
                raise ArgumentError(
                    f"{model.described}: set_state_tree: no variable {path!r} among the {kind}. {nearest(path, by_path)}"
                )
            found.append((by_path[path], by_path[path].converted(value)))
    for variable, value in found:
        variable.assign(value)


def _paths(tree: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, part in tree.items():
        if isinstance(part, dict):
            yield from _paths(part, f"{before}{key}/")
        else:
            yield f"{before}{key}", part
