// The simple recurrent layer, hₜ = tanh(xₜ W + b + hₜ₋₁ R).
#pragma once

#include "../math.hpp"
#include "gradients.hpp"

template <class T>
void simple_rnn_forward(const Recurrence<T> &layer, const T *h0, Sequence<T> states, int threads) {
    const Size units = layer.units, width = padded<T>(units);
    const Size room = Projection<T>::room(layer, width);
    Workspace<T> memory((layer.features + units + 1) * width + room, 4);
    const Panels<T> kernel =
        weights_for(layer, layer.kernel, units, layer.features, units, memory.take(layer.features * width));
    const Panels<T> recurrent = weights_for(layer, layer.recurrent, units, units, units, memory.take(units * width));
    const T *bias = filled(layer.bias, units, memory.take(width));
    const Projection<T> projection(layer, kernel, width, memory.take(room));
    for_groups(layer.rows, layer.steps * (layer.features + units) * units, threads, [&](Size first, Size count) {
        Size begun = projection.none;
        for (Size t = 0; t < layer.steps; t++) {
            const Sequence<const T> h = before(h0, states, t, units);
            if (!counts_for_any(layer.mask, t, first, count)) {
                keep(h, states, t, first, count, units);
                continue;
            }
            T *const z = projection(t, first, count, begun);
            multiply(count, at(h, 0, first), h.row, recurrent, z, projection.row(), true);
            for (Size n = 0; n < count; n++) {
                const T *sum = z + n * projection.row(), *old = at(h, 0, first + n);
                T *new_h = at(states, t, first + n);
                const bool counted = counts(layer.mask, t, first + n);
                for (Size k = 0; k < units; k += lanes<T>) {
                    const Size size = part<T>(k, units);
                    store(new_h + k, counted ? tanh(Vec<T>(load(sum + k) + load(bias + k))) : load(old + k, size), size);
                }
            }
        }
    });
}

template <class T>
void simple_rnn_backward(const Recurrence<T> &layer, Sequence<const T> d_states, const T *h0, Sequence<const T> states,
                         const Gradients<T> &to, T *dh, int threads) {
    const Size units = layer.units, width = padded<T>(units);
    Workspace<T> memory((units + layer.rows) * width, 2);
    const Panels<T> transposed = pack(layer.recurrent, 1, units, units, units, memory.take(units * width));
    T *const products = memory.take(layer.rows * width);
    const Cotangents<T> cotangents = {units, false, {nullptr, 0, 0}};
    back_through_time(layer, cotangents, h0, states, to, threads,
                      [&](Size t, Size first, Size count, T *dz, T *, Size d_row) {
        T *const back = products + first * width;
        for (Size n = first; n < first + count; n++) {
            const T *h = at(states, t, n), *given = at(d_states, t, n);
            T *d = dh + n * units, *by_z = dz + (n - first) * d_row;
            const bool counted = counts(layer.mask, t, n);
            for (Size k = 0; k < units; k += lanes<T>) {
                const Size size = part<T>(k, units);
                const Vec<T> state = load(h + k, size), none = {};
                Vec<T> total = load(d + k, size);
                if (given) total += load(given + k, size);
                store(by_z + k, counted ? total * (T(1) - state * state) : none, size);
                store(d + k, counted ? none : total, size);  // a masked step lets everything pass
            }
        }
        multiply(count, dz, d_row, transposed, back, width);
        for (Size n = 0; n < count; n++) add_to(dh + (first + n) * units, back + n * width, units);
    });
}
