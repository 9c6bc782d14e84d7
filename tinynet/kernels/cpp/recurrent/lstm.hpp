// Long short-term memory, gates in the order i, f, c, o.
#pragma once

#include "../math.hpp"
#include "gradients.hpp"

// One row of one step, from the products `sum`. `gates` may be null.
template <class T>
inline void lstm_row(Size units, bool counted, const T *sum, const T *bias, const T *old_h, const T *old_c, T *h,
                     T *c, T *gates) {
    for (Size k = 0; k < units; k += lanes<T>) {
        const Size size = part<T>(k, units);
        Vec<T> z[4];
        for (int gate = 0; gate < 4; gate++) z[gate] = load(sum + gate * units + k) + load(bias + gate * units + k);
        const Vec<T> i = sigmoid<T>(z[0]), f = sigmoid<T>(z[1]), g = tanh(z[2]), o = sigmoid<T>(z[3]);
        const Vec<T> before = load(old_c + k, size);
        const Vec<T> cell = f * before + i * g;
        if (gates) {
            store(gates + k, i, size);
            store(gates + units + k, f, size);
            store(gates + 2 * units + k, g, size);
            store(gates + 3 * units + k, o, size);
        }
        store(c + k, counted ? cell : before, size);
        store(h + k, counted ? Vec<T>(o * tanh(cell)) : load(old_h + k, size), size);
    }
}

template <class T>
void lstm_forward(const Recurrence<T> &layer, const T *h0, const T *c0, Sequence<T> states, Sequence<T> cells,
                  Sequence<T> gates, int threads) {
    const Size units = layer.units, columns = 4 * units, width = padded<T>(columns) + lanes<T>;
    const Size room = Projection<T>::room(layer, width);
    Workspace<T> memory((layer.features + units + 1) * width + room, 4);
    const Panels<T> kernel =
        weights_for(layer, layer.kernel, columns, layer.features, columns, memory.take(layer.features * width));
    const Panels<T> recurrent =
        weights_for(layer, layer.recurrent, columns, units, columns, memory.take(units * width));
    const T *bias = filled(layer.bias, columns, memory.take(width));
    const Projection<T> projection(layer, kernel, width, memory.take(room));
    for_groups(layer.rows, layer.steps * (layer.features + units) * columns, threads, [&](Size first, Size count) {
        Size begun = projection.none;
        for (Size t = 0; t < layer.steps; t++) {
            const Sequence<const T> h = before(h0, states, t, units), c = before(c0, cells, t, units);
            if (!gates.data && !counts_for_any(layer.mask, t, first, count)) {
                keep(h, states, t, first, count, units);
                keep(c, cells, t, first, count, units);
                continue;
            }
            T *const z = projection(t, first, count, begun);
            multiply(count, at(h, 0, first), h.row, recurrent, z, projection.row(), true);
            for (Size n = first; n < first + count; n++)
                lstm_row(units, counts(layer.mask, t, n), z + (n - first) * projection.row(), bias, at(h, 0, n), at(c, 0, n),
                         at(states, t, n), at(cells, t, n), at(gates, t, n));
        }
    });
}

// One row of one step backwards, up to the products: dz from dh and dc, which become what passes by the products.
template <class T>
inline void lstm_row_back(Size units, bool counted, const T *given, const T *old_c, const T *c, const T *gates, T *dz,
                          T *dh, T *dc) {
    for (Size k = 0; k < units; k += lanes<T>) {
        const Size size = part<T>(k, units);
        const Vec<T> none = {};
        Vec<T> by_h = load(dh + k, size), by_c = load(dc + k, size);
        if (given) by_h += load(given + k, size);
        if (!counted) {
            for (int gate = 0; gate < 4; gate++) store(dz + gate * units + k, none, size);
            store(dh + k, by_h, size);
            continue;
        }
        const Vec<T> i = load(gates + k, size), f = load(gates + units + k, size);
        const Vec<T> g = load(gates + 2 * units + k, size), o = load(gates + 3 * units + k, size);
        const Vec<T> s = tanh(load(c + k, size));  // takes no longer than reading it would
        by_c += by_h * (o * (T(1) - s * s));
        store(dz + k, Vec<T>(by_c * (g * i * (T(1) - i))), size);
        store(dz + units + k, Vec<T>(by_c * (load(old_c + k, size) * f * (T(1) - f))), size);
        store(dz + 2 * units + k, Vec<T>(by_c * (i * (T(1) - g * g))), size);
        store(dz + 3 * units + k, Vec<T>(by_h * (s * o * (T(1) - o))), size);
        store(dh + k, none, size);
        store(dc + k, Vec<T>(by_c * f), size);
    }
}

template <class T>
void lstm_backward(const Recurrence<T> &layer, Sequence<const T> d_states, const T *h0, const T *c0,
                   Sequence<const T> states, Sequence<const T> cells, Sequence<const T> gates, const Gradients<T> &to,
                   T *dh, T *dc, int threads) {
    const Size units = layer.units, columns = 4 * units, width = padded<T>(units);
    Workspace<T> memory((columns + layer.rows) * width, 2);
    const Panels<T> transposed = pack(layer.recurrent, 1, columns, columns, units, memory.take(columns * width));
    T *const products = memory.take(layer.rows * width);
    const Cotangents<T> cotangents = {columns, false, {nullptr, 0, 0}};
    back_through_time(layer, cotangents, h0, states, to, threads,
                      [&](Size t, Size first, Size count, T *dz, T *, Size d_row) {
        T *const back = products + first * width;
        const Sequence<const T> old_c = before(c0, cells, t, units);
        for (Size n = first; n < first + count; n++)
            lstm_row_back(units, counts(layer.mask, t, n), at(d_states, t, n), at(old_c, 0, n), at(cells, t, n),
                          at(gates, t, n), dz + (n - first) * d_row, dh + n * units, dc + n * units);
        multiply(count, dz, d_row, transposed, back, width);
        for (Size n = 0; n < count; n++) add_to(dh + (first + n) * units, back + n * width, units);
    });
}
