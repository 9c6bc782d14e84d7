"""Which kernels are used, for how many threads, and with which instructions."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tinynet
from tinynet.errors import ArgumentError
from tinynet.kernels import choice

needs_compiled = pytest.mark.skipif(choice.module is None, reason=f"no compiled kernels: {choice.why_not}")
HERE = Path(__file__).parent


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TINYNET_", "OMP_"))}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, timeout=600)


def shown(**environment: str) -> str:
    result = run("-c", "import tinynet; tinynet.show_config()", **environment)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_numpy_alone() -> None:
    assert "kernels: NumPy (TINYNET_KERNELS=numpy)" in shown(TINYNET_KERNELS="numpy")


def test_where_none_were_built() -> None:
    code = "import sys; sys.modules['tinynet.kernels._compiled'] = None; import tinynet; tinynet.show_config()"
    result = run("-c", code)
    assert "kernels: NumPy (the compiled kernels cannot be loaded" in result.stdout
    result = run("-c", code, TINYNET_KERNELS="compiled")
    assert "MissingDependencyError: TINYNET_KERNELS=compiled: the compiled kernels cannot be loaded" in result.stderr


@needs_compiled
def test_threads_and_instruction_set_are_shown() -> None:
    assert ", 3 threads" in shown(TINYNET_THREADS="3")
    assert ", 3 threads" in shown(OMP_NUM_THREADS="3")  # joblib tells its workers so
    assert "compiled, baseline, 1 threads" in shown(TINYNET_INSTRUCTION_SET="baseline", TINYNET_THREADS="1")


@pytest.mark.parametrize(
    ("name", "value", "cause"),
    [
        ("TINYNET_KERNELS", "cuda", "expected one of compiled, numpy, received 'cuda'"),
        ("TINYNET_THREADS", "0", "expected a number of threads, 1 or more, received '0'"),
        ("TINYNET_THREADS", "two", "expected a number of threads, 1 or more, received 'two'"),
        pytest.param("TINYNET_INSTRUCTION_SET", "avx9", "baseline, received 'avx9'", marks=needs_compiled),
    ],
)
def test_what_the_environment_cannot_say(name: str, value: str, cause: str) -> None:
    result = run("-c", "import tinynet", **{name: value})
    assert "ArgumentError" in result.stderr and cause in result.stderr


@pytest.mark.parametrize("count", [0, -1, True, 1.5, "2"])
def test_wrong_numbers_of_threads(count: Any) -> None:
    with pytest.raises(ArgumentError, match="expected a number of threads"):
        tinynet.kernels.set_threads(count)


@needs_compiled
def test_compiled_kernels_have_the_signatures_of_those_in_numpy() -> None:
    from tinynet.kernels import (
        activation, classification, compiled, convolution, normalization, philox, pooled_convolution, pooling, products,
        recurrent, rows, updates,
    )  # fmt: skip

    plain = {}
    for module in (
        activation, classification, convolution, normalization, philox, pooled_convolution, pooling, products,
        recurrent, rows, updates,
    ):
        plain.update(vars(module))
    for name in compiled.__all__:
        assert inspect.signature(getattr(compiled, name)) == inspect.signature(plain[name])


@needs_compiled
@pytest.mark.parametrize("instructions", ["baseline", "avx2"])
def test_every_instruction_set(instructions: str) -> None:
    """The other tests of this folder, with fewer instructions than the processor has."""
    if run("-c", "import tinynet", TINYNET_INSTRUCTION_SET=instructions).returncode:
        pytest.skip(f"this processor has no {instructions}")
    tests = [str(path) for path in sorted(HERE.glob("test_compiled_*.py"))]
    result = run("-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, TINYNET_INSTRUCTION_SET=instructions)
    assert result.returncode == 0, result.stdout
