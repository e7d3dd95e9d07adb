// The products behind matmul.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "ops/tensor.h"

namespace longleaf::cuda {

/// out (T, N) = x (T, K) * w (N, K)^T, with `add` onto out, on tensor cores. x and w are 16-bit, their rows
/// 16 bytes apart or a multiple, K a multiple of 8. Every result is one sum in order of K, whatever T is.
void gemm(cudaStream_t, bool bf16, const void* x, int64_t x_stride, const void* w, int64_t w_stride,
          float* out, int64_t out_stride, int rows, int cols, int depth, bool add);

/// out (N) = w (N, K) * x (K), with `add` onto out, dequantising on the way; f32 sums. Reads w once.
void gemv(cudaStream_t, const Tensor& w, const float* x, float* out, bool add);

}  // namespace longleaf::cuda
