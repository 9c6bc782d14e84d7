// Activations, and what flows back through them.
#pragma once

#include "math.hpp"
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

// exp(x) / sum of exp(x) for each row of x (R, K). The largest number is subtracted first: no power overflows.
template <class T>
void softmax(Size rows, Size classes, const T *x, T *output, int threads) {
    parallel(rows, classes * 8, threads, [&](Size row) {
        const T *from = x + row * classes;
        T *to = output + row * classes;
        T most = from[0];
        Size k = 0;
        if (classes >= lanes<T>) {
            Vec<T> largest = load(from);
            for (; k + lanes<T> <= classes; k += lanes<T>) {
                const Vec<T> value = load(from + k);
                largest = value > largest ? value : largest;
            }
            for (Size i = 0; i < lanes<T>; i++) most = largest[i] > most ? largest[i] : most;
        }
        for (; k < classes; k++) most = from[k] > most ? from[k] : most;
        Vec<T> sums = {};
        for (k = 0; k < classes; k += lanes<T>) {
            const Size count = part<T>(k, classes);
            Vec<T> powers = exp_of_negative<T>(load(from + k, count) - most);
            for (Size i = count; i < lanes<T>; i++) powers[i] = 0;
            store(to + k, powers, count);
            sums += powers;
        }
        T sum = 0;
        for (Size i = 0; i < lanes<T>; i++) sum += sums[i];
        for (k = 0; k < classes; k += lanes<T>) {
            const Size count = part<T>(k, classes);
            store(to + k, load(to + k, count) / sum, count);
        }
    });
}
