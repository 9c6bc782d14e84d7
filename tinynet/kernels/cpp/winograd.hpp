// Convolution with a window of 3×3 by fewer products (Winograd 1980; Lavin and Gray 2016, F(2×2, 3×3)).
//
// Four outputs, 2×2, look at 4×4 inputs. The direct way takes 36 products a channel and filter; transformed,
// it takes 16. Along one axis, for the outputs y of the inputs d and the kernel g:
//
//     y₀ = d₀g₀ + d₁g₁ + d₂g₂ = m₀ + m₁ + m₂        m₀ = (d₀ − d₂) g₀    m₁ = (d₁ + d₂) (g₀ + g₁ + g₂)/2
//     y₁ = d₁g₀ + d₂g₁ + d₃g₂ = m₁ − m₂ − m₃        m₃ = (d₁ − d₃) g₂    m₂ = (d₂ − d₁) (g₀ − g₁ + g₂)/2
//
// and along two axes one after the other. So inputs and kernel are transformed, each of the 16 places is a
// product of matrices (tiles, C) (C, F), and these are transformed back. The gradient to the kernel takes the
// transposed way: through the same inputs, from the outputs' cotangents to the kernel's.
#pragma once

#include "blocks.hpp"
#include "pooling.hpp"
#include "shares.hpp"
#include "threads.hpp"
#include "workspace.hpp"

constexpr int places = 16;           // of a tile: 4×4
constexpr Size tiles_at_once = 24;   // so that what belongs to them stays in the second cache

// How far apart the places lie: a line more than needed, lest all fall into the same sets of the cache.
template <class T>
constexpr Size apart(Size numbers) { return tiles_at_once * numbers + 64 / Size(sizeof(T)); }

// Whether the products saved are worth the transformations.
template <class T>
inline bool suits_winograd(const Sliding &s, Size filters) {
    const bool three = s.window_height == 3 && s.window_width == 3 && s.stride_height == 1 && s.stride_width == 1;
    const bool dense = s.dilation_height == 1 && s.dilation_width == 1;
    return three && dense && s.out_height > 3 && s.out_width > 3 && s.channels >= 16 && filters >= 16;
}

// The four transformations along one axis: of numbers `apart`, in place.
template <class V>
inline void transform_input(V *d, int apart) {
    const V first = d[0] - d[2 * apart], second = d[apart] + d[2 * apart];
    const V third = d[2 * apart] - d[apart], fourth = d[apart] - d[3 * apart];
    d[0] = first, d[apart] = second, d[2 * apart] = third, d[3 * apart] = fourth;
}

template <class V>
inline void transform_back(V *m, int apart) {  // the first two are the results
    const V sum = m[0] + m[apart] + m[2 * apart];
    m[apart] = m[apart] - m[2 * apart] - m[3 * apart];
    m[0] = sum;
}

template <class V>
inline void spread_cotangent(V *y, int apart) {  // transform_back, transposed: of two numbers
    const V sum = y[0] + y[apart], difference = y[0] - y[apart];
    y[3 * apart] = -y[apart];
    y[apart] = sum, y[2 * apart] = difference;
}

template <class V>
inline void transform_kernel(V *g, int apart) {  // of three numbers
    const V outer = (g[0] + g[2 * apart]) / 2, middle = g[apart] / 2;
    g[3 * apart] = g[2 * apart];
    g[apart] = outer + middle, g[2 * apart] = outer - middle;
}

template <class V>
inline void gather_kernel(V *u, int apart) {  // transform_kernel, transposed: the first three are the results
    const V sum = (u[apart] + u[2 * apart]) / 2, difference = (u[apart] - u[2 * apart]) / 2;
    u[0] = u[0] + sum;
    u[apart] = difference;
    u[2 * apart] = sum + u[3 * apart];
}

// The outputs of all images in tiles of 2×2, row by row; those at an edge may reach beyond it.
struct Tiles {
    Size across, per_image, count;

    explicit Tiles(const Sliding &s)
        : across((s.out_width + 1) / 2), per_image((s.out_height + 1) / 2 * across), count(s.images * per_image) {}
};

struct Tile {
    Size image, row, column;  // of its first output

    Tile(const Tiles &tiles, Size number)
        : image(number / tiles.per_image),
          row(number % tiles.per_image / tiles.across * 2),
          column(number % tiles.per_image % tiles.across * 2) {}
};

// The inputs of some tiles, transformed: to 16 matrices (tiles, C). What lies outside the image is read from
// `zeros` (C). Tiles beside each other share two of their four columns, which are read and transformed once.
template <class T>
void transform_inputs(const Sliding &s, const Tiles &tiles, Size first, Size count, const T *x, const T *shown,
                      const T *zeros, T *to) {
    const Size c = s.channels;
    for (Size t = 0, end; t < count; t = end) {  // tiles of one row
        const Tile tile(tiles, first + t);
        const Size left = tiles.across - tile.column / 2;
        end = t + left < count ? t + left : count;
        const T *rows[4], *beside[4];
        Size step[4];
        for (int i = 0; i < 4; i++) {
            const Size row = tile.row - s.above + i;
            const bool inside = row >= 0 && row < s.height;
            const Size place = (tile.image * s.height + row) * s.width * c;
            rows[i] = inside ? x + place : zeros;
            beside[i] = inside && shown ? shown + place : zeros;
            step[i] = inside ? c : 0;
        }
        in_registers<T>(c, [&](Size k, Size some) {
            Vec<T> d[places];
            const auto read = [&](Size column, Vec<T> *to) {  // and transform
                for (int i = 0; i < 4; i++) to[i * 4] = Vec<T>{};
                if (column < 0 || column >= s.width) return;
                for (int i = 0; i < 4; i++) {
                    const Size place = column * step[i] + k;
                    to[i * 4] = load_shown(rows[i] + place, shown ? beside[i] + place : nullptr, some);
                }
                transform_input(to, 4);
            };
            Size column = tile.column - s.left;
            read(column, d), read(column + 1, d + 1);
            for (Size n = t; n < end; n++, column += 2) {
                read(column + 2, d + 2), read(column + 3, d + 3);
                for (int i = 0; i < 4; i++) {
                    const Vec<T> third = d[i * 4 + 2], fourth = d[i * 4 + 3];
                    transform_input(d + i * 4, 1);
                    for (int j = 0; j < 4; j++) store(to + (i * 4 + j) * apart<T>(c) + n * c + k, d[i * 4 + j], some);
                    d[i * 4] = third, d[i * 4 + 1] = fourth;
                }
            }
        });
    }
}

// kernel (3, 3, C, F) to (16, C, width), where the width is F, filled up to whole registers.
template <class T>
void transform_kernels(const T *kernel, Size channels, Size filters, T *to, int threads) {
    const Size width = padded<T>(filters);
    parallel(channels, places * filters, threads, [&](Size c) {
        for (Size f = 0; f < filters; f += lanes<T>) {
            Vec<T> g[places];
            for (int i = 0; i < 3; i++)
                for (int j = 0; j < 3; j++)
                    g[i * 4 + j] = load(kernel + ((i * 3 + j) * channels + c) * filters + f, part<T>(f, filters));
            for (int i = 0; i < 3; i++) transform_kernel(g + i * 4, 1);
            for (int j = 0; j < 4; j++) transform_kernel(g + j, 4);
            for (int p = 0; p < places; p++) store(to + (p * channels + c) * width + f, g[p]);
        }
    });
}

// weights: a kernel, transformed. Each tile's outputs go to finish(tile, first filter, how many, outputs), that of row
// i and column j as outputs[4 i + j], also where these lie beyond the edge.
template <class T, class Finish>
void winograd(const Sliding &s, const T *x, const T *shown, const T *weights, Size filters, const T *bias, bool relu,
              int threads, const Finish &finish) {
    const Size c = s.channels, width = padded<T>(filters);
    const Tiles tiles(s);
    Workspace<T> memory(c, 1);
    T *const zeros = memory.take(c);
    std::memset(zeros, 0, c * sizeof(T));
    Size groups = (tiles.count + tiles_at_once - 1) / tiles_at_once;
    groups = (groups + threads - 1) / threads * threads;  // as many for each thread, and of about one size
    if (groups > tiles.count) groups = tiles.count;
    parallel(groups, tiles.count * c * filters / (groups > 0 ? groups : 1), threads, [&](Size group) {
        const Size first = tiles.count * group / groups, count = tiles.count * (group + 1) / groups - first;
        Workspace<T> own(places * (apart<T>(c) + apart<T>(width)), 2);
        T *const inputs = own.take(places * apart<T>(c)), *const sums = own.take(places * apart<T>(width));
        transform_inputs(s, tiles, first, count, x, shown, zeros, inputs);
        for (int p = 0; p < places; p++)
            product_of_rows(count, c, {inputs + p * apart<T>(c), c, 1}, weights + p * c * width, width,
                            sums + p * apart<T>(width), false);
        for (Size t = 0; t < count; t++) {
            const Tile tile(tiles, first + t);
            in_registers<T>(filters, [&](Size f, Size some) {
                Vec<T> m[places];
                for (int p = 0; p < places; p++) m[p] = load(sums + p * apart<T>(width) + t * width + f);
                for (int i = 0; i < 4; i++) transform_back(m + i * 4, 1);
                for (int j = 0; j < 2; j++) transform_back(m + j, 4);
                const Vec<T> added = bias ? load(bias + f, some) : Vec<T>{};
                for (int i = 0; i < 2; i++) {
                    for (int j = 0; j < 2; j++) {
                        Vec<T> &sum = m[i * 4 + j];
                        sum += added;
                        if (relu) sum = sum < T(0) ? Vec<T>{} : sum;  // keeps NaN
                    }
                }
                finish(tile, f, some, m);
            });
        }
    });
}

// A tile's outputs to their places in (N, P, Q, F).
template <class T>
inline void store_tile(const Sliding &s, const Tile &tile, const Vec<T> *outputs, Size filters, Size f, Size some,
                       T *output) {
    T *const to = output + ((tile.image * s.out_height + tile.row) * s.out_width + tile.column) * filters + f;
    for (int i = 0; i < 2 && tile.row + i < s.out_height; i++)
        for (int j = 0; j < 2 && tile.column + j < s.out_width; j++)
            store(to + (i * s.out_width + j) * filters, outputs[i * 4 + j], some);
}

// Whether a tile's outputs are what a window of the pooling looks at.
inline bool pools_tiles(const Sliding &p) {
    return p.window_height == 2 && p.window_width == 2 && p.stride_height == 2 && p.stride_width == 2 && p.above == 0 &&
           p.left == 0;
}

// Where the window of a tile lies in (N, P, Q, F).
inline Size window_of(const Sliding &p, const Tile &tile) {
    return ((tile.image * p.out_height + tile.row / 2) * p.out_width + tile.column / 2) * p.channels;
}

// The largest of a tile's outputs and its place, as `max_pool_line` finds them.
template <class T>
inline void pool_tile(const Sliding &p, const Tile &tile, const Vec<T> *outputs, Size f, Size some, T *output,
                      std::int8_t *winners) {
    Vec<T> best = Vec<T>{} + std::numeric_limits<T>::quiet_NaN();
    Integers<T> winner = Integers<T>{} + 3;
    for (int i = 0; i < 2 && tile.row + i < p.height; i++) {
        for (int j = 0; j < 2 && tile.column + j < p.width; j++) {
            const Vec<T> value = outputs[i * 4 + j];
            const Integers<T> wins = (value > best) | ((best != best) & (value == value));
            best = wins ? value : best;
            winner = wins ? Integers<T>{} + (i * 2 + j) : winner;
        }
    }
    const Size window = window_of(p, tile) + f;
    store(output + window, best, some);
    if (winners) store_places<T>(winners + window, winner, some);
}

// The cotangents of a tile's outputs.
template <class T>
inline void load_tile(const Sliding &s, const Tile &tile, const FlowingBack<T> &back, Size filters, Size f,
                      Size some, Vec<T> *y) {
    const bool pooled = back.winners;
    const Size start = pooled ? window_of(back.pooling, tile) + f :
        ((tile.image * s.out_height + tile.row) * s.out_width + tile.column) * filters + f;
    const auto load_at = [&](Size place) {
        return load_shown(back.g + place, back.shown ? back.shown + place : nullptr, some);
    };
    const Vec<T> only = pooled ? load_at(start) : Vec<T>{};
    const Integers<T> winner = pooled ? load_places<T>(back.winners + start, some) : Integers<T>{};
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 2; j++) {
            const bool inside = tile.row + i < s.out_height && tile.column + j < s.out_width;
            if (!inside) y[i * 4 + j] = Vec<T>{};
            else if (pooled) y[i * 4 + j] = winner == i * 2 + j ? only : Vec<T>{};
            else y[i * 4 + j] = load_at(start + (i * s.out_width + j) * filters);
        }
    }
}

// The cotangents of some tiles, spread out: to 16 matrices (tiles, width).
template <class T>
void spread_cotangents(const Sliding &s, const Tiles &tiles, Size first, Size count, const FlowingBack<T> &back,
                       Size filters, Size width, T *to) {
    for (Size t = 0; t < count; t++) {
        const Tile tile(tiles, first + t);
        in_registers<T>(filters, [&](Size f, Size some) {
            Vec<T> y[places];
            load_tile(s, tile, back, filters, f, some, y);
            for (int i = 0; i < 2; i++) spread_cotangent(y + i * 4, 1);
            for (int j = 0; j < 4; j++) spread_cotangent(y + j, 4);
            for (int p = 0; p < places; p++) store(to + p * apart<T>(width) + t * width + f, y[p]);
        });
    }
}

template <class T>
void winograd_kernel_gradient(const Sliding &s, const T *x, const FlowingBack<T> &back, Size filters, T *result,
                              T *totals, int threads) {
    const Size c = s.channels, width = padded<T>(filters), size = places * c * width;
    const Tiles tiles(s);
    const Size groups = (tiles.count + tiles_at_once - 1) / tiles_at_once;
    // The tiles are cut into so many shares whatever the number of threads, and these are added in order.
    const Size wished = size > 524288 ? 2 : 8, shares = groups < wished ? groups : wished;
    Workspace<T> memory(shares * (size + width) + c, 3);
    T *const sums = memory.take(shares * size), *const zeros = memory.take(c);
    T *const of_g = memory.take(shares * width);
    std::memset(of_g, 0, shares * width * sizeof(T));
    std::memset(zeros, 0, c * sizeof(T));
    parallel(shares, groups / shares * tiles_at_once * c * filters, threads, [&](Size share) {
        T *const own = sums + share * size;
        std::memset(own, 0, size * sizeof(T));
        Workspace<T> local(places * (apart<T>(c) + apart<T>(width)), 2);
        T *const inputs = local.take(places * apart<T>(c));
        T *const spread = local.take(places * apart<T>(width));
        for (Size group = groups * share / shares; group < groups * (share + 1) / shares; group++) {
            const Size first = group * tiles_at_once;
            const Size count = tiles.count - first < tiles_at_once ? tiles.count - first : tiles_at_once;
            transform_inputs<T>(s, tiles, first, count, x, nullptr, zeros, inputs);
            spread_cotangents(s, tiles, first, count, back, filters, width, spread);
            // In the place of the second row and column stands the sum of a tile's back.
            add_rows_of(spread + 5 * apart<T>(width), count, width, width, of_g + share * width);
            for (int p = 0; p < places; p++)
                product_of_rows(c, count, {inputs + p * apart<T>(c), 1, c}, spread + p * apart<T>(width),
                                width, own + p * c * width, true);
        }
    });
    if (totals) sum_shares(of_g, shares, width, filters, totals);
    parallel(c, places * shares * filters, threads, [&](Size channel) {
        for (Size f = 0; f < filters; f += lanes<T>) {
            Vec<T> u[places] = {};
            for (Size share = 0; share < shares; share++)
                for (int p = 0; p < places; p++)
                    u[p] += load(sums + share * size + (p * c + channel) * width + f);
            for (int i = 0; i < 4; i++) gather_kernel(u + i * 4, 1);
            for (int j = 0; j < 3; j++) gather_kernel(u + j, 4);
            for (int i = 0; i < 3; i++)
                for (int j = 0; j < 3; j++)
                    store(result + ((i * 3 + j) * c + channel) * filters + f, u[i * 4 + j], part<T>(f, filters));
        }
    });
}
