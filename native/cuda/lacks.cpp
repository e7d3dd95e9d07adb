// What models need that this backend does not have yet, or has and nobody saw work; they run on the CPU.
#include <algorithm>
#include <array>

#include "cuda/cuda.h"

namespace longleaf::cuda {

std::string CudaBackend::lacks(const Needs& needs) const {
    if (needs.windows) return "sliding windows";
    if (needs.soft_cap) return "attention with a soft cap";
    return {};
}

std::string CudaBackend::unproven(const Needs& needs) const {
    constexpr std::array proven{DType::f32, DType::f16, DType::bf16, DType::q8_0};
    for (const DType type : needs.types)
        if (std::find(proven.begin(), proven.end(), type) == proven.end())
            return std::string("matrices of type ") + gguf_type_name(static_cast<uint32_t>(type));
    return needs.architecture == "llama" ? "" : "the architecture " + needs.architecture;
}

}  // namespace longleaf::cuda
