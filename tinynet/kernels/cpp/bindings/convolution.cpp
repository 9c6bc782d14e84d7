#include "arrays.hpp"
#include "bindings.hpp"

namespace tinynet {

template <class T>
static void bind(py::module_ &module) {
    module.def("prepared_kernel", [](const Array<T> &kernel, const Sliding &s) {
        const Size filters = kernel.shape(kernel.ndim() - 1);
        Array<T> prepared = empty<T>(kernels<T>().prepared_size(s, filters));
        const T *from = kernel.data();
        T *to = prepared.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().prepare_kernel(s, from, filters, to, threads());
        return prepared;
    }, py::arg().noconvert(), py::arg());
    module.def("convolve", [](const Array<T> &x, const py::object &shown, const Array<T> &prepared,
                              const py::object &bias, bool relu, Array<T> &output, const Sliding &s) {
        const Size filters = output.shape(output.ndim() - 1);
        const T *from = x.data(), *weights = prepared.data();
        const T *added = bias.is_none() ? nullptr : Array<T>(bias).data();
        const T *beside = shown.is_none() ? nullptr : Array<T>(shown).data();
        T *to = output.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().convolve(s, from, beside, weights, filters, added, relu, to, threads());
    }, py::arg().noconvert(), py::arg(), py::arg().noconvert(), py::arg(), py::arg(), py::arg().noconvert(), py::arg());
    module.def("kernel_gradient", [](const Array<T> &x, const Array<T> &g, const py::object &shown,
                                     Array<T> &result, const py::object &totals, const Sliding &s) {
        const Size filters = g.shape(g.ndim() - 1);
        const T *from = x.data(), *cotangent = g.data();
        const T *beside = shown.is_none() ? nullptr : Array<T>(shown).data();
        T *to = result.mutable_data(), *sums = totals.is_none() ? nullptr : Array<T>(totals).mutable_data();
        py::gil_scoped_release release;
        kernels<T>().kernel_gradient(s, from, cotangent, beside, filters, to, sums, threads());
    }, py::arg().noconvert(), py::arg().noconvert(), py::arg(), py::arg().noconvert(), py::arg(), py::arg());
    module.def("depthwise", [](const Array<T> &x, const Array<T> &kernel, const py::object &bias, bool relu,
                               Array<T> &output, const Sliding &s) {
        const Size multiplier = kernel.shape(kernel.ndim() - 1) / s.channels;
        const T *from = x.data(), *weights = kernel.data();
        const T *added = bias.is_none() ? nullptr : Array<T>(bias).data();
        T *to = output.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().depthwise(s, from, weights, multiplier, added, relu, to, threads());
    }, py::arg().noconvert(), py::arg().noconvert(), py::arg(), py::arg(), py::arg().noconvert(), py::arg());
    module.def("depthwise_kernel_gradient", [](const Array<T> &x, const Array<T> &g, Array<T> &result,
                                               const Sliding &s) {
        const Size multiplier = g.shape(g.ndim() - 1) / s.channels;
        const T *from = x.data(), *cotangent = g.data();
        T *to = result.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().depthwise_kernel_gradient(s, from, cotangent, multiplier, to, threads());
    }, py::arg().noconvert(), py::arg().noconvert(), py::arg().noconvert(), py::arg());
}

void bind_convolution(py::module_ &module) {
    bind<float>(module);
    bind<double>(module);
}

}  // namespace tinynet
