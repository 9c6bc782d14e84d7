// What an optimizer does to its variables and their slots: all variables in one call, each in one pass.
#pragma once

#include "threads.hpp"
#include "vector.hpp"

template <class T>
inline Vec<T> root(Vec<T> v) {
    for (Size k = 0; k < lanes<T>; k++) v[k] = std::sqrt(v[k]);
    return v;
}

// Calls body(variable, k, count) for every register full of numbers k, … of all variables; threads take pieces of
// these, wherever one variable ends and the next begins.
template <class T, class Arrays, class Body>
void for_all_numbers(Size variables, Arrays *arrays, int threads, const Body &body) {
    const Size piece = 4096;
    Size pieces = 0, numbers = 0;
    for (Size i = 0; i < variables; i++) {
        pieces += (arrays[i].size + piece - 1) / piece;
        numbers += arrays[i].size;
    }
    parallel(pieces, pieces > 0 ? numbers * 4 / pieces : 0, threads, [&](Size item) {
        Arrays *variable = arrays;
        for (; item >= (variable->size + piece - 1) / piece; variable++) item -= (variable->size + piece - 1) / piece;
        const Size end = (item + 1) * piece < variable->size ? (item + 1) * piece : variable->size;
        Size k = item * piece;
        for (; k + lanes<T> <= end; k += lanes<T>) body(*variable, k, lanes<T>);
        if (k < end) body(*variable, k, end - k);
    });
}

template <class T>
void sgd(Size variables, SgdArrays<T> *arrays, T rate, T momentum, bool nesterov, int threads) {
    for_all_numbers<T>(variables, arrays, threads, [&](const SgdArrays<T> &a, Size k, Size count) {
        const Vec<T> step = load(a.g + k, count) * rate;
        Vec<T> change = -step;
        if (a.m) {
            const Vec<T> m = load(a.m + k, count) * momentum - step;
            store(a.m + k, m, count);
            change = nesterov ? m * momentum - step : m;
        }
        store(a.w + k, load(a.w + k, count) + change, count);
    });
}

template <class T>
void adagrad(Size variables, AdagradArrays<T> *arrays, T rate, T epsilon, int threads) {
    for_all_numbers<T>(variables, arrays, threads, [&](const AdagradArrays<T> &v, Size k, Size count) {
        const Vec<T> g = load(v.g + k, count);
        const Vec<T> a = load(v.a + k, count) + (v.squares ? load(v.squares + k, count) : g * g);
        store(v.a + k, a, count);
        store(v.w + k, load(v.w + k, count) - g * rate / root<T>(a + epsilon), count);
    });
}

// Where v - a^2 + epsilon is below 0, w and m stay as they are, and `negative` is set.
template <class T>
void rmsprop(Size variables, RmspropArrays<T> *arrays, T rate, T rho, T rest, T momentum, T epsilon, int threads) {
    for_all_numbers<T>(variables, arrays, threads, [&](RmspropArrays<T> &v, Size k, Size count) {
        const Vec<T> g = load(v.g + k, count);
        const Vec<T> square = v.squares ? load(v.squares + k, count) : g * g;
        const Vec<T> mean = load(v.v + k, count) * rho + square * rest;
        store(v.v + k, mean, count);
        Vec<T> variance = mean + epsilon;
        Integers<T> wrong = {};
        if (v.a) {
            const Vec<T> a = load(v.a + k, count) * rho + g * rest;
            store(v.a + k, a, count);
            variance = mean - a * a + epsilon;
            wrong = variance < T(0);
            for (Size i = 0; i < count; i++)  // other threads may find the same
                if (wrong[i]) __atomic_store_n(&v.negative, true, __ATOMIC_RELAXED);
        }
        const Vec<T> w = load(v.w + k, count);
        Vec<T> step = g * rate / root<T>(variance);
        if (v.m) {
            const Vec<T> m = load(v.m + k, count);
            step = m * momentum + step;
            store(v.m + k, wrong ? m : step, count);
        }
        store(v.w + k, wrong ? w : w - step, count);
    });
}

template <class T>
void adam(Size variables, AdamArrays<T> *arrays, T alpha, T rest_1, T rest_2, T epsilon, int threads) {
    for_all_numbers<T>(variables, arrays, threads, [&](const AdamArrays<T> &a, Size k, Size count) {
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
    });
}
