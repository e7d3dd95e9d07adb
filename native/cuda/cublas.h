// cuBLAS, found at run time. Only what matmul needs is declared, from NVIDIA's published interface; nothing
// is linked, so the program starts where the library is not installed.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <memory>

#include "cuda/backend.h"

namespace longleaf::cuda {

class Cublas {
  public:
    /// nullptr when the library is not installed or does not start.
    static std::unique_ptr<Cublas> open(cudaStream_t);
    ~Cublas();

    /// out (T, N) = x (T, K) * w (N, K)^T + add * out; 16-bit operands, f32 sums and result.
    void multiply(bool bf16, const void* x, int64_t x_stride, const void* w, int64_t w_stride, float* out,
                  int64_t out_stride, int rows, int cols, int depth, bool add) const;

  private:
    struct Library;
    Cublas() = default;
    std::unique_ptr<Library> library_;
    void* handle_ = nullptr;
    void* workspace_ = nullptr;  // fixed, so that which algorithm is chosen does not depend on free memory
};

}  // namespace longleaf::cuda
