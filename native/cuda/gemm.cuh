// The products behind matmul.
#pragma once

#include <cstdint>
#include <span>

#include "ops/ops.h"

namespace longleaf::cuda {

class CudaBackend;

/// out (T, N) = x (T, K) * w (N, K)^T, with `add` onto out; with `up` (N, K), silu of that times x * up^T.
/// x and w are of `type`, f16 or bf16. Every result is one sum in order of K, whatever T is.
struct Product {
    DType type = DType::f16;
    const void *x = nullptr, *w = nullptr, *up = nullptr;  // rows start at whole 16 bytes
    int64_t x_stride = 0, w_stride = 0;                    // values
    int depth = 0;                                         // K, a multiple of 8
    Matrix out;                                            // f32, as it must be to add, or of `type`
    bool add = false;
};

/// On tensor cores of compute capability 8.0; without `up`.
void gemm(CudaBackend&, const Product&);

/// On those of 9.0, in builds for 90a (CudaBackend::hopper).
void gemm_hopper(CudaBackend&, const Product&);

// Products of one row x (K), f32, which read the weights once as they are. In gemv.cu.

/// out (N) = w (N, K) * x, with `add` onto out.
void gemv(CudaBackend&, const Tensor& w, const float* x, float* out, bool add);

/// As gemv for matrices of block types other than Q8_0, in gemv_blocks.cu; false, with nothing done, for
/// others.
bool gemv_blocks(CudaBackend&, const Tensor& w, const float* x, float* out, bool add);

/// Several products of one x, into f32: in one launch if they are at most three, of one type.
void gemv_each(CudaBackend&, std::span<const Projection>, const float* x);

/// out (F) = silu(gate * x) * (up * x). False, with nothing done, unless both are of one shape and type that
/// suit it.
bool gemv_gated(CudaBackend&, const Tensor& gate, const Tensor& up, const float* x, float* out);

}  // namespace longleaf::cuda
