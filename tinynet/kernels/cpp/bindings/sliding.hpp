// A sliding window from Python's numbers.
#pragma once

#include <pybind11/stl.h>

#include <array>

#include "../kernels.hpp"

namespace tinynet {

using Numbers = std::array<Size, 14>;

inline Sliding sliding(const Numbers &n) {
    return {n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12], n[13]};
}

}  // namespace tinynet
