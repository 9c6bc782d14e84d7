"""The names, arguments, order and defaults of tinynet.ops are those of keras.ops."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import keras
import pytest

from tinynet import ops
from tinynet.ops import symbolic

# What Keras has not, or not as a function of `keras.ops`, and why it is there.
OWN = {
    "dropout": "keras.random.dropout draws its mask itself; here the caller does",
    "standardize": "moments and batch_normalization in one, with one derivative",
    "simple_rnn": "a layer only",
    "lstm": "a layer only (the backends' fused functions are not public)",
    "gru": "a layer only (the backends' fused functions are not public)",
}


def signature_of(function: object) -> list[tuple[str, object, object]]:
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize("name", sorted(set(ops.__all__) - set(OWN)))
def test_signature_is_that_of_keras(name):
    assert signature_of(getattr(ops, name)) == signature_of(getattr(keras.ops, name))


@pytest.mark.parametrize("name", sorted(OWN))
def test_own_functions_take_no_name_of_keras(name):
    assert not hasattr(keras.ops, name), f"Keras has {name}: it belongs among the compared"


def test_every_public_function_is_exported_once():
    defined = {
        name
        for module in vars(ops).values()
        if inspect.ismodule(module)
        and module.__name__.startswith("tinynet.ops.")
        and "._" not in module.__name__
        and not module.__name__.endswith(".symbolic")  # tensors without values, not functions
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }
    assert len(defined) > 100
    assert sorted(ops.__all__) == sorted(defined)


def test_no_two_names_are_the_same_function():
    functions = [getattr(ops, name) for name in ops.__all__]
    assert len(set(functions)) == len(functions)


@pytest.mark.parametrize("name", sorted(ops.__all__))
def test_docstring_has_an_example(name):
    assert ">>>" in inspect.getdoc(getattr(ops, name))


def test_import_needs_numpy_only():
    heavy = ["h5py", "sklearn", "pooch", "tqdm", "matplotlib", "scipy", "tensorflow", "keras"]
    code = f"import sys, tinynet.ops, tinynet.activations; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("name", sorted(symbolic.DEFINITIONS))
def test_operation_of_a_graph_is_the_class_of_keras(name):
    """Under its module and with its settings it stands in files that Keras opens."""
    definition = symbolic.DEFINITIONS[name]
    cls = getattr(importlib.import_module(f"keras.src.ops.{definition.module}"), name)
    known = inspect.signature(cls.__init__).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in known.values())
    assert takes_any or set(definition.settings) <= set(known), (definition.settings, list(known))
