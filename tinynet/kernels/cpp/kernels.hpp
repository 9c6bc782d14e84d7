// What the compiled kernels compute, and the table through which they are called.
//
// The kernels are compiled once for each instruction set (instruction_sets/*.cpp), from the same
// templates; which of these tables is used is decided when the module is imported.
// Arrays are contiguous, in C order. All sizes count elements.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tinynet {

using Size = std::ptrdiff_t;

// A window that slides over images (N, H, W, C). Data with one spatial axis has H = 1.
struct Sliding {
    Size images, height, width, channels;
    Size out_height, out_width;
    Size window_height, window_width;
    Size stride_height, stride_width;
    Size dilation_height, dilation_width;
    Size above, left;  // padding before the first row and column
};

// A matrix whose neighbours in a column lie `down` apart, and in a row `across`.
template <class T>
struct Matrix {
    const T *data;
    Size down, across;
};

// A variable w, its slots, and its gradient g, for each optimizer; the names are those of kernels/updates.py.
// Slots that an optimizer does without are null, and so are squares where they are g².
template <class T>
struct SgdArrays {
    Size size;
    T *w, *m;
    const T *g;
};

template <class T>
struct AdagradArrays {
    Size size;
    T *w, *a;
    const T *g, *squares;
};

template <class T>
struct RmspropArrays {
    Size size;
    T *w, *v, *m, *a;
    const T *g, *squares;
    bool negative;
};

template <class T>
struct AdamArrays {
    Size size;
    T *w, *m, *v, *largest;
    const T *g, *squares;
};

// A sequence (T, N, ·) in any order in memory, in which the numbers of one row at one step lie together.
// The data are null where there is no such sequence.
template <class T>
struct Sequence {
    T *data;
    Size step, row;  // how far apart
};

// What goes into a recurrent layer: x (T, N, D), mask (T, N), kernel (D, gates · U), recurrent (U, gates · U);
// either bias (gates · U) may be null. The backward kernels do not look at the biases.
template <class T>
struct Recurrence {
    Size steps, rows, features, units;
    Sequence<const T> x;
    Sequence<const bool> mask;
    const T *kernel, *recurrent, *bias, *recurrent_bias;
};

// Where the gradients of a recurrent layer's input and weights go; null where one is not wanted.
template <class T>
struct Gradients {
    Sequence<T> x;
    T *kernel, *recurrent, *bias, *recurrent_bias;
};

// What flows back to a convolution: g (N, P, Q, F), through a relu's derivative where `shown` is not null. If the
// winners are not null g is that of a max pooling behind it.
template <class T>
struct FlowingBack {
    const T *g, *shown;
    const std::int8_t *winners;
    Sliding pooling;

    FlowingBack at(Size place) const {
        return {g + place, shown ? shown + place : nullptr, winners ? winners + place : nullptr, pooling};
    }
};

template <class T>
struct Kernels {
    const char *instruction_set;

    // activation.hpp
    void (*relu)(Size size, const T *x, T *result, int threads);
    void (*relu_gradient)(Size size, const T *g, const T *output, T *result, int threads);

    // convolution.hpp
    Size (*prepared_size)(const Sliding &, Size filters);
    void (*prepare_kernel)(const Sliding &, const T *kernel, Size filters, T *prepared, int threads);
    // x and g may come through a relu's derivative: what counts is where `shown` is positive, if it is not null.
    void (*convolve)(const Sliding &, const T *x, const T *shown, const T *prepared, Size filters, const T *bias,
                     bool relu, T *output, int threads);
    void (*kernel_gradient)(const Sliding &, const T *x, const FlowingBack<T> &, Size filters, T *result, T *totals,
                            int threads);
    bool (*pools_along)(const Sliding &, const Sliding &pooling, Size filters);
    void (*convolve_and_pool)(const Sliding &, const Sliding &pooling, const T *x, const T *prepared, const T *bias,
                              T *output, std::int8_t *winners, int threads);

    // depthwise.hpp
    void (*depthwise)(const Sliding &, const T *x, const T *kernel, Size multiplier, const T *bias, bool relu,
                      T *output, int threads);
    void (*depthwise_kernel_gradient)(const Sliding &, const T *x, const T *g, Size multiplier, T *result,
                                      int threads);

    // products.hpp
    void (*product)(Size rows, Size depth, Size columns, const Matrix<T> &a, const Matrix<T> &b, const T *bias,
                    bool relu, T *result, int threads);

    // normalization.hpp: of tables (rows, columns)
    void (*column_sums)(Size rows, Size columns, const T *x, const T *shown, T *results, int threads);
    void (*column_squares)(Size rows, Size columns, const T *x, const T *mean, T *results, int threads);
    void (*column_products)(Size rows, Size columns, const T *g, const T *x, const T *mean, T *results, int threads);
    void (*scale_columns)(Size rows, Size columns, const T *x, const T *scale, const T *offset, T *results,
                          int threads);
    void (*combine_columns)(Size rows, Size columns, const T *g, const T *x, const T *mean, const T *by_g,
                            const T *by_x, const T *offset, T *results, int threads);

    // philox.hpp, the same for every T
    void (*random_words)(const std::uint32_t *stream, Size blocks, const std::uint64_t *places, std::uint32_t *words,
                         int threads);
    void (*random_mask)(const std::uint32_t *stream, Size count, std::uint32_t lowest, bool *mask, int threads);

    // pooling.hpp
    void (*max_pool)(const Sliding &, const T *x, T *output, std::int8_t *winners, int threads);
    void (*to_winners)(const Sliding &, const T *g, const T *shown, const std::int8_t *winners, T *result,
                       int threads);
    void (*average_pool)(const Sliding &, const T *x, T *output, int threads);
    void (*average_pool_adjoint)(const Sliding &, const T *g, T *result, int threads);

    // rows.hpp
    void (*sum_rows)(Size count, Size depth, Size length, const std::int64_t *rows, const T *values, T *table,
                     T *of_squares, int threads);

    // classification.hpp
    void (*softmax)(Size rows, Size classes, const T *x, T *output, int threads);
    void (*cross_entropy)(Size rows, Size classes, const T *x, const std::int64_t *labels, T *losses, int threads);
    void (*cross_entropy_gradient)(Size rows, Size classes, const T *g, const T *x, const std::int64_t *labels,
                                   T *result, int threads);

    // updates.hpp
    void (*sgd)(Size variables, SgdArrays<T> *, T rate, T momentum, bool nesterov, int threads);
    void (*adagrad)(Size variables, AdagradArrays<T> *, T rate, T epsilon, int threads);
    void (*rmsprop)(Size variables, RmspropArrays<T> *, T rate, T rho, T rest, T momentum, T epsilon, int threads);
    void (*adam)(Size variables, AdamArrays<T> *, T alpha, T rest_1, T rest_2, T epsilon, int threads);

    // recurrent/*.hpp: the arguments are those of tinynet/kernels/recurrent.py. Forward kernels may be given
    // sequences whose steps lie at one place (step = 0), of which the last remains. Backward kernels find the
    // last states' cotangents in dh and dc and leave there those of the first.
    void (*simple_rnn_forward)(const Recurrence<T> &, const T *h0, Sequence<T> states, int threads);
    void (*simple_rnn_backward)(const Recurrence<T> &, Sequence<const T> d_states, const T *h0,
                                Sequence<const T> states, const Gradients<T> &, T *dh, int threads);
    void (*lstm_forward)(const Recurrence<T> &, const T *h0, const T *c0, Sequence<T> states, Sequence<T> cells,
                         Sequence<T> gates, int threads);
    void (*lstm_backward)(const Recurrence<T> &, Sequence<const T> d_states, const T *h0, const T *c0,
                          Sequence<const T> states, Sequence<const T> cells, Sequence<const T> gates,
                          const Gradients<T> &, T *dh, T *dc, int threads);
    void (*gru_forward)(const Recurrence<T> &, bool reset_after, const T *h0, Sequence<T> states, Sequence<T> gates,
                        Sequence<T> products, int threads);
    void (*gru_backward)(const Recurrence<T> &, Sequence<const T> d_states, const T *h0, Sequence<const T> states,
                         Sequence<const T> gates, Sequence<const T> products, const Gradients<T> &, T *dh,
                         int threads);
};

// How many elements a thread must have to work on: for fewer, waking it takes longer than the work.
Size worth_a_thread();

// Calls function(body, first, end) for pieces of 0 … items, in so many threads (team.cpp).
void run_in_team(Size items, int members, void (*function)(const void *body, Size first, Size end), const void *body);

// One table for each instruction set; null where the compiler does not know it.
template <class T> const Kernels<T> *baseline_kernels();
template <class T> const Kernels<T> *avx2_kernels();
template <class T> const Kernels<T> *avx512_kernels();

}  // namespace tinynet
