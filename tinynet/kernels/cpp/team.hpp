// The threads that kernels share.
#pragma once

#include "kernels.hpp"

namespace tinynet {

// How many threads kernels may use: what was set, or OMP_NUM_THREADS, or as many as there are processors.
int threads();
void set_threads(int count);  // 0: not set
void set_worth_a_thread(Size elements);

}  // namespace tinynet
