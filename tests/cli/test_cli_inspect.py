"""`inspect`: what good, old and hostile files hold, and what is found in them."""

from __future__ import annotations

import json
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from cli_files import cnn, command, rewritten, with_config, with_weights, written_by

import tinynet
from tinynet.saving.hdf5 import SIGNATURE


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "good.keras"
    cnn().save(path)
    return path


def report(capsys: pytest.CaptureFixture[str], path: Path) -> tuple[int, Any]:
    """The status and what `--json` tells; the text form must be possible, too, with the same status."""
    ran = command(capsys, "inspect", path, "--json")
    text = command(capsys, "inspect", path)
    assert text.status == ran.status
    assert max(map(len, text.out.splitlines()[1:])) <= 80
    return ran.status, json.loads(ran.out)


def test_a_good_file(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, told = report(capsys, good)
    assert status == 0
    assert told["format"] == ".keras archive of a model"
    assert told["keras_version"] == "3.15.1" and told["date_saved"]
    assert told["loadable"] and told["error"] is None and told["findings"] == [] and not told["certified"]
    assert [(row["name"], row["class"], row["output_shape"], row["parameters"]) for row in told["layers"]] == [
        ("conv2d", "Conv2D", [[None, 6, 6, 4]], 112),
        ("batch_normalization", "BatchNormalization", [[None, 6, 6, 4]], 16),
        ("max_pooling2d", "MaxPooling2D", [[None, 3, 3, 4]], 0),
        ("flatten", "Flatten", [[None, 36]], 0),
        ("dense", "Dense", [[None, 5]], 185),
    ]
    assert told["parameters"] == 112 + 16 + 185
    assert told["inputs"] == [{"name": "input_layer", "shape": [None, 8, 8, 3], "dtype": "float32"}]
    assert told["outputs"] == [{"name": "dense", "shape": [None, 5], "dtype": "float32"}]
    assert told["training"]["optimizer"].startswith("Adam(") and told["training"]["metrics"] == "accuracy"
    assert {"path": "/layers/dense/vars/0", "shape": [36, 5], "dtype": "float32"} in told["weights"]


@pytest.mark.parametrize(
    ("version", "name", "form"),
    [
        ("2.2.4", "cnn.h5", "HDF5 file of a model"),
        ("2.2.4", "cnn_weights.h5", "HDF5 file of weights alone, as Keras 2 wrote them"),
        ("2.12.0", "functional.keras", ".keras archive of a model"),
        ("2.12.0", "functional.h5", "HDF5 file of a model"),
        ("3.15.1", "cnn.weights.h5", "HDF5 file of weights alone (.weights.h5)"),
        ("3.15.1", "text_graph.keras", ".keras archive of a model"),
        ("3.15.1", "operators.h5", "HDF5 file of a model"),
    ],
)
def test_files_of_many_versions(
    version: str, name: str, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, told = report(capsys, written_by(version, name, tmp_path))
    assert (status, told["format"], told["findings"], told["loadable"]) == (0, form, [], True)
    assert told["parameters"] > 0 and told["weights"]
    if "weights" not in name:
        assert told["parameters"] == tinynet.models.load_model(tmp_path / name).count_params()
        assert told["keras_version"] == version
        assert told["layers"]
    if name.startswith("functional"):
        assert max(row["depth"] for row in told["layers"]) == 1


def test_what_cannot_be_trained_is_a_note(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(config: Any) -> None:
        config["compile_config"]["optimizer"]["class_name"] = "Evil"

    status, told = report(capsys, with_config(good, tmp_path / "evil.keras", change))
    assert status == 0
    assert [(finding["kind"], finding["place"]) for finding in told["findings"]] == [
        ("unsupported", "config.compile_config.optimizer"),
        ("note", "file"),
    ]
    assert "the training configuration is left out" in told["findings"][1]["what"]


def layers(config: Any) -> Any:
    return config["config"]["layers"]


SYSTEM = {"module": "os", "class_name": "function", "config": "system"}
LAMBDA = {"class_name": "__lambda__", "config": {"value": ["eA==", None, None]}}
UNSAFE: list[tuple[str, Any, str]] = [
    ("config.config.layers[5]", lambda c: layers(c)[5].update(class_name="Lambda"), "Lambda holds code"),
    ("config.config.layers[5]", lambda c: layers(c)[5].update(class_name="TFSMLayer"), "TFSMLayer holds code"),
    ("config.config.layers[1].config.activation", lambda c: layers(c)[1]["config"].update(activation=LAMBDA), "code"),
    ("config.compile_config.loss", lambda c: c["compile_config"].update(loss=LAMBDA), "__lambda__ holds code"),
    ("config.config.layers[5]", lambda c: layers(c)[5].update(module="os", class_name="system"), "'os.system'"),
    ("config.config.layers[5]", lambda c: layers(c)[5].update(module="evil"), "'evil.Dense'"),
    (
        "config.config.layers[5].config.activation",
        lambda c: layers(c)[5]["config"].update(activation=SYSTEM),
        "'os.system'",
    ),
    (
        "config.config.layers[1].vocabulary",
        lambda c: layers(c).insert(1, {"class_name": "TextVectorization", "vocabulary": "/etc/passwd", "config": {}}),
        "a path on the reader's machine, '/etc/passwd'",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("place", "change", "what"), UNSAFE, ids=range(len(UNSAFE)))
def test_what_would_be_executed_or_opened(
    place: str, change: Any, what: str, good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = with_config(good, tmp_path / "bad.keras", change)
    before = set(sys.modules)
    status, told = report(capsys, path)
    assert status == 1
    found = [finding for finding in told["findings"] if finding["kind"] == "unsafe"]
    assert [finding["place"] for finding in found] == [place]
    assert what in found[0]["what"]
    assert set(sys.modules) == before
    assert [row["class"] for row in told["layers"]].count("Conv2D") == 1  # the rest is shown all the same
    assert "UNSAFE: " in command(capsys, "inspect", path).out


def test_everything_is_told_at_once(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(config: Any) -> None:
        layers(config)[1].update(class_name="Evil")
        layers(config)[2].update(registered_name="shop>BatchNormalization")
        layers(config)[5]["config"].update(surprise=1, activation="relu")
        layers(config)[5]["config"]["activation"] = {"module": "builtins", "class_name": "function", "config": "mine"}

    status, told = report(capsys, with_config(good, tmp_path / "bad.keras", change))
    assert status == 1 and not told["loadable"]
    assert [(finding["kind"], finding["place"]) for finding in told["findings"]] == [
        ("unsupported", "config.config.layers[1]"),
        ("unsupported", "config.config.layers[2]"),
        ("unsupported", "config.config.layers[5].config.surprise"),
        ("unsupported", "config.config.layers[5].config.activation"),
    ]
    assert [row["parameters"] for row in told["layers"]] == [0, 0, 16, 0, 0, 185]  # a class 'Evil' has no group
    assert "Evil" in told["error"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_archives_that_want_something(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.keras"
    rewritten(good, path, lambda members: None)
    link = zipfile.ZipInfo("assets/link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        for name in ("../evil", "/etc/evil", "config.json"):
            archive.writestr(name, b"{}" if name == "config.json" else b"x")
        archive.writestr(link, "/etc/passwd")
        archive.writestr("assets/bomb", b" " * (70 << 20), zipfile.ZIP_DEFLATED)
        archive.writestr("assets/other", b" " * 100, zipfile.ZIP_BZIP2)
    status, told = report(capsys, path)
    found = [finding["what"] for finding in told["findings"] if finding["kind"] == "unsafe"]
    assert status == 1
    assert found == [
        "holds a member with a dangerous name, '../evil'",
        "holds a member with a dangerous name, '/etc/evil'",
        "holds 'config.json' twice",
        "'assets/link' is a link to another file",
        "assets/bomb unpacks to more than 67,108,864 bytes",
        "'assets/other' is compressed by a method that is not supported",
    ]


def external_link(file: Any) -> None:
    del file["layers/dense"]
    file["layers/dense"] = h5py.ExternalLink("secret.h5", "/secret")


def external_storage(file: Any) -> None:
    del file["layers/dense/vars/0"]
    file.create_dataset("layers/dense/vars/0", (36, 5), "float32", external=[("/etc/hostname", 0, 720)])


def virtual(file: Any) -> None:
    del file["layers/dense/vars/0"]
    layout = h5py.VirtualLayout((36, 5), "float32")
    layout[:] = h5py.VirtualSource("secret.h5", "secret", (36, 5))
    file.create_virtual_dataset("layers/dense/vars/0", layout)


@pytest.mark.parametrize("change", [external_link, external_storage, virtual])
def test_weights_that_lead_elsewhere(
    change: Any, good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, told = report(capsys, with_weights(good, tmp_path / "bad.keras", change))
    assert status == 1 and not told["loadable"]
    unsafe = [finding for finding in told["findings"] if finding["kind"] == "unsafe"]
    assert len(unsafe) == 1 and unsafe[0]["place"].startswith("model.weights.h5: /layers")


def test_weights_that_claim_too_much(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(file: Any) -> None:
        file.create_dataset("layers/huge", (2**31, 2**20), "float32", chunks=(1024, 1024), compression="gzip")

    status, told = report(capsys, with_weights(good, tmp_path / "bad.keras", change))
    assert status == 1
    assert told["findings"][0]["kind"] == "damaged" and "declares more data" in told["findings"][0]["what"]


def test_a_file_of_weights_with_a_link_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cnn().save_weights(tmp_path / "w.weights.h5")
    assert command(capsys, "inspect", tmp_path / "w.weights.h5").status == 0
    with h5py.File(tmp_path / "w.weights.h5", "r+") as file:
        file["layers/more"] = h5py.SoftLink("/layers/dense")
    status, told = report(capsys, tmp_path / "w.weights.h5")
    assert status == 1 and told["findings"][0]["kind"] == "unsafe"


def test_legacy_files_hold_code_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written_by("2.2.4", "cnn.h5", tmp_path)
    with h5py.File(path, "r+") as file:
        text = file.attrs["model_config"]
        config = json.loads(text)
        layers(config)[4].update(class_name="Lambda", config={"function": ["4wEAAAA=", None, None], "name": "f"})
        file.attrs["model_config"] = json.dumps(config)
    status, told = report(capsys, path)
    assert status == 1
    assert told["findings"][0] == {
        "kind": "unsafe", "place": "model_config.config.layers[4]",
        "what": "Lambda holds code, or a path to it; it is never run here",
    }  # fmt: skip
    assert {"name": "dense_1", "class": "Dense", "depth": 0, "output_shape": None, "parameters": 18} in told["layers"]


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x05\x06", SIGNATURE, SIGNATURE + bytes(500)])
def test_files_that_are_none(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file.keras").write_bytes(content)
    status, told = report(capsys, tmp_path / "file.keras")
    assert status == 1 and not told["loadable"] and told["findings"][0]["kind"] == "damaged"


def test_names_cannot_command_a_terminal(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(config: Any) -> None:
        layers(config)[5].update(class_name="\x1b[2J\x1b]0;owned\x07", config={"name": "a\nb\rc"})

    ran = command(capsys, "inspect", with_config(good, tmp_path / "bad.keras", change))
    assert ran.status == 1 and "\\x1b[2J" in ran.out


def test_a_file_that_changes_at_random(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, generator = good.read_bytes(), np.random.default_rng(0)
    statuses = set()
    for _ in range(60):
        changed = bytearray(content)
        for at in generator.integers(0, len(content), 4):
            changed[at] = generator.integers(256)
        (tmp_path / "changed.keras").write_bytes(changed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            statuses.add(command(capsys, "inspect", tmp_path / "changed.keras").status)
    assert statuses <= {0, 1} and 1 in statuses
