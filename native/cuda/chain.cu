#include "cuda/chain.cuh"

namespace longleaf::cuda {
namespace {

__global__ void probe() {}

}  // namespace

bool can_chain() {
    cudaFuncAttributes attributes{};
    check(cudaFuncGetAttributes(&attributes, probe), "asking for a kernel");
    return attributes.ptxVersion >= 90;
}

}  // namespace longleaf::cuda
