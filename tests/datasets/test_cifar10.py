"""CIFAR-10: the form of Keras, files that are no CIFAR-10, partial data, where it is found, downloads."""

from __future__ import annotations

import hashlib
import io
import pickle
import re
import sys
import tarfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinynet.datasets import DatasetWarning, cifar10
from tinynet.errors import ArgumentError, FileFormatError, MissingDependencyError, MissingFileError

Batches = dict[str, dict[str, Any]]
MakeCifar10 = Callable[[Path], Batches]
Writer = Callable[..., bytes]

FILES = ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]
partial = pytest.mark.filterwarnings("ignore::tinynet.datasets.DatasetWarning")


def images_of(batches: Batches, *names: str) -> np.ndarray:
    """The images pixel by pixel, as the CIFAR-10 page describes a row: red, green, blue planes."""
    rows = np.concatenate([batches[name]["data"] for name in names])
    images = np.zeros((len(rows), 32, 32, 3), np.uint8)
    for y in range(32):
        for x in range(32):
            for channel in range(3):
                images[:, y, x, channel] = rows[:, channel * 1024 + y * 32 + x]
    return images


@partial
def test_form_and_order(make_cifar10: MakeCifar10, tmp_path: Path) -> None:
    batches = make_cifar10(tmp_path / "data")
    (x_train, y_train), (x_test, y_test) = cifar10.load_data(tmp_path / "data")
    np.testing.assert_array_equal(x_train, images_of(batches, *FILES[:5]), strict=True)
    np.testing.assert_array_equal(x_test, images_of(batches, "test_batch"), strict=True)
    for labels, names in ((y_train, FILES[:5]), (y_test, FILES[5:])):
        expected = [[label] for name in names for label in batches[name]["labels"]]
        np.testing.assert_array_equal(labels, np.array(expected, np.uint8), strict=True)
    for array in (x_train, y_train, x_test, y_test):
        assert array.flags.c_contiguous and array.flags.writeable


@partial
@pytest.mark.parametrize("above", ["", "..", "../.."])
@pytest.mark.parametrize("by_variable", [False, True])
def test_found_in_the_folder_itself_or_above(
    make_cifar10: MakeCifar10, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, above: str, by_variable: bool
) -> None:
    folder = tmp_path / "data" / "cifar10" / "cifar-10-batches-py"
    make_cifar10(folder)
    root = (folder / above).resolve()
    if by_variable:
        monkeypatch.setenv("TINYNET_DATA", str(root))
    (x_train, _), _ = cifar10.load_data(None if by_variable else str(root))
    assert x_train.shape == (25, 32, 32, 3)


@partial
def test_argument_comes_before_variable_before_cache(
    make_cifar10: MakeCifar10,
    write_pickle: Writer,
    make_batch: Callable[..., dict[str, Any]],
    tmp_path: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = {
        "argument": tmp_path / "argument",
        "variable": tmp_path / "variable",
        "cache": cache / "cifar10" / "cifar-10-batches-py",
    }
    for rows, folder in enumerate(places.values(), start=1):
        make_cifar10(folder)
        (folder / "test_batch").write_bytes(write_pickle(make_batch("testing batch 1 of 1", rows)))
    assert len(cifar10.load_data()[1][0]) == 3
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("TINYNET_DATA", str(tmp_path / "other"))  # a folder of other data
    assert len(cifar10.load_data()[1][0]) == 3
    monkeypatch.setenv("TINYNET_DATA", str(places["variable"]))
    assert len(cifar10.load_data()[1][0]) == 2
    assert len(cifar10.load_data(places["argument"])[1][0]) == 1


def test_partial_data_is_described(
    make_cifar10: MakeCifar10,
    write_pickle: Writer,
    make_batch: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    make_cifar10(folder)
    test = make_batch("testing batch, exact subset: 4715 of 10000", 4715)
    (folder / "test_batch").write_bytes(write_pickle(test))
    with pytest.warns(DatasetWarning) as caught:
        _, (x_test, _) = cifar10.load_data(folder)
    assert x_test.shape == (4715, 32, 32, 3)
    train_text, test_text = (str(warning.message) for warning in caught)
    assert (
        f"data_batch_1 to data_batch_5 in {folder} hold 25 of the 50,000 official training images"
        in train_text
    )
    assert f"{folder / 'test_batch'} holds 4,715 of the 10,000 official test images" in test_text
    assert f"airplane {test['labels'].count(0)}, automobile {test['labels'].count(1)}, " in test_text
    assert "estimates the official test score; it is not that score" in test_text
    assert {warning.filename for warning in caught} == {__file__}


def test_whole_data_is_silent_and_other_shares_of_the_classes_are_not(
    write_pickle: Writer, tmp_path: Path
) -> None:
    labels = list(range(10)) * 1000
    data = np.zeros((10_000, 3072), np.uint8)
    for number, name in enumerate(FILES, start=1):
        label = f"training batch {number} of 5" if number < 6 else "testing batch 1 of 1"
        (tmp_path / name).write_bytes(write_pickle({"batch_label": label, "labels": labels, "data": data}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (x_train, y_train), (x_test, y_test) = cifar10.load_data(tmp_path)
    assert [len(a) for a in (x_train, y_train, x_test, y_test)] == [50_000, 50_000, 10_000, 10_000]
    shifted = {"batch_label": "testing batch 1 of 1", "labels": [9, *labels[1:]], "data": data}
    (tmp_path / "test_batch").write_bytes(write_pickle(shifted))
    with pytest.warns(DatasetWarning, match=r"10,000 of the 10,000 .*\(airplane 999, .* truck 1,001\)"):
        cifar10.load_data(tmp_path)


def test_missing_files_are_named_with_each_place_and_the_remedy(
    make_cifar10: MakeCifar10, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data" / "cifar-10-batches-py"
    make_cifar10(folder)
    (folder / "data_batch_3").unlink()
    missing = f"CIFAR-10: data_batch_3 missing. .*{re.escape(str(folder))} holds the other files"
    with pytest.raises(MissingFileError, match=missing):
        cifar10.load_data(tmp_path / "data")
    monkeypatch.setenv("TINYNET_DATA", str(folder))
    with pytest.raises(MissingFileError, match=missing):
        cifar10.load_data()

    empty = tmp_path / "empty"
    empty.mkdir()
    places = [empty, empty / "cifar-10-batches-py", empty / "cifar10/cifar-10-batches-py"]
    named = re.escape(", ".join(map(str, places)))
    with pytest.raises(
        MissingFileError, match=f"CIFAR-10 was not found. Looked in: {named}. Expected a folder"
    ):
        cifar10.load_data(empty)
    monkeypatch.setenv("TINYNET_DATA", str(empty))
    cached = re.escape(str(cache / "cifar10/cifar-10-batches-py"))
    with pytest.raises(
        MissingFileError, match=f"{named}, {cached}.*path=.*TINYNET_DATA.*Downloading .* failed"
    ):
        cifar10.load_data()
    monkeypatch.delenv("TINYNET_DATA")
    with pytest.raises(MissingFileError, match=rf"Looked in: TINYNET_DATA \(not set\), {cached}"):
        cifar10.load_data()


def test_folders_that_cannot_be_meant(
    make_cifar10: MakeCifar10, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cifar10(tmp_path / "data")
    make_cifar10(tmp_path / "data" / "cifar-10-batches-py")
    with pytest.raises(ArgumentError, match="CIFAR-10: more than one folder holds its files"):
        cifar10.load_data(tmp_path / "data")
    archive = tmp_path / "cifar-10-python.tar.gz"
    archive.write_bytes(b"")
    with pytest.raises(ArgumentError, match=r"path: .*cifar-10-python.tar.gz is a file; unpack"):
        cifar10.load_data(archive)
    with pytest.raises(ArgumentError, match="path: expected a folder, received 3"):
        cifar10.load_data(3)  # type: ignore[arg-type]
    with pytest.raises(MissingFileError, match="path: there is no folder .*nowhere"):
        cifar10.load_data(tmp_path / "nowhere")
    monkeypatch.setenv("TINYNET_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(MissingFileError, match="TINYNET_DATA: there is no folder .*nowhere"):
        cifar10.load_data()


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"labels": None}, "lacks labels; it holds 'batch_label', 'data', 'filenames'"),
        ({"data": None, "batch_label": None}, "lacks batch_label, data"),
        ({"labels": None, "fine_labels": [1], "coarse_labels": [2]}, "'coarse_labels', 'data'"),
        ({"labels": [0, 10]}, "row 1: expected a label from 0 to 9, received 10"),
        ({"labels": [-1, 0]}, "row 0: expected a label from 0 to 9, received -1"),
        ({"labels": ["cat", 0]}, "row 0: expected a label from 0 to 9, received str"),
        ({"labels": [0]}, "'labels': expected a list of 2, one a row, received 1"),
        ({"labels": 3}, "'labels': expected a list of 2, one a row, received int"),
        ({"data": "pixels"}, r"'data': expected uint8 of shape \(N, 3072\), received str"),
        ({"data": np.zeros((2, 3071), np.uint8)}, r"'data': .* received shape \(2, 3071\)"),
        ({"data": np.zeros((2, 32, 96), np.uint8)}, "not two axes but 3"),
        ({"data": np.zeros((2, 3072), np.float32)}, "dtype 'f4', expected 'u1'"),
        ({"data": np.zeros((0, 3072), np.uint8), "labels": []}, "expected 1 to 10,000 rows, received 0"),
        ({"data": np.zeros((10_001, 3072), np.uint8)}, "expected 1 to 10,000 rows, received 10,001"),
        ({"batch_label": "training batch 1 of 5"}, "expected 'training batch 2', .* 'training batch 1 of 5'"),
        ({"batch_label": "testing batch 1 of 1"}, "expected 'training batch 2', .* 'testing batch 1 of 1'"),
        ({"batch_label": 2}, "'batch_label': expected a text, received int"),
    ],
)
def test_a_batch_that_is_none_is_described(
    make_cifar10: MakeCifar10,
    write_pickle: Writer,
    make_batch: Callable[..., dict[str, Any]],
    tmp_path: Path,
    change: dict[str, Any],
    cause: str,
) -> None:
    folder = tmp_path / "data"
    make_cifar10(folder)
    content = {**make_batch("training batch 2 of 5", 2), **change}
    written = write_pickle({key: value for key, value in content.items() if value is not None})
    (folder / "data_batch_2").write_bytes(written)
    with pytest.raises(FileFormatError, match=f"^{re.escape(str(folder / 'data_batch_2'))}: .*{cause}"):
        cifar10.load_data(folder)


def test_a_hostile_damaged_or_huge_file_is_named(
    make_cifar10: MakeCifar10, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    make_cifar10(folder)
    file = folder / "test_batch"
    whole = file.read_bytes()
    marker = tmp_path / "ran"
    hostile = (
        b"cposix\nsystem\n(T"
        + len(f"echo > {marker}").to_bytes(4, "little")
        + f"echo > {marker}".encode()
        + b"tR."
    )
    file.write_bytes(b"\x80\x02" + hostile)
    with pytest.raises(FileFormatError, match=f"^{re.escape(str(file))}: .*'posix.system'.*executed"):
        cifar10.load_data(folder)
    assert not marker.exists()
    pickle.loads(file.read_bytes())
    assert marker.exists()  # the payload is a live one
    file.write_bytes(whole[:-100])
    with pytest.raises(FileFormatError, match=f"^{re.escape(str(file))}: "):
        cifar10.load_data(folder)
    file.write_bytes(whole)
    monkeypatch.setattr(cifar10, "_MAX_BYTES", len(whole) + 9_000)
    (folder / "data_batch_1").write_bytes(bytes(len(whole) + 9_001))
    with pytest.raises(FileFormatError, match="data_batch_1: holds .* bytes, more than the .* allowed"):
        cifar10.load_data(folder)


def archive_of(folder: Path, target: Path, extra: Callable[[tarfile.TarFile], None] | None = None) -> str:
    """Packs `folder` as the official archive is packed and returns its hash as the module states it."""
    with tarfile.open(target, "w:gz") as tar:
        if extra is not None:
            extra(tar)
        tar.add(folder, arcname="cifar-10-batches-py")
    return "md5:" + hashlib.md5(target.read_bytes()).hexdigest()


def add(tar: tarfile.TarFile, name: str, content: bytes = b"evil", **fields: object) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for field, value in fields.items():
        setattr(member, field, value)
    tar.addfile(member, io.BytesIO(content))


@pytest.fixture
def served(server: Any, make_cifar10: MakeCifar10, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A server with a small archive, in place of the official one; returns how to repack it."""
    source = tmp_path / "source"
    make_cifar10(source)

    def pack(extra: Callable[[tarfile.TarFile], None] | None = None) -> None:
        known = archive_of(source, server.folder / "cifar-10-python.tar.gz", extra)
        monkeypatch.setattr(cifar10, "_HASH", known)

    pack()
    monkeypatch.setattr(cifar10, "_URL", f"{server.url}/cifar-10-python.tar.gz")
    server.source, server.pack = source, pack
    return server


def files_below(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if not file.is_dir())


CACHED = [f"cifar10/cifar-10-batches-py/{name}" for name in FILES]


@partial
def test_download_is_checked_unpacked_and_kept(served: Any, cache: Path) -> None:
    first = cifar10.load_data()
    assert files_below(cache) == CACHED
    expected = cifar10.load_data(served.source)
    again = cifar10.load_data()
    for ours, kept, theirs in zip(first, again, expected):
        for a, b, c in zip(ours, kept, theirs):
            np.testing.assert_array_equal(a, c, strict=True)
            np.testing.assert_array_equal(b, c, strict=True)
    assert served.requests == ["/cifar-10-python.tar.gz"]
    (cache / CACHED[2]).unlink()  # an incomplete cache is completed
    cifar10.load_data()
    assert files_below(cache) == CACHED
    assert len(served.requests) == 2


def test_wrong_hash_leaves_nothing(served: Any, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cifar10, "_HASH", "md5:c58f30108f718f92721af3b95e74349a")
    with pytest.raises(
        FileFormatError, match="not the official file: its hash is not md5:c58f.*Nothing was kept"
    ):
        cifar10.load_data()
    assert served.requests
    assert files_below(cache) == []


def test_a_download_cut_short_or_not_there_leaves_nothing(served: Any, cache: Path) -> None:
    served.cut_short = True
    with pytest.raises(MissingFileError, match="CIFAR-10 was not found.*Downloading http.* failed: "):
        cifar10.load_data()
    assert files_below(cache) == []
    served.cut_short = False
    (served.folder / "cifar-10-python.tar.gz").unlink()
    with pytest.raises(MissingFileError, match="CIFAR-10 was not found.*Downloading http.* failed: 404"):
        cifar10.load_data()
    assert files_below(cache) == []
    assert len(served.requests) == 2


@partial
def test_unexpected_members_of_an_archive_are_not_unpacked(served: Any, cache: Path, tmp_path: Path) -> None:
    def hostile(tar: tarfile.TarFile) -> None:
        add(tar, "cifar-10-batches-py/../../../evil")
        add(tar, "../evil")
        add(tar, str(tmp_path / "evil"))
        add(tar, "elsewhere/data_batch_1")
        add(tar, "cifar-10-batches-py/data_batch_1", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd")

    served.pack(hostile)
    (_, y_train), _ = cifar10.load_data()
    assert len(y_train) == 25
    assert files_below(cache) == CACHED
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("kind", ["symlink", "missing", "huge", "no archive"])
def test_an_archive_without_the_files_gives_none(
    served: Any, cache: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    (served.source / "data_batch_4").unlink()

    def replaced(tar: tarfile.TarFile) -> None:
        name = "cifar-10-batches-py/data_batch_4"
        if kind == "symlink":
            add(tar, name, b"", type=tarfile.SYMTYPE, linkname="data_batch_1")
        if kind == "huge":
            add(tar, name, bytes(50_001))

    monkeypatch.setattr(cifar10, "_MAX_BYTES", 50_000)
    served.pack(replaced)
    if kind == "no archive":
        (served.folder / "cifar-10-python.tar.gz").write_bytes(b"<html>")
        monkeypatch.setattr(cifar10, "_HASH", "md5:" + hashlib.md5(b"<html>").hexdigest())
    cause = "cannot be unpacked" if kind == "no archive" else "lacks data_batch_4"
    with pytest.raises(FileFormatError, match=f"cifar-10-python.tar.gz: {cause}"):
        cifar10.load_data()
    assert files_below(cache) == ["cifar10/cifar-10-python.tar.gz"]


def test_without_pooch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    wanted = r"CIFAR-10 was not found. Looked in: .*needs the package 'pooch'.*tinynet\[datasets\]"
    with pytest.raises(MissingDependencyError, match=wanted):
        cifar10.load_data()


@partial
def test_one_batch_as_keras_reads_it(make_cifar10: MakeCifar10, tmp_path: Path) -> None:
    from keras.src.datasets.cifar import load_batch

    make_cifar10(tmp_path / "data")
    data, labels = load_batch(str(tmp_path / "data" / "test_batch"))
    _, (x_test, y_test) = cifar10.load_data(tmp_path / "data")
    np.testing.assert_array_equal(x_test, data.transpose(0, 2, 3, 1), strict=True)
    assert y_test[:, 0].tolist() == labels


def test_real_data_equals_what_keras_loads(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras.src.datasets.cifar10 as keras_cifar10

    with pytest.warns(DatasetWarning, match="4,715 of the 10,000 official test images") as caught:
        ours = cifar10.load_data()
    assert len(caught) == 1  # the training set is whole
    monkeypatch.setattr(keras_cifar10, "get_file", lambda *_, **__: str(real_data / "cifar10"))
    theirs = keras_cifar10.load_data()
    for our_pair, their_pair in zip(ours, theirs):
        for our, their in zip(our_pair, their_pair):
            np.testing.assert_array_equal(our, their, strict=True)


@pytest.mark.filterwarnings("ignore:.*official test images:tinynet.datasets.DatasetWarning")
def test_real_training_set_has_the_published_statistics(real_data: Path) -> None:
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    assert np.bincount(y_train[:, 0]).tolist() == [5000] * 10
    # Widely published for torchvision.transforms.Normalize on CIFAR-10.
    published = [(0.49139968, 0.24703223), (0.48215841, 0.24348513), (0.44653091, 0.26158784)]
    levels = np.arange(256) / 255
    for channel, statistics in enumerate(published):
        share = np.bincount(x_train[..., channel].ravel(), minlength=256) / (50_000 * 1024)
        mean = share @ levels
        deviation = np.sqrt(share @ (levels - mean) ** 2)
        np.testing.assert_allclose([mean, deviation], statistics, rtol=0, atol=5e-9)
    # As the description that came with the files says.
    assert np.bincount(y_test[:, 0]).tolist() == [553, 497, 324, 548, 592, 450, 360, 506, 483, 402]
    assert x_test.shape == (4715, 32, 32, 3)


def test_class_names_are_those_of_the_real_files(real_data: Path) -> None:
    from tinynet.datasets._pickle import loads

    meta = real_data / "cifar10" / "cifar-10-batches-py" / "batches.meta"
    assert tuple(loads(meta.read_bytes(), str(meta))["label_names"]) == cifar10.CLASS_NAMES
