// Processors from Haswell (2013) and Zen (2017) on.
#include "includes.hpp"

#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#define TINYNET_ISA avx2
#define TINYNET_VECTOR_BYTES 32
#include "kernels.inc"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
namespace tinynet {
template <> const Kernels<float> *avx2_kernels<float>() { return nullptr; }
template <> const Kernels<double> *avx2_kernels<double>() { return nullptr; }
}  // namespace tinynet
#endif
