// What the recurrent kernels share: access to sequences, rows divided among threads.
//
// The rows of a batch do not depend on each other, so each thread takes some rows through all of time
// and never waits for another one.
#pragma once

#include "../blocks.hpp"
#include "../threads.hpp"
#include "../workspace.hpp"

template <class T>
inline T *at(const Sequence<T> &sequence, Size step, Size row) {
    return sequence.data ? sequence.data + step * sequence.step + row * sequence.row : nullptr;
}

inline bool counts(const Sequence<const bool> &mask, Size step, Size row) {
    return !mask.data || *at(mask, step, row);
}

// Whether a step counts for any of some rows.
inline bool counts_for_any(const Sequence<const bool> &mask, Size step, Size first, Size count) {
    for (Size n = first; n < first + count; n++)
        if (counts(mask, step, n)) return true;
    return false;
}

// A bias, or zeros where there is none, to be read a register at a time.
template <class T>
const T *filled(const T *bias, Size count, T *to) {
    for (Size k = 0; k < count; k++) to[k] = bias ? bias[k] : T(0);
    return to;
}

// Some columns of the weights, whose rows are `row` numbers long, in panels. For few sequences the products read them as
// they are: panels gain little there, and packing takes as long as a dozen steps.
template <class T>
Panels<T> weights_for(const Recurrence<T> &layer, const T *weights, Size row, Size depth, Size columns, T *room) {
    if (layer.rows < block_rows && columns % lanes<T> == 0) return {depth, columns, weights, row};
    return pack(weights, row, 1, depth, columns, room);
}

// The last state before a step, of all rows: what was given, or the result of the step before.
template <class T, class Stored>
inline Sequence<const T> before(const T *first, const Sequence<Stored> &sequence, Size step, Size units) {
    if (step == 0) return {first, 0, units};
    return {at(sequence, step - 1, 0), 0, sequence.row};
}

// The states after a step that counts for none of some rows: those before it.
template <class T>
inline void keep(const Sequence<const T> &old, const Sequence<T> &states, Size step, Size first, Size count, Size units) {
    for (Size n = first; n < first + count; n++)
        std::memmove(at(states, step, n), at(old, 0, n), units * sizeof(T));
}

// dh += what came back through the recurrent product, for one row.
template <class T>
inline void add_to(T *dh, const T *product, Size units) {
    for (Size k = 0; k < units; k++) dh[k] += product[k];
}

// The products of x with the kernel, which do not wait for a state: few rows take them for several steps at
// once, so that the kernel is read once for all of these.
template <class T>
class Projection {
public:
    static Size room(const Recurrence<T> &layer, Size width) { return layer.rows * steps_at_once(layer.rows) * width; }

    Projection(const Recurrence<T> &layer, const Panels<T> &kernel, Size width, T *sums)
        : layer(layer), kernel(kernel), width(width), ahead(steps_at_once(layer.rows)), sums(sums) {}

    // Those of one step, for some rows; to be called for later and later steps. More may be added to them.
    // `begun` is the step from which on they are there, before the first call `none`.
    T *operator()(Size step, Size first, Size count, Size &begun) const {
        T *const start = sums + first * row();
        if (ahead == 1) {
            multiply(count, at(layer.x, step, first), layer.x.row, kernel, start, width);
            return start;
        }
        if (begun == none || step >= begun + ahead) {
            begun = step;
            const Size steps = layer.steps - step < ahead ? layer.steps - step : ahead;
            for (Size n = 0; n < count; n++)
                multiply(steps, at(layer.x, step, first + n), layer.x.step, kernel, start + n * row(), width);
        }
        return start + (step - begun) * width;
    }
    static constexpr Size none = -1;
    Size row() const { return ahead * width; }  // how far apart the rows' products are

private:
    static Size steps_at_once(Size rows) { return rows < block_rows ? block_rows : 1; }

    const Recurrence<T> &layer;
    const Panels<T> kernel;
    const Size width, ahead;
    T *const sums;
};

// Calls body(first, count) for groups of rows: at least one for each thread, and none so large that the
// intermediate results of a step would fall out of the cache. `products` is how many a row takes.
template <class Body>
void for_groups(Size rows, Size products, int threads, const Body &body) {
    const Size most = 24, at_once = 16;  // products in the time in which an element is touched
    Size groups = (rows + most - 1) / most;
    groups = (groups + threads - 1) / threads * threads;
    if (groups > rows) groups = rows;
    parallel(groups, products / at_once * (rows / groups), threads, [&](Size group) {
        const Size first = rows * group / groups;
        body(first, rows * (group + 1) / groups - first);
    });
}
