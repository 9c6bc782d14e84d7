#include "arrays.hpp"
#include "bindings.hpp"

namespace tinynet {

// Tables come as (rows, columns), what belongs to the columns as (columns).
template <class T>
static void bind(py::module_ &module) {
    const auto strict = py::arg().noconvert();
    module.def("column_sums", [](const Array<T> &x, const py::object &shown, Array<T> &results) {
        const Size rows = x.shape(0), columns = x.shape(1);
        const T *values = x.data(), *beside = shown.is_none() ? nullptr : Array<T>(shown).data();
        T *to = results.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().column_sums(rows, columns, values, beside, to, threads());
    }, strict, py::arg(), strict);
    module.def("column_squares", [](const Array<T> &x, const Array<T> &mean, Array<T> &results) {
        const Size rows = x.shape(0), columns = x.shape(1);
        const T *values = x.data(), *middle = mean.data();
        T *to = results.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().column_squares(rows, columns, values, middle, to, threads());
    }, strict, strict, strict);
    module.def("column_products", [](const Array<T> &g, const Array<T> &x, const Array<T> &mean, Array<T> &results) {
        const Size rows = x.shape(0), columns = x.shape(1);
        const T *cotangent = g.data(), *values = x.data(), *middle = mean.data();
        T *to = results.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().column_products(rows, columns, cotangent, values, middle, to, threads());
    }, strict, strict, strict, strict);
    module.def("scale_columns", [](const Array<T> &x, const Array<T> &scale, const Array<T> &offset,
                                   Array<T> &results) {
        const Size rows = x.shape(0), columns = x.shape(1);
        const T *values = x.data(), *factor = scale.data(), *addend = offset.data();
        T *to = results.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().scale_columns(rows, columns, values, factor, addend, to, threads());
    }, strict, strict, strict, strict);
    module.def("combine_columns", [](const Array<T> &g, const Array<T> &x, const Array<T> &mean,
                                     const Array<T> &by_g, const Array<T> &by_x, const Array<T> &offset,
                                     Array<T> &results) {
        const Size rows = x.shape(0), columns = x.shape(1);
        const T *cotangent = g.data(), *values = x.data(), *middle = mean.data();
        const T *of_g = by_g.data(), *of_x = by_x.data(), *addend = offset.data();
        T *to = results.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().combine_columns(rows, columns, cotangent, values, middle, of_g, of_x, addend, to, threads());
    }, strict, strict, strict, strict, strict, strict, strict);
}

void bind_normalization(py::module_ &module) {
    bind<float>(module);
    bind<double>(module);
}

}  // namespace tinynet
