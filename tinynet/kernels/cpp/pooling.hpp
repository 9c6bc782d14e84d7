// Max and average pooling over windows of (N, H, W, C), and the road back to the winners or to all.
#pragma once

#include "threads.hpp"
#include "vector.hpp"

// The part of a window along one axis that lies within the image.
struct Seen {
    Size first, end;

    Seen(Size start, Size window, Size size)
        : first(start > 0 ? start : 0), end(start + window < size ? start + window : size) {}
    Size count() const { return end - first; }
};

// Places in windows are kept as bytes.
template <class T>
inline void store_places(std::int8_t *to, const Integers<T> &places, Size count) {
    const Bytes<T> bytes = __builtin_convertvector(places, Bytes<T>);
    std::memcpy(to, &bytes, count);
}

template <class T>
inline Integers<T> load_places(const std::int8_t *from, Size count) {
    Bytes<T> bytes = {};
    std::memcpy(&bytes, from, count);
    return __builtin_convertvector(bytes, Integers<T>);
}

// The largest number of a window, from its first row and column within the image; NaN where there is none.
template <class T>
inline Vec<T> largest(const Sliding &s, const T *first, const Seen &rows, const Seen &columns, Size count) {
    Vec<T> best = Vec<T>{} - std::numeric_limits<T>::infinity();
    Integers<T> found = {};
    for (Size row = 0; row < rows.count(); row++) {
        for (Size column = 0; column < columns.count(); column++) {
            const Vec<T> value = load(first + (row * s.width + column) * s.channels, count);
            best = value > best ? value : best;
            found |= value == value;
        }
    }
    return found ? best : Vec<T>{} + std::numeric_limits<T>::quiet_NaN();
}

// Of a line of windows that begins `top` rows below the image's first: the largest value of each and, unless `winners`
// is null, its place, row by row; the first of equal ones. NaN is passed over. Places outside the image count as NaN;
// of nothing else, the last place wins. `seen` is the first row within the image that the windows look at.
template <class T>
void max_pool_line(const Sliding &s, Size top, const T *seen, T *output, std::int8_t *winners) {
    const Size c = s.channels;
    const Vec<T> nothing = Vec<T>{} + std::numeric_limits<T>::quiet_NaN();
    const Integers<T> last = Integers<T>{} + int(s.window_height * s.window_width - 1);
    const Seen rows(top, s.window_height, s.height);
    for (Size column = 0; column < s.out_width; column++) {
        const Size start = column * s.stride_width - s.left;
        const Seen columns(start, s.window_width, s.width);
        in_registers<T>(c, [&](Size k, Size count) {
            const Size window = column * c + k;
            if (!winners) {
                store(output + window, largest(s, seen + columns.first * c + k, rows, columns, count), count);
                return;
            }
            Vec<T> best = nothing;
            Integers<T> winner = last;
            for (Size row = rows.first; row < rows.end; row++) {
                for (Size col = columns.first; col < columns.end; col++) {
                    const Vec<T> value = load(seen + ((row - rows.first) * s.width + col) * c + k, count);
                    const Integers<T> wins = (value > best) | ((best != best) & (value == value));
                    best = wins ? value : best;
                    winner = wins ? Integers<T>{} + int((row - top) * s.window_width + col - start) : winner;
                }
            }
            store(output + window, best, count);
            store_places<T>(winners + window, winner, count);
        });
    }
}

// The same of all windows.
template <class T>
void max_pool(const Sliding &s, const T *x, T *output, std::int8_t *winners, int threads) {
    const Size c = s.channels;
    parallel(s.images * s.out_height, s.out_width * c * s.window_height * s.window_width, threads, [&](Size line) {
        const T *image = x + line / s.out_height * s.height * s.width * c;
        const Size top = line % s.out_height * s.stride_height - s.above, place = line * s.out_width * c;
        max_pool_line(s, top, image + (top > 0 ? top : 0) * s.width * c, output + place,
                      winners ? winners + place : nullptr);
    });
}

// Zeros where no window has been, if windows follow one another without gaps and no window overlaps another:
// below the last row of windows and at the right of the last column.
template <class T>
void clear_rest(const Sliding &s, T *image) {
    const Size c = s.channels;
    const Size seen_rows = Seen(-s.above, s.out_height * s.stride_height, s.height).end;
    const Size seen_columns = Seen(-s.left, s.out_width * s.stride_width, s.width).end;
    for (Size row = 0; row < seen_rows; row++)
        std::memset(image + (row * s.width + seen_columns) * c, 0, (s.width - seen_columns) * c * sizeof(T));
    std::memset(image + seen_rows * s.width * c, 0, (s.height - seen_rows) * s.width * c * sizeof(T));
}

// Each window's value, through a relu's derivative where `shown` is not null, put where its winner was:
// g (N, P, Q, C) -> (N, H, W, C).
template <class T>
void to_winners(const Sliding &s, const T *g, const T *shown, const std::int8_t *winners, T *result, int threads) {
    const Size c = s.channels, size = s.height * s.width * c;
    const bool disjoint = s.stride_height >= s.window_height && s.stride_width >= s.window_width;
    const bool adjoining = s.stride_height == s.window_height && s.stride_width == s.window_width;
    parallel(s.images, size, threads, [&](Size image) {
        T *total = result + image * size;
        if (adjoining) clear_rest(s, total);  // the windows write all else
        else std::memset(total, 0, size * sizeof(T));
        for (Size p = 0; p < s.out_height; p++) {
            const Size top = p * s.stride_height - s.above;
            const Seen rows(top, s.window_height, s.height);
            for (Size q = 0; q < s.out_width; q++) {
                const Size start = q * s.stride_width - s.left;
                const Seen columns(start, s.window_width, s.width);
                const Size window = ((image * s.out_height + p) * s.out_width + q) * c;
                in_registers<T>(c, [&](Size k, Size count) {
                    const Vec<T> value = load_shown(g + window + k, shown ? shown + window + k : nullptr, count);
                    const Integers<T> winner = load_places<T>(winners + window + k, count);
                    for (Size row = rows.first; row < rows.end; row++) {
                        for (Size col = columns.first; col < columns.end; col++) {
                            T *to = total + (row * s.width + col) * c + k;
                            const int place = int((row - top) * s.window_width + col - start);
                            const Vec<T> share = winner == place ? value : Vec<T>{};
                            store(to, disjoint ? share : load(to, count) + share, count);
                        }
                    }
                });
            }
        }
    });
}

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
