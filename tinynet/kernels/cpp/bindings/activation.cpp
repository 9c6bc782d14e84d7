#include "arrays.hpp"
#include "bindings.hpp"

namespace tinynet {

template <class T>
static void bind(py::module_ &module) {
    module.def("relu", [](const Array<T> &x, Array<T> &result) {
        const T *values = x.data();
        T *to = result.mutable_data();
        const Size size = x.size();
        py::gil_scoped_release release;
        kernels<T>().relu(size, values, to, threads());
    }, py::arg().noconvert(), py::arg().noconvert());
    module.def("relu_gradient", [](const Array<T> &g, const Array<T> &output, Array<T> &result) {
        const T *cotangent = g.data(), *values = output.data();
        T *to = result.mutable_data();
        const Size size = g.size();
        py::gil_scoped_release release;
        kernels<T>().relu_gradient(size, cotangent, values, to, threads());
    }, py::arg().noconvert(), py::arg().noconvert(), py::arg().noconvert());
}

void bind_activation(py::module_ &module) {
    bind<float>(module);
    bind<double>(module);
}

}  // namespace tinynet
