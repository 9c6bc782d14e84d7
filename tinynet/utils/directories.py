"""Data sets of the files in a folder, where each subfolder holds the files of one class."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinynet.arguments import data_format_of, fraction, one_of, whole, wholes
from tinynet.autograd import Tensor, no_grad
from tinynet.errors import ArgumentError, DataError, MissingFileError
from tinynet.layers.images import Resizing
from tinynet.ops import pad
from tinynet.ops._images import INTERPOLATIONS, resized
from tinynet.seeds import draw_seed
from tinynet.utils.arrays import to_categorical
from tinynet.utils.batches import Batches
from tinynet.utils.images import COLOR_MODES, img_to_array, load_img

IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
TEXTS = (".txt",)


def image_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: int | tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Batches of the images in a folder, float32 (N, H, W, C) from 0 to 255, with their labels.

    labels: 'inferred' makes each subfolder a class; a list has a whole number for each file in their order by name;
        None is no labels.
    label_mode: 'int' for int32 (N), 'binary' for float32 (N, 1), 'categorical' for float32 (N, K), None for images alone.
    class_names: the subfolders that count, in the order of their classes; all by name without it.
    color_mode: 'grayscale', 'rgb' or 'rgba'. image_size: (height, width) to resize to.
    interpolation: 'bilinear', 'nearest', 'bicubic', 'area', 'lanczos3' or 'lanczos5'.
    crop_to_aspect_ratio, pad_to_aspect_ratio: what is done to images of another ratio of sides first.
    batch_size: None gives single images. shuffle: whether files are mixed, and each pass has an order of its own.
    seed: for that. With the same seed the files are Keras's in both subsets.
    validation_split: the share of files that are for validation. subset: 'training', 'validation' or 'both', of
        which two data sets come.
    follow_links: whether to go into folders that are links. data_format: 'channels_first' for (N, C, H, W).
    format: 'tf' or 'grain' mean the same here: the data set is tinynet's. verbose: prints how many files were found.

    The data set has `class_names` and `file_paths`. Raises `ArgumentError` for settings that do not fit,
    `MissingFileError` and `DataError` where there is no folder or no image. Needs Pillow.

    Source: https://keras.io/api/data_loading/image/
    """
    where = "image_dataset_from_directory"
    one_of(where, "color_mode", color_mode, COLOR_MODES)
    height, width = wholes(where, "image_size", image_size, 2)
    one_of(where, "interpolation", interpolation, INTERPOLATIONS)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ArgumentError(f"{where}: either crop_to_aspect_ratio or pad_to_aspect_ratio can be True, received both")
    resize = Resizing(height, width, interpolation, crop_to_aspect_ratio)
    first = data_format_of(where, data_format) == "channels_first"

    def load(files: Sequence[str]) -> np.ndarray:
        images = []
        for file in files:
            image = img_to_array(load_img(file, color_mode), "channels_last", "float32")
            with no_grad():
                image = (_padded(image, (height, width), interpolation) if pad_to_aspect_ratio else resize(image)).numpy()
            images.append(image.transpose(2, 0, 1) if first else image)
        return np.stack(images)

    files = Files(where, directory, IMAGES, labels, label_mode, class_names, follow_links, format, verbose)
    return files.datasets(load, batch_size, shuffle, seed, validation_split, subset)


def _padded(image: np.ndarray, size: tuple[int, int], interpolation: str) -> Tensor:
    """An image resized to fit into a size, with zeros on both sides where it is smaller."""
    ratio = max(n / most for n, most in zip(image.shape, size, strict=False))
    inner = [min(int(n / ratio), most) for n, most in zip(image.shape, size, strict=False)]
    before = [max(int((most - n / ratio) / 2), 0) for n, most in zip(image.shape, size, strict=False)]
    widths = [(b, most - n - b) for b, n, most in zip(before, inner, size, strict=True)]
    return pad(resized(Tensor(image), (inner[0], inner[1]), (0, 1), interpolation), (*widths, (0, 0)))


def text_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Batches of the texts in a folder's .txt files, an array of strings (N), with their labels.

    max_length: so many letters of each text at most. The other arguments are those of `image_dataset_from_directory`.

    Files are read as UTF-8; `DataError` names one that is not.

    Source: https://keras.io/api/data_loading/text/
    """
    where = "text_dataset_from_directory"
    length = None if max_length is None else whole(where, "max_length", max_length)

    def load(files: Sequence[str]) -> np.ndarray:
        return np.array([_text(file)[:length] for file in files])

    def _text(file: str) -> str:
        try:
            return Path(file).read_bytes().decode()
        except UnicodeDecodeError as error:
            raise DataError(f"{where}: {file} is no text in UTF-8: {error}") from error

    files = Files(where, directory, TEXTS, labels, label_mode, class_names, follow_links, format, verbose)
    return files.datasets(load, batch_size, shuffle, seed, validation_split, subset)


class Files:
    """The files of some kinds in a folder, by name, and their labels."""

    def __init__(
        self, where: str, directory: Any, kinds: tuple[str, ...], labels: Any, label_mode: Any, class_names: Any,
        follow_links: bool, format: str, verbose: bool,
    ) -> None:  # fmt: skip
        self.where, self.kinds = where, kinds
        one_of(where, "format", format, ("tf", "grain"))
        one_of(where, "label_mode", label_mode, ("int", "binary", "categorical", None))
        if labels is not None and not isinstance(labels, (list, tuple)) and labels != "inferred":
            raise ArgumentError(f"{where}: labels must be 'inferred', None or a list, received {labels!r}")
        if class_names is not None and labels != "inferred":
            raise ArgumentError(f"{where}: class_names go with labels='inferred' alone, received labels={labels!r}")
        self.folder = Path(directory)
        if not self.folder.is_dir():
            raise MissingFileError(f"{where}: there is no folder {self.folder}")
        self.mode = None if labels is None else label_mode
        self.class_names: list[str] | None = None
        if labels == "inferred" and label_mode is not None:
            self._of_subfolders(class_names, follow_links)
        else:
            self._below(labels, follow_links)
        self.verbose = verbose
        if verbose:
            classes = "" if self.class_names is None else f" belonging to {len(self.class_names)} classes"
            print(f"Found {len(self.paths)} files{classes}.")
        if self.mode == "binary" and len(self.class_names or ()) != 2:
            raise ArgumentError(f"{where}: label_mode='binary' needs two classes, found {self.class_names}")

    def _of_subfolders(self, class_names: Sequence[str] | None, follow_links: bool) -> None:
        found = sorted(part.name for part in self.folder.iterdir() if part.is_dir() and not part.name.startswith("."))
        missing = [name for name in class_names or () if name not in found]
        if missing:
            raise ArgumentError(f"{self.where}: {self.folder} has no folder {missing[0]!r}; it has {', '.join(found)}")
        self.class_names = list(class_names or found)
        each = [self._within(self.folder / name, follow_links) for name in self.class_names]
        self.paths = [path for paths in each for path in paths]
        self.labels = np.repeat(np.arange(len(each), dtype=np.int32), [len(paths) for paths in each])

    def _below(self, labels: Any, follow_links: bool) -> None:
        self.paths = self._within(self.folder, follow_links)
        self.labels = np.zeros(0, np.int32)
        if self.mode is None:
            return
        if len(labels) != len(self.paths):
            raise ArgumentError(f"{self.where}: {len(labels)} labels do not fit the {len(self.paths)} files found")
        self.labels = np.asarray(labels, np.int32)
        self.class_names = [str(label) for label in sorted(set(labels))]

    def _within(self, folder: Path, follow_links: bool) -> list[str]:
        walk = sorted(os.walk(folder, followlinks=follow_links), key=lambda entry: entry[0])
        return [
            os.path.join(root, name) for root, _, names in walk for name in sorted(names) if name.lower().endswith(self.kinds)
        ]

    def datasets(
        self, load: Callable[[Sequence[str]], np.ndarray], batch_size: int | None, shuffle: bool, seed: int | None,
        validation_split: float | None, subset: str | None,
    ) -> Any:  # fmt: skip
        """The data set of all files or a subset, or both."""
        one_of(self.where, "subset", subset, ("training", "validation", "both", None))
        if (validation_split is None) != (subset is None):
            raise ArgumentError(f"{self.where}: validation_split and subset go together; one of them is missing")
        if validation_split is not None and shuffle and seed is None:
            raise ArgumentError(f"{self.where}: a validation_split of mixed files needs a seed, so that subsets are disjoint")
        order = np.arange(len(self.paths))
        seed = draw_seed() % 10**6 if seed is None else seed
        if shuffle:
            np.random.RandomState(seed).shuffle(order)  # Keras's, so that its files are for validation here, too
        if validation_split is None:
            return self._dataset(load, order, batch_size, shuffle, seed)
        held = int(fraction(self.where, "validation_split", validation_split) * len(order))
        first = len(order) - held
        parts = {"training": order[:first], "validation": order[first:]}
        if self.verbose:
            print(f"Using {first} files for training and {held} for validation.")
        if subset == "both":
            both = [("training", shuffle), ("validation", False)]
            return [self._dataset(load, parts[name], batch_size, mixed, seed) for name, mixed in both]
        return self._dataset(load, parts[subset or ""], batch_size, shuffle, seed)

    def _dataset(self, load: Any, order: np.ndarray, batch_size: int | None, shuffle: bool, seed: int) -> Batches:
        if not order.size:
            raise DataError(f"{self.where}: {self.folder} has no files for it that end with {', '.join(self.kinds)}")
        paths = [self.paths[number] for number in order]
        labels = None if self.mode is None else self._encoded()[order]

        def batch(numbers: np.ndarray) -> Any:
            loaded = load([paths[number] for number in numbers])
            return loaded if labels is None else (loaded, labels[numbers])

        dataset = Batches(batch, len(paths), batch_size, shuffle, seed)
        dataset.class_names = self.class_names  # type: ignore[attr-defined]
        dataset.file_paths = paths  # type: ignore[attr-defined]
        return dataset

    def _encoded(self) -> np.ndarray:
        if self.mode == "binary":
            return self.labels[:, None].astype(np.float32)
        if self.mode == "categorical":
            return np.asarray(to_categorical(self.labels, len(self.class_names or ())), np.float32)
        return self.labels
