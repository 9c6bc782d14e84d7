#include <algorithm>

#include "arrays.hpp"
#include "bindings.hpp"

namespace tinynet {

using Labels = Array<std::int64_t>;

template <class T>
static void bind(py::module_ &module) {
    module.def("softmax", [](const Array<T> &x, Array<T> &output) {
        const Size classes = x.shape(x.ndim() - 1), rows = x.size() / classes;
        const T *from = x.data();
        T *to = output.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().softmax(rows, classes, from, to, threads());
    }, py::arg().noconvert(), py::arg().noconvert());
    // False, and no losses, where a label is no class.
    module.def("cross_entropy", [](const Array<T> &x, const Labels &labels, Array<T> &losses) {
        const Size classes = x.shape(x.ndim() - 1), rows = labels.size();
        const T *from = x.data();
        const std::int64_t *of_rows = labels.data();
        T *to = losses.mutable_data();
        py::gil_scoped_release release;
        const auto is_class = [=](std::int64_t label) { return label >= 0 && label < classes; };
        if (!std::all_of(of_rows, of_rows + rows, is_class)) return false;
        kernels<T>().cross_entropy(rows, classes, from, of_rows, to, threads());
        return true;
    }, py::arg().noconvert(), py::arg().noconvert(), py::arg().noconvert());
    module.def("cross_entropy_gradient",
               [](const Array<T> &g, const Array<T> &x, const Labels &labels, Array<T> &result) {
        const Size classes = x.shape(x.ndim() - 1), rows = labels.size();
        const T *given = g.data(), *from = x.data();
        const std::int64_t *of_rows = labels.data();
        T *to = result.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().cross_entropy_gradient(rows, classes, given, from, of_rows, to, threads());
    }, py::arg().noconvert(), py::arg().noconvert(), py::arg().noconvert(), py::arg().noconvert());
}

void bind_classification(py::module_ &module) {
    bind<float>(module);
    bind<double>(module);
}

}  // namespace tinynet
