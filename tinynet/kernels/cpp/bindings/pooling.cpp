#include "arrays.hpp"
#include "bindings.hpp"

namespace tinynet {

template <class T>
static void bind(py::module_ &module) {
    module.def("max_pool", [](const Array<T> &x, Array<T> &output, const py::object &winners, const Sliding &s) {
        const T *from = x.data();
        T *to = output.mutable_data();
        std::int8_t *places = winners.is_none() ? nullptr : Array<std::int8_t>(winners).mutable_data();
        py::gil_scoped_release release;
        kernels<T>().max_pool(s, from, to, places, threads());
    }, py::arg().noconvert(), py::arg().noconvert(), py::arg(), py::arg());
    module.def("to_winners", [](const Array<T> &g, const py::object &shown, const Array<std::int8_t> &winners,
                                Array<T> &result, const Sliding &s) {
        const T *from = g.data(), *beside = shown.is_none() ? nullptr : Array<T>(shown).data();
        const std::int8_t *places = winners.data();
        T *to = result.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().to_winners(s, from, beside, places, to, threads());
    }, py::arg().noconvert(), py::arg(), py::arg().noconvert(), py::arg().noconvert(), py::arg());
    module.def("average_pool", [](const Array<T> &x, Array<T> &output, const Sliding &s) {
        const T *from = x.data();
        T *to = output.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().average_pool(s, from, to, threads());
    }, py::arg().noconvert(), py::arg().noconvert(), py::arg());
    module.def("average_pool_adjoint", [](const Array<T> &g, Array<T> &result, const Sliding &s) {
        const T *from = g.data();
        T *to = result.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().average_pool_adjoint(s, from, to, threads());
    }, py::arg().noconvert(), py::arg().noconvert(), py::arg());
}

void bind_pooling(py::module_ &module) {
    bind<float>(module);
    bind<double>(module);
}

}  // namespace tinynet
