// The module tinynet.kernels._compiled: chooses the instruction set and gathers the bindings.
#include <pybind11/stl.h>

#include <array>
#include <string>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"

namespace tinynet {

// What the processor has, the best first.
static std::vector<std::string> instruction_sets() {
    std::vector<std::string> names;
#if defined(__x86_64__)
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    if (avx512) names.push_back("avx512");
    if (avx2) names.push_back("avx2");
#endif
    names.push_back("baseline");
    return names;
}

template <class T> static const Kernels<T> *used = nullptr;

// Takes the kernels for one of the sets above.
template <class T>
static void use(const std::string &name) {
    used<T> = name == "avx512" ? avx512_kernels<T>() : name == "avx2" ? avx2_kernels<T>() : baseline_kernels<T>();
}

template <class T> const Kernels<T> &kernels() { return *used<T>; }
template const Kernels<float> &kernels<float>();
template const Kernels<double> &kernels<double>();

}  // namespace tinynet

PYBIND11_MODULE(_compiled, module) {
    using namespace tinynet;
    const auto use_both = [](const std::string &name) {
        use<float>(name);
        use<double>(name);
    };
    use_both(instruction_sets().front());
    py::class_<Sliding>(module, "Sliding").def(py::init([](const std::array<Size, 14> &n) {
        return Sliding{n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12], n[13]};
    }));
    module.def("instruction_sets", &instruction_sets);
    module.def("instruction_set", [] { return kernels<float>().instruction_set; });
    module.def("use_instruction_set", use_both);
    module.def("threads", &threads);
    module.def("set_threads", &set_threads);
    module.def("worth_a_thread", &worth_a_thread);
    module.def("set_worth_a_thread", &set_worth_a_thread);  // for tests, whose arrays are small
    module.def("empty", &empty<std::uint8_t>);
    bind_activation(module);
    bind_classification(module);
    bind_convolution(module);
    bind_normalization(module);
    bind_philox(module);
    bind_pooling(module);
    bind_products(module);
    bind_training(module);
    bind_recurrent(module);
}
