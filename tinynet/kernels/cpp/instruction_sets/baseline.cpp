// What every processor of the family has: SSE2 on x86-64, NEON on Arm.
#include "includes.hpp"

#define TINYNET_ISA baseline
#define TINYNET_VECTOR_BYTES 16
#include "kernels.inc"
