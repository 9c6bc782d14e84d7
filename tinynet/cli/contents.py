"""What stands in a file of a model, read without making anything of it: also of files that cannot be loaded."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from tinynet.cli.beside import ALL, CHECK, CLASSES
from tinynet.cli.classes import read_classes
from tinynet.cli.findings import DAMAGED, UNSAFE, UNSUPPORTED, Finding, unsafe, unsupported
from tinynet.errors import FileFormatError, TinynetError, UnsafeFileError
from tinynet.saving import hdf5, is_hdf5, keras2
from tinynet.saving.archive import CONFIG, METADATA, WEIGHTS, Archive, parsed
from tinynet.saving.configuration import from_legacy
from tinynet.saving.legacy import LegacyFile
from tinynet.saving.weights import LAYERS, OLD_LAYERS

ARCHIVE, WHOLE, WEIGHTS_ALONE, OLD_WEIGHTS, UNKNOWN = (
    ".keras archive of a model", "HDF5 file of a model", "HDF5 file of weights alone (.weights.h5)",
    "HDF5 file of weights alone, as Keras 2 wrote them", "no known format",
)  # fmt: skip


@dataclass(frozen=True)
class Stored:
    """An array in a file."""

    path: str
    shape: tuple[int, ...]
    dtype: str
    size: int


@dataclass
class Contents:
    """What a file holds, and what is wrong with it.

    config, training: as they stand in the file, None where there are none or they cannot be read.
    classes: the names of a classifier's, where 'train' wrote them.
    """

    path: str
    size: int
    form: str = UNKNOWN
    version: str | None = None
    saved: str | None = None
    config: Any = None
    training: Any = None
    certified: bool = False
    classes: list[str] | None = None
    arrays: list[Stored] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_model(self) -> bool:
        """Whether it is meant to hold a whole model."""
        return self.form in (ARCHIVE, WHOLE)

    @property
    def is_unsafe(self) -> bool:
        """Whether something in it would be executed, imported or opened by a reader that trusts it."""
        return any(finding.kind == UNSAFE for finding in self.findings)

    def weights(self) -> list[Stored]:
        """The arrays that belong to layers: not to an optimizer, nor to what draws random numbers."""
        beside = ("/optimizer/", "/optimizer_weights/", "/metrics/", *(f"/{name}/" for name in ALL))
        return [a for a in self.arrays if not a.path.startswith(beside) and "/seed_generator/" not in a.path]

    def note(self, error: TinynetError, place: str, kind: str = DAMAGED) -> None:
        """Keeps an error as a finding."""
        kind = UNSAFE if isinstance(error, UnsafeFileError) else kind
        self.findings.append(Finding(kind, place, str(error).removeprefix(f"{self.path}: ")))


def read_contents(path: str) -> Contents:
    """What a file holds, as far as it can be read.

    Raises `MissingFileError` where there is none, `FileAccessError` for one that cannot be read, `FileFormatError` for
    what is no file at all.
    """
    of_hdf5 = is_hdf5(path)
    contents = Contents(path, os.path.getsize(path))
    if of_hdf5:
        _read_hdf5(contents)
    else:
        _read_archive(contents)
    _judge(contents)
    if contents.is_model and not any(finding.kind == UNSAFE for finding in contents.findings):
        try:
            known = read_classes(path)
            contents.classes = None if known is None else list(known.names)
        except FileFormatError as error:
            contents.note(error, CLASSES)
    return contents


def _read_archive(contents: Contents) -> None:
    try:
        archive = Archive(contents.path, refuse=False)
    except FileFormatError as error:
        contents.note(error, "file")
        return
    with archive:
        contents.form = ARCHIVE
        contents.findings += [Finding(UNSAFE, "archive", problem) for problem in archive.problems]
        names = archive.names()
        contents.certified = any(name.startswith(f"{CHECK}/") for name in names)
        read: dict[str, Any] = {}
        for name in (METADATA, CONFIG):
            try:
                read[name] = archive.json(name) if name in names else None
            except FileFormatError as error:
                contents.note(error, name)
        metadata = read.get(METADATA)
        if isinstance(metadata, dict):
            contents.version, contents.saved = (
                str(metadata[key]) if key in metadata else None for key in ("keras_version", "date_saved")
            )
        contents.config = read.get(CONFIG)
        if isinstance(contents.config, dict):
            contents.training = contents.config.get("compile_config")
        if WEIGHTS in names:
            try:
                _list_arrays(contents, hdf5.opened(archive.read(WEIGHTS), contents.path), WEIGHTS)
            except FileFormatError as error:
                contents.note(error, WEIGHTS)


def _read_hdf5(contents: Contents) -> None:
    with open(contents.path, "rb") as stream:
        content = stream.read()
    try:
        root = hdf5.opened(content, contents.path)
    except FileFormatError as error:
        contents.note(error, "file")
        return
    _list_arrays(contents, root, "/")
    try:
        attributes = root.attributes
        version, config = attributes.get("keras_version"), attributes.get("model_config")
        contents.version = version if isinstance(version, str) else None
        contents.certified = CHECK in root
        if isinstance(config, str):
            contents.form = WHOLE
        elif LegacyFile(content, contents.path).holds_weights:
            contents.form = OLD_WEIGHTS
        elif any(name in root for name in (LAYERS, OLD_LAYERS, "vars")):
            contents.form = WEIGHTS_ALONE
    except FileFormatError as error:  # already among the findings
        if not contents.findings:
            contents.note(error, "/")
        return
    for key, text in (("model_config", config), ("training_config", attributes.get("training_config"))):
        if isinstance(text, str):
            try:
                value = parsed(text, f"{contents.path}: {key}")
            except FileFormatError as error:
                contents.note(error, key)
                continue
            if key == "model_config":
                contents.config = value
            else:
                contents.training = from_legacy(value)


def _list_arrays(contents: Contents, root: hdf5.Group, place: str) -> None:
    """Notes every array below a group, and every object that cannot be read."""
    before = len(contents.findings)
    waiting = [root]
    seen = {root.address}

    def at(path: str) -> str:
        return path if place == "/" else f"{place}: {path}"

    while waiting:
        group = waiting.pop()
        groups: list[hdf5.Group] = []
        try:
            members = group.members
        except FileFormatError as error:
            contents.note(error, at(group.path or "/"))
            continue
        for name, address in members.items():
            if address in seen:
                continue
            seen.add(address)
            path = f"{group.path}/{name}"
            try:
                found = hdf5.item(root.storage, address, path)
                if isinstance(found, hdf5.Group):
                    groups.append(found)
                elif isinstance(found, hdf5.Dataset):
                    found.check()
                    dtype = found.datatype.dtype.name if found.datatype.dtype is not None else found.datatype.kind
                    contents.arrays.append(Stored(path, found.shape or (), dtype, found.size))
            except FileFormatError as error:
                contents.note(error, at(path))
        waiting += reversed(groups)
    if len(contents.findings) == before:
        try:  # that all of them together can be what the file holds
            list(root.arrays())
        except FileFormatError as error:
            contents.note(error, place)


def _judge(contents: Contents) -> None:
    """Notes what the configurations ask for."""
    where = "config" if contents.form == ARCHIVE else "model_config"
    training = "config.compile_config" if contents.form == ARCHIVE else "training_config"
    contents.findings += unsafe(contents.config, where)
    if contents.form != ARCHIVE:
        contents.findings += unsafe(contents.training, training)
    new, new_training = _without_training(contents.config), contents.training
    version = contents.version or ("3" if contents.form == ARCHIVE else "1")
    if keras2.is_keras2(version):
        try:
            new = keras2.in_new_words(new, version)
            new_training = keras2.translated_training(new_training, [])
        except FileFormatError as error:
            contents.note(error, where, UNSUPPORTED)
        except (TypeError, ValueError, LookupError, AttributeError):
            contents.note(FileFormatError("the configuration is malformed"), where, DAMAGED)
    contents.findings += unsupported(new, where)
    contents.findings += unsupported(new_training, training)


def _without_training(config: Any) -> Any:
    if not isinstance(config, dict):
        return config
    return {key: value for key, value in config.items() if key != "compile_config"}
