// What models need that this backend does not have yet; they run on the CPU.
#include "cuda/cuda.h"

namespace longleaf::cuda {

std::string CudaBackend::lacks(const Needs& needs) const {
    if (needs.windows) return "sliding windows";
    if (needs.soft_cap) return "attention with a soft cap";
    return {};
}

}  // namespace longleaf::cuda
