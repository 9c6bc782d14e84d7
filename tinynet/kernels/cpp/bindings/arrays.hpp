// NumPy's arrays as the kernels see them.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "../kernels.hpp"
#include "../memory.hpp"
#include "../team.hpp"

namespace tinynet {

namespace py = pybind11;

// Arrays come contiguous and of the right type; no conversion is made behind the caller's back.
template <class T> using Array = py::array_t<T, py::array::c_style>;

// An array (size) whose memory is used again when it is gone.
template <class T>
Array<T> empty(Size size) {
    void *memory = take_memory(size * sizeof(T));
    py::capsule owner(memory, [](void *it) { give_back_memory(it); });
    return Array<T>(size, static_cast<T *>(memory), owner);
}

// The kernels for the processor at hand.
template <class T> const Kernels<T> &kernels();

}  // namespace tinynet
