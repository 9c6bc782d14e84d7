"""Two hash functions of bytes, FarmHash's Fingerprint64 and SipHash-2-4, and the bins that values fall into by them.

Both give the same number on every machine and in every version, so a model that was trained on hashed
features keeps its meaning in a file. TensorFlow hashes strings by the same two.

Source: FarmHash, https://github.com/google/farmhash (farmhashna, `Fingerprint64`); Aumasson and Bernstein,
"SipHash: a fast short-input PRF" (2012).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_64 = 2**64 - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def hash_bins(values: Iterable[str], num_bins: int, salt: tuple[int, int] | None = None) -> NDArray[np.int64]:
    """The bin, from 0 to num_bins − 1, of each string: its hash modulo num_bins.

    salt: without it the hash is FarmHash's, with it SipHash's under this key.

    >>> hash_bins(["nasi", "goreng"], 10).tolist(), hash_bins(["nasi"], 10, (1, 2)).tolist()
    ([0, 1], [3])
    """
    known: dict[str, int] = {}  # texts repeat their words, and hashing is the slow part
    bins = []
    for value in values:
        if value not in known:
            code = value.encode()
            known[value] = (fingerprint64(code) if salt is None else siphash(code, salt)) % num_bins
        bins.append(known[value])
    return np.array(bins, np.int64)


def crossed_bins(rows: Iterable[Iterable[str | int]], num_bins: int) -> NDArray[np.int64]:
    """The bin, from 0 to num_bins − 1, of each row of strings and integers together.

    Strings count by FarmHash's fingerprint, integers as they are; they are mixed one after the other by
    TensorFlow's FingerprintCat64.

    >>> crossed_bins([["A", 101], ["A", 102]], 5).tolist()
    [1, 3]
    """
    bins = []
    for row in rows:
        mixed = 0xDECAFCAFFE
        for value in row:
            code = fingerprint64(value.encode()) if isinstance(value, str) else value & _64
            mixed = _concatenated(mixed, code)
        bins.append(mixed % num_bins)
    return np.array(bins, np.int64)


def _concatenated(one: int, other: int) -> int:
    """One 64-bit fingerprint of two, as Murmur's hash mixes them."""
    multiplier = 0xC6A4A7935BD1E995
    code = other * multiplier & _64
    code = (one ^ multiplier ^ ((code ^ code >> 47) * multiplier & _64)) * multiplier & _64
    code = (code ^ code >> 47) * multiplier & _64
    return code ^ code >> 47


def fingerprint64(data: bytes) -> int:
    """FarmHash's 64-bit fingerprint of bytes.

    >>> fingerprint64(b"nasi goreng")
    1904006395547889185
    """
    size = len(data)
    if size <= 16:
        return _up_to_16(data)
    if size <= 32:
        return _up_to_32(data)
    return _up_to_64(data) if size <= 64 else _beyond_64(data)


def siphash(data: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4 of bytes under a key of two 64-bit integers (a negative one counts as its two's complement).

    >>> siphash(b"nasi goreng", (1, 2))
    10316286050213103860
    """
    k0, k1 = key[0] & _64, key[1] & _64
    state = (k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573)
    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) % 256])
    for start in range(0, len(padded), 8):
        word = _word(padded, start)
        v0, v1, v2, v3 = state
        v0, v1, v2, v3 = _sip_rounds(v0, v1, v2, v3 ^ word, 2)
        state = (v0 ^ word, v1, v2, v3)
    v0, v1, v2, v3 = state
    v0, v1, v2, v3 = _sip_rounds(v0, v1, v2 ^ 0xFF, v3, 4)
    return v0 ^ v1 ^ v2 ^ v3


def _sip_rounds(v0: int, v1: int, v2: int, v3: int, rounds: int) -> tuple[int, int, int, int]:
    for _ in range(rounds):
        v0 = (v0 + v1) & _64
        v2 = (v2 + v3) & _64
        v1 = _left(v1, 13) ^ v0
        v3 = _left(v3, 16) ^ v2
        v0 = _left(v0, 32)
        v2 = (v2 + v1) & _64
        v0 = (v0 + v3) & _64
        v1 = _left(v1, 17) ^ v2
        v3 = _left(v3, 21) ^ v0
        v2 = _left(v2, 32)
    return v0, v1, v2, v3


def _word(data: bytes, start: int, size: int = 8) -> int:
    return int.from_bytes(data[start : start + size], "little")


def _left(value: int, shift: int) -> int:
    return ((value << shift) | (value >> (64 - shift))) & _64


def _right(value: int, shift: int) -> int:
    return ((value >> shift) | (value << (64 - shift))) & _64


def _mixed(value: int) -> int:
    return value ^ (value >> 47)


def _paired(u: int, v: int, factor: int) -> int:
    """Two words hashed into one."""
    a = _mixed(((u ^ v) * factor) & _64)
    b = _mixed(((v ^ a) * factor) & _64)
    return (b * factor) & _64


def _up_to_16(data: bytes) -> int:
    size = len(data)
    factor = (_K2 + 2 * size) & _64
    if size >= 8:
        a, b = (_word(data, 0) + _K2) & _64, _word(data, size - 8)
        c = (_right(b, 37) * factor + a) & _64
        d = ((_right(a, 25) + b) * factor) & _64
        return _paired(c, d, factor)
    if size >= 4:
        return _paired(size + (_word(data, 0, 4) << 3), _word(data, size - 4, 4), factor)
    if size:
        y = data[0] + (data[size // 2] << 8)
        z = size + (data[-1] << 2)
        return (_mixed((y * _K2 ^ z * _K0) & _64) * _K2) & _64
    return _K2


def _up_to_32(data: bytes) -> int:
    size = len(data)
    factor = (_K2 + 2 * size) & _64
    a, b = (_word(data, 0) * _K1) & _64, _word(data, 8)
    c, d = (_word(data, size - 8) * factor) & _64, (_word(data, size - 16) * _K2) & _64
    u = (_right((a + b) & _64, 43) + _right(c, 30) + d) & _64
    v = (a + _right((b + _K2) & _64, 18) + c) & _64
    return _paired(u, v, factor)


def _up_to_64(data: bytes) -> int:
    size = len(data)
    factor = (_K2 + 2 * size) & _64
    a, b = (_word(data, 0) * _K2) & _64, _word(data, 8)
    c, d = (_word(data, size - 8) * factor) & _64, (_word(data, size - 16) * _K2) & _64
    y = (_right((a + b) & _64, 43) + _right(c, 30) + d) & _64
    z = _paired(y, (a + _right((b + _K2) & _64, 18) + c) & _64, factor)
    e, f = (_word(data, 16) * factor) & _64, _word(data, 24)
    g = ((y + _word(data, size - 32)) * factor) & _64
    h = ((z + _word(data, size - 24)) * factor) & _64
    u = (_right((e + f) & _64, 43) + _right(g, 30) + h) & _64
    v = (e + _right((f + a) & _64, 18) + g) & _64
    return _paired(u, v, factor)


def _beyond_64(data: bytes) -> int:
    """Whole blocks of 64 bytes pass by 56 bytes of state; the last 64 bytes, which may overlap, close it."""
    seed = 81
    x = seed
    y = (seed * _K1 + 113) & _64
    z = (_mixed((y * _K2 + 113) & _64) * _K2) & _64
    v, w = (0, 0), (0, 0)
    x = (x * _K2 + _word(data, 0)) & _64
    last = (len(data) - 1) // 64 * 64
    for start in range(0, last, 64):
        x = (_right((x + y + v[0] + _word(data, start + 8)) & _64, 37) * _K1) & _64
        y = (_right((y + v[1] + _word(data, start + 48)) & _64, 42) * _K1) & _64
        x ^= w[1]
        y = (y + v[0] + _word(data, start + 40)) & _64
        z = (_right((z + w[0]) & _64, 33) * _K1) & _64
        v = _weak(data, start, v[1] * _K1, x + w[0])
        w = _weak(data, start + 32, z + w[1], y + _word(data, start + 16))
        x, z = z, x
    start = len(data) - 64
    factor = (_K1 + ((z & 0xFF) << 1)) & _64
    w = ((w[0] + (len(data) - 1) % 64) & _64, w[1])
    v = ((v[0] + w[0]) & _64, v[1])
    w = ((w[0] + v[0]) & _64, w[1])
    x = (_right((x + y + v[0] + _word(data, start + 8)) & _64, 37) * factor) & _64
    y = (_right((y + v[1] + _word(data, start + 48)) & _64, 42) * factor) & _64
    x ^= (w[1] * 9) & _64
    y = (y + v[0] * 9 + _word(data, start + 40)) & _64
    z = (_right((z + w[0]) & _64, 33) * factor) & _64
    v = _weak(data, start, v[1] * factor, x + w[0])
    w = _weak(data, start + 32, z + w[1], y + _word(data, start + 16))
    x, z = z, x
    first = _paired(v[0], w[0], factor) + _mixed(y) * _K0 + z
    return _paired(first & _64, (_paired(v[1], w[1], factor) + x) & _64, factor)


def _weak(data: bytes, start: int, a: int, b: int) -> tuple[int, int]:
    """32 bytes and two seeds into two words."""
    first, second, third, fourth = (_word(data, start + offset) for offset in (0, 8, 16, 24))
    a = (a + first) & _64
    b = _right((b + a + fourth) & _64, 21)
    total = (a + second + third) & _64
    b = (b + _right(total, 44)) & _64
    return (total + fourth) & _64, (b + a) & _64
