"""MODEL of a command line: a model's file, a network known by name, or a function of the user's that makes one."""

from __future__ import annotations

import os
from typing import Any

from tinynet.cli.arguments import UsageError, check_inputs
from tinynet.cli.code import UserCodeError, named_object, names_code, running
from tinynet.cli.data import reads_text
from tinynet.cli.dataset import Dataset
from tinynet.cli.ready import LENGTH, VOCABULARY, ready_model, samples_of
from tinynet.layers import Embedding, Input, TextVectorization
from tinynet.models import Model, Sequential, load_model

ENDINGS = (".keras", ".h5", ".hdf5")


def names_file(text: str) -> bool:
    """Whether MODEL is a file, there or not."""
    return text.endswith(ENDINGS) or os.path.isfile(text)


def model_to_train(
    text: str, data: Dataset, vocabulary: int | None, length: int | None, units: int | None
) -> Model:
    """The model that a command line names, for data to train on; where they are texts it takes texts.

    Raises `UsageError` for what names none, and for a setting that the model has no use for.
    """
    settings = {"--vocabulary": vocabulary, "--length": length, "--units": units}
    if text.endswith(".py"):
        raise UsageError(f"{text}: which function of it makes the model? Write {text}:FUNCTION")
    if names_file(text):
        _refuse(settings, "a model's file has its own")
        check_inputs([text])
        return load_model(text)
    train = data.parts[0]
    if names_code(text):
        _refuse({"--units": units}, f"it is for ready networks; write {text}(…) to pass arguments")
        model = made_by(text)
        if not data.is_text or _starts_with_texts(model):
            _refuse(settings, "the model does not read ids of words")
            for layer in model.layers:
                if isinstance(layer, TextVectorization) and len(layer.get_vocabulary()) <= 2:  # not adapted yet
                    layer.adapt(train.x)
            return model
        return _reading_texts(model, train.x, vocabulary, length)
    if not data.is_text:
        _refuse({"--vocabulary": vocabulary, "--length": length}, "it is for texts")
    samples = samples_of(train.x, data.classes, vocabulary=vocabulary, length=length, units=units)
    model = ready_model(text, samples)
    return _reading_texts(model, train.x, vocabulary, length) if data.is_text else model


def _refuse(settings: dict[str, Any], why: str) -> None:
    for name, value in settings.items():
        if value is not None:
            raise UsageError(f"{name}: {why}")


def made_by(text: str) -> Model:
    """The model of FILE.py:FUNCTION or MODULE:FUNCTION, which is called unless it is one already."""
    found, called = named_object(text)
    if not called and callable(found) and not isinstance(found, Model):
        with running(text):
            found = found()
    if not isinstance(found, Model):
        kind = f"{type(found).__module__}.{type(found).__qualname__}".removeprefix("builtins.")
        advice = ". Write 'import tinynet as keras' there" if kind.startswith("keras.") else ""
        raise UserCodeError(
            f"{text}: expected a model of tinynet, or a function that returns one; received {kind}{advice}"
        )
    return found


def _starts_with_texts(model: Model) -> bool:
    """Whether it reads texts itself, as far as can be told before it has seen any."""
    return reads_text(model) or bool(model.layers and isinstance(model.layers[0], TextVectorization))


def _reading_texts(model: Model, texts: Any, vocabulary: int | None, length: int | None) -> Model:
    """A model of ids (N, T) with the TextVectorization in front that turns texts into them.

    The vocabulary comes from the texts; what the model's own shapes say goes before the usual sizes.
    """
    tables = [layer.input_dim for layer in model.layers if isinstance(layer, Embedding)]
    steps = None
    if model._graph is not None:
        if len(model.inputs) != 1 or len(model.inputs[0].shape) != 2:
            shapes = ", ".join(str(tensor.shape) for tensor in model.inputs)
            raise UsageError(
                f"{model.name}: takes inputs of shape {shapes}; for texts it has to take ids (None, steps)"
            )
        steps = model.inputs[0].shape[1]
    for name, given, own in (("--vocabulary", vocabulary, tables[0] if tables else None), ("--length", length, steps)):
        if given is not None and own is not None and given != own:
            raise UsageError(f"{name}: {given} was asked for, but the model is made for {own}")
    vectorize = TextVectorization(
        max_tokens=vocabulary or (tables[0] if tables else VOCABULARY),
        output_sequence_length=length or steps or LENGTH,
    )
    vectorize.adapt(texts)
    layers = model.layers if isinstance(model, Sequential) else [model]
    first: Any = Input((1,), dtype="string")
    whole = Sequential([first, vectorize, *layers], name=model.name)
    if model.compiled:
        whole.compile_from_config(model.get_compile_config())
    return whole
