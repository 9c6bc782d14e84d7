// The gradients of a product of every row of a sequence with one matrix.
#pragma once

#include "sequence.hpp"

// result (features, columns) += the sum over all steps and rows of aᵀ d: a (T, N, features), d (T, N, columns).
// The columns are a whole number of registers. Each thread takes some features and columns of the result.
template <class T>
void weight_gradient(Size steps, Size rows, Size features, Size columns, Sequence<const T> a, Sequence<const T> d,
                     T *result, int threads) {
    if (rows > steps) {  // the longer axis is the depth of the products
        const Size few = steps;
        steps = rows;
        rows = few;
        a = {a.data, a.row, a.step};
        d = {d.data, d.row, d.step};
    }
    const Size most = 24, deepest = 128;  // so that what a thread reads of d stays in the cache for its features
    const Size at_once = 64;              // products in the time in which an element is touched
    const Size parts = (features + most - 1) / most, width = panel_vectors * lanes<T>;
    const Size panels = (columns + width - 1) / width;
    parallel(parts * panels, steps * rows * features / parts * width / at_once, threads, [&](Size item) {
        const Size feature = features * (item / panels) / parts, column = item % panels * width;
        const Size many = features * (item / panels + 1) / parts - feature;
        const Size vectors = (columns - column < width ? columns - column : width) / lanes<T>;
        for (Size n = 0; n < rows; n++) {
            for (Size t = 0; t < steps; t += deepest) {
                const Factor<T> factor = {at(a, t, n) + feature, 1, a.step};
                by_columns(vectors, many, steps - t < deepest ? steps - t : deepest, factor, at(d, t, n) + column,
                           d.step, result + feature * columns + column, columns, true);
            }
        }
    });
}

// result (T, N, features) = d (T, N, columns) times the transposed kernel (features, columns). The features are
// a whole number of registers.
template <class T>
void sequence_gradient(Size steps, Size rows, Size features, Size columns, Sequence<const T> d, const T *kernel,
                       Sequence<T> result, int threads) {
    Workspace<T> memory(columns * features, 1);
    const Panels<T> transposed = pack(kernel, 1, columns, columns, features, memory.take(columns * features));
    const Size most = 24, pieces = (steps + most - 1) / most, at_once = 64;
    parallel(rows * pieces, steps / pieces * columns * features / at_once, threads, [&](Size item) {
        const Size n = item / pieces, t = item % pieces * most;
        multiply(steps - t < most ? steps - t : most, at(d, t, n), d.step, transposed, at(result, t, n), result.step);
    });
}
