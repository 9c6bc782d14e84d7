#include "arrays.hpp"
#include "bindings.hpp"

namespace tinynet {

// A matrix in any layout, transposed ones among them.
template <class T>
static Matrix<T> matrix(const py::array_t<T> &array) {
    const Size size = sizeof(T);
    return {array.data(), array.strides(0) / size, array.strides(1) / size};
}

template <class T>
static void bind(py::module_ &module) {
    using Any = py::array_t<T, 0>;
    module.def("product", [](const Any &a, const Any &b, const py::object &bias, bool relu, Array<T> &result) {
        const Size rows = a.shape(0), depth = a.shape(1), columns = b.shape(1);
        const Matrix<T> left = matrix<T>(a), right = matrix<T>(b);
        const T *added = bias.is_none() ? nullptr : Array<T>(bias).data();
        T *to = result.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().product(rows, depth, columns, left, right, added, relu, to, threads());
    }, py::arg().noconvert(), py::arg().noconvert(), py::arg(), py::arg(), py::arg().noconvert());
}

void bind_products(py::module_ &module) {
    bind<float>(module);
    bind<double>(module);
}

}  // namespace tinynet
