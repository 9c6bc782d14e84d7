"""`certify` and `verify`: Keras beside tinynet, layer by layer, and check vectors in files."""

from __future__ import annotations

import io
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from cli_files import cnn, command, rewritten, with_config, with_weights, written_by

import tinynet
from tinynet.cli.layerwise import difference
from tinynet.cli.record import read_record
from tinynet.cli.samples import samples
from tinynet.models import load_model
from tinynet.saving.archive import Archive


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a CNN, a bidirectional LSTM with masks, and a functional model with one within."""
    folder = tmp_path_factory.mktemp("models")
    cnn().save(folder / "cnn.keras")
    layers = keras.layers
    keras.utils.set_random_seed(1)
    keras.Sequential([
        layers.Input((9,)),
        layers.Embedding(20, 6, mask_zero=True),
        layers.Bidirectional(layers.LSTM(5, return_sequences=True)),
        layers.Bidirectional(layers.LSTM(4)),
        layers.Dense(3, activation="softmax"),
    ]).save(folder / "lstm.keras")  # fmt: skip
    inner = keras.Sequential([layers.Input((4,)), layers.Dense(4, activation="tanh", name="within")], name="inner")
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    shared = layers.Dense(4, activation="relu", name="shared")
    one, other = inner(shared(a)), inner(shared(b))
    merged = layers.Concatenate(name="merged")([one, layers.Multiply(name="multiply")([one, other])])
    apart = layers.Subtract(name="subtract")([one, other])
    outputs = [layers.Dense(2, name="left")(merged), layers.Dense(1, name="right")(apart)]
    keras.Model([a, b], outputs).save(folder / "functional.keras")
    return folder


@pytest.fixture
def without_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that cannot import Keras."""
    for name in ("keras", "tensorflow"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize("name", ["cnn", "lstm", "functional"])
def test_every_layer_agrees(name: str, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = command(capsys, "verify", files / f"{name}.keras")
    assert ran.status == 0 and "all agree" in ran.out and "DIFFERS" not in ran.out
    both = f"Keras {keras.__version__} on tensorflow and tinynet {tinynet.__version__}"
    assert f"{both}, on 8 random rows (seed 0)" in ran.out
    names = [line.split()[0] for line in ran.out.splitlines() if line.endswith(" ok")]
    if name == "functional":
        assert sorted(names) == sorted([
            "shared[0]", "shared[1]", "inner[0]/within", "inner[1]/within", "inner[0]", "inner[1]",
            "multiply", "merged", "left", "subtract", "right",
        ])  # fmt: skip
    else:
        assert names == [layer.name for layer in load_model(files / f"{name}.keras").layers]
    assert command(capsys, "verify", files / f"{name}.keras", "--seed", 5, "--rows", 3).status == 0


@pytest.mark.parametrize(
    ("name", "layer", "first"),
    [("cnn", "batch_normalization", "batch_normalization"), ("lstm", "bidirectional_1", "bidirectional_1"),
     ("functional", "shared", "shared"), ("functional", "left", "left")],
)  # fmt: skip
def test_the_first_layer_that_differs_is_named(
    name: str, layer: str, first: str, files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = type(load_model(files / f"{name}.keras").get_layer(layer))
    original = changed.call

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = original(self, *args, **kwargs)
        return outputs * 1.001 if self.name == layer else outputs

    monkeypatch.setattr(changed, "call", call)
    ran = command(capsys, "verify", files / f"{name}.keras")
    assert ran.status == 1
    assert f"DIFFERS: the first layer that differs is '{first}" in ran.out
    before = ran.out[: ran.out.index(first)]
    assert "DIFFERS" not in before
    # A tolerance above the change lets it pass.
    assert command(capsys, "verify", files / f"{name}.keras", "--tolerance", 0.1).status == 0


def test_a_difference_in_a_model_within(
    files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = tinynet.layers.Dense.call
    monkeypatch.setattr(
        tinynet.layers.Dense, "call", lambda self, x: original(self, x) + (0.01 if self.name == "within" else 0)
    )
    ran = command(capsys, "verify", files / "functional.keras")
    assert ran.status == 1 and "the first layer that differs is 'inner[" in ran.out and "/within' (Dense)" in ran.out


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("name", ["cnn", "lstm", "functional"])
def test_certified_by_keras_and_verified_without(
    name: str, ending: str, files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], request: Any
) -> None:
    original = tmp_path / f"{name}{ending}"
    keras.models.load_model(files / f"{name}.keras").save(original)
    before = original.read_bytes()
    ran = command(capsys, "certify", original)
    copy = tmp_path / f"{name}.certified{ending}"
    assert ran.status == 0 and f"by Keras {keras.__version__} on tensorflow" in ran.out
    assert original.read_bytes() == before and sorted(os.listdir(tmp_path)) == sorted([original.name, copy.name])

    record = read_record(str(copy))
    assert record is not None
    theirs = keras.models.load_model(copy)  # Keras passes over the record
    expected = theirs.predict(record.inputs if len(record.inputs) > 1 else record.inputs[0], verbose=0)
    expected = expected if isinstance(expected, list) else [expected]
    for recorded, values in zip(record.outputs.values(), expected, strict=True):
        np.testing.assert_array_equal(recorded, values)
    assert command(capsys, "inspect", copy).status == 0
    assert "certified: it holds check vectors" in command(capsys, "inspect", copy).out

    ran = command(capsys, "verify", copy)
    assert ran.status == 0 and ran.out.count("all agree") == 2
    request.getfixturevalue("without_keras")
    ran = command(capsys, "verify", copy)
    assert ran.status == 0 and ran.out.count("all agree") == 1
    assert f"check vectors by Keras {keras.__version__}" in ran.out
    ran = command(capsys, "verify", original)
    assert ran.status == 1 and "Keras is not installed, and the file holds no check vectors" in ran.err


def test_a_weight_that_was_changed_later_is_found(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], without_keras: None
) -> None:
    copy = tmp_path / "copy.keras"
    assert command(capsys, "certify", files / "cnn.keras", "-o", copy).status == 0

    def change(file: Any) -> None:
        file["layers/dense/vars/0"][7, 2] += 0.01

    ran = command(capsys, "verify", with_weights(copy, tmp_path / "changed.keras", change))
    assert ran.status == 1 and "DIFFERS: the first output that differs is 'dense'" in ran.out
    assert command(capsys, "verify", copy).status == 0


def test_certified_without_keras(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], without_keras: None
) -> None:
    copy = tmp_path / "copy.keras"
    ran = command(capsys, "certify", files / "lstm.keras", "-o", copy, "--rows", 3, "--seed", 1)
    assert ran.status == 0 and f"by tinynet {tinynet.__version__}" in ran.out
    assert "not by Keras: it is not installed" in ran.out
    record = read_record(str(copy))
    assert record is not None and record.about["rows"] == 3
    # Again, in place of the old record; the copy must be asked for to be replaced.
    assert command(capsys, "certify", copy, "-o", copy).status == 2
    assert command(capsys, "certify", files / "lstm.keras", "-o", copy).status == 2
    again = tmp_path / "again.keras"
    assert command(capsys, "certify", copy, "-o", again).status == 0
    with Archive(again) as archive:
        assert sum(name.startswith("tinynet_check/") for name in archive.names()) == 3


def test_certifying_tells_where_tinynet_differs(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = tinynet.layers.Dense.call
    monkeypatch.setattr(tinynet.layers.Dense, "call", lambda self, x: original(self, x) * 1.01)
    copy = tmp_path / "copy.keras"
    ran = command(capsys, "certify", files / "cnn.keras", "-o", copy)
    assert ran.status == 1 and "DIFFERS: tinynet's outputs differ" in ran.out
    monkeypatch.undo()
    assert command(capsys, "verify", copy).status == 0  # what was recorded are Keras's numbers


def test_given_data(files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = np.random.default_rng(0).random((5, 8, 8, 3), dtype=np.float32)
    np.save(tmp_path / "x.npy", x)
    ran = command(capsys, "verify", files / "cnn.keras", "--inputs", tmp_path / "x.npy")
    assert ran.status == 0 and "on 5 rows of " in ran.out
    np.save(tmp_path / "wrong.npy", x[:, :, :, :2])
    ran = command(capsys, "verify", files / "cnn.keras", "--inputs", tmp_path / "wrong.npy")
    assert ran.status == 1 and "expected inputs of shape (None, 8, 8, 3), received (5, 8, 8, 2)" in ran.err
    copy = tmp_path / "copy.keras"
    assert command(capsys, "certify", files / "cnn.keras", "-o", copy, "--inputs", tmp_path / "x.npy").status == 0
    record = read_record(str(copy))
    assert record is not None
    np.testing.assert_array_equal(record.inputs[0], x)


@pytest.mark.parametrize("name", ["operators.keras", "text_graph.keras", "deferred.keras", "nested.h5"])
def test_other_graphs(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = command(capsys, "verify", written_by("3.15.1", name, tmp_path))
    assert ran.status == 0 and "all agree" in ran.out


def test_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = keras.layers
    vectorize = layers.TextVectorization(vocabulary=["nasi", "enak", "sekali"], output_sequence_length=4)
    model = keras.Sequential([
        keras.Input((1,), dtype="string"), vectorize, layers.Embedding(5, 3, mask_zero=True), layers.LSTM(2),
    ])  # fmt: skip
    model.save(tmp_path / "text.keras")
    ran = command(capsys, "verify", tmp_path / "text.keras")
    assert ran.status == 0 and "text_vectorization" in ran.out
    assert command(capsys, "certify", tmp_path / "text.keras", "-o", tmp_path / "copy.keras").status == 0
    assert command(capsys, "verify", tmp_path / "copy.keras", "--without-keras").status == 0


def test_files_of_keras_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = written_by("2.12.0", "hard_sigmoids.h5", tmp_path)
    ran = command(capsys, "verify", old)
    assert ran.status == 1 and "cannot be compared with Keras (the model uses Keras 2's hard_sigmoid" in ran.err
    copy = tmp_path / "copy.h5"
    ran = command(capsys, "certify", old, "-o", copy)
    assert ran.status == 0 and f"by tinynet {tinynet.__version__}" in ran.out and "not by Keras: " in ran.out
    ran = command(capsys, "verify", copy)
    assert ran.status == 0 and "not compared with Keras: " in ran.out
    assert command(capsys, "verify", written_by("2.12.0", "cnn.h5", tmp_path)).status == 0


def test_unsafe_files_are_not_given_to_keras(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keras would import the module. tinynet refuses it in a layer, and leaves out how to train where it is in a loss."""

    def change(config: Any) -> None:
        config["config"]["layers"][1]["module"] = "evil"

    (tmp_path / "evil.py").write_text("raise SystemExit('executed')")
    monkeypatch.syspath_prepend(tmp_path)
    path = with_config(files / "cnn.keras", tmp_path / "bad.keras", change)
    for name in ("verify", "certify"):
        ran = command(capsys, name, path)
        assert ran.status == 1 and "is of the module 'evil', which is not followed" in ran.err

    def in_training(config: Any) -> None:
        loss = {"module": "evil", "class_name": "MeanSquaredError", "config": {}}
        config["compile_config"] = {"optimizer": "sgd", "loss": loss}

    path = with_config(files / "cnn.keras", tmp_path / "trained.keras", in_training)
    with pytest.warns(UserWarning, match="is of the module 'evil', which is not followed"):
        assert not load_model(path).compiled
    ran = command(capsys, "verify", path)
    assert ran.status == 1 and "holds something unsafe, so it is not given to Keras" in ran.err
    ran = command(capsys, "certify", path, "-o", tmp_path / "copy.keras")
    assert "not by Keras: " in ran.out and "evil" not in sys.modules

    def with_code(config: Any) -> None:
        config["config"]["layers"][1]["class_name"] = "Lambda"

    code = with_config(files / "cnn.keras", tmp_path / "c.keras", with_code)
    for name in ("verify", "certify"):
        ran = command(capsys, name, code)
        assert ran.status == 1 and "holds code, which is never run" in ran.err
    assert not (tmp_path / "c.certified.keras").exists()


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=array.dtype.hasobject)
    return stream.getvalue()


RECORDS: list[tuple[str, bytes | None, str]] = [
    ("record.json", None, "holds no record.json"),
    ("record.json", b"{", "is not valid JSON"),
    ("record.json", b"[]", "is no record of check vectors"),
    ("record.json", b'{"version": 1, "made_by": "x", "inputs": 1000000, "outputs": ["dense"]}', "is no record"),
    ("record.json", b'{"version": 2, "made_by": "x", "inputs": 1, "outputs": ["dense"]}', "is no record"),
    ("record.json", b'{"version": 1, "made_by": "x", "inputs": 1, "outputs": [7]}', "is no record"),
    ("inputs_0.npy", None, "holds no inputs_0.npy"),
    ("inputs_0.npy", b"hello", "is no array"),
    ("inputs_0.npy", npy(np.array([print], dtype=object)), "is no array"),
    ("inputs_0.npy", npy(np.zeros((4, 3)))[:-1], "is no array"),
    ("inputs_0.npy", npy(np.zeros((4, 4, 8))).replace(b"(4, 4, 8)", b"(4, 4, 9)"), "is no array"),
    ("inputs_0.npy", npy(np.zeros((4, 3))), "shape"),
]


@pytest.mark.parametrize(("name", "content", "cause"), RECORDS, ids=range(len(RECORDS)))
def test_records_that_are_none(
    name: str, content: bytes | None, cause: str, files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.keras"
    assert command(capsys, "certify", files / "cnn.keras", "-o", copy, "--without-keras").status == 0

    def change(members: dict[str, bytes]) -> None:
        members.pop(f"tinynet_check/{name}")
        if content is not None:
            members[f"tinynet_check/{name}"] = content

    ran = command(capsys, "verify", rewritten(copy, tmp_path / "bad.keras", change), "--without-keras")
    assert ran.status == 1 and cause in ran.err + ran.out


def test_an_output_that_is_not_there(files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy.keras"
    assert command(capsys, "certify", files / "cnn.keras", "-o", copy, "--without-keras").status == 0

    def change(members: dict[str, bytes]) -> None:
        told = json.loads(members["tinynet_check/record.json"])
        members["tinynet_check/record.json"] = json.dumps({**told, "outputs": ["elsewhere"]}).encode()

    ran = command(capsys, "verify", rewritten(copy, tmp_path / "bad.keras", change), "--without-keras")
    assert ran.status == 1 and "the first output that differs is 'elsewhere'" in ran.out


def test_the_record_in_hdf5(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    original = written_by("3.15.1", "cnn.h5", tmp_path)
    copy = tmp_path / "copy.h5"
    for _ in range(2):  # the second time in place of the first
        assert command(capsys, "certify", original, "-o", copy, "--without-keras", "--overwrite").status == 0
    with h5py.File(copy) as file:
        assert sorted(file["tinynet_check"]) == ["inputs_0.npy", "outputs_0.npy", "record.json"]
    assert load_model(copy).compiled
    assert command(capsys, "verify", copy, "--without-keras").status == 0


def test_a_copy_has_the_ending_of_its_original(files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = command(capsys, "certify", files / "cnn.keras", "-o", tmp_path / "copy.h5")
    assert ran.status == 2 and "expected a name ending in .keras" in ran.err
    path = written_by("3.15.1", "cnn.weights.h5", tmp_path)
    for name in ("certify", "verify"):
        ran = command(capsys, name, path)
        assert ran.status == 1 and "no configuration of a model" in ran.err
    assert not zipfile.is_zipfile(path)


def test_random_inputs_fit_the_model(files: Path) -> None:
    (ids,) = samples(load_model(files / "lstm.keras"), 50, seed=0)
    assert ids.shape == (50, 9) and ids.min() == 0 and ids.max() == 19
    assert (ids[:, 0] != 0).any() and (ids[:, -1] == 0).any()  # some are padded
    layers = tinynet.layers
    deep = tinynet.Sequential([
        layers.Input((None, None, 3)), *[layers.Conv2D(2, 5) for _ in range(4)], layers.GlobalAveragePooling2D(),
    ])  # fmt: skip
    assert samples(deep, 2, seed=0)[0].shape == (2, 32, 32, 3)  # the first size with which it runs
    again = samples(deep, 2, seed=0)[0]
    np.testing.assert_array_equal(again, samples(deep, 2, seed=0)[0])
    assert (again != samples(deep, 2, seed=1)[0]).any()


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([1.0, np.nan], [1.0, np.nan], 0.0),
        ([1.0, np.nan], [1.0, 2.0], np.inf),
        ([1.0, 2.0], [1.0, np.nan], np.inf),
        ([np.inf], [-np.inf], np.inf),
        ([0.0], [0.0], 0.0),
        ([1.0], [0.0], np.inf),
        ([1.0, 2.0], [[1.0, 2.0]], np.inf),
        (["a"], ["a"], 0.0),
        (["a"], ["b"], np.inf),
        ([True], [False], np.inf),
        ([3], [4], 0.25),
    ],
)
def test_differences(ours: Any, theirs: Any, expected: float) -> None:
    assert difference(np.array(ours), np.array(theirs)) == expected
