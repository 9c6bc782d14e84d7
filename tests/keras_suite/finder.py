"""Answers `import keras` with tinynet.

A test module, and Keras's helpers for tests, are executed where they lie in the installed wheel. Every other
module of Keras is a `Stand`: it has the names that `places` finds for it in tinynet and the shim.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from keras_suite.absent import Absent
from keras_suite.places import OUTSIDE, homes_of, is_known
from keras_suite.shim import privates, test_case


def _wheel() -> Path:
    spec = PathFinder.find_spec("keras")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("Keras's tests are in its wheel: pip install 'tinynet[test]'")
    return Path(spec.origin).parent / "src"


WHEEL = _wheel()


def file_of(name: str) -> Path | None:
    """The file in the wheel of Keras's module of that name, or None."""
    inner = name.removeprefix("keras.").removeprefix("src.")
    path = WHEEL.joinpath(*inner.split("."))
    found = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return found if found.exists() else None


def runs_in_place(name: str) -> bool:
    """Whether Keras's module of that name is executed, not replaced: a test, or a helper for tests."""
    return name.endswith("_test") or name == "keras.src.testing" or name.startswith("keras.src.testing.")


class Stand(ModuleType):
    """A module of Keras's whose public names are tinynet's."""

    def __init__(self, name: str, homes: Sequence[ModuleType]) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self._homes = homes

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        inner = f"{self.__name__}.{name}"
        if self.__name__.partition(".")[0] == "keras" and (file_of(inner) or is_known(inner)):
            return importlib.import_module(inner)
        for home in self._homes:
            if name in _public(home):
                return getattr(home, name)
        return Absent(inner)


def _public(module: ModuleType) -> Sequence[str]:
    return getattr(module, "__all__", None) or vars(module)


class StandLoader(Loader):
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Stand(spec.name, homes_of(spec.name))

    def exec_module(self, module: ModuleType) -> None:
        pass


class HelperLoader(SourceFileLoader):
    """Executes a test helper of Keras's, then adapts what tinynet does otherwise."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        test_case.adapt(module)


class Finder(MetaPathFinder):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        root = name.partition(".")[0]
        if root != "keras":
            return ModuleSpec(name, StandLoader(), is_package=True) if root in OUTSIDE else None
        if not runs_in_place(name):
            return ModuleSpec(name, StandLoader(), is_package=True)
        file = str(file_of(name))
        loader = HelperLoader if name == "keras.src.testing.test_case" else SourceFileLoader
        return spec_from_file_location(name, file, loader=loader(name, file))


def install() -> None:
    """From now on Keras is tinynet in this process."""
    if "keras" in sys.modules:
        raise RuntimeError("Keras is imported already: run its tests in a process of their own")
    sys.meta_path.insert(0, Finder())
    importlib.import_module("conftest")  # before pytest finds another of that name
    privates.attach()
