// cuBLAS, found at run time. Only what matmul needs is declared, from NVIDIA's published interface; nothing
// is linked, so the program starts where the library is not installed.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <memory>

#include "cuda/backend.h"
#include "cuda/gemm.cuh"

namespace longleaf::cuda {

class Cublas {
  public:
    /// nullptr when the library is not installed or does not start.
    static std::unique_ptr<Cublas> open(cudaStream_t);
    ~Cublas();

    /// f32 sums. A 16-bit result may be infinite where gemm() would saturate.
    void multiply(const Product&) const;

  private:
    struct Library;
    Cublas() = default;
    std::unique_ptr<Library> library_;
    void* handle_ = nullptr;
    void* workspace_ = nullptr;  // fixed, so that which algorithm is chosen does not depend on free memory
};

}  // namespace longleaf::cuda
