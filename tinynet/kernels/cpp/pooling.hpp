// Max and average pooling over windows of (N, H, W, C), and the road back to the winners or to all.
#pragma once

#include "threads.hpp"
#include "vector.hpp"

// The largest value of one window that lies within an image, whose rows are `row` numbers long. NaN is passed over.
template <class T>
inline void largest(const Sliding &s, const T *from, Size row, T *to) {
    in_registers<T>(s.channels, [&](Size k, Size some) {
        Vec<T> best = load(from + k, some);
        for (Size i = 0; i < s.window_height; i++) {
            for (Size j = 0; j < s.window_width; j++) {
                const Vec<T> value = load(from + i * row + j * s.channels + k, some);
                best = (value > best) | (best != best) ? value : best;
            }
        }
        store(to + k, best, some);
    });
}

// The largest value of each window and, unless `winners` is null, its place, row by row; the first of equal
// ones. NaN is passed over. Places outside the image count as NaN.
template <class T>
void max_pool(const Sliding &s, const T *x, T *output, std::int8_t *winners, int threads) {
    const Size c = s.channels;
    const Vec<T> nothing = Vec<T>{} + std::numeric_limits<T>::quiet_NaN();
    parallel(s.images * s.out_height, s.out_width * c * s.window_height * s.window_width, threads, [&](Size line) {
        const T *image = x + line / s.out_height * s.height * s.width * c;
        const Size top = line % s.out_height * s.stride_height - s.above;
        const bool rows_inside = top >= 0 && top + s.window_height <= s.height;
        for (Size column = 0; column < s.out_width; column++) {
            const Size start = column * s.stride_width - s.left;
            const Size window = (line * s.out_width + column) * c;
            if (!winners && rows_inside && start >= 0 && start + s.window_width <= s.width) {
                largest(s, image + (top * s.width + start) * c, s.width * c, output + window);
                continue;
            }
            for (Size k = 0; k < c; k += lanes<T>) {
                const Size count = part<T>(k, c);
                Vec<T> best = nothing;
                Integers<T> winner = {};
                int place = 0;
                for (Size row = top; row < top + s.window_height; row++) {
                    for (Size col = start; col < start + s.window_width; col++, place++) {
                        const bool inside = row >= 0 && row < s.height && col >= 0 && col < s.width;
                        const Vec<T> value = inside ? load(image + (row * s.width + col) * c + k, count) : nothing;
                        const Integers<T> wins = (value > best) | (best != best);
                        best = wins ? value : best;
                        winner = wins ? Integers<T>{} + place : winner;
                    }
                }
                store(output + window + k, best, count);
                if (winners) {
                    const Bytes<T> places = __builtin_convertvector(winner, Bytes<T>);
                    std::memcpy(winners + window + k, &places, count);
                }
            }
        }
    });
}

// Each window's value put where its winner was: g (N, P, Q, C) -> (N, H, W, C).
template <class T>
void to_winners(const Sliding &s, const T *g, const std::int8_t *winners, T *result, int threads) {
    const Size c = s.channels, size = s.height * s.width * c;
    const bool disjoint = s.stride_height >= s.window_height && s.stride_width >= s.window_width;
    parallel(s.images, size, threads, [&](Size image) {
        T *total = result + image * size;
        std::memset(total, 0, size * sizeof(T));
        for (Size p = 0; p < s.out_height; p++) {
            for (Size q = 0; q < s.out_width; q++) {
                const Size top = p * s.stride_height - s.above, start = q * s.stride_width - s.left;
                const Size window = ((image * s.out_height + p) * s.out_width + q) * c;
                for (Size k = 0; k < c; k += lanes<T>) {
                    const Size count = part<T>(k, c);
                    const Vec<T> value = load(g + window + k, count);
                    Bytes<T> places = {};
                    std::memcpy(&places, winners + window + k, count);
                    const Integers<T> winner = __builtin_convertvector(places, Integers<T>);
                    int place = 0;
                    for (Size row = top; row < top + s.window_height; row++) {
                        for (Size col = start; col < start + s.window_width; col++, place++) {
                            if (row < 0 || row >= s.height || col < 0 || col >= s.width) continue;
                            T *to = total + (row * s.width + col) * c + k;
                            const Vec<T> share = winner == place ? value : Vec<T>{};
                            store(to, disjoint ? share : load(to, count) + share, count);
                        }
                    }
                }
            }
        }
    });
}

// The part of a window along one axis that lies within the image.
struct Seen {
    Size first, end;

    Seen(Size start, Size window, Size size)
        : first(start > 0 ? start : 0), end(start + window < size ? start + window : size) {}
    Size count() const { return end - first; }
};

// The part of a window within an image whose rows are `row` numbers long, of C channels. Its sums and shares are
// taken of some channels at once, V: a register of them or one.
template <class T>
struct Patch {
    Seen rows, columns;
    Size row, channels;

    T elements() const { return T(rows.count() * columns.count()); }

    template <class V>
    void mean(const T *image, T *output) const {
        V sum = {};
        for (Size i = rows.first; i < rows.end; i++) {
            for (Size j = columns.first; j < columns.end; j++) {
                V value;
                std::memcpy(&value, image + i * row + j * channels, sizeof value);
                sum += value;
            }
        }
        sum /= elements();
        std::memcpy(output, &sum, sizeof sum);
    }

    template <class V>
    void share(const T *g, T *image) const {
        V given;
        std::memcpy(&given, g, sizeof given);
        given /= elements();
        for (Size i = rows.first; i < rows.end; i++) {
            for (Size j = columns.first; j < columns.end; j++) {
                V value;
                std::memcpy(&value, image + i * row + j * channels, sizeof value);
                value += given;
                std::memcpy(image + i * row + j * channels, &value, sizeof value);
            }
        }
    }
};

// The mean of each window over the elements within the image.
template <class T>
void average_pool(const Sliding &s, const T *x, T *output, int threads) {
    const Size c = s.channels, row = s.width * c;
    parallel(s.images * s.out_height, s.out_width * c * s.window_height * s.window_width, threads, [&](Size line) {
        const T *image = x + line / s.out_height * s.height * row;
        const Seen rows(line % s.out_height * s.stride_height - s.above, s.window_height, s.height);
        for (Size q = 0; q < s.out_width; q++) {
            const Patch<T> patch = {rows, {q * s.stride_width - s.left, s.window_width, s.width}, row, c};
            T *to = output + (line * s.out_width + q) * c;
            Size k = 0;
            for (; k + lanes<T> <= c; k += lanes<T>) patch.template mean<Vec<T>>(image + k, to + k);
            for (; k < c; k++) patch.template mean<T>(image + k, to + k);
        }
    });
}

// Each window's value shared evenly among its elements within the image: g (N, P, Q, C) -> (N, H, W, C).
template <class T>
void average_pool_adjoint(const Sliding &s, const T *g, T *result, int threads) {
    const Size c = s.channels, row = s.width * c, size = s.height * row;
    parallel(s.images, size, threads, [&](Size image) {
        T *total = result + image * size;
        std::memset(total, 0, size * sizeof(T));
        for (Size p = 0; p < s.out_height; p++) {
            const Seen rows(p * s.stride_height - s.above, s.window_height, s.height);
            for (Size q = 0; q < s.out_width; q++) {
                const Patch<T> patch = {rows, {q * s.stride_width - s.left, s.window_width, s.width}, row, c};
                const T *from = g + ((image * s.out_height + p) * s.out_width + q) * c;
                Size k = 0;
                for (; k + lanes<T> <= c; k += lanes<T>) patch.template share<Vec<T>>(from + k, total + k);
                for (; k < c; k++) patch.template share<T>(from + k, total + k);
            }
        }
    });
}
