// GGUF tensor types, and the byte layout of the blocks this engine reads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace longleaf {

enum class DType : uint32_t { f32 = 0, f16 = 1, q8_0 = 8, bf16 = 30 };  // GGUF type ids

/// Q8_0: 32 values in 34 bytes, value = d * q.
struct BlockQ8_0 {
    uint16_t d;  // IEEE half
    int8_t q[32];
};
static_assert(sizeof(BlockQ8_0) == 34);

struct DTypeTraits {
    const char* name;
    size_t block_values, block_bytes;  // both 0: defined by the format, layout unknown to this engine
};

/// nullptr when `id` is not a type this engine reads.
const DTypeTraits* dtype_traits(uint32_t id);
/// nullptr when `id` is not a type the format defines (or one it has removed).
const DTypeTraits* gguf_type(uint32_t id);
/// "Q4_K" for ids the engine does not read but the format defines; "type 77" otherwise (valid until the
/// same thread asks for another unknown id).
const char* gguf_type_name(uint32_t id);

inline size_t row_bytes(DType type, size_t cols) {
    const auto* t = dtype_traits(static_cast<uint32_t>(type));
    return cols / t->block_values * t->block_bytes;
}

}  // namespace longleaf
