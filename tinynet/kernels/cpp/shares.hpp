// Sums over work that is cut into shares, each with a sum of its own.
//
// How many shares there are follows from the sizes alone, and they are added in their order: so results depend neither
// on the number of threads nor on which was fastest.
#pragma once

#include "vector.hpp"

// totals (count): the first numbers of all shares, which lie `apart`, added up.
template <class T>
void sum_shares(const T *sums, Size shares, Size apart, Size count, T *totals) {
    in_registers<T>(count, [&](Size k, Size some) {
        Vec<T> total = {};
        for (Size share = 0; share < shares; share++) total += load(sums + share * apart + k, some);
        store(totals + k, total, some);
    });
}
