// The gated recurrent unit, gates in the order z, r, h. With `reset_after`, r multiplies the third gate's
// recurrent product, otherwise the state that goes into it.
#pragma once

#include "../math.hpp"
#include "gradients.hpp"

// h' = z h + (1 - z) candidate, for one register.
template <class T>
inline void gru_update(bool counted, const Vec<T> &z, const Vec<T> &candidate, const T *old_h, T *h, Size size) {
    const Vec<T> before = load(old_h, size);
    store(h, counted ? Vec<T>((before - candidate) * z + candidate) : before, size);
}

// One row of one step with `reset_after`, from both products. `gates` and `products` may be null.
template <class T>
inline void gru_row(Size units, bool counted, const T *by_x, const T *by_h, const T *bias, const T *recurrent_bias,
                    const T *old_h, T *h, T *gates, T *products) {
    for (Size k = 0; k < units; k += lanes<T>) {
        const Size size = part<T>(k, units);
        Vec<T> in[3], back[3];
        for (int gate = 0; gate < 3; gate++) {
            in[gate] = load(by_x + gate * units + k) + load(bias + gate * units + k);
            back[gate] = load(by_h + gate * units + k) + load(recurrent_bias + gate * units + k);
        }
        const Vec<T> z = sigmoid<T>(in[0] + back[0]), r = sigmoid<T>(in[1] + back[1]);
        const Vec<T> candidate = tanh(Vec<T>(in[2] + r * back[2]));
        if (gates) {
            store(gates + k, z, size);
            store(gates + units + k, r, size);
            store(gates + 2 * units + k, candidate, size);
            store(products + k, back[2], size);
        }
        gru_update(counted, z, candidate, old_h + k, h + k, size);
    }
}

// The first half of a step without `reset_after`: z and r in place of their products, and r h.
template <class T>
inline void gru_reset(Size units, T *sum, const T *bias, const T *old_h, T *reset_h) {
    for (Size k = 0; k < units; k += lanes<T>) {
        const Size size = part<T>(k, units);
        const Vec<T> z = sigmoid<T>(load(sum + k) + load(bias + k));
        const Vec<T> r = sigmoid<T>(load(sum + units + k) + load(bias + units + k));
        store(sum + k, z, size);
        store(sum + units + k, r, size);
        store(reset_h + k, Vec<T>(r * load(old_h + k, size)), size);
    }
}

// The second half, with the product of r h added to the third gate's.
template <class T>
inline void gru_candidate(Size units, bool counted, const T *sum, const T *bias, const T *old_h, T *h, T *gates) {
    for (Size k = 0; k < units; k += lanes<T>) {
        const Size size = part<T>(k, units);
        const Vec<T> z = load(sum + k);
        const Vec<T> candidate = tanh(Vec<T>(load(sum + 2 * units + k) + load(bias + 2 * units + k)));
        if (gates) {
            store(gates + k, z, size);
            store(gates + units + k, load(sum + units + k), size);
            store(gates + 2 * units + k, candidate, size);
        }
        gru_update(counted, z, candidate, old_h + k, h + k, size);
    }
}

template <class T>
void gru_forward(const Recurrence<T> &layer, bool reset_after, const T *h0, Sequence<T> states, Sequence<T> gates,
                 Sequence<T> products, int threads) {
    const Size units = layer.units, columns = 3 * units, width = padded<T>(columns) + lanes<T>;
    const Size room = Projection<T>::room(layer, width);
    Workspace<T> memory((layer.features + 2 * units + layer.rows + 2) * width + room, 7);
    const Panels<T> kernel =
        weights_for(layer, layer.kernel, columns, layer.features, columns, memory.take(layer.features * width));
    const Size together = reset_after ? columns : 2 * units;  // gates whose recurrent products are of h itself
    const Panels<T> recurrent =
        weights_for(layer, layer.recurrent, columns, units, together, memory.take(units * width));
    const Panels<T> of_reset =
        weights_for(layer, layer.recurrent + 2 * units, columns, units, units, memory.take(units * width));
    const T *bias = filled(layer.bias, columns, memory.take(width));
    const T *recurrent_bias = filled(layer.recurrent_bias, columns, memory.take(width));
    const Projection<T> projection(layer, kernel, width, memory.take(room));
    T *const others = memory.take(layer.rows * width);
    for_groups(layer.rows, layer.steps * (layer.features + units) * columns, threads, [&](Size first, Size count) {
        T *const other = others + first * width;  // recurrent products, or r h
        const Size row = projection.row();
        Size begun = projection.none;
        for (Size t = 0; t < layer.steps; t++) {
            const Sequence<const T> h = before(h0, states, t, units);
            if (!gates.data && !counts_for_any(layer.mask, t, first, count)) {
                keep(h, states, t, first, count, units);
                continue;
            }
            T *const by_x = projection(t, first, count, begun);
            if (reset_after) {
                multiply(count, at(h, 0, first), h.row, recurrent, other, width);
                for (Size n = 0; n < count; n++)
                    gru_row(units, counts(layer.mask, t, first + n), by_x + n * row, other + n * width, bias,
                            recurrent_bias, at(h, 0, first + n), at(states, t, first + n), at(gates, t, first + n),
                            at(products, t, first + n));
            } else {
                multiply(count, at(h, 0, first), h.row, recurrent, by_x, row, true);
                for (Size n = 0; n < count; n++)
                    gru_reset(units, by_x + n * row, bias, at(h, 0, first + n), other + n * width);
                multiply(count, other, width, of_reset, by_x + 2 * units, row, true);
                for (Size n = 0; n < count; n++)
                    gru_candidate(units, counts(layer.mask, t, first + n), by_x + n * row, bias, at(h, 0, first + n),
                                  at(states, t, first + n), at(gates, t, first + n));
            }
        }
    });
}

// One row of one step backwards, up to the products. `back`, where there is one, gets the cotangents of the
// recurrent products; without it (not `reset_after`) r's is left to `gru_reset_back`. dh becomes what passes by.
template <class T>
inline void gru_row_back(Size units, bool counted, const T *given, const T *old_h, const T *gates, const T *products,
                         T *d_input, T *d_recurrent, T *dh) {
    const bool reset_after = products != nullptr;
    for (Size k = 0; k < units; k += lanes<T>) {
        const Size size = part<T>(k, units);
        const Vec<T> none = {};
        Vec<T> by_h = load(dh + k, size);
        if (given) by_h += load(given + k, size);
        if (!counted) {
            for (int gate = 0; gate < 3; gate++) {
                store(d_input + gate * units + k, none, size);
                if (reset_after) store(d_recurrent + gate * units + k, none, size);
            }
            store(dh + k, by_h, size);
            continue;
        }
        const Vec<T> z = load(gates + k, size), r = load(gates + units + k, size);
        const Vec<T> candidate = load(gates + 2 * units + k, size), h = load(old_h + k, size);
        const Vec<T> by_z = by_h * ((h - candidate) * z * (T(1) - z));
        const Vec<T> by_candidate = by_h * ((T(1) - z) * (T(1) - candidate * candidate));
        store(d_input + k, by_z, size);
        store(d_input + 2 * units + k, by_candidate, size);
        if (reset_after) {
            const Vec<T> by_r = by_candidate * (r * (T(1) - r) * load(products + k, size));
            store(d_input + units + k, by_r, size);
            store(d_recurrent + k, by_z, size);
            store(d_recurrent + units + k, by_r, size);
            store(d_recurrent + 2 * units + k, Vec<T>(by_candidate * r), size);
        }
        store(dh + k, Vec<T>(by_h * z), size);
    }
}

// From the cotangent of r h: that of r's input, and what goes to h.
template <class T>
inline void gru_reset_back(Size units, bool counted, const T *by_reset, const T *old_h, const T *gates, T *d_input,
                           T *dh) {
    for (Size k = 0; k < units; k += lanes<T>) {
        const Size size = part<T>(k, units);
        const Vec<T> r = load(gates + units + k, size), g = load(by_reset + k), none = {};
        store(d_input + units + k, counted ? Vec<T>(g * (r * (T(1) - r) * load(old_h + k, size))) : none, size);
        if (counted) store(dh + k, Vec<T>(load(dh + k, size) + g * r), size);
    }
}

template <class T>
void gru_backward(const Recurrence<T> &layer, Sequence<const T> d_states, const T *h0, Sequence<const T> states,
                  Sequence<const T> gates, Sequence<const T> products, const Gradients<T> &to, T *dh, int threads) {
    const bool reset_after = products.data != nullptr;
    const Size units = layer.units, columns = 3 * units, width = padded<T>(units);
    Workspace<T> memory((columns + units + layer.rows) * width, 3);
    const Size together = reset_after ? columns : 2 * units;
    const Panels<T> transposed = pack(layer.recurrent, 1, columns, together, units, memory.take(columns * width));
    const Panels<T> of_reset = pack(layer.recurrent + 2 * units, 1, columns, units, units, memory.take(units * width));
    T *const returned = memory.take(layer.rows * width);
    Cotangents<T> cotangents = {columns, reset_after, {nullptr, 0, 0}};
    if (!reset_after) cotangents.reset = {gates.data + units, gates.step, gates.row};
    back_through_time(layer, cotangents, h0, states, to, threads,
                      [&](Size t, Size first, Size count, T *d_input, T *d_recurrent, Size d_row) {
        T *const back = returned + first * width;
        const Sequence<const T> h = before(h0, states, t, units);
        for (Size n = 0; n < count; n++)
            gru_row_back(units, counts(layer.mask, t, first + n), at(d_states, t, first + n), at(h, 0, first + n),
                         at(gates, t, first + n), at(products, t, first + n), d_input + n * d_row,
                         d_recurrent + n * d_row, dh + (first + n) * units);
        if (!reset_after) {
            multiply(count, d_input + 2 * units, d_row, of_reset, back, width);
            for (Size n = 0; n < count; n++)
                gru_reset_back(units, counts(layer.mask, t, first + n), back + n * width, at(h, 0, first + n),
                               at(gates, t, first + n), d_input + n * d_row, dh + (first + n) * units);
        }
        multiply(count, d_recurrent, d_row, transposed, back, width);
        for (Size n = 0; n < count; n++) add_to(dh + (first + n) * units, back + n * width, units);
    });
}
