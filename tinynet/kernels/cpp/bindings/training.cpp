#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"

namespace tinynet {

// From the first to behind the last byte of an array.
using Extent = std::pair<std::uintptr_t, std::uintptr_t>;

template <class T>
static Extent extent(const T *data, Size size) {
    const auto start = reinterpret_cast<std::uintptr_t>(data);
    return {start, start + size * sizeof(T)};
}

// The variables of a step, from tuples of arrays or None, of which the first `written` are changed in place.
//
// Arrays that are only read are copied where they do not lie in one piece; `copies` keeps these alive.
template <class T, int Count>
class Variables {
  public:
    struct Variable {
        Size size;
        T *arrays[Count];
    };
    std::vector<Variable> all;

    // False where the arrays are not all T, or cannot be changed in place, or share memory with one another:
    // the order in which threads change them would then matter.
    bool take(const py::list &tuples, int written) {
        std::vector<Extent> changed, read;
        for (const py::handle tuple : tuples) {
            if (!PyTuple_Check(tuple.ptr()) || PyTuple_GET_SIZE(tuple.ptr()) != Count) return false;
            Variable variable = {0, {}};
            for (int i = 0; i < Count; i++) {
                const py::handle given = PyTuple_GET_ITEM(tuple.ptr(), i);
                if (given.is_none()) continue;
                if (!take(given, i < written, i > 0, variable.size, variable.arrays[i])) return false;
                const Extent taken = extent(variable.arrays[i], variable.size);
                if (i < written) changed.push_back(taken);
                else if (variable.arrays[i] != variable.arrays[0]) read.push_back(taken);  // else each is read in time
            }
            all.push_back(variable);
        }
        std::sort(changed.begin(), changed.end());
        for (std::size_t i = 1; i < changed.size(); i++)
            if (changed[i].first < changed[i - 1].second) return false;
        return std::none_of(read.begin(), read.end(), [&](const Extent &one) {
            const auto after = std::lower_bound(changed.begin(), changed.end(), Extent(one.second, 0));
            return after != changed.begin() && std::prev(after)->second > one.first;
        });
    }

  private:
    std::vector<py::object> copies;

    bool take(py::handle given, bool written, bool sized, Size &size, T *&data) {
        if (!py::isinstance<py::array_t<T>>(given)) return false;
        py::array_t<T> array = py::reinterpret_borrow<py::array_t<T>>(given);
        if (!(array.flags() & py::array::c_style)) {
            if (written) return false;
            array = Array<T>::ensure(array);
            copies.push_back(array);
        }
        if ((written && !array.writeable()) || (sized && array.size() != size)) return false;
        size = array.size();
        data = const_cast<T *>(array.data());
        return true;
    }
};

// Takes the variables of a step, makes the structure of pointers of each, and calls the kernel.
template <class T, int Count, class Made, class Make, class Kernel>
static bool update(const py::list &tuples, int written, std::vector<Made> &made, const Make &make,
                   const Kernel &kernel) {
    Variables<T, Count> variables;
    if (!variables.take(tuples, written)) return false;
    for (const auto &[size, arrays] : variables.all) made.push_back(make(size, arrays));
    py::gil_scoped_release release;
    kernel(Size(made.size()), made.data());
    return true;
}

template <class T>
static bool sgd(const py::list &tuples, double rate, double momentum, bool nesterov) {
    std::vector<SgdArrays<T>> made;
    return update<T, 3>(
        tuples, 2, made, [](Size size, T *const *a) { return SgdArrays<T>{size, a[0], a[1], a[2]}; },
        [&](Size count, SgdArrays<T> *arrays) {
            kernels<T>().sgd(count, arrays, T(rate), T(momentum), nesterov, threads());
        });
}

template <class T>
static bool adagrad(const py::list &tuples, double rate, double epsilon) {
    std::vector<AdagradArrays<T>> made;
    return update<T, 4>(
        tuples, 2, made, [](Size size, T *const *a) { return AdagradArrays<T>{size, a[0], a[1], a[2], a[3]}; },
        [&](Size count, AdagradArrays<T> *arrays) {
            kernels<T>().adagrad(count, arrays, T(rate), T(epsilon), threads());
        });
}

// The numbers of the variables with negative variances, or nothing if these are not variables of T.
template <class T>
static std::optional<std::vector<Size>> rmsprop(const py::list &tuples, double rate, double rho, double rest,
                                                double momentum, double epsilon) {
    std::vector<RmspropArrays<T>> made;
    const bool done = update<T, 6>(
        tuples, 4, made,
        [](Size size, T *const *a) { return RmspropArrays<T>{size, a[0], a[1], a[2], a[3], a[4], a[5], false}; },
        [&](Size count, RmspropArrays<T> *arrays) {
            kernels<T>().rmsprop(count, arrays, T(rate), T(rho), T(rest), T(momentum), T(epsilon), threads());
        });
    if (!done) return std::nullopt;
    std::vector<Size> negative;
    for (std::size_t i = 0; i < made.size(); i++)
        if (made[i].negative) negative.push_back(Size(i));
    return negative;
}

template <class T>
static bool adam(const py::list &tuples, double alpha, double rest_1, double rest_2, double epsilon) {
    std::vector<AdamArrays<T>> made;
    return update<T, 6>(
        tuples, 4, made,
        [](Size size, T *const *a) { return AdamArrays<T>{size, a[0], a[1], a[2], a[3], a[4], a[5]}; },
        [&](Size count, AdamArrays<T> *arrays) {
            kernels<T>().adam(count, arrays, T(alpha), T(rest_1), T(rest_2), T(epsilon), threads());
        });
}

template <class T>
static void bind(py::module_ &module) {
    // False, and nothing is written, where a row is none of the table's.
    module.def("sum_rows", [](const Array<std::int64_t> &rows, const Array<T> &values, Array<T> &table,
                              std::optional<Array<T>> of_squares) {
        const Size count = rows.size(), length = table.shape(0), depth = length > 0 ? table.size() / length : 0;
        const std::int64_t *places = rows.data();
        const T *from = values.data();
        T *to = table.mutable_data(), *squares = of_squares ? of_squares->mutable_data() : nullptr;
        py::gil_scoped_release release;
        const auto is_row = [=](std::int64_t place) { return place >= 0 && place < length; };
        if (!std::all_of(places, places + count, is_row)) return false;
        kernels<T>().sum_rows(count, depth, length, places, from, to, squares, threads());
        return true;
    }, py::arg().noconvert(), py::arg().noconvert(), py::arg().noconvert(), py::arg().noconvert().none(true));
}

void bind_training(py::module_ &module) {
    bind<float>(module);
    bind<double>(module);
    module.def("sgd", [](const py::list &tuples, double rate, double momentum, bool nesterov) {
        return sgd<float>(tuples, rate, momentum, nesterov) || sgd<double>(tuples, rate, momentum, nesterov);
    });
    module.def("adagrad", [](const py::list &tuples, double rate, double epsilon) {
        return adagrad<float>(tuples, rate, epsilon) || adagrad<double>(tuples, rate, epsilon);
    });
    module.def("rmsprop", [](const py::list &tuples, double rate, double rho, double rest, double momentum,
                             double epsilon) {
        const auto negative = rmsprop<float>(tuples, rate, rho, rest, momentum, epsilon);
        return negative ? negative : rmsprop<double>(tuples, rate, rho, rest, momentum, epsilon);
    });
    module.def("adam", [](const py::list &tuples, double alpha, double rest_1, double rest_2, double epsilon) {
        return adam<float>(tuples, alpha, rest_1, rest_2, epsilon) ||
               adam<double>(tuples, alpha, rest_1, rest_2, epsilon);
    });
}

}  // namespace tinynet
