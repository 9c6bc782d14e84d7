// Depthwise convolution of (N, H, W, C), each channel with its own windows (KH, KW, C·M), and the kernel's gradient.
//
// There is no sum over channels: one number of the image is multiplied by one of the kernel. Rows of the image are
// copied so that this runs from end to end of a row of outputs, whatever the channels, strides and padding: with
// zeros around, with every channel M times, and cut at strides into phases, columns 0, S, 2S, …, then 1, S + 1, …
#pragma once

#include "convolution.hpp"
#include "threads.hpp"
#include "vector.hpp"

constexpr Size most_in_run = 4;  // registers of outputs that are summed at once
constexpr Size rows_in_band = 8;  // rows of outputs that are computed from the same copied rows

// How many positions it takes until a register begins with the first channel again.
template <class T>
inline Size positions_in_period(Size width) {
    Size positions = 1;
    while (positions * width % lanes<T> != 0) positions++;
    return positions;
}

// How the copied rows lie.
template <class T>
struct Spread {
    Size multiplier, width;  // numbers of one position: C · M
    Size phase, row;         // how far apart two phases of a row are, and two rows

    Spread(const Sliding &s, Size multiplier) : multiplier(multiplier), width(s.channels * multiplier) {
        phase = (padded_width(s) + s.stride_width - 1) / s.stride_width * width;
        row = phase * s.stride_width;
        row += most_in_run * lanes<T> + (positions_in_period<T>(width) - 1) * width;  // for reads behind the end
    }

    // Where the row of outputs meets column j of the window.
    Size column(const Sliding &s, Size j) const {
        const Size first = j * s.dilation_width;
        return first % s.stride_width * phase + first / s.stride_width * width;
    }
};

// Row `row` of the image, or zeros where it is outside, copied as described above.
template <class T>
void spread_row(const Sliding &s, const Spread<T> &spread, const T *image, Size row, T *to) {
    std::memset(to, 0, spread.row * sizeof(T));
    if (row < 0 || row >= s.height) return;
    const Size c = s.channels, seen = padded_width(s) - s.left < s.width ? padded_width(s) - s.left : s.width;
    const T *from = image + row * s.width * c;
    if (s.stride_width == 1 && spread.multiplier == 1) {
        if (seen > 0) std::memcpy(to + s.left * c, from, seen * c * sizeof(T));
        return;
    }
    for (Size i = 0; i < seen; i++) {
        const Size column = i + s.left;
        T *place = to + column % s.stride_width * spread.phase + column / s.stride_width * spread.width;
        if (spread.multiplier == 1) {
            std::memcpy(place, from + i * c, c * sizeof(T));
            continue;
        }
        for (Size k = 0; k < c; k++)
            for (Size m = 0; m < spread.multiplier; m++) *place++ = from[i * c + k];
    }
}

// V registers of a row of outputs. The numbers of the kernel repeat with every position; `kernel` begins at this one.
template <class T, int V>
inline void depthwise_run(const Sliding &s, const Spread<T> &spread, const T *rows, const T *kernel, Size repeated,
                          const T *bias, bool relu, T *output, Size count) {
    Vec<T> sums[V];
    for (int v = 0; v < V; v++) sums[v] = bias ? load(bias + v * lanes<T>) : Vec<T>{};
    for (Size i = 0; i < s.window_height; i++) {
        const T *row = rows + i * s.dilation_height * spread.row;
        for (Size j = 0; j < s.window_width; j++, kernel += repeated) {
            const T *from = row + spread.column(s, j);
            for (int v = 0; v < V; v++) sums[v] += load(from + v * lanes<T>) * load(kernel + v * lanes<T>);
        }
    }
    for (int v = 0; v < V && v * lanes<T> < count; v++) {
        if (relu) sums[v] = sums[v] < T(0) ? Vec<T>{} : sums[v];  // keeps NaN
        store(output + v * lanes<T>, sums[v], part<T>(v * lanes<T>, count));
    }
}

// Rows of `width` numbers made longer by beginning anew, until a run can begin anywhere in the first `width`.
template <class T>
T *repeated_rows(const T *from, Size rows, Size width, Size repeated) {
    T *to = allocate<T>(rows * repeated);
    for (Size row = 0; row < rows; row++)
        for (Size k = 0; k < repeated; k++) to[row * repeated + k] = from[row * width + k % width];
    return to;
}

// x (N, H, W, C), kernel (KH, KW, C·M) -> output (N, P, Q, C·M), plus a bias and through a relu if so wished.
template <class T>
void depthwise(const Sliding &s, const T *x, const T *kernel, Size multiplier, const T *bias, bool relu, T *output,
               int threads) {
    const Spread<T> spread(s, multiplier);
    const Size taps = s.window_height * s.window_width, width = spread.width, length = s.out_width * width;
    const Size bands = (s.out_height + rows_in_band - 1) / rows_in_band;
    const Size repeated = width + most_in_run * lanes<T>;
    T *kernels = repeated_rows(kernel, taps, width, repeated);
    T *biases = bias ? repeated_rows(bias, 1, width, repeated) : nullptr;
    parallel(s.images * bands, rows_in_band * length * taps / 2, threads, [&](Size item) {
        const T *image = x + item / bands * s.height * s.width * s.channels;
        const Size first = item % bands * rows_in_band;
        const Size count = s.out_height - first < rows_in_band ? s.out_height - first : rows_in_band;
        const Size needed = (count - 1) * s.stride_height + reach_of(s.window_height, s.dilation_height);
        T *rows = allocate<T>(needed * spread.row);
        for (Size i = 0; i < needed; i++)
            spread_row(s, spread, image, first * s.stride_height - s.above + i, rows + i * spread.row);
        for (Size p = 0; p < count; p++) {
            const T *from = rows + p * s.stride_height * spread.row;
            T *to = output + (item / bands * s.out_height + first + p) * length;
            Size start = 0;  // of the run within its position
            for (Size k = 0; k < length; k += most_in_run * lanes<T>) {
                const T *begin = biases ? biases + start : nullptr;
                const Size left = length - k;
                if (left > lanes<T>)
                    depthwise_run<T, most_in_run>(s, spread, from + k, kernels + start, repeated, begin, relu, to + k,
                                                  left < most_in_run * lanes<T> ? left : most_in_run * lanes<T>);
                else
                    depthwise_run<T, 1>(s, spread, from + k, kernels + start, repeated, begin, relu, to + k, left);
                start = (start + most_in_run * lanes<T>) % width;
            }
        }
        std::free(rows);
    });
    std::free(kernels);
    std::free(biases);
}

// P places within the window, in one row of it, for one register of channels, summed over an image's outputs.
template <class T, int P>
void depthwise_gradient_tile(const Sliding &s, const Spread<T> &spread, const T *const *rows, const T *g, Size g_row,
                             Size period, T *sums, Size next) {
    Vec<T> total[P];
    for (int p = 0; p < P; p++) total[p] = load(sums + p * next);
    for (Size i = 0; i < s.out_height; i++) {
        for (Size k = 0; k < g_row; k += period) {
            const Vec<T> value = load(g + i * g_row + k);
            for (int p = 0; p < P; p++) total[p] += load(rows[p] + i * s.stride_height * spread.row + k) * value;
        }
    }
    for (int p = 0; p < P; p++) store(sums + p * next, total[p]);
}

template <class T, int P, class... Arguments>
inline void depthwise_gradient_tile_of(Size places, Arguments... arguments) {
    if constexpr (P > 0) {
        if (places == P) depthwise_gradient_tile<T, P>(arguments...);
        else depthwise_gradient_tile_of<T, P - 1>(places, arguments...);
    }
}

// x (N, H, W, C), g (N, P, Q, C·M) -> the kernel's cotangent (KH, KW, C·M).
template <class T>
void depthwise_kernel_gradient(const Sliding &s, const T *x, const T *g, Size multiplier, T *result, int threads) {
    const Spread<T> spread(s, multiplier);
    const Size taps = s.window_height * s.window_width, width = spread.width, length = s.out_width * width;
    const Size positions = positions_in_period<T>(width), period = positions * width;
    const Size g_row = (s.out_width + positions - 1) / positions * period;
    const Size height = (s.out_height - 1) * s.stride_height + reach_of(s.window_height, s.dilation_height);
    // The images are cut into so many shares whatever the number of threads, and these are added in order.
    const Size shares = s.images < 8 ? s.images : 8, size = taps * period;
    T *sums = allocate<T>(shares * size);
    parallel(shares, s.images * s.out_height * length * taps / (2 * (shares + 1)), threads, [&](Size share) {
        constexpr int most = 8;
        T *own = sums + share * size;
        T *rows = allocate<T>(height * spread.row), *values = allocate<T>(s.out_height * g_row);
        std::memset(own, 0, size * sizeof(T));
        for (Size n = share * s.images / shares; n < (share + 1) * s.images / shares; n++) {
            for (Size i = 0; i < height; i++)
                spread_row(s, spread, x + n * s.height * s.width * s.channels, i - s.above, rows + i * spread.row);
            for (Size i = 0; i < s.out_height; i++) {
                std::memcpy(values + i * g_row, g + (n * s.out_height + i) * length, length * sizeof(T));
                std::memset(values + i * g_row + length, 0, (g_row - length) * sizeof(T));
            }
            for (Size tap = 0; tap < taps; tap += most) {
                const Size places = taps - tap < most ? taps - tap : most;
                const T *seen[most];
                for (Size k = 0; k < period; k += lanes<T>) {
                    for (Size p = 0; p < places; p++) {
                        const Size i = (tap + p) / s.window_width, j = (tap + p) % s.window_width;
                        seen[p] = rows + i * s.dilation_height * spread.row + spread.column(s, j) + k;
                    }
                    depthwise_gradient_tile_of<T, most>(places, s, spread, seen, values + k, g_row, period,
                                                        own + tap * period + k, period);
                }
            }
        }
        std::free(rows);
        std::free(values);
    });
    for (Size tap = 0; tap < taps; tap++) {
        for (Size f = 0; f < width; f++) {
            T total = 0;
            for (Size share = 0; share < shares; share++)
                for (Size position = 0; position < positions; position++)
                    total += sums[share * size + tap * period + position * width + f];
            result[tap * width + f] = total;
        }
    }
    std::free(sums);
}
