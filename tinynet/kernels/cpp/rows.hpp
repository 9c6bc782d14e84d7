// Rows of a table (R, D).
#pragma once

#include "threads.hpp"
#include "vector.hpp"

// A table (length, D) of zeros with values[i] (D) added to its row rows[i], in order of occurrence, and their squares to
// that of another table, unless it is null; all rows are there. Each thread takes a piece of the table and looks for
// the values that belong there.
template <class T>
void sum_rows(Size count, Size depth, Size length, const std::int64_t *rows, const T *values, T *table, T *of_squares,
              int threads) {
    const Size pieces = threads;
    parallel(pieces, 2 * (length + count) * depth / pieces, threads, [&](Size piece) {
        const Size first = length * piece / pieces, end = length * (piece + 1) / pieces;
        std::memset(table + first * depth, 0, (end - first) * depth * sizeof(T));
        if (of_squares) std::memset(of_squares + first * depth, 0, (end - first) * depth * sizeof(T));
        for (Size i = 0; i < count; i++) {
            if (rows[i] < first || rows[i] >= end) continue;
            const Size start = rows[i] * depth;
            for (Size k = 0; k < depth; k += lanes<T>) {
                const Size some = part<T>(k, depth);
                const Vec<T> value = load(values + i * depth + k, some);
                T *const to = table + start + k;
                store(to, load(to, some) + value, some);
                if (!of_squares) continue;
                T *const square = of_squares + start + k;
                store(square, load(square, some) + value * value, some);
            }
        }
    });
}
