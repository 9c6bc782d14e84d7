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
    // winners, pooling: of a max pooling that g is the cotangent of, or None.
    module.def("kernel_gradient", [](const Array<T> &x, const Array<T> &g, const py::object &shown,
                                     const py::object &winners, Array<T> &result, const py::object &totals,
                                     const Sliding &s, const py::object &pooling) {
        const Size filters = g.shape(g.ndim() - 1);
        const T *from = x.data();
        const FlowingBack<T> back = {
            g.data(), shown.is_none() ? nullptr : Array<T>(shown).data(),
            winners.is_none() ? nullptr : Array<std::int8_t>(winners).data(),
            pooling.is_none() ? Sliding{} : pooling.cast<Sliding>(),
        };
        T *to = result.mutable_data(), *sums = totals.is_none() ? nullptr : Array<T>(totals).mutable_data();
        py::gil_scoped_release release;
        kernels<T>().kernel_gradient(s, from, back, filters, to, sums, threads());
    }, py::arg().noconvert(), py::arg().noconvert(), py::arg(), py::arg(), py::arg().noconvert(), py::arg(), py::arg(),
       py::arg());
    module.def("convolve_and_pool", [](const Array<T> &x, const Array<T> &prepared, const py::object &bias,
                                       Array<T> &output, const py::object &winners, const Sliding &s,
                                       const Sliding &pooling) {
        const T *from = x.data(), *weights = prepared.data();
        const T *added = bias.is_none() ? nullptr : Array<T>(bias).data();
        T *to = output.mutable_data();
        std::int8_t *places = winners.is_none() ? nullptr : Array<std::int8_t>(winners).mutable_data();
        py::gil_scoped_release release;
        kernels<T>().convolve_and_pool(s, pooling, from, weights, added, to, places, threads());
    }, py::arg().noconvert(), py::arg().noconvert(), py::arg(), py::arg().noconvert(), py::arg(), py::arg(), py::arg());
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
    module.def("pools_along", [](Size filters, Size size_of_number, const Sliding &s, const Sliding &pooling) {
        return size_of_number == sizeof(float) ? kernels<float>().pools_along(s, pooling, filters)
                                               : kernels<double>().pools_along(s, pooling, filters);
    });
}

}  // namespace tinynet
