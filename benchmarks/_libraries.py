"""The libraries that are compared, and which of them are installed."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable
from typing import NamedTuple


class Library(NamedTuple):
    """A library as its users run it.

    adapter: the module beside this one that runs a workload in it.
    packages: what must be installed.
    environment: variables of its process.
    """

    name: str
    adapter: str
    packages: tuple[str, ...]
    environment: dict[str, str]

    def installed(self) -> bool:
        return all(importlib.util.find_spec(package) for package in self.packages)

    def process_environment(self) -> dict[str, str]:
        """The environment of its process: this one's, but for what chooses kernels or a backend."""
        chosen = {"TINYNET_KERNELS", "KERAS_BACKEND"}
        kept = {name: value for name, value in os.environ.items() if name not in chosen}
        return {**kept, "TF_CPP_MIN_LOG_LEVEL": "3", **self.environment}


def by_name(libraries: Iterable[Library]) -> dict[str, Library]:
    return {library.name: library for library in libraries}


OURS = by_name([
    Library("tinynet", "_run_tinynet", ("tinynet",), {}),
    Library("tinynet (NumPy)", "_run_tinynet", ("tinynet",), {"TINYNET_KERNELS": "numpy"}),
])  # fmt: skip

RIVALS = by_name([
    Library("Keras/TF", "_run_keras", ("keras", "tensorflow"), {"KERAS_BACKEND": "tensorflow"}),
    Library("Keras/JAX", "_run_keras", ("keras", "jax"), {"KERAS_BACKEND": "jax"}),
    Library("PyTorch", "_run_pytorch", ("torch",), {}),
    Library("ONNX Runtime", "_run_onnxruntime", ("onnx", "onnxruntime"), {}),
])  # fmt: skip

LIBRARIES = OURS | RIVALS


def present(names: Iterable[str]) -> list[Library]:
    """The installed ones of the named rivals; the others are left out by name."""
    wanted = [RIVALS[name] for name in names]
    absent = [rival.name for rival in wanted if not rival.installed()]
    if absent:
        print(f"not installed, left out: {', '.join(absent)}", flush=True)
    return [rival for rival in wanted if rival.installed()]
