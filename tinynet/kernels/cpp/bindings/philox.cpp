#include <pybind11/stl.h>

#include <array>

#include "arrays.hpp"
#include "bindings.hpp"

namespace tinynet {

using Stream = std::array<std::uint32_t, 4>;

void bind_philox(py::module_ &module) {
    module.def("random_words", [](const Stream &stream, const Array<std::uint64_t> &places,
                                  Array<std::uint32_t> &words) {
        const Size blocks = places.size();
        const std::uint64_t *from = places.data();
        std::uint32_t *to = words.mutable_data();
        py::gil_scoped_release release;
        kernels<float>().random_words(stream.data(), blocks, from, to, threads());
    }, py::arg(), py::arg().noconvert(), py::arg().noconvert());
    module.def("random_mask", [](const Stream &stream, std::uint32_t lowest, Array<bool> &mask) {
        const Size count = mask.size();
        bool *to = mask.mutable_data();
        py::gil_scoped_release release;
        kernels<float>().random_mask(stream.data(), count, lowest, to, threads());
    }, py::arg(), py::arg(), py::arg().noconvert());
}

}  // namespace tinynet
