// Rows of a table (R, D).
#pragma once

#include "vector.hpp"

// values[i] (D) added to row rows[i] of the table, in order of occurrence; all rows are there.
template <class T>
void add_rows(Size count, Size depth, const std::int64_t *rows, const T *values, T *table) {
    for (Size i = 0; i < count; i++) {
        T *to = table + rows[i] * depth;
        for (Size k = 0; k < depth; k += lanes<T>) {
            const Size some = part<T>(k, depth);
            store(to + k, load(to + k, some) + load(values + i * depth + k, some), some);
        }
    }
}
