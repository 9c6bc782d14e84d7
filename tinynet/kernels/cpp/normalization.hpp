// Sums over the rows of a table (rows, columns), and what is done to all rows alike: batch normalisation.
#pragma once

#include "shares.hpp"
#include "threads.hpp"
#include "vector.hpp"

// The last register of a row moved back until it lies within the row: what two registers both cover is
// computed twice, to the same numbers. Only rows narrower than a register have an incomplete one.
template <class T>
inline Size within(Size k, Size columns) {
    return k + lanes<T> > columns && columns >= lanes<T> ? columns - lanes<T> : k;
}

// Sums of rows first … end in the columns of R registers, the last of them moved back as above.
// terms(place, k, count, term) sets what a place of the table, in column k, adds to each of the N sums.
template <class T, int N, int R, class Terms>
inline void sum_block(Size first, Size end, Size columns, Size k, T *sums, const Terms &terms) {
    Vec<T> total[N][R] = {};
    Size at[R];
    for (int r = 0; r < R; r++) at[r] = within<T>(k + r * lanes<T>, columns);
    const Size count = part<T>(at[0], columns);
    if (count == lanes<T>) {
        for (Size row = first; row < end; row++) {
            for (int r = 0; r < R; r++) {
                Vec<T> term[N];
                terms(row * columns + at[r], at[r], lanes<T>, term);
                for (int n = 0; n < N; n++) total[n][r] += term[n];
            }
        }
    } else {
        for (Size row = first; row < end; row++) {
            Vec<T> term[N];
            terms(row * columns + k, k, count, term);
            for (int n = 0; n < N; n++) total[n][0] += term[n];
        }
    }
    for (int n = 0; n < N; n++)
        for (int r = 0; r < R; r++) store(sums + n * columns + at[r], total[n][r], count);
}

// N sums for each column -> results (N, columns).
//
// float32 stays precise over long columns because there are three levels: rows are summed in blocks, blocks in
// shares, shares in order. How many there are depends on the table alone, and so does the result.
template <class T, int N, class Terms>
void sum_columns(Size rows, Size columns, T *results, int threads, const Terms &terms) {
    const Size block = 128, most = 64;
    const Size blocks = (rows + block - 1) / block;
    const Size per_share = (blocks + most - 1) / most;
    const Size shares = blocks > 0 ? (blocks + per_share - 1) / per_share : 0;
    const Size width = N * columns;
    T *const partial = static_cast<T *>(std::malloc((2 * shares * width + 1) * sizeof(T)));
    parallel(shares, per_share * block * columns * N, threads, [&](Size share) {
        T *const total = partial + 2 * share * width, *const sums = total + width;
        std::memset(total, 0, width * sizeof(T));
        const Size last = (share + 1) * per_share < blocks ? (share + 1) * per_share : blocks;
        for (Size b = share * per_share; b < last; b++) {
            const Size first = b * block, end = first + block < rows ? first + block : rows;
            Size k = 0;
            for (; k + 3 * lanes<T> < columns; k += 4 * lanes<T>)
                sum_block<T, N, 4>(first, end, columns, k, sums, terms);
            for (; k < columns; k += lanes<T>) sum_block<T, N, 1>(first, end, columns, k, sums, terms);
            for (Size i = 0; i < width; i++) total[i] += sums[i];
        }
    });
    sum_shares(partial, shares, 2 * width, width, results);
    std::free(partial);
}

// Sums of x, through a relu's derivative where `shown` is not null.
template <class T>
void column_sums(Size rows, Size columns, const T *x, const T *shown, T *results, int threads) {
    sum_columns<T, 1>(rows, columns, results, threads, [=](Size place, Size, Size count, Vec<T> *term) {
        term[0] = load_shown(x + place, shown ? shown + place : nullptr, count);
    });
}

// Sums of (x - mean)^2.
template <class T>
void column_squares(Size rows, Size columns, const T *x, const T *mean, T *results, int threads) {
    sum_columns<T, 1>(rows, columns, results, threads, [=](Size place, Size k, Size count, Vec<T> *term) {
        const Vec<T> deviation = load(x + place, count) - load(mean + k, count);
        term[0] = deviation * deviation;
    });
}

// Sums of g, then those of g (x - mean).
template <class T>
void column_products(Size rows, Size columns, const T *g, const T *x, const T *mean, T *results, int threads) {
    sum_columns<T, 2>(rows, columns, results, threads, [=](Size place, Size k, Size count, Vec<T> *term) {
        term[0] = load(g + place, count);
        term[1] = term[0] * (load(x + place, count) - load(mean + k, count));
    });
}

// Stores value(place, k, count) at every place of a table.
template <class T, class Value>
void for_each_row(Size rows, Size columns, T *results, int threads, const Value &value) {
    const Size piece = 1 + 16384 / (columns + 1);  // rows
    parallel((rows + piece - 1) / piece, piece * columns, threads, [&](Size item) {
        const Size end = (item + 1) * piece < rows ? (item + 1) * piece : rows;
        for (Size row = item * piece; row < end; row++) {
            for (Size k = 0; k < columns; k += lanes<T>) {
                const Size at = within<T>(k, columns), count = part<T>(at, columns);
                const Size place = row * columns + at;
                if (count == lanes<T>) store(results + place, value(place, at, lanes<T>));
                else store(results + place, value(place, at, count), count);
            }
        }
    });
}

// x scale + offset.
template <class T>
void scale_columns(Size rows, Size columns, const T *x, const T *scale, const T *offset, T *results, int threads) {
    for_each_row(rows, columns, results, threads, [=](Size place, Size k, Size count) {
        return load(x + place, count) * load(scale + k, count) + load(offset + k, count);
    });
}

// g by_g + (x - mean) by_x + offset.
template <class T>
void combine_columns(Size rows, Size columns, const T *g, const T *x, const T *mean, const T *by_g, const T *by_x,
                     const T *offset, T *results, int threads) {
    for_each_row(rows, columns, results, threads, [=](Size place, Size k, Size count) {
        const Vec<T> deviation = load(x + place, count) - load(mean + k, count);
        return load(g + place, count) * load(by_g + k, count) + deviation * load(by_x + k, count) +
               load(offset + k, count);
    });
}
