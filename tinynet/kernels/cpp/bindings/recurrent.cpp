#include "arrays.hpp"
#include "bindings.hpp"

#include <pybind11/stl.h>

#include <functional>
#include <optional>
#include <utility>
#include <vector>

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

// A layer as its kernels see it; a backward kernel is given no biases.
template <class T>
static Recurrence<T> recurrence(const Laid<T> &x, const Optional<bool> &mask, const Array<T> &kernel,
                                const Array<T> &recurrent, const std::optional<Array<T>> &bias = std::nullopt,
                                const std::optional<Array<T>> &recurrent_bias = std::nullopt) {
    const Size steps = x.shape(0);
    return {steps, x.shape(1), x.shape(2), recurrent.shape(0), sequence_at<T, const T>(x.data(), x, steps),
            read<bool>(mask, steps), kernel.data(), recurrent.data(), numbers(bias), numbers(recurrent_bias)};
}

// Where gradients are to be written: of x, the kernel, the recurrent kernel and its biases, each an array or None.
template <class T>
static Gradients<T> gradients(const py::tuple &given, Size steps) {
    auto x = given[0].cast<Optional<T>>();
    const auto numbers = [&](std::size_t place) -> T * {
        if (place >= given.size() || given[place].is_none()) return nullptr;
        return given[place].cast<Array<T>>().mutable_data();
    };
    return {written<T>(x, steps), numbers(1), numbers(2), numbers(3), numbers(4)};
}

// A kernel with all its arguments but the number of threads, and how many rows it has to divide among them.
struct Gathered {
    Size rows;
    std::function<void(int)> kernel;
};

// What this thread gathers instead of running it, if anything.
static thread_local std::vector<Gathered> *gathering = nullptr;

template <class Kernel>
static void run_or_gather(Size rows, const Kernel &kernel) {
    if (gathering) {
        gathering->push_back({rows, kernel});
        return;
    }
    py::gil_scoped_release release;
    kernel(threads());
}

// Calls functions of this file that do not depend on each other, each with its arguments. Each kernel has one thread,
// beside the others, unless there are more threads than kernels and enough rows for all of these.
static void run_at_once(const py::list &calls) {
    std::vector<Gathered> kernels;
    gathering = &kernels;
    try {
        for (const auto &call : calls) {
            const auto function_and_arguments = call.cast<py::tuple>();
            function_and_arguments[0](*function_and_arguments[1].cast<py::tuple>());
        }
    } catch (...) {
        gathering = nullptr;
        throw;
    }
    gathering = nullptr;
    bool beside = Size(kernels.size()) >= threads();
    for (const Gathered &each : kernels) beside = beside || each.rows < threads();
    py::gil_scoped_release release;
    if (!beside) {
        for (const Gathered &each : kernels) each.kernel(threads());
        return;
    }
    const auto some = [](const void *all, Size first, Size end) {
        for (Size k = first; k < end; k++) static_cast<const Gathered *>(all)[k].kernel(1);
    };
    run_in_team(Size(kernels.size()), threads(), some, kernels.data());
}

template <class T>
static void bind_simple_rnn(py::module_ &module) {
    define<7>(module, "simple_rnn_forward", [](const Laid<T> &x, const Optional<bool> &mask, const Array<T> &h0,
                                        const Array<T> &kernel, const Array<T> &recurrent,
                                        const std::optional<Array<T>> &bias, Optional<T> states) {
        const auto layer = recurrence<T>(x, mask, kernel, recurrent, bias);
        const T *first = h0.data();
        const auto to = written<T>(states, layer.steps);
        run_or_gather(layer.rows, [=](int threads) {
            kernels<T>().simple_rnn_forward(layer, first, to, threads);
        });
    });
    define<9>(module, "simple_rnn_backward", [](const Optional<T> &d_states, const Laid<T> &x, const Array<T> &h0,
                                                const Laid<T> &states, const Optional<bool> &mask,
                                                const Array<T> &kernel, const Array<T> &recurrent,
                                                const py::tuple &results, Array<T> dh) {
        const auto layer = recurrence<T>(x, mask, kernel, recurrent);
        const T *first = h0.data();
        const auto given = read<T>(d_states, layer.steps), h = read<T>(states, layer.steps);
        const auto to = gradients<T>(results, layer.steps);
        T *last = dh.mutable_data();
        run_or_gather(layer.rows, [=](int threads) {
            kernels<T>().simple_rnn_backward(layer, given, first, h, to, last, threads);
        });
    });
}

template <class T>
static void bind_lstm(py::module_ &module) {
    define<10>(module, "lstm_forward", [](const Laid<T> &x, const Optional<bool> &mask, const Array<T> &h0,
                                          const Array<T> &c0, const Array<T> &kernel, const Array<T> &recurrent,
                                          const std::optional<Array<T>> &bias, Optional<T> states,
                                          Optional<T> cells, Optional<T> gates) {
        const auto layer = recurrence<T>(x, mask, kernel, recurrent, bias);
        const T *h = h0.data(), *c = c0.data();
        const auto to_h = written<T>(states, layer.steps), to_c = written<T>(cells, layer.steps);
        const auto to_gates = written<T>(gates, layer.steps);
        run_or_gather(layer.rows, [=](int threads) {
            kernels<T>().lstm_forward(layer, h, c, to_h, to_c, to_gates, threads);
        });
    });
    define<13>(module, "lstm_backward", [](const Optional<T> &d_states, const Laid<T> &x, const Array<T> &h0,
                                           const Array<T> &c0, const Laid<T> &states, const Laid<T> &cells,
                                           const Laid<T> &gates, const Optional<bool> &mask,
                                           const Array<T> &kernel, const Array<T> &recurrent,
                                           const py::tuple &results, Array<T> dh, Array<T> dc) {
        const auto layer = recurrence<T>(x, mask, kernel, recurrent);
        const T *first_h = h0.data(), *first_c = c0.data();
        const auto given = read<T>(d_states, layer.steps), h = read<T>(states, layer.steps);
        const auto c = read<T>(cells, layer.steps), by = read<T>(gates, layer.steps);
        const auto to = gradients<T>(results, layer.steps);
        T *last_h = dh.mutable_data(), *last_c = dc.mutable_data();
        run_or_gather(layer.rows, [=](int threads) {
            kernels<T>().lstm_backward(layer, given, first_h, first_c, h, c, by, to, last_h, last_c, threads);
        });
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
        run_or_gather(layer.rows, [=](int threads) {
            kernels<T>().gru_forward(layer, reset_after, first, to_h, to_gates, to_products, threads);
        });
    });
    define<11>(module, "gru_backward", [](const Optional<T> &d_states, const Laid<T> &x, const Array<T> &h0,
                                          const Laid<T> &states, const Laid<T> &gates, const Optional<T> &products,
                                          const Optional<bool> &mask, const Array<T> &kernel,
                                          const Array<T> &recurrent, const py::tuple &results, Array<T> dh) {
        const auto layer = recurrence<T>(x, mask, kernel, recurrent);
        const T *first = h0.data();
        const auto given = read<T>(d_states, layer.steps), h = read<T>(states, layer.steps);
        const auto by = read<T>(gates, layer.steps), kept = read<T>(products, layer.steps);
        const auto to = gradients<T>(results, layer.steps);
        T *last = dh.mutable_data();
        run_or_gather(layer.rows, [=](int threads) {
            kernels<T>().gru_backward(layer, given, first, h, by, kept, to, last, threads);
        });
    });
}

void bind_recurrent(py::module_ &module) {
    module.def("run_at_once", run_at_once);
    bind_simple_rnn<float>(module);
    bind_simple_rnn<double>(module);
    bind_lstm<float>(module);
    bind_lstm<double>(module);
    bind_gru<float>(module);
    bind_gru<double>(module);
}

}  // namespace tinynet
