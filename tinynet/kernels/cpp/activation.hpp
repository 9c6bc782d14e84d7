// Activations, and what flows back through them.
#pragma once

#include "threads.hpp"
#include "vector.hpp"

// max(x, 0), and NaN for NaN.
template <class T>
void relu(Size size, const T *x, T *result, int threads) {
    const Size piece = 16384;
    parallel((size + piece - 1) / piece, piece, threads, [&](Size item) {
        const Size end = (item + 1) * piece < size ? (item + 1) * piece : size;
        for (Size k = item * piece; k < end; k += lanes<T>) {
            const Size count = part<T>(k, end);
            const Vec<T> value = load(x + k, count);
            store(result + k, value <= T(0) ? Vec<T>{} : value, count);
        }
    });
}

// g where the relu's output is positive, elsewhere 0.
template <class T>
void relu_gradient(Size size, const T *g, const T *output, T *result, int threads) {
    const Size piece = 16384;
    parallel((size + piece - 1) / piece, piece, threads, [&](Size item) {
        const Size end = (item + 1) * piece < size ? (item + 1) * piece : size;
        for (Size k = item * piece; k < end; k += lanes<T>) {
            const Size count = part<T>(k, end);
            store(result + k, load(output + k, count) > T(0) ? load(g + k, count) : Vec<T>{}, count);
        }
    });
}
