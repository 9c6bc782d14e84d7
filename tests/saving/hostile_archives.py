"""Hostile archives: what a zip can do besides holding a model."""

from __future__ import annotations

import struct
import zipfile
import zlib

from hostile_parts import CONFIG, METADATA, WEIGHTS, add, good, hostile, members, patched, zipped

SYMLINK = 0o120777 << 16
CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


def _info(name: str, attributes: int = 0o644 << 16) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = attributes
    return info


@hostile("empty.keras", "is empty")
def _() -> bytes:
    """No byte at all."""
    return b""


@hostile("garbage.keras", "is not a .keras file, or is cut short or damaged")
def _() -> bytes:
    """Bytes of no format."""
    return bytes(range(256)) * 40


@hostile("pickle.keras", "is not a .keras file")
def _() -> bytes:
    """A pickle that would call os.system if anything unpickled it."""
    return b"cos\nsystem\n(S'touch executed'\ntR."


@hostile("empty_zip.keras", "holds no config.json")
def _() -> bytes:
    """An archive without members."""
    return zipped({})


for _share in (0.05, 0.3, 0.6, 0.9, 0.99):
    add(
        f"cut_at_{_share}.keras", "is not a .keras file, or is cut short or damaged", "An archive that is cut short.",
        lambda share=_share: good(".keras")[: int(len(good(".keras")) * share)],
    )  # fmt: skip

for _name in (CONFIG, WEIGHTS):
    add(
        f"without_{_name}.keras", f"holds no {_name}", "An archive without one of its parts.",
        lambda gone=_name: zipped({name: part for name, part in members().items() if name != gone}),
    )  # fmt: skip


@hostile("wrapped.keras", "holds no config.json")
def _() -> bytes:
    """The members within a folder."""
    return zipped({f"model/{name}": part for name, part in members().items()})


for _number, _name in enumerate((
    "../evil.txt", "assets/../../evil.txt", "/etc/evil.txt", "..\\evil.txt", "C:\\evil.txt", "C:/evil.txt", "..",
    "assets/..", "./config.json", "assets//x", "a\nb",
)):  # fmt: skip
    add(
        f"climbing_{_number}.keras", "holds a member with a dangerous name", "A member whose name leads out of the archive.",
        lambda name=_name: zipped({**members(), name: b"x"}),
    )  # fmt: skip


@hostile("long_name.keras", "holds a member with a dangerous name")
def _() -> bytes:
    """A member with a name of 60,000 letters."""
    return zipped({**members(), "assets/" + "n" * 60_000: b"x"})


@hostile("zero_in_name.keras", "dangerous name|damaged|twice")
def _() -> bytes:
    """A name with a zero byte, which some readers cut there: config.json\\0x is config.json to them."""
    content = zipped({**members(), "config.jsonQx": b"{}"})
    return content.replace(b"config.jsonQx", b"config.json\0x")


@hostile("twice.keras", "holds 'config.json' twice")
def _() -> bytes:
    """Two configurations, of which one reader takes the first and another the last."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return zipped([*members().items(), (CONFIG, b"{}")])


@hostile("symlink.keras", "is a link")
def _() -> bytes:
    """A configuration that is a symbolic link to a file of the reader's."""
    return zipped([(_info(CONFIG, SYMLINK), b"/etc/passwd"), (WEIGHTS, members()[WEIGHTS])])


@hostile("symlinked_asset.keras", "is a link")
def _() -> bytes:
    """An asset that is a symbolic link."""
    return zipped([*members().items(), (_info("assets/x", SYMLINK), b"/etc")])


@hostile("device.keras", "is a device")
def _() -> bytes:
    """A member that says it is a device."""
    return zipped([*members().items(), (_info("assets/x", 0o020666 << 16), b"")])


@hostile("encrypted.keras", "is encrypted")
def _() -> bytes:
    """A member that says it is encrypted."""
    content = good(".keras")
    at = content.index(CENTRAL) + 8
    return patched(content, at, bytes([content[at] | 1]))


@hostile("many_members.keras", "members, more than")
def _() -> bytes:
    """More members than any model has."""
    return zipped({**members(), **{f"assets/{i}": b"" for i in range(10_001)}})


for _name in (CONFIG, WEIGHTS, METADATA):
    add(
        f"bomb_{_name}.keras", "unpacks to more than", "A megabyte that unpacks to a gigabyte of spaces.",
        lambda name=_name: zipped({**members(), name: b" " * (1 << 30)}),
    )  # fmt: skip


@hostile("bomb_of_bzip2.keras", "compressed by a method that is not supported")
def _() -> bytes:
    """A bomb in a compression that unpacks all at once."""
    return zipped({**members(), CONFIG: b" " * (64 << 20)}, zipfile.ZIP_BZIP2)


@hostile("bomb_of_lzma.keras", "compressed by a method that is not supported")
def _() -> bytes:
    """A bomb in another such compression."""
    return zipped({**members(), CONFIG: b" " * (16 << 20)}, zipfile.ZIP_LZMA)


@hostile("nested_zip.keras", "config.json is not valid JSON|is no HDF5 file")
def _() -> bytes:
    """An archive within the archive, where the configuration should be."""
    return zipped({**members(), CONFIG: zipped({CONFIG: b" " * (32 << 20)})})


@hostile("size_understated.keras", "is damaged|cut short|overlap|dangerous|unpacks")
def _() -> bytes:
    """The directory says that the configuration is of 5 bytes; more are packed."""
    content = zipped(members())
    at = content.rindex(CENTRAL, 0, content.rindex(b"config.json"))
    return patched(content, at + 24, struct.pack("<I", 5))


@hostile("size_overstated.keras", "unpacks to more than")
def _() -> bytes:
    """The directory says that the weights are of 4 GB; much less is there."""
    content = zipped(members())
    at = content.rindex(CENTRAL, 0, content.rindex(b"model.weights.h5"))
    return patched(content, at + 24, struct.pack("<I", 0xFFFFFFF0))


@hostile("zip64_lies.keras", "unpacks to more than")
def _() -> bytes:
    """Sizes of 2**62 in the extra fields that large archives have."""
    extra = struct.pack("<HHQQ", 1, 16, 2**62, 2**62)
    info = _info(CONFIG)
    content = zipped([(info, members()[CONFIG]), (WEIGHTS, members()[WEIGHTS])], zipfile.ZIP_STORED)
    at = content.index(CENTRAL)
    content = patched(content, at + 20, b"\xff" * 8)
    content = patched(content, at + 30, struct.pack("<H", len(extra)))
    name_end = at + 46 + len(CONFIG)
    content = content[:name_end] + extra + content[name_end:]
    end = content.rindex(END)
    return patched(content, end + 12, struct.pack("<I", struct.unpack_from("<I", content, end + 12)[0] + len(extra)))


@hostile("overlapping.keras", "overlap|lie one over the other|is damaged")
def _() -> bytes:
    """Two members that share the same packed bytes, as in bombs that need no nesting."""
    content = zipped({**members(), "assets/config.json": members()[CONFIG]}, zipfile.ZIP_STORED)
    first = content.index(CENTRAL, content.index(CENTRAL) + 4)
    last = content.rindex(CENTRAL)
    return patched(content, last + 42, content[first + 42 : first + 46])


@hostile("other_name_inside.keras", "is damaged")
def _() -> bytes:
    """The directory calls a member by another name than the member itself."""
    content = zipped(members(), zipfile.ZIP_STORED)
    at = content.index(b"config.json")
    return patched(content, at, b"CONFIG.json")


@hostile("directory_outside.keras", "is not a .keras file, or is cut short or damaged|is damaged")
def _() -> bytes:
    """The directory is said to begin behind the end of the file."""
    content = good(".keras")
    return patched(content, content.rindex(END) + 16, struct.pack("<I", 0x7FFFFFFF))


@hostile("member_outside.keras", "is damaged|cut short")
def _() -> bytes:
    """A member is said to begin behind the end of the file."""
    content = good(".keras")
    at = content.rindex(CENTRAL, 0, content.rindex(b"config.json"))
    return patched(content, at + 42, struct.pack("<I", 0x7FFFFFFF))


@hostile("count_of_members_lies.keras", "holds no|damaged|cut short")
def _() -> bytes:
    """The end of the directory counts members that are not there, and the directory is of no bytes."""
    content = good(".keras")
    return patched(content, content.rindex(END) + 8, struct.pack("<HHI", 0xFFFF, 0xFFFF, 0))


@hostile("crc.keras", "is damaged .*CRC")
def _() -> bytes:
    """A byte of the configuration was changed, and the checksum was not."""
    content = zipped(members(), zipfile.ZIP_STORED)
    at = content.index(b'"units": 3')
    return patched(content, at, b'"units": 4')


@hostile("broken_stream.keras", "is damaged|cannot be decompressed")
def _() -> bytes:
    """Packed data that are no such data."""
    content = zipped(members())
    at = content.index(LOCAL, content.index(b"config.json") - 30) + 30 + len(CONFIG) + 10
    return patched(content, at, b"\xff" * 20)


@hostile("prefix.keras", "holds no config.json|dangerous|damaged|units")
def _() -> bytes:
    """Garbage before the archive, and within it another archive that a reader from the front finds first."""
    return zipped({CONFIG: b"{}"}) + b"#!/bin/sh\n" * 10 + zipped({"assets/x": b""})


@hostile("checksum_of_nothing.keras", "is damaged|cut short|is no HDF5 file")
def _() -> bytes:
    """Weights of no bytes, with the checksum of none."""
    return zipped({**members(), WEIGHTS: b""}) if zlib.crc32(b"") == 0 else b""


@hostile("folder_instead.keras", "holds no config.json|dangerous|not valid JSON")
def _() -> bytes:
    """A folder that is called config.json/."""
    return zipped({**{n: p for n, p in members().items() if n != CONFIG}, f"{CONFIG}/": b""})
