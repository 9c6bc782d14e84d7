// Max pooling over windows of (N, H, W, C), and the road back to the winners.
#pragma once

#include "threads.hpp"
#include "vector.hpp"

// The largest value of each window and, unless `winners` is null, its place, row by row; the first of equal
// ones. NaN is passed over. Places outside the image count as NaN.
template <class T>
void max_pool(const Sliding &s, const T *x, T *output, std::int8_t *winners, int threads) {
    const Size c = s.channels;
    const Vec<T> nothing = Vec<T>{} + std::numeric_limits<T>::quiet_NaN();
    parallel(s.images * s.out_height, s.out_width * c * s.window_height * s.window_width, threads, [&](Size line) {
        const T *image = x + line / s.out_height * s.height * s.width * c;
        const Size top = line % s.out_height * s.stride_height - s.above;
        for (Size column = 0; column < s.out_width; column++) {
            const Size start = column * s.stride_width - s.left;
            const Size window = (line * s.out_width + column) * c;
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
