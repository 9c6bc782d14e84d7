// Softmax of the rows of x (R, K), and the cross-entropy of its logarithm.
#pragma once

#include "math.hpp"
#include "threads.hpp"
#include "vector.hpp"

// A row's largest number, which is subtracted from all so that no power overflows, and the sum of the powers.
template <class T>
struct Powers {
    T most, sum;
};

// exp(x - most) of a row goes to `to`, unless that is null.
template <class T>
inline Powers<T> powers_of_row(Size classes, const T *x, T *to) {
    T most = x[0];
    Size k = 0;
    if (classes >= lanes<T>) {
        Vec<T> largest = load(x);
        for (; k + lanes<T> <= classes; k += lanes<T>) {
            const Vec<T> value = load(x + k);
            largest = value > largest ? value : largest;
        }
        for (Size i = 0; i < lanes<T>; i++) most = largest[i] > most ? largest[i] : most;
    }
    for (; k < classes; k++) most = x[k] > most ? x[k] : most;
    Vec<T> sums = {};
    for (k = 0; k < classes; k += lanes<T>) {
        const Size count = part<T>(k, classes);
        Vec<T> powers = exp_of_negative<T>(load(x + k, count) - most);
        for (Size i = count; i < lanes<T>; i++) powers[i] = 0;
        if (to) store(to + k, powers, count);
        sums += powers;
    }
    T sum = 0;
    for (Size i = 0; i < lanes<T>; i++) sum += sums[i];
    return {most, sum};
}

template <class T>
void softmax(Size rows, Size classes, const T *x, T *output, int threads) {
    parallel(rows, classes * 8, threads, [&](Size row) {
        T *to = output + row * classes;
        const T sum = powers_of_row(classes, x + row * classes, to).sum;
        for (Size k = 0; k < classes; k += lanes<T>) {
            const Size count = part<T>(k, classes);
            store(to + k, load(to + k, count) / sum, count);
        }
    });
}

// -log softmax(x)[label] of each row (R); the labels are classes.
template <class T>
void cross_entropy(Size rows, Size classes, const T *x, const std::int64_t *labels, T *losses, int threads) {
    parallel(rows, classes * 8, threads, [&](Size row) {
        const Powers<T> powers = powers_of_row<T>(classes, x + row * classes, nullptr);
        losses[row] = std::log(powers.sum) - (x[row * classes + labels[row]] - powers.most);
    });
}

// What flows back to x: g (softmax(x) - 1 where the label is).
template <class T>
void cross_entropy_gradient(Size rows, Size classes, const T *g, const T *x, const std::int64_t *labels, T *result,
                            int threads) {
    parallel(rows, classes * 8, threads, [&](Size row) {
        T *to = result + row * classes;
        const T sum = powers_of_row(classes, x + row * classes, to).sum;
        for (Size k = 0; k < classes; k += lanes<T>) {
            const Size count = part<T>(k, classes);
            store(to + k, Vec<T>(load(to + k, count) / sum * g[row]), count);
        }
        to[labels[row]] -= g[row];
    });
}
