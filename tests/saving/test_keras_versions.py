"""Files that Keras 2.2.4 to 3.15 wrote: each computes here what it computed there, and its training goes on.

How the files were made stands in keras_files/README.md.
"""

from __future__ import annotations

import io
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from twins import random_weights

from tinynet.autograd import Slices
from tinynet.layers import deserialize
from tinynet.models import load_model
from tinynet.saving.keras2 import translated

PACKED = {path.name.removesuffix(".tar.xz"): path for path in (Path(__file__).parent / "keras_files").glob("*.tar.xz")}


@cache
def contents(version: str) -> dict[str, bytes]:
    """The files of that version by name."""
    with tarfile.open(PACKED[version]) as packed:
        return {member.name: packed.extractfile(member).read() for member in packed}  # type: ignore[union-attr]


def record(version: str, model: str) -> dict[str, np.ndarray]:
    return dict(np.load(io.BytesIO(contents(version)[f"{model}.npz"])))


def several(arrays: dict[str, np.ndarray], letter: str) -> list[np.ndarray]:
    return [arrays[f"{letter}{i}"] for i in range(len(arrays)) if f"{letter}{i}" in arrays]


def single(arrays: list[np.ndarray]) -> Any:
    return arrays[0] if len(arrays) == 1 else arrays


def oldest_first(version: str) -> list[int]:
    return [int(part) for part in version.split("-")[0].split(".")]


def is_weights(name: str) -> bool:
    return name.endswith((".weights.h5", "_weights.h5"))


FILES = [(version, name) for version in sorted(PACKED, key=oldest_first) for name in contents(version)]
MODELS = [(version, name) for version, name in FILES if name.endswith((".keras", ".h5")) and not is_weights(name)]
WEIGHTS = [(version, name) for version, name in FILES if is_weights(name)]
TRAINED = [
    (version, name)
    for version, name in MODELS
    # Archives of Keras 2 do not hold the state of the optimizers in `keras.optimizers.legacy`.
    if "losses" in record(version, name.partition(".")[0]) and name != "older_optimizer.keras"
]


def placed(version: str, name: str, folder: Path) -> Path:
    """The file in a folder, where it can be opened."""
    path = folder / name
    path.write_bytes(contents(version)[name])
    return path


def assert_predicts(model: Any, recorded: dict[str, np.ndarray], letter: str = "p", tolerance: float = 2e-5) -> None:
    predictions = model.predict(single(several(recorded, "x")), verbose=0)
    expected = several(recorded, letter)
    predictions = predictions if isinstance(predictions, list) else [predictions]
    assert len(predictions) == len(expected)
    for own, theirs in zip(predictions, expected, strict=True):
        np.testing.assert_allclose(own, theirs, rtol=tolerance, atol=tolerance * np.abs(theirs).max())


@pytest.mark.parametrize(("version", "name"), MODELS)
def test_a_model_predicts_what_it_did(version: str, name: str, tmp_path: Path) -> None:
    recorded = record(version, name.partition(".")[0])
    assert_predicts(load_model(placed(version, name, tmp_path)), recorded)


@pytest.mark.parametrize(("version", "name"), WEIGHTS)
def test_weights_alone_make_the_model_what_it_was(version: str, name: str, tmp_path: Path) -> None:
    model = name.partition(".")[0].removesuffix("_weights")
    whole = next(other for of, other in MODELS if of == version and other.startswith(f"{model}."))
    loaded = load_model(placed(version, whole, tmp_path))
    loaded.set_weights(random_weights(loaded, seed=1))
    loaded.load_weights(placed(version, name, tmp_path))
    assert_predicts(loaded, record(version, model))


def merge_repeated_rows(optimizer: Any) -> None:
    """Makes the optimizer see the gradient of an embedding as in Keras 2, which adds up the rows of a word that
    occurs several times; Keras 3, and tinynet with it, squares each of them."""
    apply = optimizer.apply

    def merged(gradients: Any, variables: Any) -> None:
        apply([g.dense() if isinstance(g, Slices) else g for g in gradients], variables)

    optimizer.apply = merged


@pytest.mark.parametrize(("version", "name"), TRAINED)
def test_training_goes_on_as_it_would_have(version: str, name: str, tmp_path: Path) -> None:
    recorded = record(version, name.partition(".")[0])
    model = load_model(placed(version, name, tmp_path))
    if "text" in name and oldest_first(version)[0] < 3:
        merge_repeated_rows(model.optimizer)
    x, y, losses = several(recorded, "x"), several(recorded, "y"), recorded["losses"]
    history = model.fit(single(x), single(y), batch_size=len(x[0]), epochs=len(losses), shuffle=False, verbose=0)
    np.testing.assert_allclose(history.history["loss"], losses, rtol=1e-4)
    if version != "2.2.4":  # whose moving variances were unbiased
        assert_predicts(model, recorded, "q", tolerance=1e-3)


def test_every_format_is_there() -> None:
    assert len(PACKED) >= 10
    assert {name.partition(".")[2] for _, name in FILES} == {"keras", "h5", "weights.h5", "npz"}
    assert {version for version, _ in WEIGHTS} == {version for version, _ in TRAINED} == set(PACKED)


def test_thresholded_relu_becomes_the_relu_that_computes_the_same() -> None:
    from keras.src.legacy.layers import ThresholdedReLU

    described = {"class_name": "ThresholdedReLU", "config": {"name": "t", "trainable": True, "theta": 0.25}}
    layer = deserialize(translated(described))
    x = np.array([[-1.0, 0.0, 0.25, np.nextafter(np.float32(0.25), np.float32(1)), 3.0]], "float32")
    np.testing.assert_array_equal(np.asarray(layer(x)), np.asarray(ThresholdedReLU(0.25)(x)))


def test_what_keras_3_will_not_open_is_said_when_it_is_saved(tmp_path: Path) -> None:
    model = load_model(placed("2.15.0", "hard_sigmoids.keras", tmp_path))
    for ending in (".keras", ".h5"):
        with pytest.warns(UserWarning, match=f"again{ending}: Keras 3 has no activation like the hard_sigmoid of Keras 2"):
            model.save(tmp_path / f"again{ending}")
        assert_predicts(load_model(tmp_path / f"again{ending}"), record("2.15.0", "hard_sigmoids"))
