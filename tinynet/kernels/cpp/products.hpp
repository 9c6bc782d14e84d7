// The product of two matrices, plus a bias and through a relu if so wished.
#pragma once

#include "blocks.hpp"
#include "threads.hpp"
#include "workspace.hpp"

constexpr Size strip_rows = 4 * block_rows;  // of the result, that a thread takes at once

// result (rows, columns) = a (rows, depth) · b (depth, columns), where elements of a matrix lie `down` and
// `across` apart, so that transposed ones are read where they are.
template <class T>
void product(Size rows, Size depth, Size columns, const Matrix<T> &a, const Matrix<T> &b, const T *bias, bool relu,
             T *result, int threads) {
    constexpr Size width = panel_vectors * lanes<T>;
    if (rows == 0 || columns == 0) return;
    const Size at_once = 16;  // products in the time in which an element is touched
    const Size few = 4;       // rows, for which reading b takes longer than the products
    const Size strips = (rows + strip_rows - 1) / strip_rows, panels = (columns + width - 1) / width;
    // Few rows would not make up for the time that packing takes.
    const bool packs = rows > 8 * strip_rows || b.across != 1 || columns % lanes<T> != 0;
    Workspace<T> memory(packs ? depth * padded<T>(columns) : 0, 1);
    T *const packed = memory.take(packs ? depth * padded<T>(columns) : 0);
    if (packs) {
        parallel(panels, depth * width, threads, [&](Size panel) {
            const Size first = panel * width, count = columns - first < width ? columns - first : width;
            pack(b.data + first * b.across, b.down, b.across, depth, count, packed + first * depth);
        });
    }
    const Size together = rows / strips > few ? rows / strips : few;
    parallel(panels * strips, depth * width * together / at_once, threads, [&](Size item) {
        const Size first = item / strips * width, count = columns - first < width ? columns - first : width;
        const Size top = rows * (item % strips) / strips, bottom = rows * (item % strips + 1) / strips;
        const Size vectors = padded<T>(count) / lanes<T>;
        T sums[strip_rows * panel_vectors * lanes<T>];
        by_columns(vectors, bottom - top, depth, {a.data + top * a.down, a.down, a.across},
                   packs ? packed + first * depth : b.data + first, packs ? vectors * lanes<T> : b.down, sums, width,
                   false);
        for (Size row = top; row < bottom; row++) {
            for (Size k = 0; k < count; k += lanes<T>) {
                const Size some = part<T>(k, count);
                Vec<T> sum = load(sums + (row - top) * width + k);
                if (bias) sum += load(bias + first + k, some);
                if (relu) sum = sum < T(0) ? Vec<T>{} : sum;  // keeps NaN
                store(result + row * columns + first + k, sum, some);
            }
        }
    });
}
