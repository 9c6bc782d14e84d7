// What an optimizer does to a variable and its slots, in one pass.
#pragma once

#include "threads.hpp"
#include "vector.hpp"

template <class T>
inline Vec<T> root(Vec<T> v) {
    for (Size k = 0; k < lanes<T>; k++) v[k] = std::sqrt(v[k]);
    return v;
}

// m <- m + rest_1 (g - m), v <- v + rest_2 (g^2 - v), w <- w - alpha m / (sqrt(v) + epsilon).
template <class T>
void adam(Size size, const AdamArrays<T> &a, T alpha, T rest_1, T rest_2, T epsilon, int threads) {
    const Size piece = 4096;
    parallel((size + piece - 1) / piece, piece * 4, threads, [&](Size item) {
        const Size end = (item + 1) * piece < size ? (item + 1) * piece : size;
        for (Size k = item * piece; k < end; k += lanes<T>) {
            const Size count = part<T>(k, end);
            const Vec<T> g = load(a.g + k, count);
            const Vec<T> square = a.squares ? load(a.squares + k, count) : g * g;
            Vec<T> m = load(a.m + k, count), v = load(a.v + k, count);
            m += (g - m) * rest_1;
            v += (square - v) * rest_2;
            store(a.m + k, m, count);
            store(a.v + k, v, count);
            if (a.largest) {
                const Vec<T> before = load(a.largest + k, count);
                v = (v > before) | (v != v) ? v : before;
                store(a.largest + k, v, count);
            }
            store(a.w + k, load(a.w + k, count) - m * alpha / (root<T>(v) + epsilon), count);
        }
    });
}
