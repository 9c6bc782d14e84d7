"""keras.src.saving: tables and names of Keras's own files, and functions that are not public there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tinynet import catalogue, saving
from tinynet.saving import archive

_CONFIG_FILENAME = archive.CONFIG
_METADATA_FILENAME = archive.METADATA

save_weights_only = saving.save_weights
load_weights_only = saving.load_weights
ObjectSharingScope = catalogue.sharing


class CustomNames(Mapping[Any, str]):
    """The names that classes and functions are registered under."""

    def __getitem__(self, thing: Any) -> str:
        return catalogue.get_registered_name(thing)

    def __iter__(self) -> Iterator[Any]:
        return iter(catalogue._registered.values())

    def __len__(self) -> int:
        return len(catalogue._registered)


GLOBAL_CUSTOM_NAMES = CustomNames()
