"""Compiled words of random bits against NumPy's, bit by bit, and against the published ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from using import for_any_number_of_threads

from tinynet.kernels import choice, philox

if choice.module is None:
    pytest.skip(f"no compiled kernels: {choice.why_not}", allow_module_level=True)

from tinynet.kernels import compiled

WORDS = st.integers(0, 2**32 - 1)
STREAMS = st.tuples(WORDS, WORDS, WORDS, WORDS)

# Of the generator's authors: the counter's four words, the key's two, the block
# (https://github.com/DEShawResearch/random123/blob/main/tests/kat_vectors).
PUBLISHED = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


@pytest.mark.parametrize(("counter", "key", "block"), PUBLISHED)
def test_published_blocks(counter: str, key: str, block: str) -> None:
    a, b, *upper = (int(word, 16) for word in counter.split())
    first, second = (int(word, 16) for word in key.split())
    places = np.array([a | b << 32], np.uint64)
    for kernels in (compiled, philox):
        words = kernels.random_words((first, second, *upper), places)
        assert " ".join(f"{word:08x}" for word in words[0]) == block


@given(stream=STREAMS, seed=st.integers(0, 2**32), count=st.sampled_from([0, 1, 511, 512, 513, 5000]))
def test_words(stream: tuple[int, int, int, int], seed: int, count: int) -> None:
    places = np.random.default_rng(seed).integers(0, 2**64, count, np.uint64)
    (words,) = for_any_number_of_threads(lambda: compiled.random_words(stream, places))
    np.testing.assert_array_equal(words, philox.random_words(stream, places))
    assert words.dtype == np.uint32 and words.shape == (count, 4)


@given(stream=STREAMS, lowest=st.integers(0, 2**23), count=st.sampled_from([0, 1, 3, 2047, 2048, 2049, 20_001]))
def test_masks(stream: tuple[int, int, int, int], lowest: int, count: int) -> None:
    (mask,) = for_any_number_of_threads(lambda: compiled.random_mask(stream, count, lowest))
    np.testing.assert_array_equal(mask, philox.random_mask(stream, count, lowest))
    assert mask.dtype == bool and mask.shape == (count,)
