"""Hostile HDF5: what files of weights can hold, link to and claim, through h5py and byte by byte."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
from hostile_parts import KERNEL, add, changed_hdf5, described, good, hostile, sequential, zipped


def weights() -> bytes:
    return good(".weights.h5")


def with_kernel(make: Callable[[Any], Any]) -> Callable[[Any], None]:
    """A change that puts something else where the first weight is."""

    def change(file: Any) -> None:
        del file[KERNEL]
        make(file)

    return change


def dataset(value: Any, **settings: Any) -> Callable[[Any], None]:
    return with_kernel(lambda file: file.create_dataset(KERNEL, data=value, **settings))


def declared(shape: Any, **settings: Any) -> Callable[[Any], None]:
    return with_kernel(lambda file: file.create_dataset(KERNEL, shape, "float32", **settings))


def link(target: Any) -> Callable[[Any], None]:
    return with_kernel(lambda file: file.__setitem__(KERNEL, target))


def virtual(file: Any) -> None:
    layout = h5py.VirtualLayout((4, 3), "float32")
    layout[:] = h5py.VirtualSource("secret.h5", "secret", (4, 3))
    file.create_virtual_dataset(KERNEL, layout)


def foreign_filter(number: int) -> Callable[[Any], None]:
    def make(file: Any) -> None:
        settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        settings.set_chunk((4, 3))
        settings.set_filter(number, h5py.h5z.FLAG_OPTIONAL, ())
        group = file["layers/dense/vars"].id
        h5py.h5d.create(group, b"0", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((4, 3)), dcpl=settings)
        file[KERNEL][...] = np.ones((4, 3), "float32")

    return with_kernel(make)


def committed(file: Any) -> None:
    file["type"] = np.dtype("float32")
    file.create_dataset(KERNEL, (4, 3), file["type"])
    del file["type"]


def committed_member(file: Any) -> None:
    file["layers/dense/vars/1"].attrs["x"] = 1
    file["layers/dense/type"] = np.dtype("float32")


def cycle(file: Any) -> None:
    file["layers/again"] = file["layers"]


def long_cycle(file: Any) -> None:
    del file["layers/dense_1"]
    file["layers/dense_1"] = file["/"]


def deep(file: Any) -> None:
    file.create_group("layers/dense/" + "/".join("g" * 1 for _ in range(3000)))["w"] = np.ones(1, "float32")


def region(file: Any) -> None:
    reference = file["layers/dense/vars/1"].regionref[:]
    file.create_dataset(KERNEL, data=np.array([reference], dtype=h5py.regionref_dtype))


RAGGED = np.array([np.ones(3, "float32")] * 2, dtype=object)
NUMBER = "weight 'kernel'|/layers/dense/vars/0"
CHANGES: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "other_shape": (dataset(np.ones((3, 4), "float32")), "expected shape", "A weight of another shape."),
    "other_rank": (dataset(np.ones(12, "float32")), "expected shape", "A weight of fewer axes."),
    "scalar": (dataset(np.float32(1)), "expected shape", "A number where an array should be."),
    "nothing": (dataset(h5py.Empty("f4")), "expected shape", "A dataspace of no values."),
    "texts": (dataset(np.full((4, 3), b"0.5")), "texts", "Texts of a fixed size."),
    "long_texts": (
        dataset(np.full((4, 3), "0.5", object), dtype=h5py.string_dtype()),
        "texts",
        "Texts of their own sizes.",
    ),
    "compound": (dataset(np.zeros((4, 3), [("a", "f4"), ("b", "i4")])), "compounds", "Records."),
    "complex": (dataset(np.zeros((4, 3), "complex64")), "compounds", "Complex numbers."),
    "enumeration": (dataset(np.zeros((4, 3), bool)), "enumerations", "Truth values."),
    "opaque": (dataset(np.zeros((4, 3), "V2")), "no numbers", "Opaque bytes that do not say they are bfloat16."),
    "opaque_large": (dataset(np.zeros((4, 3), "V4000")), "no numbers", "Opaque elements of 4,000 bytes."),
    "subarray": (dataset(np.zeros((4, 3), "(5,)f4")), "expected shape|arrays", "An array in each element."),
    "ragged": (
        with_kernel(lambda f: f.create_dataset(KERNEL, (2,), h5py.vlen_dtype("f4")).__setitem__(slice(None), RAGGED)),
        "variable lengths",
        "Rows of different lengths.",
    ),
    "references": (
        with_kernel(lambda f: f.create_dataset(KERNEL, data=np.array([f["layers"].ref], dtype=h5py.ref_dtype))),
        "references",
        "References to objects.",
    ),
    "regions": (with_kernel(region), "references", "References to regions of arrays."),
    "committed": (with_kernel(committed), "shared type|neither a group", "A type that stands elsewhere in the file."),
    "committed_member": (committed_member, "neither a group nor an array", "A type as a member of a group."),
    "soft_link": (link(h5py.SoftLink("/layers/dense_1/vars/0")), "as a link to elsewhere", "A soft link."),
    "soft_link_to_itself": (link(h5py.SoftLink(f"/{KERNEL}")), "as a link to elsewhere", "A soft link to itself."),
    "soft_link_to_nothing": (link(h5py.SoftLink("/nothing")), "as a link to elsewhere", "A soft link to nothing."),
    "external_link": (link(h5py.ExternalLink("/etc/passwd", "/")), "as a link to elsewhere", "A link to another file."),
    "external_link_to_itself": (
        link(h5py.ExternalLink("external_link_to_itself.weights.h5", "/")),
        "as a link to elsewhere",
        "A link to the file itself.",
    ),
    "external_storage": (
        with_kernel(lambda f: f.create_dataset(KERNEL, (4, 3), "float32", external=[("/etc/hostname", 0, 48)])),
        "outside of the file",
        "Values in a file of the reader's.",
    ),
    "external_storage_above": (
        with_kernel(lambda f: f.create_dataset(KERNEL, (4, 3), "float32", external=[("../../secret", 0, 48)])),
        "outside of the file",
        "Values in a file above.",
    ),
    "virtual": (with_kernel(virtual), "is virtual", "Values that lie in other files."),
    "filter_32013": (foreign_filter(32013), "HDF5 filter 32013", "A filter that HDF5 would load a library for."),
    "filter_lzf": (
        dataset(np.ones((4, 3), "float32"), compression="lzf"),
        "HDF5 filter 32000",
        "A filter of h5py's own.",
    ),
    "filter_scaleoffset": (
        dataset(np.ones((4, 3), "int32"), scaleoffset=0),
        "HDF5 filter 6",
        "A filter that loses digits.",
    ),
    "group": (
        with_kernel(lambda f: f.create_group(KERNEL)),
        "is a group, not an array",
        "A group in a weight's place.",
    ),
    "array": (
        lambda f: (f.__delitem__("layers/dense/vars"), f.__setitem__("layers/dense/vars", np.ones(3, "float32"))),
        "is an array, not a group",
        "An array in a group's place.",
    ),
    "missing": (with_kernel(lambda f: None), "needs 2 weights", "A weight that is missing."),
    "missing_layer": (lambda f: f.__delitem__("layers/dense"), "needs 2 weights", "A layer that is missing."),
    "missing_all": (lambda f: f.__delitem__("layers"), "things do not fit", "No layer at all."),
    "extra": (
        lambda f: f.__setitem__("layers/dense/vars/2", np.ones(3, "f4")),
        "needs 2 weights",
        "A weight too many.",
    ),
    "extra_layer": (
        lambda f: f.__setitem__("layers/dense_2/vars/0", np.ones(3, "f4")),
        "no place for",
        "A layer too many.",
    ),
    "odd_names": (
        lambda f: f.__setitem__("layers/dense/vars/-1", np.ones(3, "f4")),
        "needs 2 weights",
        "A weight with a negative number.",
    ),
    "climbing_name": (
        lambda f: f.__setitem__("layers/dense/vars/..", np.ones(3, "f4")),
        "needs 2 weights|member named",
        "A member called '..'.",
    ),
    "cycle": (cycle, "round in circles", "A group that holds the group it is in."),
    "long_cycle": (long_cycle, "round in circles", "A layer that is the whole file."),
    "deep": (deep, "no place for", "Groups 3,000 deep."),
    "shape_bomb": (
        declared((2**31, 2**20), chunks=(1024, 1024), compression="gzip"),
        "declares more data",
        "8 petabytes, none of them stored.",
    ),
    "shape_bomb_2_to_60": (
        declared((2**30, 2**30), chunks=(1, 2**10)),
        "declares more data",
        "2**60 elements, none of them stored.",
    ),
    "contiguous_bomb": (
        declared((2**20, 2**20)),
        "declares more data|claims to be larger",
        "4 terabytes in one piece, none of them stored.",
    ),
    "many_axes": (declared((2,) * 32, chunks=(1,) * 32), "declares more data", "As many axes as HDF5 has."),
    "unwritten": (declared((4, 3)), "declares more data|never written", "Values that were never written."),
    "half_written": (
        with_kernel(
            lambda f: f.create_dataset(KERNEL, (4, 3), "f4", chunks=(2, 3)).__setitem__((slice(2), slice(None)), 1.0),
        ),
        "of its 2 pieces|declares more",
        "Half of the pieces.",
    ),
}  # fmt: skip
for _name, (_change, _cause, _attack) in CHANGES.items():
    add(f"{_name}.weights.h5", _cause, _attack, lambda change=_change: changed_hdf5(weights(), change))


@hostile("gzip_bomb.keras", "declares more data")
def _() -> bytes:
    """A gigabyte of zeros in a megabyte of gzip: configuration and weights agree."""
    units = 1 << 10
    config = sequential(described("Dense", units=units, name="dense"), shape=(None, (1 << 28) // units))
    return zipped({"config.json": json.dumps(config), "model.weights.h5": _large_zeros((1 << 28) // units, units)}, 0)


def _large_zeros(rows: int, units: int) -> bytes:
    """Zeros, well compressed, where a layer has its weights; written piece by piece."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        step = 1 << 12
        made = file.create_dataset("layers/dense/vars/0", (rows, units), "f4", chunks=(step, units), compression=9)
        packed = zlib.compress(bytes(step * units * 4), 9)
        for row in range(0, rows, step):
            made.id.write_direct_chunk((row, 0), packed)
        file.create_dataset("layers/dense/vars/1", data=np.zeros(units, "f4"))
    return stream.getvalue()


@hostile("bomb_in_a_bomb.keras", "declares more data|unpacks to more than")
def _() -> bytes:
    """Weights of gzipped zeros, which the archive packs again: some kilobytes for four gigabytes."""
    units = 1 << 10
    rows = (1 << 30) // units
    config = sequential(described("Dense", units=units, name="dense"), shape=(None, rows))
    return zipped({"config.json": json.dumps(config), "model.weights.h5": _large_zeros(rows, units)})


@hostile("piece_bomb.weights.h5", "pieces larger|has a piece of|declares more|cannot be decompressed")
def _() -> bytes:
    """A piece that unpacks to much more than the 48 bytes that it should be."""
    packing = zlib.compressobj(9)
    packed = b"".join([packing.compress(bytes(1 << 20)) for _ in range(60)]) + packing.flush()

    def make(file: Any) -> None:
        file.create_dataset(KERNEL, (4, 3), "f4", chunks=(4, 3), compression=9).id.write_direct_chunk((0, 0), packed)

    return changed_hdf5(weights(), with_kernel(make))


@hostile("large_piece.weights.h5", "pieces larger")
def _() -> bytes:
    """A small array in pieces of 2**31 elements."""

    def make(file: Any) -> None:
        made = file.create_dataset(KERNEL, (4, 3), "f4", maxshape=(None, None), chunks=(2**15, 2**14), compression=9)
        made.id.write_direct_chunk((0, 0), zlib.compress(bytes(48)))

    return changed_hdf5(weights(), with_kernel(make))
