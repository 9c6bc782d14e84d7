"""The reader of HDF5 against the library everybody uses, on files that it wrote, and on damaged ones."""

from __future__ import annotations

import io
import random
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinynet.errors import FileFormatError
from tinynet.saving import hdf5
from tinynet.saving.hdf5.objects import fletcher32

DTYPES = ["<f4", "<f8", "<f2", ">f4", ">f8", "<i1", "<i4", "<i8", ">i2", "<u1", "<u2", ">u8", "V2"]
names = st.text(st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=12)
names = names.filter(lambda name: name not in (".", ".."))


@st.composite
def arrays(draw: st.DrawFn) -> tuple[np.ndarray, dict[str, Any]]:
    """An array and how h5py is to store it."""
    shape = tuple(draw(st.lists(st.integers(0, 7), max_size=4)))
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    content = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).bytes(int(np.prod(shape)) * dtype.itemsize)
    array = np.frombuffer(content, dtype).reshape(shape)
    settings: dict[str, Any] = {}
    if shape and 0 not in shape and draw(st.booleans()):
        settings["chunks"] = tuple(draw(st.integers(1, n)) for n in shape)
        settings["compression"] = draw(st.sampled_from([None, "gzip"]))
        settings["shuffle"] = draw(st.booleans())
        settings["fletcher32"] = draw(st.booleans())
    return array, settings


trees = st.recursive(arrays(), lambda inner: st.dictionaries(names, inner, max_size=5), max_leaves=12)
attributes = st.dictionaries(
    names,
    st.one_of(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30),
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9), min_size=1, max_size=9),
        arrays().map(lambda pair: pair[0]).filter(lambda array: array.dtype.kind != "V"),
    ),
    max_size=4,
)


def written(tree: Any, attrs: dict[str, Any], **settings: Any) -> bytes:
    stream = io.BytesIO()

    def fill(group: Any, tree: dict[str, Any]) -> None:
        for name, value in tree.items():
            if isinstance(value, dict):
                fill(group.create_group(name), value)
            else:
                group.create_dataset(name, data=value[0], **value[1])

    with h5py.File(stream, "w", **settings) as file:
        fill(file, tree if isinstance(tree, dict) else {"only": tree})
        for name, value in attrs.items():
            file.attrs[name] = value
    return stream.getvalue()


def same_bits(own: np.ndarray, theirs: np.ndarray) -> None:
    assert own.shape == theirs.shape
    assert own.dtype == theirs.dtype.newbyteorder("=")
    assert own.tobytes() == theirs.astype(own.dtype).tobytes()


@given(trees, attributes)
def test_what_h5py_writes_is_read(tree: Any, attrs: dict[str, Any]) -> None:
    content = written(tree, attrs)
    root = hdf5.opened(content, "drawn.h5")
    paths = dict(root.arrays())
    with h5py.File(io.BytesIO(content)) as file:
        assert set(root.attributes) == set(file.attrs)
        for name, expected in file.attrs.items():
            own = root.attributes[name]
            if isinstance(expected, str):
                assert own == expected
            elif expected.dtype.kind == "O":
                assert own == list(expected)
            else:
                same_bits(own.astype(own.dtype.newbyteorder("=")), expected)
        found: list[str] = []
        file.visititems(lambda path, item: found.append(path) if isinstance(item, h5py.Dataset) else None)
        assert {f"/{path}" for path in found} == set(paths)
        for path in found:
            dataset = root.get(path)
            assert isinstance(dataset, hdf5.Dataset)
            assert paths[f"/{path}"] == file[path].size
            same_bits(dataset.read(), file[path][()])
            assert dataset.declared == file[path].nbytes


@given(st.dictionaries(names, arrays().filter(lambda pair: "chunks" not in pair[1]), min_size=1, max_size=6), attributes)
def test_headers_of_the_newer_kind(tree: Any, attrs: dict[str, Any]) -> None:
    content = written(tree, attrs, libver="latest")
    root = hdf5.opened(content, "drawn.h5")
    for name, (array, _) in tree.items():
        same_bits(root.get(name).read(), array)  # type: ignore[union-attr]
    assert set(root.attributes) == set(attrs)


def test_what_only_newer_versions_write_is_refused_by_name() -> None:
    many = {f"array {i}": (np.ones(3, "f4"), {}) for i in range(20)}
    with pytest.raises(FileFormatError, match="new.h5: .* keeps its members in a heap, as only newer versions"):
        list(hdf5.opened(written(many, {}, libver="latest"), "new.h5").arrays())
    pieces = {"array": (np.ones((9, 9), "f4"), {"chunks": (2, 2), "compression": "gzip"})}
    with pytest.raises(FileFormatError, match="new.h5: .*/array is laid out as only newer versions"):
        list(hdf5.opened(written(pieces, {}, libver="latest"), "new.h5").arrays())
    with pytest.raises(FileFormatError, match="keeps its attributes in a heap"):
        _ = hdf5.opened(written({}, {f"a{i}": "x" for i in range(20)}, libver="latest"), "new.h5").attributes


def test_large_groups_and_deep_ones() -> None:
    tree: dict[str, Any] = {str(i): (np.full(2, i, "f4"), {}) for i in range(3000)}
    inner = tree
    for depth in range(200):
        inner["deeper"] = {"here": (np.full(1, depth, "i4"), {})}
        inner = inner["deeper"]
    root = hdf5.opened(written(tree, {}), "large.h5")
    assert len(root) == 3001
    assert len(list(root.arrays())) == 3200
    assert root.get("2999").read().tolist() == [2999, 2999]  # type: ignore[union-attr]
    assert root.get("/".join(["deeper"] * 200) + "/here").read() == 199  # type: ignore[union-attr]


def test_paths() -> None:
    root = hdf5.opened(written({"a": {"b": (np.ones(2, "f4"), {})}}, {}), "some.h5")
    assert isinstance(root.get("/a"), hdf5.Group)
    for missing in ("c", "a/c", "../a", "a/../a", "a/./b", "."):
        assert root.get(missing) is None
    with pytest.raises(FileFormatError, match="some.h5: .*/a/b is an array, not a group"):
        root.get("a/b/c")


def test_hard_links() -> None:
    """An array may stand in several places; a group that does could be a circle, and is refused."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["a/b"] = np.ones(3, "f4")
        file["again"] = file["a/b"]
    root = hdf5.opened(stream.getvalue(), "linked.h5")
    assert len(list(root.arrays())) == 1
    assert root.get("again").read().tolist() == [1, 1, 1]  # type: ignore[union-attr]
    with h5py.File(stream, "r+") as file:
        file["a/c"] = file["a"]
    with pytest.raises(FileFormatError, match="round.h5: .*/a holds the group 'c', which .* goes round in circles"):
        list(hdf5.opened(stream.getvalue(), "round.h5").arrays())


def test_the_checksum_by_hand() -> None:
    assert fletcher32(b"") == 0
    assert fletcher32(b"\x00\x01\x00\x02") == (1 + 3) << 16 | 3
    assert fletcher32(b"\x01") == 256 << 16 | 256


@pytest.fixture(scope="module")
def samples() -> list[bytes]:
    plain = {"layers": {str(i): {"vars": {"0": (np.ones((3, 4), "f4"), {})}} for i in range(9)}}
    packed = {"a": (np.ones((9, 7), "f4"), {"chunks": (2, 3), "compression": "gzip", "shuffle": True, "fletcher32": True})}
    attrs = {"names": ["dense", "lstm"], "config": "{}", "numbers": np.arange(3.0)}
    return [written(plain, attrs), written(packed, attrs), written({"b": plain["layers"]["0"]}, attrs, libver="latest")]


def everything(content: bytes) -> None:
    """Reads all that there is, as far as `arrays` finds it plausible."""
    root = hdf5.opened(content, "damaged.h5")
    for path, _ in root.arrays():
        item = root.get(path)
        assert isinstance(item, hdf5.Dataset)
        _ = item.attributes
        item.read()
    waiting = [root]
    seen: set[int] = set()
    while waiting:
        group = waiting.pop()
        if group.address not in seen:
            seen.add(group.address)
            _ = group.attributes
            waiting += [part for part in map(group.get, group) if isinstance(part, hdf5.Group)]


@pytest.mark.parametrize("number", range(3))
def test_damage_is_refused_in_words_or_does_no_harm(number: int, samples: list[bytes]) -> None:
    """Changed bytes anywhere: the file is read, or refused by tinynet's own error, and nothing else happens."""
    generator = random.Random(number)
    content = samples[number]
    refused = 0
    everything(content)
    for _ in range(1500):
        changed = bytearray(content)
        for _ in range(generator.choice([1, 1, 2, 5])):
            at = generator.randrange(len(changed))
            width = generator.choice([1, 1, 2, 4, 8])
            value = generator.choice([0, 1, 255, 2**31, 2**63, 2**64 - 1, generator.randrange(2**64), len(content)])
            changed[at : at + width] = value.to_bytes(8, "little")[:width]
        try:
            everything(bytes(changed[: len(content)]))
        except FileFormatError as error:
            assert str(error).startswith("damaged.h5: ")
            refused += 1
    assert refused > 150


@pytest.mark.parametrize("number", range(3))
def test_files_cut_short_at_any_place(number: int, samples: list[bytes]) -> None:
    content = samples[number]
    for size in range(0, len(content), 37):
        with pytest.raises(FileFormatError, match="damaged.h5: is no HDF5 file|damaged.h5: is cut short"):
            everything(content[:size])
