// The way back of recurrent layers: what all of them do with the cotangents of their products.
//
// Time runs backwards for a group of rows. As soon as the cotangents of a few steps are there, and while they are
// in the cache, they are multiplied into the gradients of the weights and of the input; nobody stores those of the
// whole sequence.
#pragma once

#include "../shares.hpp"
#include "sequence.hpp"

constexpr Size gathered_rows = 64;  // of cotangents, about, before they are multiplied

// What tells one layer from another here.
template <class T>
struct Cotangents {
    Size columns;             // of the kernels: gates · U
    bool apart;               // whether those of the recurrent products are other ones than those of x's
    Sequence<const T> reset;  // factors of the state in the last gate's recurrent product; null: there are none
};

// A sum over rows, (rows, width) at `place` in a share's memory: some columns of a result, null where it is not wanted.
template <class T>
struct Sum {
    Size rows, columns, width, place;
    T *result;
    Size result_row;

    Sum(Size rows, Size columns, Size place, T *result, Size result_row)
        : rows(rows), columns(columns), width(padded<T>(columns)), place(place), result(result), result_row(result_row) {}
    Size end() const { return place + rows * width; }
};

// All the sums that a share of the rows is gathered into.
template <class T>
struct Sums {
    Sum<T> kernel, recurrent, of_reset, bias, recurrent_bias;

    Sums(const Recurrence<T> &layer, const Cotangents<T> &of, const Gradients<T> &to, Size of_state)
        : kernel(layer.features, of.columns, 0, to.kernel, of.columns),
          recurrent(layer.units, of_state, kernel.end(), to.recurrent, of.columns),
          of_reset(layer.units, of.columns - of_state, recurrent.end(), to.recurrent ? to.recurrent + of_state : nullptr,
                   of.columns),
          bias(1, of.columns, of_reset.end(), to.bias, of.columns),
          recurrent_bias(1, of.columns, bias.end(), to.recurrent_bias, of.columns) {}
    Size size() const { return recurrent_bias.end(); }
};

// The sum += aᵀ d: a (depth, rows of the sum), d (depth, its width or more) with rows d_row apart.
template <class T>
void add_product(const Sum<T> &sum, T *share, Size depth, const T *a, const T *d, Size d_row) {
    if (!sum.result) return;
    for (Size column = 0; column < sum.width; column += panel_vectors * lanes<T>) {
        const Size vectors = (sum.width - column) / lanes<T>;
        by_columns(vectors < panel_vectors ? vectors : panel_vectors, sum.rows, depth, {a, 1, sum.rows}, d + column, d_row,
                   share + sum.place + column, sum.width, true);
    }
}

// The result: the sums of all shares, `size` numbers apart, in their order.
template <class T>
void add_up(const Sum<T> &sum, const T *shares, Size count, Size size, int threads) {
    if (!sum.result) return;
    parallel(sum.rows, count * sum.width, threads, [&](Size row) {
        sum_shares(shares + sum.place + row * sum.width, count, size, sum.columns, sum.result + row * sum.result_row);
    });
}

// Calls step(t, first, count, d_input, d_recurrent, d_row) for groups of rows, from the last step to the first: it
// is to write the cotangents of the products with x and with the state, rows d_row apart (to one place, unless they are
// `apart`), and to take the states' cotangents a step back.
template <class T, class Step>
void back_through_time(const Recurrence<T> &layer, const Cotangents<T> &of, const T *h0, Sequence<const T> states,
                       const Gradients<T> &to, int threads, const Step &step) {
    const Size features = layer.features, units = layer.units, columns = of.columns;
    const Size of_state = of.reset.data ? columns - units : columns;  // columns of products with the state itself
    const Size d_row = padded<T>(columns) + lanes<T>;  // a line more than needed: see `apart` in winograd.hpp
    const Sums<T> sums(layer, of, to, of_state);
    const Size size = sums.size();

    // Groups and shares follow from the layer alone, lest the sums depend on the threads.
    const Size most = size > 524288 ? 24 : 16;
    const Size groups = (layer.rows + most - 1) / most, shares = groups < 8 ? groups : 8;
    const Size together = gathered_rows / most, depth = together * most;  // steps, rows that are gathered

    const Size x_width = to.x.data ? padded<T>(features) : 0;
    Workspace<T> memory(shares * size + columns * x_width, 2);
    T *const all_shares = memory.take(shares * size), *const room = memory.take(columns * x_width);
    const Panels<T> transposed = to.x.data ? pack(layer.kernel, 1, columns, columns, features, room) : Panels<T>{};

    const Size cost = layer.steps * (layer.rows / shares) * (features + units) * columns / 8;
    parallel(shares, cost, threads, [&](Size share) {
        T *const own = all_shares + share * size;
        std::memset(own, 0, size * sizeof(T));
        Workspace<T> local(depth * (features + units + 2 * d_row + x_width), 5);
        T *const x = local.take(depth * features), *const h = local.take(depth * units);
        T *const d_input = local.take(depth * d_row), *const d_x = local.take(depth * x_width);
        T *const d_recurrent = of.apart ? local.take(depth * d_row) : d_input;

        // All that there is to do with the cotangents of `rows` rows, from step `start` on.
        const auto multiply_in = [&](Size start, Size first, Size count, Size rows) {
            for (Size k = 0; k < rows; k++) {
                const Size t = start + k / count, n = first + k % count;
                std::memcpy(x + k * features, at(layer.x, t, n), features * sizeof(T));
                std::memcpy(h + k * units, at(before(h0, states, t, units), 0, n), units * sizeof(T));
            }
            add_product(sums.kernel, own, rows, x, d_input, d_row);
            add_product(sums.recurrent, own, rows, h, d_recurrent, d_row);
            if (to.bias) add_rows_of(d_input, rows, d_row, sums.bias.width, own + sums.bias.place);
            if (to.recurrent_bias)
                add_rows_of(d_recurrent, rows, d_row, sums.recurrent_bias.width, own + sums.recurrent_bias.place);
            if (of.reset.data) {
                for (Size k = 0; k < rows; k++) {
                    const T *const factors = at(of.reset, start + k / count, first + k % count);
                    for (Size unit = 0; unit < units; unit++) h[k * units + unit] *= factors[unit];
                }
                add_product(sums.of_reset, own, rows, h, d_recurrent + of_state, d_row);
            }
            if (!to.x.data) return;
            multiply(rows, d_input, d_row, transposed, d_x, x_width);
            for (Size k = 0; k < rows; k++)
                std::memcpy(at(to.x, start + k / count, first + k % count), d_x + k * x_width, features * sizeof(T));
        };

        for (Size group = groups * share / shares; group < groups * (share + 1) / shares; group++) {
            const Size first = layer.rows * group / groups, count = layer.rows * (group + 1) / groups - first;
            for (Size end = layer.steps, start; end > 0; end = start) {
                start = end > together ? end - together : 0;
                for (Size t = end - 1; t >= start; t--) {
                    const Size row = (t - start) * count * d_row;
                    step(t, first, count, d_input + row, d_recurrent + row, d_row);
                }
                multiply_in(start, first, count, (end - start) * count);
            }
        }
    });
    const Sum<T> parts[] = {sums.kernel, sums.recurrent, sums.of_reset, sums.bias, sums.recurrent_bias};
    for (const Sum<T> &part : parts) add_up(part, all_shares, shares, size, threads);
}
