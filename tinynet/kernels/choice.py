"""Which kernels are used: the compiled ones where they were built, otherwise those in NumPy.

Environment variables, read when tinynet is imported:

TINYNET_KERNELS: 'numpy' or 'compiled'; without it, compiled kernels are used if they are there.
TINYNET_THREADS: how many threads a compiled kernel may use; without it as many as OMP_NUM_THREADS says
    (joblib sets it in its workers), or as there are processors.
TINYNET_INSTRUCTION_SET: 'baseline', 'avx2' or 'avx512'; without it, the best that the processor has.
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType

from tinynet.errors import ArgumentError, MissingDependencyError

CHOICES = ("compiled", "numpy")


def _load() -> tuple[ModuleType | None, str]:
    """The compiled module and what it is, or None and why it is not used."""
    choice = os.environ.get("TINYNET_KERNELS") or None
    if choice not in (None, *CHOICES):
        raise ArgumentError(f"TINYNET_KERNELS: expected one of {', '.join(CHOICES)}, received {choice!r}")
    if choice == "numpy":
        return None, "TINYNET_KERNELS=numpy"
    try:
        compiled = importlib.import_module("tinynet.kernels._compiled")
    except ImportError as error:
        if choice == "compiled":
            raise MissingDependencyError(
                f"TINYNET_KERNELS=compiled: the compiled kernels cannot be loaded ({error}). "
                "They are built when tinynet is installed where a C++17 compiler is."
            ) from None
        return None, f"the compiled kernels cannot be loaded: {error}"
    wanted, offered = os.environ.get("TINYNET_INSTRUCTION_SET"), compiled.instruction_sets()
    if wanted and wanted not in offered:
        raise ArgumentError(f"TINYNET_INSTRUCTION_SET: this processor has {', '.join(offered)}, received {wanted!r}")
    if wanted:
        compiled.use_instruction_set(wanted)
    return compiled, ""


def _threads_of_environment() -> int | None:
    text = os.environ.get("TINYNET_THREADS")
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentError(f"TINYNET_THREADS: expected a number of threads, 1 or more, received {text!r}")
    return int(text)


module, why_not = _load()


def set_threads(count: int | None) -> None:
    """How many threads a compiled kernel may use; None means as many as there are processors.

    `OMP_NUM_THREADS` stands before the number of processors. Results do not depend on it. Matrix products run in NumPy's BLAS, which has threads of its own.

    Raises `ArgumentError` unless `count` is None or a positive integer.

    >>> import tinynet
    >>> tinynet.kernels.set_threads(1)
    >>> tinynet.kernels.threads()
    1
    >>> tinynet.kernels.set_threads(None)
    """
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise ArgumentError(f"set_threads: expected a number of threads, 1 or more, or None, received {count!r}")
    if module is not None:
        module.set_threads(count or 0)


def threads() -> int:
    """How many threads a compiled kernel may use; 1 where none are compiled."""
    return 1 if module is None else int(module.threads())


def description() -> str:
    """The kernels in one line, for a bug report."""
    if module is None:
        return f"NumPy ({why_not})"
    return f"compiled, {module.instruction_set()}, {threads()} threads"


set_threads(_threads_of_environment())
