// Rows of a table (R, D).
#pragma once

#include "vector.hpp"

// values[i] (D) added to row rows[i] of the table, in order of occurrence, and their squares to that of another table,
// unless it is null; all rows are there.
template <class T>
void add_rows(Size count, Size depth, const std::int64_t *rows, const T *values, T *table, T *of_squares) {
    for (Size i = 0; i < count; i++) {
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
}
