"""Words of random bits by counting: the generator Philox4x32-10 (Salmon et al. 2011).

A block of four 32-bit words is a function of a counter and a key. Ten times its words are multiplied, the halves of the
products change places, and the key is mixed in: after that each bit of a block depends on each bit of the counter. So a
generator has no state but a number: where it stands. Any part of its sequence can be computed by itself, in any order,
by any number of threads.

stream: (key, key, counter, counter), four numbers of 32 bits: both words of the key, and the upper two words of the
    counter. Its lower two are the place of the block in the stream.

Source: https://www.thesalmons.org/john/random123/papers/random123sc11.pdf
"""

from __future__ import annotations

import numpy as np

Stream = tuple[int, int, int, int]

MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
STEPS_OF_KEY = 0x9E3779B9, 0xBB67AE85  # from the golden ratio, and from the root of 3
ROUNDS = 10

_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_AT_ONCE = 4096  # blocks, whose intermediate results stay in the cache


def random_words(stream: Stream, places: np.ndarray) -> np.ndarray:
    """The blocks at these places (B) of a stream: (B, 4) words, uint32. places: uint64.

    >>> random_words((0, 0, 0, 0), np.array([0], np.uint64)).tolist()[0][:2] == [0x6627E8D5, 0xE169C58D]
    True
    """
    words = np.empty((len(places), 4), np.uint32)
    for first in range(0, len(places), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        _scramble(stream, places[some], words[some])
    return words


def _scramble(stream: Stream, places: np.ndarray, words: np.ndarray) -> None:
    key, other_key, third, fourth = stream
    a, b = places & _LOW, places >> _HALF
    c, d = np.full_like(places, third), np.full_like(places, fourth)
    for _ in range(ROUNDS):
        first, second = a * MULTIPLIERS[0], c * MULTIPLIERS[1]
        a, c = (second >> _HALF) ^ b ^ np.uint64(key), (first >> _HALF) ^ d ^ np.uint64(other_key)
        b, d = second & _LOW, first & _LOW
        key, other_key = (key + STEPS_OF_KEY[0]) & 0xFFFFFFFF, (other_key + STEPS_OF_KEY[1]) & 0xFFFFFFFF
    for column, values in enumerate((a, b, c, d)):
        words[:, column] = values


def random_mask(stream: Stream, count: int, lowest: int) -> np.ndarray:
    """Whether the lower 23 bits of each of the first `count` words of a stream are at least `lowest`: bool (count)."""
    words = random_words(stream, np.arange(-(-count // 4), dtype=np.uint64)).reshape(-1)[:count]
    return (words & np.uint32(0x7FFFFF)) >= np.uint32(lowest)
