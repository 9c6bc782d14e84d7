"""CIFAR-10: 60,000 colour images of 32 x 32 pixels in ten classes.

Alex Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009,
https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinynet.datasets import _files, _pickle
from tinynet.errors import FileFormatError

CLASS_NAMES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)

_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
_HASH = "md5:c58f30108f718f92721af3b95e74349a"
_FOLDER = "cifar-10-batches-py"
_TRAIN = tuple(f"data_batch_{number}" for number in range(1, 6))
_TEST = "test_batch"
_ROWS = 10_000
_MAX_BYTES = 64 * 2**20

Images = NDArray[np.uint8]
Labels = NDArray[np.uint8]


def load_data(
    path: str | os.PathLike[str] | None = None,
) -> tuple[tuple[Images, Labels], tuple[Images, Labels]]:
    """Returns CIFAR-10 as `(x_train, y_train), (x_test, y_test)`, the official split.

    Images are uint8 of shape (N, 32, 32, 3), channels last (red, green, blue), values 0 to 255;
    labels are uint8 of shape (N, 1), indices into `CLASS_NAMES`. Officially N is 50,000 and
    10,000, with 5,000 and 1,000 images a class. The same form as
    https://keras.io/api/datasets/cifar10/

    `path` is the folder `cifar-10-batches-py` or one that holds it. Without it the data is taken
    from the folder that TINYNET_DATA names, from the cache (`$XDG_CACHE_HOME/tinynet` or
    `~/.cache/tinynet`), or is downloaded (163 MiB, needs `pip install 'tinynet[datasets]'`) and
    checked against the official hash. The pickles are read without executing anything they hold.

    Warns with `DatasetWarning` where the files are not the whole official data set.
    Raises `MissingFileError` if a file or a folder named is not found, `FileFormatError` if a file
    is damaged, is something else or holds more than data, `ArgumentError` if `path` is no folder.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as empty:  # doctest: +ELLIPSIS
    ...     load_data(empty)
    Traceback (most recent call last):
        ...
    tinynet.errors.MissingFileError: CIFAR-10 was not found. Looked in: ...
    """
    folder = _files.find(_DATASET, path)
    batches = [_read_batch(folder / name, f"training batch {name[-1]}") for name in _TRAIN]
    x_train = np.concatenate([images for images, _ in batches])
    y_train = np.concatenate([labels for _, labels in batches])
    x_test, y_test = _read_batch(folder / _TEST, "testing batch")
    _warn_unless_whole(f"the files {_TRAIN[0]} to {_TRAIN[-1]} in {folder} hold", "training", y_train)
    _warn_unless_whole(f"{folder / _TEST} holds", "test", y_test)
    return (x_train, y_train[:, None]), (x_test, y_test[:, None])


def _read_batch(file: Path, batch_label: str) -> tuple[Images, Labels]:
    """Returns the images (N, 32, 32, 3) and labels (N,) of one file, both checked."""
    batch = _pickle.loads(_files.read_bytes(file, _MAX_BYTES), str(file))
    missing = sorted({"batch_label", "labels", "data"} - batch.keys())
    if missing:
        held = ", ".join(map(repr, sorted(batch))) or "nothing"
        raise FileFormatError(
            f"{file}: no CIFAR-10 batch: it lacks {', '.join(missing)}; it holds {held:.200}."
        )
    said, data, labels = batch["batch_label"], batch["data"], batch["labels"]
    # What does not fit is named by its type alone: the text of a hostile nested list has no end.
    if not isinstance(said, str):
        raise FileFormatError(f"{file}: 'batch_label': expected a text, received {type(said).__name__}.")
    if not said.startswith(batch_label):
        raise FileFormatError(f"{file}: expected {batch_label!r}, the file says it is {said[:80]!r}.")
    if not isinstance(data, np.ndarray) or data.shape[1] != 3072:
        form = f"shape {data.shape}" if isinstance(data, np.ndarray) else type(data).__name__
        raise FileFormatError(f"{file}: 'data': expected uint8 of shape (N, 3072), received {form}.")
    if not 1 <= len(data) <= _ROWS:
        raise FileFormatError(f"{file}: 'data': expected 1 to {_ROWS:,} rows, received {len(data):,}.")
    if not isinstance(labels, list) or len(labels) != len(data):
        form = f"{len(labels):,}" if isinstance(labels, list) else type(labels).__name__
        raise FileFormatError(
            f"{file}: 'labels': expected a list of {len(data):,}, one a row, received {form}."
        )
    for row, label in enumerate(labels):
        if type(label) is not int or not 0 <= label < len(CLASS_NAMES):
            held = str(label) if type(label) is int else type(label).__name__
            raise FileFormatError(f"{file}: row {row}: expected a label from 0 to 9, received {held}.")
    images = data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).copy()  # a row is three colour planes
    return images, np.array(labels, np.uint8)


def _warn_unless_whole(subject: str, split: str, labels: Labels) -> None:
    official = _ROWS * (len(_TRAIN) if split == "training" else 1)
    counts = np.bincount(labels, minlength=len(CLASS_NAMES))
    if (counts == official // len(CLASS_NAMES)).all():
        return
    held = ", ".join(f"{name} {count:,}" for name, count in zip(CLASS_NAMES, counts))
    message = f"CIFAR-10: {subject} {len(labels):,} of the {official:,} official {split} images ({held})."
    if split == "test":
        message += " A score on them estimates the official test score; it is not that score."
    warnings.warn(message, _files.DatasetWarning, stacklevel=3)


def _download(folder: Path, not_found: str) -> None:
    import tarfile
    import tempfile
    import zlib

    archive = _files.fetch(_URL, _HASH, folder.parent, not_found)
    # Unpacked beside the folder and moved file by file, so that no file there is ever half-written.
    try:
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as unpacked:
            _unpack(archive, Path(unpacked))
            for name in _DATASET.files:
                os.replace(Path(unpacked, name), folder / name)
        archive.unlink()
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise FileFormatError(f"{archive}: cannot be unpacked into {folder}: {error}") from error


def _unpack(archive: Path, folder: Path) -> None:
    """Writes the expected members by their plain names; whatever else the archive holds is not read."""
    import shutil
    import tarfile

    missing = set(_DATASET.files)
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            top, _, name = member.name.partition("/")
            if top != _FOLDER or name not in missing or not member.isfile() or member.size > _MAX_BYTES:
                continue
            source = tar.extractfile(member)
            assert source is not None  # member.isfile()
            with source, open(folder / name, "xb") as target:
                shutil.copyfileobj(source, target)
            missing.remove(name)
    if missing:
        raise FileFormatError(f"{archive}: lacks {', '.join(sorted(missing))}.")


_DATASET = _files.Dataset(
    name="CIFAR-10",
    files=(*_TRAIN, _TEST),
    folders=("", _FOLDER, f"cifar10/{_FOLDER}"),
    cached=f"cifar10/{_FOLDER}",
    download=_download,
)
