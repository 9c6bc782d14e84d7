// Convolution of (N, H, W, C) with a kernel (KH, KW, C, F), and the gradient of the kernel.
//
// Both keep a tile of results in registers while they run through what is summed: some positions (or some
// elements of a window) by two registers of filters. The kernel is cut into blocks of so many filters, each
// (KH·KW·C, block), padded with zeros, so that the innermost loop reads it from end to end.
//
// Within a row of the image a window is contiguous, unless it is dilated: KW·C numbers are then one run.
#pragma once

#include "pooling.hpp"
#include "shares.hpp"
#include "threads.hpp"
#include "vector.hpp"
#include "winograd.hpp"

template <class T> constexpr Size block_of_filters = 2 * lanes<T>;
// As many accumulators as leave room for the kernel and a number of x: of 32 registers, or of 16.
constexpr int most_in_tile = TINYNET_VECTOR_BYTES == 64 ? 13 : 6;

// A window over rows that lie `row` numbers apart: where its runs begin, and how long they are.
struct Runs {
    Size per_row, length, row, next;  // runs of a window's row; numbers of a run; from row to row, run to run

    Runs(const Sliding &s, Size row)
        : per_row(s.dilation_width == 1 ? 1 : s.window_width),
          length(s.dilation_width == 1 ? s.window_width * s.channels : s.channels),
          row(row),
          next(s.dilation_width * s.channels) {}
};

inline Size reach_of(Size window, Size dilation) { return (window - 1) * dilation + 1; }

// The width of the image with the padding that the windows see.
inline Size padded_width(const Sliding &s) {
    return (s.out_width - 1) * s.stride_width + reach_of(s.window_width, s.dilation_width);
}

inline bool is_padded_aside(const Sliding &s) { return s.left > 0 || padded_width(s) > s.width; }

// Numbers of a row, through a relu's derivative where `shown` is not null.
template <class T>
inline void copy_shown(const T *from, const T *shown, Size count, T *to) {
    if (!shown) std::memcpy(to, from, count * sizeof(T));
    else in_registers<T>(count, [&](Size k, Size some) { store(to + k, load_shown(from + k, shown + k, some), some); });
}

// A row of the image with zeros at its sides; `to` has room for padded_width(s) · C numbers.
template <class T>
inline void copy_row(const Sliding &s, const T *image, const T *shown, Size row, T *to) {
    const Size c = s.channels, width = padded_width(s);
    const Size seen = width - s.left < s.width ? width - s.left : s.width;
    std::memset(to, 0, width * c * sizeof(T));
    if (row >= 0 && row < s.height && seen > 0)
        copy_shown(image + row * s.width * c, shown ? shown + row * s.width * c : nullptr, seen * c, to + s.left * c);
}

// From the start of a cache line: a register that straddles two takes twice as long to fill.
template <class T>
inline T *allocate(Size count) {
    const std::size_t line = 64, bytes = count * sizeof(T);
    return static_cast<T *>(std::aligned_alloc(line, (bytes / line + 1) * line));
}

// (depth, F) as blocks (depth, block), the last one filled up with zeros.
template <class T>
void to_blocks(const T *kernel, Size depth, Size filters, T *blocks) {
    constexpr Size width = block_of_filters<T>;
    for (Size first = 0; first < filters; first += width) {
        const Size count = filters - first < width ? filters - first : width;
        for (Size d = 0; d < depth; d++, blocks += width) {
            std::memcpy(blocks, kernel + d * filters + first, count * sizeof(T));
            std::memset(blocks + count, 0, (width - count) * sizeof(T));
        }
    }
}

// What is done with the sums before they are stored.
template <class T>
struct Epilogue {
    const T *bias;  // (F), or null
    bool relu;
};

// P neighbouring outputs by V registers of filters.
template <class T, int P, int V>
void convolve_tile(const T *x, Size step, const Runs &runs, Size rows, const T *kernel, const Epilogue<T> &epilogue,
                   T *output, Size filters, Size left) {
    Vec<T> sums[P][V];
    for (int v = 0; v < V; v++) {
        const Vec<T> start = epilogue.bias ? load(epilogue.bias + v * lanes<T>, part<T>(v * lanes<T>, left)) : Vec<T>{};
        for (int p = 0; p < P; p++) sums[p][v] = start;
    }
    for (Size i = 0; i < rows; i++) {
        for (Size j = 0; j < runs.per_row; j++) {
            const T *from = x + i * runs.row + j * runs.next;
            for (Size k = 0; k < runs.length; k++, kernel += block_of_filters<T>) {
                Vec<T> weights[V];
                for (int v = 0; v < V; v++) weights[v] = load(kernel + v * lanes<T>);
                for (int p = 0; p < P; p++)
                    for (int v = 0; v < V; v++) sums[p][v] += from[p * step + k] * weights[v];
            }
        }
    }
    for (int p = 0; p < P; p++) {
        for (int v = 0; v < V; v++) {
            if (epilogue.relu) sums[p][v] = sums[p][v] < T(0) ? Vec<T>{} : sums[p][v];  // keeps NaN
            store(output + p * filters + v * lanes<T>, sums[p][v], part<T>(v * lanes<T>, left));
        }
    }
}

// Picks the tile for a number of positions that is known only now.
template <class T, int P, int V, class... Arguments>
inline void convolve_tile_of(Size positions, const Arguments &...arguments) {
    if constexpr (P > 0) {
        if (positions == P) convolve_tile<T, P, V>(arguments...);
        else convolve_tile_of<T, P - 1, V>(positions, arguments...);
    }
}

// How many numbers a kernel takes in the order in which `convolve` reads it.
template <class T>
Size prepared_size(const Sliding &s, Size filters) {
    if (suits_winograd<T>(s, filters)) return places * s.channels * padded<T>(filters);
    const Size blocks = (filters + block_of_filters<T> - 1) / block_of_filters<T>;
    return blocks * block_of_filters<T> * s.window_height * s.window_width * s.channels;
}

// A kernel (KH, KW, C, F) in that order.
template <class T>
void prepare_kernel(const Sliding &s, const T *kernel, Size filters, T *prepared, int threads) {
    if (suits_winograd<T>(s, filters)) transform_kernels(kernel, s.channels, filters, prepared, threads);
    else to_blocks(kernel, s.window_height * s.window_width * s.channels, filters, prepared);
}

// One line of outputs, the `row`-th of an image: (Q, F).
template <class T>
void convolve_line(const Sliding &s, const T *image, const T *shown, Size row, const T *kernel, Size filters,
                   const T *bias, bool relu, T *output) {
    constexpr Size width = block_of_filters<T>;
    const Size c = s.channels, row_depth = s.window_width * c, depth = s.window_height * row_depth;
    const Size blocks = (filters + width - 1) / width;
    const Size tiles = (s.out_width + most_in_tile - 1) / most_in_tile;
    const bool copies = is_padded_aside(s) || shown;
    const Runs runs(s, copies ? padded_width(s) * c : s.dilation_height * s.width * c);
    const Size top = row * s.stride_height - s.above;
    Size first = 0, last = s.window_height;  // the rows of the window that lie within the image
    while (first < last && top + first * s.dilation_height < 0) first++;
    while (last > first && top + (last - 1) * s.dilation_height >= s.height) last--;
    const T *rows = image + (top + first * s.dilation_height) * s.width * c;
    T *copied = nullptr;
    if (copies) {
        copied = allocate<T>((last - first) * runs.row);
        for (Size i = first; i < last; i++)
            copy_row(s, image, shown, top + i * s.dilation_height, copied + (i - first) * runs.row);
        rows = copied;
    }
    for (Size block = 0; block < blocks; block++) {
        const Size left = filters - block * width;
        const T *weights = kernel + (block * depth + first * row_depth) * width;
        const Epilogue<T> epilogue = {bias ? bias + block * width : nullptr, relu};
        for (Size tile = 0; tile < tiles; tile++) {
            const Size start = tile * s.out_width / tiles, positions = (tile + 1) * s.out_width / tiles - start;
            const T *from = rows + start * s.stride_width * c;
            T *to = output + start * filters + block * width;
            const Size step = s.stride_width * c;
            if (left > lanes<T>)
                convolve_tile_of<T, most_in_tile, 2>(positions, from, step, runs, last - first, weights, epilogue, to,
                                                     filters, left);
            else
                convolve_tile_of<T, most_in_tile, 1>(positions, from, step, runs, last - first, weights, epilogue, to,
                                                     filters, left);
        }
    }
    std::free(copied);
}

// About how many numbers it touches.
inline Size cost_of_line(const Sliding &s, Size filters) {
    return s.out_width * s.window_height * s.window_width * s.channels * filters / 8;
}

// x (N, H, W, C), a prepared kernel -> output (N, P, Q, F), plus a bias and through a relu if so wished.
template <class T>
void convolve(const Sliding &s, const T *x, const T *shown, const T *kernel, Size filters, const T *bias, bool relu,
              T *output, int threads) {
    if (suits_winograd<T>(s, filters)) {
        const auto finish = [&](const Tile &tile, Size f, Size some, const Vec<T> *outputs) {
            store_tile(s, tile, outputs, filters, f, some, output);
        };
        return winograd(s, x, shown, kernel, filters, bias, relu, threads, finish);
    }
    parallel(s.images * s.out_height, cost_of_line(s, filters), threads, [&](Size line) {
        const Size place = line / s.out_height * s.height * s.width * s.channels;
        convolve_line(s, x + place, shown ? shown + place : nullptr, line % s.out_height, kernel, filters, bias, relu,
                      output + line * s.out_width * filters);
    });
}

// Whether `convolve_and_pool` computes each output of the convolution once.
template <class T>
bool pools_along(const Sliding &s, const Sliding &p, Size filters) {
    if (suits_winograd<T>(s, filters)) return pools_tiles(p);
    return p.stride_height >= p.window_height && p.stride_width >= p.window_width;
}

// The same through a relu and a max pooling, of which the winners are kept unless they are null: to (N, P, Q, F) of
// the pooling. The outputs between are gone as soon as a line of windows has seen them.
template <class T>
void convolve_and_pool(const Sliding &s, const Sliding &p, const T *x, const T *kernel, const T *bias, T *output,
                       std::int8_t *winners, int threads) {
    const Size filters = p.channels;
    if (suits_winograd<T>(s, filters)) {
        const auto finish = [&](const Tile &tile, Size f, Size some, const Vec<T> *outputs) {
            pool_tile(p, tile, outputs, f, some, output, winners);
        };
        return winograd<T>(s, x, nullptr, kernel, filters, bias, true, threads, finish);
    }
    const Size row = s.out_width * filters;
    parallel(p.images * p.out_height, p.window_height * cost_of_line(s, filters), threads, [&](Size line) {
        const Size top = line % p.out_height * p.stride_height - p.above, place = line * p.out_width * filters;
        const Seen rows(top, p.window_height, p.height);
        Workspace<T> own(rows.count() * row, 1);
        T *const between = own.take(rows.count() * row);
        const T *const image = x + line / p.out_height * s.height * s.width * s.channels;
        for (Size i = rows.first; i < rows.end; i++)
            convolve_line<T>(s, image, nullptr, i, kernel, filters, bias, true, between + (i - rows.first) * row);
        max_pool_line(p, top, between, output + place, winners ? winners + place : nullptr);
    });
}

// P numbers of a window by V registers of filters, summed over the outputs of an image.
template <class T, int P, int V>
void kernel_gradient_tile(const Sliding &s, const T *x, Size row, const T *g, T *sums) {
    constexpr Size width = block_of_filters<T>;
    const Size step = s.stride_width * s.channels;
    Vec<T> total[P][V];
    for (int p = 0; p < P; p++)
        for (int v = 0; v < V; v++) total[p][v] = load(sums + p * width + v * lanes<T>);
    for (Size i = 0; i < s.out_height; i++) {
        const T *from = x + i * s.stride_height * row;
        for (Size j = 0; j < s.out_width; j++, from += step, g += width) {
            Vec<T> values[V];
            for (int v = 0; v < V; v++) values[v] = load(g + v * lanes<T>);
            for (int p = 0; p < P; p++)
                for (int v = 0; v < V; v++) total[p][v] += from[p] * values[v];
        }
    }
    for (int p = 0; p < P; p++)
        for (int v = 0; v < V; v++) store(sums + p * width + v * lanes<T>, total[p][v]);
}

template <class T, int P, int V, class... Arguments>
inline void kernel_gradient_tile_of(Size numbers, const Arguments &...arguments) {
    if constexpr (P > 0) {
        if (numbers == P) kernel_gradient_tile<T, P, V>(arguments...);
        else kernel_gradient_tile_of<T, P - 1, V>(numbers, arguments...);
    }
}

// A block of an image's cotangents of a max pooling, put where the winners were: to (P·Q, block). They are added to
// `total` (block).
template <class T>
void spread_block(const Sliding &s, const FlowingBack<T> &back, Size filters, Size count, T *block, T *total) {
    constexpr Size width = block_of_filters<T>;
    const Sliding &p = back.pooling;
    if (p.stride_height > p.window_height || p.stride_width > p.window_width)  // there are gaps between the windows
        std::memset(block, 0, s.out_height * s.out_width * width * sizeof(T));
    for (Size i = 0; i < p.out_height; i++) {
        const Size top = i * p.stride_height - p.above;
        const Seen rows(top, p.window_height, p.height);
        in_registers<T>(count, [&](Size k, Size some) {
            Vec<T> sum = {};
            for (Size j = 0; j < p.out_width; j++) {
                const Size start = j * p.stride_width - p.left, place = (i * p.out_width + j) * filters + k;
                const Seen columns(start, p.window_width, p.width);
                const T *const shown = back.shown ? back.shown + place : nullptr;
                const Vec<T> value = load_shown(back.g + place, shown, some);
                const Integers<T> winner = load_places<T>(back.winners + place, some);
                for (Size row = rows.first; row < rows.end; row++) {
                    for (Size column = columns.first; column < columns.end; column++) {
                        const int number = int((row - top) * p.window_width + column - start);
                        store(block + (row * p.width + column) * width + k, winner == number ? value : Vec<T>{});
                    }
                }
                sum += value;
            }
            store(total + k, load(total + k) + sum);
        });
    }
}

// A block of an image's cotangents: to (P·Q, block), of which registers without filters stay as they are. What was
// copied is added to `total` (block).
template <class T>
void copy_block(const Sliding &s, const FlowingBack<T> &back, Size filters, Size count, T *block, T *total) {
    if (back.winners) return spread_block(s, back, filters, count, block, total);
    const T *const g = back.g, *const shown = back.shown;
    for (Size i = 0; i < s.out_height; i++) {  // a sum for each row: float32 stays precise
        const Size row = i * s.out_width;
        in_registers<T>(count, [&](Size k, Size some) {
            Vec<T> sum = {};
            for (Size j = row; j < row + s.out_width; j++) {
                const Size place = j * filters + k;
                const Vec<T> value = load_shown(g + place, shown ? shown + place : nullptr, some);
                store(block + j * block_of_filters<T> + k, value);
                sum += value;
            }
            store(total + k, load(total + k) + sum);
        });
    }
}

// One image's part of the kernel's gradient, added to `sums`, which are blocks (KH·KW·C, block), and of the sums
// of g, added to `totals`, which are blocks.
template <class T>
void add_kernel_gradient(const Sliding &s, const T *x, const FlowingBack<T> &back, Size filters, T *sums,
                         T *totals, T *image, T *block) {
    constexpr Size width = block_of_filters<T>;
    const Size c = s.channels;
    Size row = s.width * c;
    const Size height = (s.out_height - 1) * s.stride_height + reach_of(s.window_height, s.dilation_height);
    if (s.above > 0 || height > s.height || is_padded_aside(s)) {
        row = padded_width(s) * c;
        for (Size i = 0; i < height; i++) copy_row<T>(s, x, nullptr, i - s.above, image + i * row);
        x = image;
    }
    const Runs runs(s, s.dilation_height * row);
    for (Size first = 0; first < filters; first += width) {
        const Size left = filters - first, count = left < width ? left : width;
        copy_block(s, back.at(first), filters, count, block, totals + first);
        for (Size i = 0; i < s.window_height; i++) {
            for (Size j = 0; j < runs.per_row; j++) {
                const T *from = x + i * runs.row + j * runs.next;
                const Size tiles = (runs.length + most_in_tile - 1) / most_in_tile;
                for (Size tile = 0; tile < tiles; tile++) {
                    const Size start = tile * runs.length / tiles, numbers = (tile + 1) * runs.length / tiles - start;
                    if (left > lanes<T>)
                        kernel_gradient_tile_of<T, most_in_tile, 2>(numbers, s, from + start, row, block,
                                                                    sums + start * width);
                    else
                        kernel_gradient_tile_of<T, most_in_tile, 1>(numbers, s, from + start, row, block,
                                                                    sums + start * width);
                }
                sums += runs.length * width;
            }
        }
    }
}

// x (N, H, W, C) and what flows back -> the kernel's cotangent (KH, KW, C, F); and unless `totals` is null the bias's,
// which are the sums of what flows back (F).
template <class T>
void kernel_gradient(const Sliding &s, const T *x, const FlowingBack<T> &back, Size filters, T *result, T *totals,
                     int threads) {
    if (suits_winograd<T>(s, filters))
        return winograd_kernel_gradient(s, x, back, filters, result, totals, threads);
    constexpr Size width = block_of_filters<T>;
    const Size c = s.channels, depth = s.window_height * s.window_width * c;
    const Size blocks = (filters + width - 1) / width, size = blocks * depth * width;
    // The images are cut into so many shares whatever the number of threads, and these are added in order.
    const Size wished = size > 262144 ? 2 : 8, shares = s.images < wished ? s.images : wished;
    const Size height = (s.out_height - 1) * s.stride_height + reach_of(s.window_height, s.dilation_height);
    const Sliding &p = back.pooling;
    const Size an_image = (back.winners ? p.out_height * p.out_width : s.out_height * s.out_width) * filters;
    T *sums = allocate<T>(shares * size), *of_g = allocate<T>(shares * blocks * width);
    std::memset(of_g, 0, shares * blocks * width * sizeof(T));
    parallel(shares, s.images * s.out_height * s.out_width * depth * filters / (8 * (shares + 1)), threads,
             [&](Size share) {
        T *own = sums + share * size;
        T *image = allocate<T>(height * padded_width(s) * c), *block = allocate<T>(s.out_height * s.out_width * width);
        std::memset(own, 0, size * sizeof(T));
        for (Size n = share * s.images / shares; n < (share + 1) * s.images / shares; n++) {
            add_kernel_gradient(s, x + n * s.height * s.width * c, back.at(n * an_image), filters, own,
                                of_g + share * blocks * width, image, block);
        }
        std::free(image);
        std::free(block);
    });
    for (Size first = 0; first < filters; first += width) {
        const Size count = filters - first < width ? filters - first : width;
        for (Size d = 0; d < depth; d++)
            sum_shares(sums + first * depth + d * width, shares, size, count, result + d * filters + first);
    }
    if (totals) sum_shares(of_g, shares, blocks * width, filters, totals);
    std::free(sums);
    std::free(of_g);
}
