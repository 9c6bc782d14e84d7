#include "arrays.hpp"
#include "bindings.hpp"

#include <pybind11/stl.h>

#include <optional>
#include <utility>

namespace tinynet {

// Arrays in which only the numbers of a row at a step lie together; or None.
template <class T> using Laid = py::array_t<T, 0>;
template <class T> using Optional = std::optional<Laid<T>>;

// A function whose `count` arguments come as they are: nothing is converted, so nothing is copied.
template <class Function, std::size_t... each>
static void define(py::module_ &module, const char *name, const Function &function, std::index_sequence<each...>) {
    module.def(name, function, (static_cast<void>(each), py::arg().noconvert())...);
}

template <std::size_t count, class Function>
static void define(py::module_ &module, const char *name, const Function &function) {
    define(module, name, function, std::make_index_sequence<count>{});
}

// One step, where there are many, means that all of them share its place.
template <class T, class Stored>
static Sequence<Stored> sequence_at(Stored *data, const Laid<T> &array, Size steps) {
    const Size size = sizeof(T);
    return {data, array.shape(0) == steps ? Size(array.strides(0)) / size : 0, Size(array.strides(1)) / size};
}

template <class T>
static Sequence<const T> read(const Optional<T> &array, Size steps) {
    if (!array) return {nullptr, 0, 0};
    return sequence_at<T, const T>(array->data(), *array, steps);
}

template <class T>
static Sequence<T> written(Optional<T> &array, Size steps) {
    if (!array) return {nullptr, 0, 0};
    return sequence_at<T, T>(array->mutable_data(), *array, steps);
}

template <class T>
static const T *numbers(const std::optional<Array<T>> &array) { return array ? array->data() : nullptr; }

// What a forward kernel is given of a layer.
template <class T>
static Recurrence<T> recurrence(const Laid<T> &x, const Optional<bool> &mask, const Array<T> &kernel,
                                const Array<T> &recurrent, const std::optional<Array<T>> &bias,
                                const std::optional<Array<T>> &recurrent_bias = std::nullopt) {
    const Size steps = x.shape(0);
    return {steps, x.shape(1), x.shape(2), recurrent.shape(0), sequence_at<T, const T>(x.data(), x, steps),
            read<bool>(mask, steps), kernel.data(), recurrent.data(), numbers(bias), numbers(recurrent_bias)};
}

// And a backward kernel; `like` has its steps and rows.
template <class T>
static Recurrence<T> recurrence(const Laid<T> &like, const Optional<bool> &mask, const Array<T> &recurrent) {
    const Size steps = like.shape(0);
    return {steps, like.shape(1), 0, recurrent.shape(0), {nullptr, 0, 0}, read<bool>(mask, steps),
            nullptr, recurrent.data(), nullptr, nullptr};
}

template <class T>
static void bind_simple_rnn(py::module_ &module) {
    define<7>(module, "simple_rnn_forward", [](const Laid<T> &x, const Optional<bool> &mask, const Array<T> &h0,
                                        const Array<T> &kernel, const Array<T> &recurrent,
                                        const std::optional<Array<T>> &bias, Optional<T> states) {
        const auto layer = recurrence<T>(x, mask, kernel, recurrent, bias);
        const T *first = h0.data();
        const auto to = written<T>(states, layer.steps);
        py::gil_scoped_release release;
        kernels<T>().simple_rnn_forward(layer, first, to, threads());
    });
    define<6>(module, "simple_rnn_backward", [](const Optional<T> &d_states, const Laid<T> &states,
                                                const Optional<bool> &mask, const Array<T> &recurrent,
                                                Optional<T> d_projected, Array<T> dh) {
        const auto layer = recurrence<T>(states, mask, recurrent);
        const auto given = read<T>(d_states, layer.steps), h = read<T>(states, layer.steps);
        const auto to = written<T>(d_projected, layer.steps);
        T *last = dh.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().simple_rnn_backward(layer, given, h, to, last, threads());
    });
}

template <class T>
static void bind_lstm(py::module_ &module) {
    define<11>(module, "lstm_forward", [](const Laid<T> &x, const Optional<bool> &mask, const Array<T> &h0,
                                          const Array<T> &c0, const Array<T> &kernel, const Array<T> &recurrent,
                                          const std::optional<Array<T>> &bias, Optional<T> states,
                                          Optional<T> cells, Optional<T> gates, Optional<T> squashed) {
        const auto layer = recurrence<T>(x, mask, kernel, recurrent, bias);
        const T *h = h0.data(), *c = c0.data();
        const auto to_h = written<T>(states, layer.steps), to_c = written<T>(cells, layer.steps);
        const auto to_gates = written<T>(gates, layer.steps), to_squashed = written<T>(squashed, layer.steps);
        py::gil_scoped_release release;
        kernels<T>().lstm_forward(layer, h, c, to_h, to_c, to_gates, to_squashed, threads());
    });
    define<10>(module, "lstm_backward", [](const Optional<T> &d_states, const Array<T> &c0, const Laid<T> &cells,
                                   const Laid<T> &gates, const Laid<T> &squashed, const Optional<bool> &mask,
                                   const Array<T> &recurrent, Optional<T> d_projected, Array<T> dh, Array<T> dc) {
        const auto layer = recurrence<T>(cells, mask, recurrent);
        const T *first = c0.data();
        const auto given = read<T>(d_states, layer.steps), c = read<T>(cells, layer.steps);
        const auto by = read<T>(gates, layer.steps), s = read<T>(squashed, layer.steps);
        const auto to = written<T>(d_projected, layer.steps);
        T *last_h = dh.mutable_data(), *last_c = dc.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().lstm_backward(layer, given, first, c, by, s, to, last_h, last_c, threads());
    });
}

template <class T>
static void bind_gru(py::module_ &module) {
    define<11>(module, "gru_forward", [](const Laid<T> &x, const Optional<bool> &mask, const Array<T> &h0,
                                 const Array<T> &kernel, const Array<T> &recurrent,
                                 const std::optional<Array<T>> &bias, const std::optional<Array<T>> &recurrent_bias,
                                 bool reset_after, Optional<T> states, Optional<T> gates, Optional<T> products) {
        const auto layer = recurrence<T>(x, mask, kernel, recurrent, bias, recurrent_bias);
        const T *first = h0.data();
        const auto to_h = written<T>(states, layer.steps), to_gates = written<T>(gates, layer.steps);
        const auto to_products = written<T>(products, layer.steps);
        py::gil_scoped_release release;
        kernels<T>().gru_forward(layer, reset_after, first, to_h, to_gates, to_products, threads());
    });
    define<10>(module, "gru_backward", [](const Optional<T> &d_states, const Array<T> &h0, const Laid<T> &states,
                                  const Laid<T> &gates, const Optional<T> &products, const Optional<bool> &mask,
                                  const Array<T> &recurrent, Optional<T> d_input, Optional<T> d_recurrent,
                                  Array<T> dh) {
        const auto layer = recurrence<T>(states, mask, recurrent);
        const T *first = h0.data();
        const auto given = read<T>(d_states, layer.steps), h = read<T>(states, layer.steps);
        const auto by = read<T>(gates, layer.steps), kept = read<T>(products, layer.steps);
        const auto to_input = written<T>(d_input, layer.steps), to_recurrent = written<T>(d_recurrent, layer.steps);
        T *last = dh.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().gru_backward(layer, given, first, h, by, kept, to_input, to_recurrent, last, threads());
    });
}

template <class T>
static void bind_weights(py::module_ &module) {
    // False, and nothing done, where the columns are no whole number of registers.
    define<3>(module, "weight_gradient", [](const Laid<T> &a, const Laid<T> &d, Array<T> result) {
        const Size steps = a.shape(0), rows = a.shape(1), features = a.shape(2), columns = d.shape(2);
        if (columns % kernels<T>().lanes) return false;
        const auto from = sequence_at<T, const T>(a.data(), a, steps), by = sequence_at<T, const T>(d.data(), d, steps);
        T *to = result.mutable_data();
        py::gil_scoped_release release;
        kernels<T>().weight_gradient(steps, rows, features, columns, from, by, to, threads());
        return true;
    });
    // The same of the features.
    define<3>(module, "sequence_gradient", [](const Laid<T> &d, const Array<T> &kernel, Optional<T> result) {
        const Size steps = d.shape(0), rows = d.shape(1), features = kernel.shape(0), columns = kernel.shape(1);
        if (features % kernels<T>().lanes) return false;
        const auto from = sequence_at<T, const T>(d.data(), d, steps);
        const auto to = written<T>(result, steps);
        const T *by = kernel.data();
        py::gil_scoped_release release;
        kernels<T>().sequence_gradient(steps, rows, features, columns, from, by, to, threads());
        return true;
    });
}

void bind_recurrent(py::module_ &module) {
    bind_simple_rnn<float>(module);
    bind_simple_rnn<double>(module);
    bind_lstm<float>(module);
    bind_lstm<double>(module);
    bind_gru<float>(module);
    bind_gru<double>(module);
    bind_weights<float>(module);
    bind_weights<double>(module);
}

}  // namespace tinynet
