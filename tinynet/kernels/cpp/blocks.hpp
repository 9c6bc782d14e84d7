// Blocks of matrix products: what dense layers and the steps of recurrent ones are made of.
//
// A block of rows and columns of the result stays in registers. Every number of the result is summed in the
// same order, whatever block it falls into, so it depends neither on the other rows nor on the threads.
#pragma once

#include "vector.hpp"

constexpr int panel_vectors = 4;                                       // columns of a block, in registers
constexpr int block_rows = TINYNET_VECTOR_BYTES == 64 ? 6 : 3;         // 24 of 32 registers, 8 of 16

// Columns as they are laid out in results and panels: filled up to whole registers.
template <class T>
constexpr Size padded(Size columns) { return (columns + lanes<T> - 1) / lanes<T> * lanes<T>; }

// A matrix (depth, columns), in panels of a few registers' columns: the order in which a product reads it. Or as it is,
// with whole registers in its rows, which are `row` numbers apart; of panels that is 0.
template <class T>
struct Panels {
    Size depth, columns;
    const T *data;
    Size row;
};

// Packs the matrix whose element (k, c) is from[k * down + c * across]; `to` has room for depth * padded(columns).
template <class T>
Panels<T> pack(const T *from, Size down, Size across, Size depth, Size columns, T *to) {
    const Size width = panel_vectors * lanes<T>;
    const Size at_once = across == 1 ? 1 : 16;  // rows: of a transposed matrix a line of memory holds several
    for (Size first = 0; first < columns; first += width) {
        const Size used = columns - first < width ? columns - first : width, row = padded<T>(used);
        for (Size start = 0; start < depth; start += at_once) {
            const T *const corner = from + start * down + first * across;
            T *const next = to + depth * first + start * row;
            const Size rows = depth - start < at_once ? depth - start : at_once;
            if (across == 1) std::memcpy(next, corner, used * sizeof(T));
            else
                for (Size c = 0; c < used; c++)
                    for (Size k = 0; k < rows; k++) next[k * row + c] = corner[c * across + k * down];
            for (Size k = 0; k < rows; k++)
                for (Size c = used; c < row; c++) next[k * row + c] = 0;
        }
    }
    return {depth, columns, to, 0};
}

// What a product reads: element (m, k) of the first matrix is data[m * row + k * depth].
template <class T>
struct Factor {
    const T *data;
    Size row, depth;
};

// A block of the result: M rows by V registers. `b` has its rows `b_row` apart.
template <class T, int M, int V>
inline void block(Size depth, const Factor<T> &a, const T *b, Size b_row, T *out, Size out_row, bool add) {
    Vec<T> sums[M][V];
    for (int m = 0; m < M; m++)  // not `= {}`, for which GCC clears memory
        for (int v = 0; v < V; v++) sums[m][v] = Vec<T>{};
    for (Size k = 0; k < depth; k++) {
        Vec<T> row[V];
        for (int v = 0; v < V; v++) row[v] = load(b + k * b_row + v * lanes<T>);
        for (int m = 0; m < M; m++) {
            const T factor = a.data[m * a.row + k * a.depth];
            for (int v = 0; v < V; v++) sums[m][v] += row[v] * factor;
        }
    }
    for (int m = 0; m < M; m++) {
        for (int v = 0; v < V; v++) {
            T *const to = out + m * out_row + v * lanes<T>;
            store(to, add ? load(to) + sums[m][v] : sums[m][v]);
        }
    }
}

// All rows by a few registers of columns: in blocks of M rows, then what is left in smaller ones. Of few columns a
// block takes more rows.
template <class T, int V, int M = (V > 2 ? block_rows : 2 * block_rows)>
void in_blocks(Size rows, Size depth, Factor<T> a, const T *b, Size b_row, T *out, Size out_row, bool add) {
    for (; rows >= M; rows -= M, a.data += M * a.row, out += M * out_row)
        block<T, M, V>(depth, a, b, b_row, out, out_row, add);
    if constexpr (M > 1) {
        if (rows > 0) in_blocks<T, V, M - 1>(rows, depth, a, b, b_row, out, out_row, add);
    }
}

template <class T>
void by_columns(Size vectors, Size rows, Size depth, const Factor<T> &a, const T *b, Size b_row, T *out, Size out_row,
                bool add) {
    if (vectors == 4) in_blocks<T, 4>(rows, depth, a, b, b_row, out, out_row, add);
    else if (vectors == 3) in_blocks<T, 3>(rows, depth, a, b, b_row, out, out_row, add);
    else if (vectors == 2) in_blocks<T, 2>(rows, depth, a, b, b_row, out, out_row, add);
    else in_blocks<T, 1>(rows, depth, a, b, b_row, out, out_row, add);
}

// out = a b, or out += a b, where b has its rows of whole registers `width` numbers apart, and out too.
template <class T>
void product_of_rows(Size rows, Size depth, const Factor<T> &a, const T *b, Size width, T *out, bool add) {
    for (Size left = width / lanes<T>; left > 0; left -= panel_vectors) {
        by_columns(left < panel_vectors ? left : panel_vectors, rows, depth, a, b, width, out, width, add);
        b += panel_vectors * lanes<T>;
        out += panel_vectors * lanes<T>;
    }
}

// out = a b, or out += a b: a (rows, depth), out (rows, padded columns), rows apart by a_row and out_row.
template <class T>
void multiply(Size rows, const T *a, Size a_row, const Panels<T> &b, T *out, Size out_row, bool add = false) {
    const T *panel = b.data;
    for (Size left = padded<T>(b.columns) / lanes<T>; left > 0; left -= panel_vectors) {
        const Size vectors = left < panel_vectors ? left : panel_vectors, width = vectors * lanes<T>;
        by_columns(vectors, rows, b.depth, {a, a_row, 1}, panel, b.row ? b.row : width, out, out_row, add);
        panel += b.row ? width : b.depth * width;
        out += width;
    }
}

// sums (width) += the rows of a table, `row` numbers apart, of which whole registers are read and written.
template <class T>
void add_rows_of(const T *table, Size rows, Size row, Size width, T *sums) {
    for (Size k = 0; k < width; k += lanes<T>) {
        Vec<T> total = {};
        for (Size n = 0; n < rows; n++) total += load(table + n * row + k);
        store(sums + k, load(sums + k) + total);
    }
}
