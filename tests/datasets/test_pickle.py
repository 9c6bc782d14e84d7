"""The reader of pickles: equal to Python's own on honest files, and inert on every other."""

from __future__ import annotations

import os
import pickle
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tinynet.datasets._pickle import loads
from tinynet.errors import FileFormatError

Writer = Callable[..., bytes]

# The fixtures used under `given` hold no state.
stateless = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@stateless
@given(
    rows=st.integers(0, 5),
    labels=st.lists(st.integers(-(2**31), 2**31 - 1), max_size=20),
    label=st.text(st.characters(max_codepoint=255), max_size=300),
    fill=st.integers(0, 255),
)
def test_reads_what_python_reads(
    write_pickle: Writer, rows: int, labels: list[int], label: str, fill: int
) -> None:
    data = np.arange(rows * 3072, dtype=np.uint32).astype(np.uint8).reshape(rows, 3072) ^ np.uint8(fill)
    written = write_pickle({"batch_label": label, "labels": labels, "data": data})
    expected = pickle.loads(written, encoding="latin1")
    read = loads(written, "file")
    assert read.keys() == expected.keys()
    assert read["batch_label"] == expected["batch_label"] == label
    assert read["labels"] == expected["labels"] == labels
    assert read["data"].dtype == expected["data"].dtype == np.uint8
    np.testing.assert_array_equal(read["data"], expected["data"], strict=True)


def test_reads_column_order_and_memo_as_python_does(write_pickle: Writer) -> None:
    data = np.arange(6, dtype=np.uint8).reshape(2, 3)
    by_columns = write_pickle({"data": data}).replace(b"\x89T", b"\x88T")
    memo = b"\x80\x02}q\x00U\x01aq\x01]r\x02\x00\x00\x00(h\x01h\x01K\x05esU\x01bj\x02\x00\x00\x00s."
    expected = pickle.loads(by_columns, encoding="latin1")["data"]
    np.testing.assert_array_equal(loads(by_columns, "file")["data"], expected, strict=True)
    assert (
        loads(memo, "file")
        == pickle.loads(memo, encoding="latin1")
        == {"a": ["a", "a", 5], "b": ["a", "a", 5]}
    )


class Command:
    """Pickles as a call of os.system."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (self.command,)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_command_is_refused_and_not_run(tmp_path: Path, protocol: int) -> None:
    marker = tmp_path / "ran"
    hostile = pickle.dumps({"data": Command(f"echo > {marker}")}, protocol)
    cause = {2: r"names 'posix\.system'"}.get(protocol, "expected a pickle of protocol 2")
    with pytest.raises(FileFormatError, match=f"^evil: .*{cause}"):
        loads(hostile, "evil")
    assert not marker.exists()
    pickle.loads(hostile)
    assert marker.exists()  # the payload is a live one


@pytest.mark.parametrize(
    ("program", "cause"),
    [
        (b"cbuiltins\neval\n(U\x041+1\ntR.", r"names 'builtins\.eval'"),
        (b"c__builtin__\neval\n(U\x041+1\ntR.", r"names '__builtin__\.eval'"),
        (b"cnumpy\nload\n.", r"names 'numpy\.load'"),
        (b"c_codecs\nencode\n.", r"names '_codecs\.encode'"),
        (b"cnumpy\nndarray.tofile\n.", r"names 'numpy\.ndarray\.tofile'"),
        (b"(cos\nios\nsystem\n.", r"names 'os\.ios'"),
        (b"(ios\nsystem\n.", "instruction INST 'os system'"),
        (b"U\x02osU\x06system\x93.", "instruction STACK_GLOBAL"),
        (b"\x82\x01.", "instruction EXT1 1"),
        (b"Pname\n.", "instruction PERSID 'name'"),
        (b"cnumpy\nndarray\n)\x81.", "instruction NEWOBJ"),
        (b"(cnumpy\nndarray\no.", "instruction OBJ"),
        (b"cnumpy\nndarray\n(K\x01tR.", r"calls numpy\.ndarray in a way NumPy does not write"),
        (b"cnumpy\ndtype\n(U\x02O8K\x00K\x01tR.", "dtype 'O8', expected 'u1'"),
        (b"cnumpy\ndtype\n}b.", "expected Array, found _Name"),
        (b"K\x01K\x02\x85R.", "expected Name, found int"),
        (b"]K\x01K\x02s.", "not pairs of a text and a value"),
        (b"}](K\x01e]s.", "not pairs of a text and a value"),
        (b"K\x01U\x01aNs.", "expected dict, found int"),
        (b"}K\x01a.", "expected list, found dict"),
        (b"K\x01K\x02.", "not end with exactly one value"),
        (b"}(}.", "not end with exactly one value"),
        (b"}(U\x01au.", "not pairs of a text and a value"),
        (b"}(.", "not end with exactly one value"),
        (b"U\x01a" + pickle.dumps(b"\x80", 2)[2:], r"names '_codecs\.encode'"),
        (b"\x80\x02}.", "instruction PROTO"),
        (b"h\x07.", "memo 7 was never stored"),
        (b".", "not end with exactly one value"),
        (b"0.", "instruction POP"),
        (b"R.", "empty stack"),
        (b"e.", "empty stack"),
        (b"}.}", "1 bytes follow the end"),
        (b"].", "expected a dictionary, the pickle holds a list"),
        (b"\xff.", "opcode"),
        (b"", "exhausted before seeing STOP"),
        (b"]" + b"Na" * 60_000 + b".", "more than 100,000 instructions"),
    ],
)
def test_programs_that_are_no_batch(program: bytes, cause: str) -> None:
    with pytest.raises(FileFormatError, match=rf"^file: .*{cause}"):
        loads(b"\x80\x02" + program, "file")


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "the file is empty"),
        (b"\x1f\x8b\x08\x00\x00", "gzip archive; unpack it"),
        (b"<!DOCTYPE html><html></html>", "starts with b'<!DOCTYPE html>"),
        (pickle.dumps({}, 4), "this is one of protocol 4"),
    ],
)
def test_files_that_are_no_such_pickle(content: bytes, cause: str) -> None:
    with pytest.raises(FileFormatError, match=f"^file: expected a pickle of protocol 2, .*{cause}"):
        loads(content, "file")


@pytest.mark.parametrize(
    ("shape", "dtype", "cause"),
    [
        ((2**31 - 1, 3072), None, r"shape \(2147483647, 3072\) has 3,072 bytes"),
        ((1, 3071), None, r"shape \(1, 3071\) has 3,072 bytes"),
        ((-1, -3072), None, "no whole numbers"),
        ((3072,), None, "not two axes but 1"),
        ((1, 1, 3072), None, "not two axes but 3"),
        (None, "i8", "dtype 'i8'"),
        (None, "V3072", "dtype 'V3072'"),
    ],
)
def test_arrays_that_are_not_what_they_say(
    write_pickle: Writer, shape: tuple[int, ...] | None, dtype: str | None, cause: str
) -> None:
    written = write_pickle({"data": np.zeros((1, 3072), np.uint8)}, shape, dtype)
    with pytest.raises(FileFormatError, match=cause):
        loads(written, "file")


def test_only_one_array_whose_state_is_given_once(write_pickle: Writer) -> None:
    array = np.zeros((1, 1), np.uint8)
    with pytest.raises(FileFormatError, match="more than one array"):
        loads(write_pickle({"a": array, "b": array}), "file")
    once = write_pickle({"data": array})
    start, end = once.index(b"R(K\x01(") + 1, once.rindex(b"u.")
    with pytest.raises(FileFormatError, match="state is given twice"):
        loads(once[:end] + once[start:end] + once[end:], "file")


def test_a_huge_memo_index_takes_no_memory() -> None:
    # Python's own unpickler allocates a table twice as long as the index: 256 MiB for this one.
    loads(b"\x80\x02}.", "file")  # imports what is imported on first use
    tracemalloc.start()
    try:
        assert loads(b"\x80\x02}r\xff\xff\xff\x00.", "file") == {}
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_nested_lists_that_double_are_not_written_out() -> None:
    # 60 lists, each holding the one before twice: its text would have 2**60 parts.
    doubling = b"]q\x00" + b"".join(
        b"](h" + bytes([n]) + b"h" + bytes([n]) + b"eq" + bytes([n + 1]) for n in range(60)
    )
    shape = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01h\x3c\x85cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R\x89U\x00tb"
    )
    program = b"\x80\x02}U\x01a(" + doubling + b"tU\x01b" + shape + b"."
    with pytest.raises(FileFormatError, match="not two axes but 1"):
        loads(program, "file")


@stateless
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(
    write_pickle: Writer, make_batch: Callable[..., dict[str, Any]], data: st.DataObject
) -> None:
    whole = write_pickle({**make_batch("training batch 1 of 5", 3), "data": np.ones((3, 4), np.uint8)})
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(FileFormatError, match="^file: "):
        loads(whole[:cut], "file")
    damaged = bytearray(whole)
    for place in data.draw(st.lists(st.integers(2, len(whole) - 1), min_size=1, max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    try:
        read = loads(bytes(damaged), "file")
    except FileFormatError as error:
        assert str(error).startswith("file: ")
    else:
        assert all(isinstance(key, str) for key in read)


@stateless
@given(st.binary(max_size=60))
def test_random_bytes_are_read_or_refused(program: bytes) -> None:
    try:
        assert isinstance(loads(b"\x80\x02" + program, "file"), dict)
    except FileFormatError as error:
        assert str(error).startswith("file: ")


def test_a_message_is_short_whatever_the_file_holds() -> None:
    for program in (
        b"S" + b"a" * 10_000 + b"\n.",
        b"c" + b"a" * 10_000 + b"\nb\n.",
        b"Pa" + b"a" * 10_000 + b"\n.",
    ):
        with pytest.raises(FileFormatError) as caught:
            loads(b"\x80\x02" + program, "file")
        assert len(str(caught.value)) < 500


def test_a_length_beyond_the_end_is_refused() -> None:
    with pytest.raises(FileFormatError, match="bytes in a string4, but only 3 remain"):
        loads(b"\x80\x02}U\x01aT" + struct.pack("<i", 2**31 - 1) + b"abc", "file")
