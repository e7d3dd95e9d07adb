// What models need that this backend does not have yet; they run on the CPU.
#include "cuda/cuda.h"

namespace longleaf::cuda {

std::string CudaBackend::lacks(const Needs& needs) const {
    for (const DType type : needs.types)
        if (type != DType::f32 && type != DType::f16 && type != DType::bf16 && type != DType::q8_0)
            return std::string("matrices of type ") + gguf_type_name(static_cast<uint32_t>(type));
    if (needs.windows) return "sliding windows";
    if (needs.soft_cap) return "attention with a soft cap";
    return {};
}

}  // namespace longleaf::cuda
