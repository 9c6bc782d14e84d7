// Words of random bits: Philox4x32-10. What they are says kernels/philox.py.
#pragma once

#include "threads.hpp"

// The block at a place of a stream.
inline void random_block(const std::uint32_t *stream, std::uint64_t place, std::uint32_t *words) {
    std::uint32_t a = std::uint32_t(place), b = std::uint32_t(place >> 32), c = stream[2], d = stream[3];
    std::uint32_t key = stream[0], other_key = stream[1];
    for (int round = 0; round < 10; round++) {
        const std::uint64_t first = std::uint64_t(a) * 0xD2511F53u, second = std::uint64_t(c) * 0xCD9E8D57u;
        a = std::uint32_t(second >> 32) ^ b ^ key;
        c = std::uint32_t(first >> 32) ^ d ^ other_key;
        b = std::uint32_t(second);
        d = std::uint32_t(first);
        key += 0x9E3779B9u;
        other_key += 0xBB67AE85u;
    }
    words[0] = a;
    words[1] = b;
    words[2] = c;
    words[3] = d;
}

constexpr Size blocks_at_once = 512, cost_of_block = 24;

inline void random_words(const std::uint32_t *stream, Size blocks, const std::uint64_t *places, std::uint32_t *words,
                         int threads) {
    parallel((blocks + blocks_at_once - 1) / blocks_at_once, blocks_at_once * cost_of_block, threads, [&](Size item) {
        const Size end = (item + 1) * blocks_at_once < blocks ? (item + 1) * blocks_at_once : blocks;
        for (Size block = item * blocks_at_once; block < end; block++)
            random_block(stream, places[block], words + 4 * block);
    });
}

inline void random_mask(const std::uint32_t *stream, Size count, std::uint32_t lowest, bool *mask, int threads) {
    const Size piece = 4 * blocks_at_once;
    parallel((count + piece - 1) / piece, blocks_at_once * cost_of_block, threads, [&](Size item) {
        const Size end = (item + 1) * piece < count ? (item + 1) * piece : count;
        for (Size k = item * piece; k < end; k += 4) {
            std::uint32_t words[4];
            random_block(stream, std::uint64_t(k) / 4, words);
            for (Size i = 0; i < 4 && k + i < end; i++) mask[k + i] = (words[i] & 0x7FFFFFu) >= lowest;
        }
    });
}
