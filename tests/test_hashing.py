"""`tinynet.hashing` against TensorFlow's hashes of strings, live."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from tinynet.hashing import fingerprint64, hash_bins, siphash

LARGEST = 2**63 - 1  # as many bins as TensorFlow can be asked for: nearly all bits of the hash

words = st.integers(-(2**63), 2**63 - 1)


def strings() -> list[bytes]:
    generator = np.random.default_rng(0)
    return [generator.bytes(length) for length in range(201) for _ in range(5)]


def test_fingerprints_of_every_length() -> None:
    texts = strings()
    expected = tf.strings.to_hash_bucket_fast(texts, LARGEST).numpy()
    assert [fingerprint64(text) % LARGEST for text in texts] == expected.tolist()


def test_all_64_bits_of_a_fingerprint() -> None:
    texts = strings()
    # Modulo 2**63 - 1 and modulo 2**62 together tell all 64 bits.
    expected = tf.strings.to_hash_bucket_fast(texts, 2**62).numpy()
    assert [fingerprint64(text) % 2**62 for text in texts] == expected.tolist()


@given(key=st.tuples(words, words), seed=st.integers(0, 2**32 - 1))
def test_siphash_of_every_length(key: tuple[int, int], seed: int) -> None:
    generator = np.random.default_rng(seed)
    texts = [generator.bytes(length) for length in range(201)]
    expected = tf.strings.to_hash_bucket_strong(texts, LARGEST, key=list(key)).numpy()
    assert [siphash(text, key) % LARGEST for text in texts] == expected.tolist()


@given(
    texts=st.lists(st.text(max_size=80), min_size=1),
    bins=st.integers(1, 2**62),
    salt=st.none() | st.tuples(words, words),
)
def test_bins_of_texts(texts: list[str], bins: int, salt: tuple[int, int] | None) -> None:
    if salt is None:
        expected = tf.strings.to_hash_bucket_fast(texts, bins)
    else:
        expected = tf.strings.to_hash_bucket_strong(texts, bins, key=list(salt))
    ours = hash_bins(texts, bins, salt)
    assert ours.dtype == np.int64
    np.testing.assert_array_equal(ours, expected.numpy())
