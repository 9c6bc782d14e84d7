"""Files that are damaged, lie, or want something: each is refused by name, quickly, and nothing happens."""

from __future__ import annotations

import io
import json
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

import tinynet
from tinynet.errors import ArgumentError, FileFormatError, MissingFileError, NotBuiltError, TinynetError
from tinynet.models import load_model

MEMBERS = ("metadata.json", "config.json", "model.weights.h5")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The members of a file that Keras wrote."""
    path = tmp_path_factory.mktemp("good") / "good.keras"
    keras.utils.clear_session(free_memory=False)
    model = keras.Sequential([
        keras.layers.Input((4,)), keras.layers.Dense(3, activation="relu"), keras.layers.Dropout(0.5),
        keras.layers.Dense(2),
    ])  # fmt: skip
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(np.ones((2, 4)), np.ones((2, 2)), verbose=0)
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(path: Path, members: Any, compression: int = zipfile.ZIP_STORED) -> Path:
    """A zip of the members: a dict, or pairs where a name occurs twice."""
    pairs = members.items() if isinstance(members, dict) else members
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in pairs:
            archive.writestr(name, content)
    return path


def refused(path: Path, cause: str, **settings: Any) -> None:
    """Loading says what is wrong with which file, needs little memory and leaves the folder as it was."""
    before = sorted(os.listdir(path.parent))
    tracemalloc.start()
    try:
        with pytest.raises(TinynetError, match=cause) as caught:
            load_model(path, **settings)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.name in str(caught.value)
    assert peak < 200 << 20
    assert sorted(os.listdir(path.parent)) == before


def test_the_good_file_loads(good: dict[str, bytes], tmp_path: Path) -> None:
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        model = load_model(written(tmp_path / "good.keras", good, compression))
        assert model.predict(np.ones((2, 4))).shape == (2, 2)
        assert model.compiled
    without = {name: content for name, content in good.items() if name != "metadata.json"}
    assert load_model(written(tmp_path / "good.keras", without)).built


def test_no_archive_at_all(good: dict[str, bytes], tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="nothing.keras: there is no such file"):
        load_model(tmp_path / "nothing.keras")
    (tmp_path / "folder.keras").mkdir()
    refused(tmp_path / "folder.keras", "is a folder without config.json, so it is no model")
    (tmp_path / "empty.keras").write_bytes(b"")
    refused(tmp_path / "empty.keras", "empty.keras: is empty")
    for content in (b"hello", b"\x00" * 5000, b"PK\x05\x06"):
        (tmp_path / "other.keras").write_bytes(content)
        refused(tmp_path / "other.keras", "is not a .keras file, or is cut short or damaged")
    (tmp_path / "other.keras").write_bytes(good["model.weights.h5"])
    refused(tmp_path / "other.keras", "holds no configuration of a model, only weights or something else")


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.8, 0.95, 0.999])
def test_cut_short(share: float, good: dict[str, bytes], tmp_path: Path) -> None:
    path = written(tmp_path / "cut.keras", good)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    refused(path, "is not a .keras file, or is cut short or damaged")


def test_a_byte_changed_anywhere_in_the_members_is_noticed(good: dict[str, bytes], tmp_path: Path) -> None:
    content = bytearray(written(tmp_path / "good.keras", good).read_bytes())
    for part in (good["config.json"][:40], good["model.weights.h5"][2000:2040]):
        changed = content.copy()
        changed[changed.index(part) + 20] ^= 255
        (tmp_path / "changed.keras").write_bytes(changed)
        refused(tmp_path / "changed.keras", "is damaged .*CRC")


@pytest.mark.parametrize("missing", ["config.json", "model.weights.h5"])
def test_a_member_is_missing(missing: str, good: dict[str, bytes], tmp_path: Path) -> None:
    members = {name: content for name, content in good.items() if name != missing}
    refused(written(tmp_path / "part.keras", members), f"holds no {missing}, so it is not a .keras file")
    wrapped = {f"model/{name}": content for name, content in good.items()}
    refused(written(tmp_path / "wrapped.keras", wrapped), "holds no config.json")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_dangerous_members(good: dict[str, bytes], tmp_path: Path) -> None:
    pairs = list(good.items())
    refused(written(tmp_path / "twice.keras", [*pairs, pairs[1]]), "holds 'config.json' twice")
    for name in ("../evil.txt", "assets/../../evil.txt", "/etc/evil.txt", "..\\evil.txt"):
        refused(
            written(tmp_path / "evil.keras", [*pairs, (name, b"x")]), "holds a member with a dangerous name"
        )
    many = {**good, **{f"assets/{i}": b"" for i in range(10_001)}}
    refused(written(tmp_path / "many.keras", many), "holds 10004 members, more than 10000")
    content = bytearray(written(tmp_path / "locked.keras", good).read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1  # the encryption flag of the first member
    (tmp_path / "locked.keras").write_bytes(content)
    refused(tmp_path / "locked.keras", "'metadata.json' is encrypted")


@pytest.mark.parametrize("member", ["config.json", "model.weights.h5"])
def test_a_zip_bomb(member: str, good: dict[str, bytes], tmp_path: Path) -> None:
    members = {**good, member: b" " * (250 << 20)}
    path = written(tmp_path / "bomb.keras", members, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    refused(path, f"{member} unpacks to more than")
    path = written(tmp_path / "bomb.keras", members, zipfile.ZIP_BZIP2)
    refused(path, "is compressed by a method that is not supported")


def with_config(path: Path, good: dict[str, bytes], change: Callable[[Any], Any]) -> Path:
    """The file with a changed configuration."""
    config = json.loads(good["config.json"])
    return written(path, {**good, "config.json": json.dumps(change(config) or config)})


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (b"", "config.json is not valid JSON"),
        (b"{", "config.json is not valid JSON"),
        (b"\xff\xfe", "config.json is not valid JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "config.json is not valid JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "config.json is not valid JSON"),
        (b'{"class_name": "Sequential", "class_name": "Sequential"}', "a key occurs twice"),
        (b"null", "the configuration does not describe a model"),
        (b"3", "the configuration does not describe a model"),
        (b"[]", "the configuration does not describe a model"),
        (b'"Sequential"', "the configuration does not describe a model"),
        (b'{"class_name": "Sequential", "config": 3}', "the configuration does not describe a model"),
        (b'{"class_name": "Sequential", "config": {}}', "expected a configuration with a list of layers"),
        (b'{"class_name": "Sequential", "config": {"layers": {}}}', "expected a configuration with a list of layers"),
        (b'{"class_name": "Sequential", "config": {"layers": [null]}}', "add.. takes a layer, received None"),
        (b'{"class_name": "Sequential", "config": {"layers": [7]}}', "expected a name, a configuration or an object"),
        (b'{"class_name": "Sequential", "config": {"layers": [[]]}}', "expected a name, a configuration or an object"),
        (b'{"class_name": "Sequential", "config": {"layers": ["Dense"]}}', "configuration is malformed|units"),
        (b'{"class_name": "Sequential", "config": {"layers": [], "evil": 1}}', "unknown key 'evil'"),
        (b'{"class_name": "Functional", "config": {"layers": []}}', "expected lists of layers, input_layers and output_layers"),
        (b'{"class_name": ["Sequential"], "config": {"layers": []}}', "unknown layer class .'Sequential'."),
        (b'{"class_name": "Sequential", "config": {"layers": [' + b"{}," * 20_000 + b"{}]}}", "20,001 layers are more than"),
    ],
    ids=range(21),
)  # fmt: skip
def test_configurations_that_are_none(
    text: bytes, cause: str, good: dict[str, bytes], tmp_path: Path
) -> None:
    refused(written(tmp_path / "bad.keras", {**good, "config.json": text}), cause)


def dense(config: Any) -> Any:
    return config["config"]["layers"][1]


LAYER_CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"class_name": "Evil"}, "unknown layer class 'Evil'"),
    ({"class_name": "Lambda"}, "layer 'Lambda' holds code, which is never run"),
    ({"class_name": "TFSMLayer"}, "layer 'TFSMLayer' holds code, which is never run"),
    ({"class_name": "system", "module": "os"}, "unknown layer class 'system'"),
    ({"class_name": "eval", "module": "builtins"}, "unknown layer class 'eval'"),
    ({"class_name": "get_file", "module": "keras.utils"}, "unknown layer class 'get_file'"),
    ({"class_name": "function", "module": "os", "config": "system"}, "layer 'system': is of the module 'os'"),
    ({"class_name": None}, "unknown layer class None"),
    ({"class_name": ["Dense"]}, "unknown layer class"),
    ({"registered_name": "Evil"}, "layer 'Dense': is registered as 'Evil'"),
    ({"registered_name": "package>Dense"}, "layer 'Dense': is registered as 'package>Dense'"),
    ({"registered_name": ["Dense"]}, "layer 'Dense': is registered as"),
    ({"config": None}, "layer 'Dense': expected a configuration, received None"),
    ({"config": [1]}, "layer 'Dense': expected a configuration"),
    ({"config": "relu"}, "layer 'Dense': expected a configuration"),
    ({"config": {}}, "units"),
]
SETTING_CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"units": True}, "expected units to be a whole number >= 1, received True"),
    ({"units": -1}, "expected units to be a whole number >= 1, received -1"),
    ({"units": 0}, "expected units to be a whole number >= 1, received 0"),
    ({"units": "3"}, "expected units to be a whole number >= 1, received '3'"),
    ({"units": 1e100}, "expected units to be a whole number >= 1"),
    ({"units": 3.0}, "expected units to be a whole number >= 1, received 3.0"),
    ({"units": None}, "expected units to be a whole number >= 1, received None"),
    ({"units": [3]}, "expected units to be a whole number >= 1"),
    ({"units": {}}, "expected units to be a whole number >= 1"),
    ({"units": 10**14}, "is larger than what was saved"),
    ({"units": 10**30}, "is larger than what was saved"),
    ({"units": 5}, "expected shape \\(4, 5\\), the file has \\(4, 3\\)|larger than what was saved"),
    ({"evil": 1}, "unknown argument 'evil'"),
    ({"activation": "system"}, "unknown activation 'system'"),
    ({"activation": 3}, "activation"),
    ({"activation": {"class_name": "__lambda__", "config": {"value": ["eA==", None, None]}}}, "__lambda__"),
    ({"activation": {"module": "os", "class_name": "function", "config": "system"}}, "activation 'system': is of the module 'os'"),
    ({"use_bias": "yes"}, "use_bias"),
    ({"name": 3}, "a name is a string without '/'"),
    ({"name": "../../evil"}, "a name is a string without '/'"),
    ({"name": "dense_1"}, "two layers are named 'dense_1'"),
    ({"trainable": "yes"}, "expected trainable True or False"),
    ({"dtype": "float16"}, "dtype 'float16' is not supported"),
    ({"dtype": {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}}, "dtype 'mixed_float16'"),
    ({"dtype": {"config": 3}}, "malformed|dtype"),
    ({"dtype": [1]}, "malformed|dtype"),
    ({"kernel_initializer": {"class_name": "Evil"}}, "unknown initializer class 'Evil'"),
    ({"kernel_initializer": {"class_name": "Constant", "config": {"value": {"class_name": "Evil"}}}}, "bad.keras"),
    ({"kernel_initializer": 5}, "initializer"),
    ({"kernel_regularizer": {"class_name": "L2", "config": {"l2": float("nan")}}}, "L2"),
    ({"kernel_constraint": {"class_name": "MaxNorm", "config": {"max_value": "a"}}}, "MaxNorm"),
    ({"quantization_config": {"class_name": "Evil"}}, "quantization_config=.* is not supported"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "cause"), LAYER_CHANGES, ids=[str(c[0])[:60] for c in LAYER_CHANGES])
def test_layers_that_are_none(change: Any, cause: str, good: dict[str, bytes], tmp_path: Path) -> None:
    refused(with_config(tmp_path / "bad.keras", good, lambda config: dense(config).update(change)), cause)


@pytest.mark.parametrize(("change", "cause"), SETTING_CHANGES, ids=[str(c[0])[:60] for c in SETTING_CHANGES])
def test_settings_that_mean_nothing(change: Any, cause: str, good: dict[str, bytes], tmp_path: Path) -> None:
    refused(
        with_config(tmp_path / "bad.keras", good, lambda config: dense(config)["config"].update(change)),
        cause,
    )


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), -0.1, 1.5, "a", None, True])
def test_rates_that_are_none(rate: Any, good: dict[str, bytes], tmp_path: Path) -> None:
    def change(config: Any) -> None:
        config["config"]["layers"][2]["config"]["rate"] = rate

    refused(with_config(tmp_path / "bad.keras", good, change), "expected rate between 0 and 1")


@pytest.mark.parametrize(
    "shape", [[None, -4], [None, "a"], [None, 10**15], [], "abc", None, [None, None], [None, 4, 5]]
)
def test_inputs_of_no_shape(shape: Any, good: dict[str, bytes], tmp_path: Path) -> None:
    def change(config: Any) -> None:
        config["config"]["layers"][0]["config"]["batch_shape"] = shape
        config["config"]["build_input_shape"] = shape

    refused(with_config(tmp_path / "bad.keras", good, change), "bad.keras: ")


@pytest.mark.parametrize(
    "layer",
    [
        {"class_name": "Embedding", "config": {"input_dim": 10**12, "output_dim": 10**6}},
        {"class_name": "Reshape", "config": {"target_shape": [10**6, 10**6]}},
        {"class_name": "TextVectorization", "config": {"vocabulary": "/etc/passwd"}},
        {"class_name": "TextVectorization", "config": {"vocabulary": ["a", "a"]}},
        {"class_name": "Bidirectional", "config": {"layer": {"class_name": "Lambda", "config": {}}}},
        {"class_name": "Bidirectional", "config": {"layer": 3}},
        {"class_name": "TimeDistributed", "config": {"layer": {"class_name": "Evil"}}},
        {"class_name": "RNN", "config": {"cell": {"class_name": "LSTMCell", "config": {"units": 10**9}}}},
        {"class_name": "Conv2D", "config": {"filters": 2, "kernel_size": [10**6, 10**6]}},
        {"class_name": "Conv2D", "config": {"filters": 2, "kernel_size": "33"}},
        {"class_name": "Resizing", "config": {"height": 10**9, "width": 10**9}},
        {"class_name": "CenterCrop", "config": {"height": 10**9, "width": 1}},
        {"class_name": "RandomCrop", "config": {"height": 1, "width": 10**9}},
        {"class_name": "Resizing", "config": {"height": 2, "width": 2, "interpolation": {"class_name": "Lambda"}}},
        {"class_name": "RandomRotation", "config": {"factor": [[1]]}},
        {"class_name": "RandomZoom", "config": {"height_factor": 10**400}},
        {"class_name": "RandomFlip", "config": {"seed": [1]}},
        {"class_name": "BatchNormalization", "config": {"axis": 10**6}},
        {"class_name": "LayerNormalization", "config": {"axis": "a"}},
        {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"units": 10**12}}]}},
        {"class_name": "Sequential", "config": {"layers": 3}},
    ],
    ids=lambda layer: str(layer)[16:70],
)  # fmt: skip
def test_other_layers_that_want_too_much(layer: Any, good: dict[str, bytes], tmp_path: Path) -> None:
    def change(config: Any) -> None:
        config["config"]["layers"].insert(1, layer)

    refused(with_config(tmp_path / "bad.keras", good, change), "bad.keras: ")


def test_deep_nesting(good: dict[str, bytes], tmp_path: Path) -> None:
    def change(config: Any, depth: int = 3000) -> None:
        layer: Any = {"class_name": "Dense", "config": {"units": 1}}
        for _ in range(depth):
            layer = {"class_name": "TimeDistributed", "config": {"layer": layer}}
        config["config"]["layers"][1] = layer

    import sys

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)  # only to write it
    try:
        path = with_config(tmp_path / "deep.keras", good, change)
    finally:
        sys.setrecursionlimit(limit)
    refused(path, "deep.keras: ")


@pytest.mark.parametrize(
    "compiling",
    [
        {"optimizer": {"class_name": "Evil", "config": {}}, "loss": "mse"},
        {"optimizer": {"class_name": "Adam", "config": {"learning_rate": float("nan")}}, "loss": "mse"},
        {"optimizer": "adam", "loss": "evil"},
        {
            "optimizer": "adam",
            "loss": {"class_name": "__lambda__", "config": {"value": ["eA==", None, None]}},
        },
        {"optimizer": "adam", "loss": "mse", "metrics": [{"class_name": "Evil"}]},
        {"optimizer": "adam", "loss": "mse", "metrics": 3},
        {"optimizer": "adam", "loss": "mse", "loss_weights": [2.0, 1.0]},
        {"optimizer": "adam", "loss": "mse", "loss_weights": {"elsewhere": 2.0}},
        {"optimizer": "adam", "loss": "mse", "loss_weights": [float("nan")]},
        {"optimizer": "adam", "loss": ["mse", "mse"]},
        {"optimizer": "adam", "loss": {"elsewhere": "mse"}},
        {"optimizer": "adam", "loss": [[[["mse"], "mse"]]]},
        {"optimizer": "adam", "loss": "mse", "metrics": {"elsewhere": ["mae"]}},
        {"optimizer": "adam", "loss": "mse", "metrics": [[None]]},
        {"optimizer": 3, "loss": []},
        "adam",
        [1],
    ],
    ids=str,
)
def test_training_configurations_are_left_out(compiling: Any, good: dict[str, bytes], tmp_path: Path) -> None:
    path = with_config(tmp_path / "bad.keras", good, lambda config: config.update(compile_config=compiling))
    with pytest.warns(UserWarning, match="bad.keras: the training configuration is left out"):
        model = load_model(path)
    assert not model.compiled
    with pytest.raises(NotBuiltError, match="call compile"):
        model.fit(np.ones((2, 4)), np.ones((2, 2)))


def with_weights(path: Path, good: dict[str, bytes], change: Callable[[Any], Any]) -> Path:
    """The file with changed weights."""
    stream = io.BytesIO(good["model.weights.h5"])
    with h5py.File(stream, "r+") as file:
        change(file)
    return written(path, {**good, "model.weights.h5": stream.getvalue()})


KERNEL = "layers/dense/vars/0"


def replaced(value: Any, **settings: Any) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        del file[KERNEL]
        file.create_dataset(KERNEL, data=value, **settings)

    return change


def soft_link(file: Any) -> None:
    del file[KERNEL]
    file[KERNEL] = h5py.SoftLink("/layers/dense_1/vars/0")


def link_to_itself(file: Any) -> None:
    del file[KERNEL]
    file[KERNEL] = h5py.SoftLink(f"/{KERNEL}")


def external_link(file: Any) -> None:
    del file[KERNEL]
    file[KERNEL] = h5py.ExternalLink("secret.h5", "/secret")


def external_group(file: Any) -> None:
    del file["layers/dense"]
    file["layers/dense"] = h5py.ExternalLink("secret.h5", "/secret")


def external_storage(file: Any) -> None:
    del file[KERNEL]
    file.create_dataset(KERNEL, (4, 3), "float32", external=[("/etc/hostname", 0, 48)])


def virtual(file: Any) -> None:
    del file[KERNEL]
    layout = h5py.VirtualLayout((4, 3), "float32")
    layout[:] = h5py.VirtualSource("secret.h5", "secret", (4, 3))
    file.create_virtual_dataset(KERNEL, layout)


def group_instead(file: Any) -> None:
    del file[KERNEL]
    file.create_group(KERNEL)


def declared_only(file: Any) -> None:
    del file[KERNEL]
    file.create_dataset(KERNEL, (2**31, 2**20), "float32", chunks=(1024, 1024), compression="gzip")


def foreign_filter(file: Any) -> None:
    """Reading this would make HDF5 look for a shared library that has the filter."""
    del file[KERNEL]
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    settings.set_chunk((4, 3))
    settings.set_filter(32013, h5py.h5z.FLAG_OPTIONAL, ())
    space = h5py.h5s.create_simple((4, 3))
    group = file["layers/dense/vars"].id
    h5py.h5d.create(group, KERNEL.rpartition("/")[2].encode(), h5py.h5t.IEEE_F32LE, space, dcpl=settings)
    file[KERNEL][...] = np.ones((4, 3), "float32")


def missing(file: Any) -> None:
    del file[KERNEL]


def missing_layer(file: Any) -> None:
    del file["layers/dense"]


def missing_all(file: Any) -> None:
    del file["layers"]


def extra(file: Any) -> None:
    file["layers/dense/vars/2"] = np.ones(3, "float32")


def extra_layer(file: Any) -> None:
    file["layers/dense_2/vars/0"] = np.ones((4, 3), "float32")


def dataset_instead(file: Any) -> None:
    del file["layers/dense/vars"]
    file["layers/dense/vars"] = np.ones(3, "float32")


def link_cycle(file: Any) -> None:
    del file["layers/dense_1"]
    file["layers/dense_1"] = file["layers"]


WEIGHT_CHANGES: list[tuple[Callable[[Any], Any], str]] = [
    (replaced(np.ones((3, 4), "float32")), "Dense 'dense', weight 'kernel': expected shape \\(4, 3\\), the file has \\(3, 4\\)"),
    (replaced(np.ones(12, "float32")), "expected shape \\(4, 3\\), the file has \\(12,\\)"),
    (replaced(np.float32(1)), "expected shape \\(4, 3\\), the file has \\(\\)"),
    (replaced(np.full((4, 3), b"0.5")), "holds texts, not numbers"),
    (replaced(np.full((4, 3), "0.5", object), dtype=h5py.string_dtype()), "holds texts, not numbers"),
    (replaced(np.zeros((4, 3), [("a", "f4"), ("b", "i4")])), "values of this type are not supported: compounds"),
    (replaced(np.zeros((4, 3), "complex64")), "values of this type are not supported: compounds"),
    (replaced(h5py.Empty("f4")), "expected shape \\(4, 3\\), the file has None"),
    (soft_link, "/layers/dense/vars holds '0' as a link to elsewhere, which is not followed"),
    (link_to_itself, "/layers/dense/vars holds '0' as a link to elsewhere, which is not followed"),
    (external_link, "/layers/dense/vars holds '0' as a link to elsewhere, which is not followed"),
    (external_group, "/layers holds 'dense' as a link to elsewhere, which is not followed"),
    (external_storage, "keeps its data outside of the file, which is not followed"),
    (virtual, "is virtual: its data lie in other files, which are not followed"),
    (foreign_filter, "is stored through HDF5 filter 32013, which is not supported; supported are gzip"),
    (group_instead, "Dense 'dense', weight 'kernel': is a group, not an array"),
    (dataset_instead, "layers/dense/vars is an array, not a group"),
    (declared_only, "declares more data \\(9,007,199,254,740,992 bytes\\) than the file holds"),
    (missing, "Dense 'dense' needs 2 weights \\(kernel \\(4, 3\\), bias \\(3,\\)\\), the file has 1"),
    (missing_layer, "Dense 'dense' needs 2 weights .* the file has 0 in /layers/dense/vars"),
    (missing_all, "2 things do not fit:\\n- Dense 'dense' needs 2 weights .*\\n- Dense 'dense_1' needs 2 weights"),
    (extra, "Dense 'dense' needs 2 weights .* the file has 3"),
    (extra_layer, "holds weights that the model has no place for: /layers/dense_2/vars/0"),
    (link_cycle, "/layers holds the group 'dense_1', which is elsewhere, too, or goes round in circles"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "cause"), WEIGHT_CHANGES, ids=range(len(WEIGHT_CHANGES)))
def test_weights_that_do_not_fit(change: Any, cause: str, good: dict[str, bytes], tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as secret:
        secret["secret"] = np.full((4, 3), 42, "float32")
    refused(with_weights(tmp_path / "bad.keras", good, change), f"bad.keras: .*{cause}|bad.keras: ({cause})")


def test_a_file_that_declares_more_than_it_holds(good: dict[str, bytes], tmp_path: Path) -> None:
    """Configuration and weights agree in a size that neither the file nor the machine has."""

    def change_weights(file: Any) -> None:
        del file[KERNEL]
        file.create_dataset(KERNEL, (4, 10**12), "float32", chunks=(1, 10**6), compression="gzip")

    path = with_weights(tmp_path / "bad.keras", good, change_weights)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with_config(path, members, lambda config: dense(config)["config"].update(units=10**12))
    refused(path, "declares more data \\(16,000,000,000,000 bytes\\) than the file holds")


@pytest.mark.parametrize("share", [0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_weights_cut_short(share: float, good: dict[str, bytes], tmp_path: Path) -> None:
    content = good["model.weights.h5"]
    members = {**good, "model.weights.h5": content[: int(len(content) * share)]}
    refused(
        written(tmp_path / "cut.keras", members), "cut.keras: is no HDF5 file|cut.keras: is cut short: .* bytes are there"
    )


@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", ">f4"])
def test_numbers_of_other_types_are_converted(dtype: str, good: dict[str, bytes], tmp_path: Path) -> None:
    values = np.arange(12).reshape(4, 3).astype(dtype)
    model = load_model(with_weights(tmp_path / "other.keras", good, replaced(values)))
    np.testing.assert_array_equal(model.get_weights()[0], values.astype("float32"))
    assert model.get_weights()[0].dtype == "float32"


def test_loading_weights_changes_all_or_none(good: dict[str, bytes], tmp_path: Path) -> None:
    model = load_model(written(tmp_path / "good.keras", good))
    before = [w + 1 for w in model.get_weights()]
    model.set_weights(before)

    def change(file: Any) -> None:
        del file["layers/dense_1/vars/1"]
        file["layers/dense_1/vars/1"] = np.ones(7, "float32")

    path = with_weights(tmp_path / "bad.keras", good, change)
    with zipfile.ZipFile(path) as archive:
        (tmp_path / "bad.weights.h5").write_bytes(archive.read("model.weights.h5"))
    for name in ("bad.keras", "bad.weights.h5"):
        with pytest.raises(FileFormatError, match=f"{name}: Dense 'dense_1', weight 'bias': expected shape"):
            model.load_weights(tmp_path / name)
        for one, other in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(one, other)


def test_weights_files_that_are_none(tmp_path: Path) -> None:
    model = tinynet.Sequential([tinynet.layers.Input((2,)), tinynet.layers.Dense(1)])
    with pytest.raises(MissingFileError, match="no.weights.h5: there is no such file"):
        model.load_weights(tmp_path / "no.weights.h5")
    (tmp_path / "text.weights.h5").write_text("hello")
    with pytest.raises(FileFormatError, match="text.weights.h5: is no HDF5 file"):
        model.load_weights(tmp_path / "text.weights.h5")
    (tmp_path / "model.h5").write_text("hello")
    with pytest.raises(FileFormatError, match="model.h5: is no HDF5 file"):
        model.load_weights(tmp_path / "model.h5")
    with pytest.raises(NotBuiltError, match="build it or call it on data before loading weights"):
        tinynet.Sequential([tinynet.layers.Dense(1)]).load_weights(tmp_path / "text.weights.h5")


def test_a_vocabulary_that_is_none(tmp_path: Path, good: dict[str, bytes]) -> None:
    def change(config: Any) -> None:
        config["config"]["layers"] = [
            {"class_name": "InputLayer", "config": {"batch_shape": [None, 1], "dtype": "string"}},
            {"class_name": "TextVectorization", "config": {"name": "text"}},
        ]

    stream = io.BytesIO()
    h5py.File(stream, "w").close()
    members = {**good, "model.weights.h5": stream.getvalue()}
    for content, cause in (
        (b"\n[UNK]\n\xff\xfe", "vocabulary.txt is not UTF-8"),
        (b"\n[UNK]\na\na", "repeat"),
    ):
        members["assets/layers/text_vectorization/vocabulary.txt"] = content
        refused(with_config(tmp_path / "words.keras", members, change), f"words.keras: .*{cause}")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "the text is not valid JSON"),
        ("[" * 100_000, "the text is not valid JSON"),
        ('{"class_name": "Sequential", "class_name": "Sequential", "config": {}}', "a key occurs twice"),
        ("[]", "the configuration does not describe a model"),
        ('{"class_name": "os.system", "config": {}}', "unknown layer class 'os.system'"),
        ('{"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda"}]}}', "holds code"),
    ],
    ids=range(6),
)
def test_json_that_describes_no_model(text: str, cause: str) -> None:
    with pytest.raises(FileFormatError, match=f"model_from_json: .*{cause}"):
        tinynet.models.model_from_json(text)


def test_model_from_json_takes_text() -> None:
    with pytest.raises(ArgumentError, match="model_from_json: expected a string, received dict"):
        tinynet.models.model_from_json({})  # type: ignore[arg-type]
