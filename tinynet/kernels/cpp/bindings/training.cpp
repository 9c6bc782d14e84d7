#include "arrays.hpp"
#include "bindings.hpp"

namespace tinynet {

template <class T>
static T *writable_or_null(py::object &array) {
    return array.is_none() ? nullptr : py::cast<Array<T>>(array).mutable_data();
}

template <class T>
static void bind(py::module_ &module) {
    module.def("add_rows", [](Array<T> &table, const Array<std::int64_t> &rows, const Array<T> &values) {
        const Size count = rows.size(), depth = count > 0 ? values.size() / count : 0;
        const std::int64_t *places = rows.data();
        const T *from = values.data();
        T *to = table.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().add_rows(count, depth, places, from, to);
    }, py::arg().noconvert(), py::arg().noconvert(), py::arg().noconvert());
    module.def("adam", [](Array<T> &w, Array<T> &m, Array<T> &v, py::object largest, const Array<T> &g,
                          py::object squares, double alpha, double rest_1, double rest_2, double epsilon) {
        const T *others = squares.is_none() ? nullptr : py::cast<Array<T>>(squares).data();
        const AdamArrays<T> arrays = {w.mutable_data(), m.mutable_data(), v.mutable_data(),
                                      writable_or_null<T>(largest), g.data(), others};
        const Size size = w.size();
        py::gil_scoped_release release;
        kernels<T>().adam(size, arrays, T(alpha), T(rest_1), T(rest_2), T(epsilon), threads());
    }, py::arg().noconvert(), py::arg().noconvert(), py::arg().noconvert(), py::arg(), py::arg().noconvert(),
       py::arg(), py::arg(), py::arg(), py::arg(), py::arg());
}

void bind_training(py::module_ &module) {
    bind<float>(module);
    bind<double>(module);
}

}  // namespace tinynet
