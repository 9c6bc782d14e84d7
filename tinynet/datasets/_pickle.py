"""A reader for CIFAR-10's pickles that cannot execute what they hold.

A pickle is a program for a small stack machine, and `pickle.load` runs it. Even restricted to
harmless classes, that machine lets a few bytes claim gigabytes of memory (a memo index) or change
a class it was given (BUILD). So the program is disassembled with `pickletools`, which runs
nothing, and only the instructions that lists, numbers, texts and byte arrays need are understood.
Names of functions are compared with the three that a NumPy array is written with and never
looked up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinynet.errors import FileFormatError

_RECONSTRUCT = ("numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct")
_NDARRAY = "numpy ndarray"
_DTYPE = "numpy dtype"
# An official batch has 10,000 labels and 10,000 file names, each with at most one memo instruction.
_MAX_INSTRUCTIONS = 100_000


class _Name(str):
    """A function or class that the pickle names; only ever compared."""


class _Dtype:
    """Stands for `numpy.dtype("u1")`, the only one allowed."""


class _Array:
    """Stands for an array until its state is known."""

    value: np.ndarray | None = None

    def set_state(self, state: object) -> None:
        if self.value is not None:
            raise ValueError("an array's state is given twice")
        match state:
            case (int(), tuple(shape), _Dtype(), bool(fortran), str(data)):
                pass
            case _:
                raise ValueError("an array's state is not (version, shape, dtype, order, bytes)")
        if len(shape) != 2 or not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError(f"an array's shape is not two axes but {len(shape)}, or no whole numbers")
        if math.prod(shape) != len(data):
            raise ValueError(f"an array of shape {shape} has {len(data):,} bytes")
        flat = np.frombuffer(data.encode("latin-1"), np.uint8)
        self.value = flat.reshape(shape, order="F" if fortran else "C")


def loads(data: bytes, name: str) -> dict[str, Any]:
    """Returns the dictionary in a pickle of protocol 2, its arrays as read-only uint8 ndarrays.

    The bytes of Python 2's strings become the characters of the same number (latin-1).
    Anything else than a dictionary of lists, integers, texts and uint8 arrays raises
    `FileFormatError`, which names the file (`name`) and what it holds.
    """
    if data[:2] != b"\x80\x02":
        raise FileFormatError(f"{name}: expected a pickle of protocol 2, {_what(data)}.")
    try:
        value, end = _run(data)
    except IndexError as error:
        raise FileFormatError(f"{name}: damaged pickle: takes a value from an empty stack.") from error
    except KeyError as error:
        raise FileFormatError(f"{name}: damaged pickle: memo {error} was never stored.") from error
    except ValueError as error:
        raise FileFormatError(
            f"{name}: cannot be read: {str(error)[:300]}. Nothing in it was executed."
        ) from error
    if end != len(data):
        raise FileFormatError(f"{name}: {len(data) - end:,} bytes follow the end of the pickle.")
    if not isinstance(value, dict):
        raise FileFormatError(f"{name}: expected a dictionary, the pickle holds a {type(value).__name__}.")
    return {key: item.value if isinstance(item, _Array) else item for key, item in value.items()}


def _run(data: bytes) -> tuple[Any, int]:
    """Returns the value the program leaves, and the position behind its end."""
    import pickletools

    stack: list[Any] = []
    marked: list[list[Any]] = []
    memo: dict[int, Any] = {}
    array: _Array | None = None
    program: Iterator[tuple[Any, Any, Any]] = pickletools.genops(data)
    for count, (opcode, argument, position) in enumerate(program):
        if count >= _MAX_INSTRUCTIONS:
            raise ValueError(f"more than {_MAX_INSTRUCTIONS:,} instructions")
        match opcode.name:
            case "SHORT_BINSTRING" | "BINSTRING" | "BINUNICODE" | "BININT1" | "BININT2" | "BININT":
                stack.append(argument)
            case "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case "NONE":
                stack.append(None)
            case "NEWTRUE" | "NEWFALSE":
                stack.append(opcode.name == "NEWTRUE")
            case "EMPTY_LIST":
                stack.append([])
            case "EMPTY_DICT":
                stack.append({})
            case "EMPTY_TUPLE":
                stack.append(())
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                items = [stack.pop() for _ in range(int(opcode.name[-1]))]
                stack.append(tuple(reversed(items)))
            case "MARK":
                marked.append(stack)
                stack = []
            case "TUPLE":
                items, stack = stack, marked.pop()
                stack.append(tuple(items))
            case "APPENDS":
                items, stack = stack, marked.pop()
                _expect(stack[-1], list).extend(items)
            case "APPEND":
                item = stack.pop()
                _expect(stack[-1], list).append(item)
            case "SETITEMS":
                items, stack = stack, marked.pop()
                _set_items(stack[-1], items)
            case "SETITEM":
                items = [stack.pop() for _ in range(2)]
                _set_items(stack[-1], items[::-1])
            case "GLOBAL":
                stack.append(_allowed(argument))
            case "REDUCE":
                arguments = stack.pop()
                result = _stand_in(stack.pop(), arguments)
                if isinstance(result, _Array):
                    if array is not None:  # many arrays of the same bytes could fill the memory
                        raise ValueError("it holds more than one array")
                    array = result
                stack.append(result)
            case "BUILD":
                state = stack.pop()
                # A byte has no byte order, so the state of its dtype has nothing to say.
                if not isinstance(stack[-1], _Dtype):
                    _expect(stack[-1], _Array).set_state(state)
            case "PROTO" if position == 0:
                pass
            case "STOP":
                if len(stack) != 1 or marked:
                    raise ValueError("damaged pickle: it does not end with exactly one value")
                return stack[0], position + 1
            case other:
                raise ValueError(
                    f"at byte {position:,} stands the instruction {other} {_short(argument)}, "
                    "which a CIFAR-10 batch has no use for"
                )
    raise AssertionError("genops ends at STOP or raises")


def _allowed(name: str) -> _Name:
    if name not in (*_RECONSTRUCT, _NDARRAY, _DTYPE):
        raise ValueError(f"it names {_short(name.replace(' ', '.'))}, which is no part of a uint8 array")
    return _Name(name)


def _stand_in(function: object, arguments: object) -> _Array | _Dtype:
    """Returns what stands for a call of `function`, which is not made."""
    name = _expect(function, _Name)
    match arguments:
        case ("u1", _, _) if name == _DTYPE:
            return _Dtype()
        case (str(code), *_) if name == _DTYPE:
            raise ValueError(f"it holds an array of dtype {_short(code)}, expected 'u1' (uint8)")
        case (_Name(), (0,), "b") if name in _RECONSTRUCT:
            return _Array()
    raise ValueError(f"it calls {name.replace(' ', '.')} in a way NumPy does not write")


def _set_items(target: object, items: list[Any]) -> None:
    if len(items) % 2 or not all(isinstance(key, str) for key in items[::2]):
        raise ValueError("damaged pickle: a dictionary's items are not pairs of a text and a value")
    _expect(target, dict).update(zip(items[::2], items[1::2]))


def _expect(value: Any, kind: type) -> Any:
    if isinstance(value, kind):
        return value
    raise ValueError(f"damaged pickle: expected {kind.__name__.strip('_')}, found {type(value).__name__}")


def _short(value: str | int | bytes | None) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _what(data: bytes) -> str:
    if not data:
        return "the file is empty"
    if data[:2] == b"\x1f\x8b":
        return "this is a gzip archive; unpack it"
    if data[:1] == b"\x80" and len(data) > 1:
        return f"this is one of protocol {data[1]}"
    return f"the file starts with {data[:24]!r}"
