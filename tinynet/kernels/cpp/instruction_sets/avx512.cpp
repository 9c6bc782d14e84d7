// Servers from Skylake (2017) and Zen 4 (2022) on.
#include "includes.hpp"

#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")
#endif
#define TINYNET_ISA avx512
#define TINYNET_VECTOR_BYTES 64
#include "kernels.inc"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
namespace tinynet {
template <> const Kernels<float> *avx512_kernels<float>() { return nullptr; }
template <> const Kernels<double> *avx512_kernels<double>() { return nullptr; }
}  // namespace tinynet
#endif
